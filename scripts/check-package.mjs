// Packs the project as npm would publish it, installs the package into an empty folder without the network, and runs it:
// what the bundle needs and the package lacks shows here.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "keyguard-package-"));
const run = (program, args, cwd) =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

try {
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const [archive] = readdirSync(folder);
  const contents = run("tar", ["tzf", archive], folder).trim().split("\n");
  const unexpected = contents.filter(
    (path) =>
      !/^package\/(?:dist|hooks|schema|\.keyguardrc\.example|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|package\.json)/.test(
        path,
      ),
  );
  if (unexpected.length > 0) throw new Error(`the package holds more than it needs: ${unexpected.join(", ")}`);
  writeFileSync(join(folder, "package.json"), "{}");
  run(
    "npm",
    ["install", "--silent", "--offline", "--no-audit", "--ignore-scripts", "--omit=dev", join(folder, archive)],
    folder,
  );
  const version = run(join(folder, "node_modules/.bin/keyguard"), ["--version"], folder).trim();
  writeFileSync(join(folder, "leak.env"), `AWS_SECRET_ACCESS_KEY=${randomBytes(30).toString("base64")}\n`);
  let status = 0;
  try {
    run(join(folder, "node_modules/.bin/keyguard"), ["scan", "--quiet", "leak.env"], folder);
  } catch (error) {
    status = error.status;
  }
  if (status !== 1) throw new Error(`the installed keyguard did not find a planted secret (exit ${status})`);
  console.log(`${contents.length} files, keyguard ${version}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
