// Times the hook alone, `git commit` with and without it, and the hooks of the peers that are installed, on the same
// staged change, in turn, so that a busy moment of the machine is everyone's.
//
//     node scripts/build.mjs && node test/bench/hook.mjs [--files 10] [--rounds 25] [--words] [--peers FOLDER]...
//
// --words puts the word `secret` into each third file: then a literal stands there and the engine must look. A folder of
// --peers is put before PATH: `python -m venv`'s bin, node_modules/.bin.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "10" },
    rounds: { type: "string", default: "25" },
    words: { type: "boolean", default: false },
    peers: { type: "string", multiple: true, default: [] },
  },
});
const files = Number(values.files);
const rounds = Number(values.rounds);
const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "keyguard-bench-"));
const home = join(folder, "node_modules", "keyguard");
const dir = join(folder, "repository");

/** Without what would cost every Node 35 ms (a CA bundle), and without the configuration of the person. */
const env = { ...process.env };
for (const name of Object.keys(env)) if (/^(NODE_|GIT_|npm_)/.test(name)) delete env[name];
Object.assign(env, {
  PATH: [...values.peers.map((path) => resolve(path)), process.env.PATH].join(delimiter),
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: join(folder, "gitconfig"),
  PRE_COMMIT_ALLOW_NO_CONFIG: "1",
});

function run(command, args, input = "") {
  const result = spawnSync(command, args, { cwd: dir, env, input, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.status} ${result.stderr}`);
  return result.stdout;
}

/** Ordinary source text, about 5 KB a file. */
function source(i, changed) {
  const lines = Array.from(
    { length: 110 },
    (_, n) => `  const value${n} = compute(input[${(n * 7 + i) % 31}], "item ${n}");`,
  );
  if (values.words && i % 3 === 0) lines[40] = "  // the secret of a good cache is its eviction";
  if (changed) lines[20] = `  return value${i};`;
  return `export function part${i}(input) {\n${lines.join("\n")}\n}\n`;
}

function prepare() {
  mkdirSync(home, { recursive: true });
  for (const part of ["dist", "hooks", "package.json"]) cpSync(join(root, part), join(home, part), { recursive: true });
  mkdirSync(dir);
  writeFileSync(env.GIT_CONFIG_GLOBAL, "[user]\n\tname = bench\n\temail = bench@example.org\n[gc]\n\tauto = 0\n");
  run("git", ["init", "-q"]);
  for (let i = 0; i < files + 20; i++) writeFileSync(join(dir, `part${i}.js`), source(i, false));
  writeFileSync(join(dir, ".secretlintrc.json"), '{"rules":[{"id":"@secretlint/secretlint-rule-preset-recommend"}]}');
  run("git", ["add", "-A"]);
  run("git", ["commit", "-q", "-m", "first"]);
  for (let i = 0; i < files; i++) writeFileSync(join(dir, `part${i}.js`), source(i, true));
  run("git", ["add", "-A"]);
  run(process.execPath, [join(home, "dist/keyguard.js"), "hook", "install", "--hooks", "pre-commit"]);
}

const staged = Array.from({ length: files }, (_, i) => `part${i}.js`);

/** Each hook as its makers have people install it. */
const peers = [
  ["gitleaks", ["git", "--staged", "--no-banner", "."], ["version"]],
  ["betterleaks", ["git", "--staged", "--no-banner", "."], ["version"]],
  ["kingfisher", ["scan", ".", "--staged", "--no-validate", "--no-update-check", "--quiet"], ["--version"]],
  ["detect-secrets-hook", staged, ["--version"]],
  ["secretlint", staged, ["--version"]],
  ["ripsecrets", staged, ["--version"]],
  ["git-secrets", ["--pre_commit_hook"], ["--list"]],
  [
    "trufflehog",
    ["git", "file://.", "--since-commit", "HEAD", "--no-update", "--no-verification", "--fail"],
    ["--version"],
  ],
];

function time(command, args) {
  const start = performance.now();
  const result = spawnSync(command, args, { cwd: dir, env, stdio: "ignore" });
  return { elapsed: performance.now() - start, status: result.status };
}

function median(times) {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

try {
  prepare();
  const hook = join(dir, ".git/hooks/pre-commit");
  const commit = ["commit", "-q", "--allow-empty", "-m", "x"];
  const rows = [
    ["node -e 0", process.execPath, ["-e", "0"]],
    ["keyguard (installed hook)", hook, []],
    ["keyguard (without grep)", "sh", [join(home, "hooks/pre-commit")]],
    ["keyguard (hook run)", process.execPath, [join(home, "dist/hook.cjs"), "pre-commit"]],
    ["git commit, no hook", "git", [...commit, "--no-verify"]],
    ["git commit, keyguard", "git", commit],
  ];
  for (const [name, args, probe] of peers) {
    const there = spawnSync(name, probe, { cwd: dir, env, stdio: "ignore" });
    if (name === "git-secrets" && !there.error) spawnSync(name, ["--register-aws"], { cwd: dir, env });
    if (there.error) console.error(`${name}: not installed`);
    else rows.push([name, name, args]);
  }
  const times = new Map(rows.map(([name]) => [name, []]));
  const failed = new Set();
  const tree = run("git", ["write-tree"]).trim();
  const head = run("git", ["rev-parse", "HEAD"]).trim();
  for (let round = -2; round < rounds; round++) {
    for (const [name, command, args] of rows) {
      const { elapsed, status } = time(command, args);
      if (status !== 0) failed.add(`${name} (exit ${status})`);
      if (round >= 0) times.get(name).push(elapsed);
      if (command !== "git") continue;
      // The same change is staged again.
      run("git", ["update-ref", "HEAD", head]);
      run("git", ["read-tree", tree]);
      run("git", ["update-index", "-q", "--refresh"]);
    }
  }
  const bare = median(times.get("node -e 0"));
  console.log(
    `${files} staged files${values.words ? " with words that need a look" : ""}, ${rounds} rounds, median (fastest)`,
  );
  for (const [name] of rows) {
    const all = times.get(name);
    const ratio = median(all) / bare;
    console.log(
      `  ${name.padEnd(28)} ${median(all).toFixed(1).padStart(8)} ms (${Math.min(...all).toFixed(1)})`.padEnd(58) +
        `${ratio.toFixed(2).padStart(7)} × bare node`,
    );
  }
  for (const name of failed) console.log(`  did not pass: ${name}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
