#!/usr/bin/env node
// The program's edge: the only file that touches `process`. What a command sees of the world is handed to it as an Io,
// what it has to say of its end comes back as an exit code. It stays small so that even an old Node can read it and be
// told that it is too old.
import manifest from "../package.json" with { type: "json" };
import type { ExitCode, Io, Output } from "./commands/command.ts";

const [oldestMajor, oldestMinor] = [20, 19];
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  process.stderr.write(
    `keyguard: error: Node ${process.versions.node} is too old: keyguard needs ${oldestMajor}.${oldestMinor} or newer\n` +
      "hint: install a current Node from https://nodejs.org, or run keyguard with another one: /path/to/node dist/keyguard.js\n",
  );
  process.exitCode = 2;
} else {
  process.exitCode = await start();
}

async function start(): Promise<ExitCode> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(2);
      stop.abort();
      // Whoever looks at the signal ends in an orderly way; whoever does not is ended all the same.
      setTimeout(() => process.exit(2), 2_000).unref();
    });
  }
  // What nobody caught is a bug; the exit code must not say "clean" because of it.
  const fail = (error: unknown): void => {
    process.stderr.write(describeBug(error));
    process.exit(2);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);

  const io: Io = {
    cwd: process.cwd(),
    env: process.env,
    get stdin() {
      return Object.assign(process.stdin, { isTerminal: process.stdin.isTTY === true });
    },
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    now: () => new Date(),
    signal: stop.signal,
    version: manifest.version,
  };
  const { runCommandLine } = await import("./commands/command-line.ts");
  try {
    return await runCommandLine(process.argv.slice(2), io);
  } catch (error) {
    io.stderr.write(describeBug(error));
    return 2;
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  // The reader left (`keyguard scan | head -1`): there is nobody to tell anything to, and what was not told is not clean.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 2);
    if (stream === process.stdout) {
      process.stderr.write(`keyguard: error: standard output cannot be written to (${error.code ?? error.name})\n`);
    }
    process.exit(2);
  });
  const isTerminal = stream.isTTY === true;
  const plain = (process.env.NO_COLOR ?? "") !== "" || process.env.TERM === "dumb";
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    color: isTerminal && !plain,
    width: stream.columns || 80,
  };
}

/** A bug, told without its message, which may quote what was scanned: the frames are of keyguard's own code. */
function describeBug(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  const head = error instanceof Error ? `${error.name}: ${error.message}\n` : "";
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = head !== "" && stack.startsWith(head) ? stack.slice(head.length).split("\n").slice(0, 6) : [];
  return (
    `keyguard: error: this is a bug in keyguard (${name})\n` +
    "hint: please report it with these lines, which hold nothing of what was scanned\n" +
    frames.map((frame) => `${frame}\n`).join("")
  );
}
