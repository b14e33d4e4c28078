// The action's edge: what `runs.main` of action.yml starts. Like src/cli.ts it alone touches `process`.
import { resolve } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import type { ExitCode, Io, Output } from "../commands/command.ts";
import { runAction } from "./run-action.ts";

const fail = (error: unknown): void => {
  // The message may quote what was scanned, and what follows `::` at the beginning of a line is a command.
  const name = error instanceof Error ? error.name.replace(/[^A-Za-z]/g, "") : typeof error;
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  process.stdout.write(
    `::error title=keyguard::this is a bug in keyguard (${name}); please report it with the lines below\n`,
  );
  for (const frame of frames.slice(0, 8)) process.stderr.write(`  ${frame.trim()}\n`);
  process.exit(2);
};
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

const workspace = process.env.GITHUB_WORKSPACE || process.cwd();
const cwd = resolve(workspace, process.env["INPUT_WORKING-DIRECTORY"]?.trim() || ".");

// In a container the workspace belongs to another user. The workflow asked for exactly this folder to be read, and git
// is started with all that a hostile configuration could run switched off, so it may be trusted.
const configured = Number(process.env.GIT_CONFIG_COUNT ?? 0) || 0;
process.env.GIT_CONFIG_COUNT = String(configured + 1);
process.env[`GIT_CONFIG_KEY_${configured}`] = "safe.directory";
process.env[`GIT_CONFIG_VALUE_${configured}`] = cwd;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());

function outputOf(stream: NodeJS.WriteStream): Output {
  return { write: (text) => void stream.write(text), isTerminal: false, color: false, width: 80 };
}

const io: Io = {
  cwd,
  env: process.env,
  get stdin() {
    return Object.assign(process.stdin, { isTerminal: false });
  },
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  now: () => new Date(),
  signal: stop.signal,
  version: manifest.version,
};

let code: ExitCode = 2;
try {
  code = await runAction(io);
} catch (error) {
  fail(error);
}
process.exitCode = code;
