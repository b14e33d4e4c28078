// Tells keyguard's whole story on this machine, against an AWS in memory: nothing leaves it, and no account is needed.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "keyguard-demo-build-"));
try {
  // keyguard as it stands in src, and the emulator that the tests use.
  execFileSync(process.execPath, [join(project, "scripts", "build.mjs"), join(folder, "dist")], { cwd: project });
  const story = join(folder, "story.mjs");
  await build({
    entryPoints: [join(project, "test", "remediate", "demo-story.ts")],
    outfile: story,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    logLevel: "warning",
  });
  const { tellStory } = await import(pathToFileURL(story).href);
  const bold = process.stdout.isTTY && !process.env.NO_COLOR ? (text) => `\u001b[1m${text}\u001b[0m` : (text) => text;
  const scenes = await tellStory({
    keyguard: join(folder, "dist", "keyguard.js"),
    project,
    show: ({ about, typed, output, code }) =>
      process.stdout.write(
        `${bold(`# ${about}`)}\n$ ${typed}\n${output.trimEnd()}\n${code === 0 ? "" : `(exit ${code})\n`}\n`,
      ),
  });
  const wanted = [1, 1, 0, 0, 0, 0, 0];
  const codes = scenes.map(({ code }) => code);
  if (codes.join() !== wanted.join()) {
    process.stderr.write(`the demonstration went wrong: exit codes ${codes.join(", ")}\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
