// Bundles test/bench/accuracy.ts (Node 20 runs no TypeScript by itself) into a temporary folder and runs it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "keyguard-accuracy-"));
try {
  const outfile = join(folder, "accuracy.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../test/bench/accuracy.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    outfile,
    logLevel: "error",
    // Bundled CommonJS packages ask for `require`, which ES modules lack.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const corpus = fileURLToPath(new URL("../test/fixtures/corpus/", import.meta.url));
  const { status } = spawnSync(process.execPath, [outfile, "--corpus", corpus, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 2;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
