import type { ExitCode } from "../../src/commands/command.ts";
import { runCommandLine } from "../../src/commands/command-line.ts";

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs keyguard within the test's own process, with a world of the test's making. */
export async function runCommand(
  argv: readonly string[],
  world: { cwd: string; env?: Readonly<Record<string, string>>; stdin?: string },
): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  const output = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text;
    },
    isTerminal: false,
    color: false,
    width: 80,
  });
  const bytes = new TextEncoder().encode(world.stdin ?? "");
  const stdin = (async function* () {
    if (bytes.length > 0) yield bytes;
  })();
  const code = await runCommandLine(argv, {
    cwd: world.cwd,
    env: {
      HOME: world.cwd,
      PATH: process.env.PATH,
      GIT_CONFIG_NOSYSTEM: "1",
      AWS_EC2_METADATA_DISABLED: "true",
      ...world.env,
    },
    stdin: Object.assign(stdin, { isTerminal: false }),
    stdout: output("stdout"),
    stderr: output("stderr"),
    now: () => new Date(),
    signal: new AbortController().signal,
    version: "0.0.0",
  });
  return { code, ...said };
}
