import type { Command } from "@commander-js/extra-typings";

/** One of the two streams a person reads. Writing never throws: a reader that left (`| head`) ends the program quietly. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Colours are wanted: a terminal, and neither NO_COLOR nor TERM=dumb. */
  readonly color: boolean;
  /** Columns; 80 where it is no terminal. */
  readonly width: number;
}

/** The world as a command sees it. `src/cli.ts` alone touches `process`; tests hand in their own. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTerminal: boolean };
  /** Findings, and what was asked for. */
  readonly stdout: Output;
  /** Everything else. */
  readonly stderr: Output;
  now(): Date;
  /** Ends the run at once when a person presses Ctrl-C; long work looks at it. */
  readonly signal: AbortSignal;
  /** keyguard's own version. */
  readonly version: string;
}

/** 0: clean and complete. 1: leaks found. 2: could not finish. */
export type ExitCode = 0 | 1 | 2;

/**
 * What each file in src/commands exports as `command`. The command line knows names and one-line descriptions; options,
 * arguments and action are defined only for the command that was typed, so that starting one loads no other.
 */
export interface CommandModule {
  /** Adds arguments, options, examples and `.action(...)` to the command; the action hands its exit code to `exit`. */
  define(command: Command, io: Io, exit: (code: ExitCode) => void): void;
}
