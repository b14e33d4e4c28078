import type { Io } from "./command.ts";

/** A line on a terminal that says how far a scan is. */
export interface Progress {
  /** Shows a line in place of the one before. Cheap enough to be called often. */
  show(line: string): void;
  /** Takes the line away. */
  end(): void;
}

/** Milliseconds before the first line: what is over by then needs none. */
const patience = 500;
/** Milliseconds between two lines. */
const pause = 100;

/** Progress on standard error, where that is a terminal and the run is not quiet; else nothing. */
export function startProgress(io: Io, quiet: boolean): Progress {
  if (quiet || !io.stderr.isTerminal) return { show: () => {}, end: () => {} };
  let next = performance.now() + patience;
  let shown = false;
  return {
    show: (line) => {
      const now = performance.now();
      if (now < next) return;
      next = now + pause;
      shown = true;
      io.stderr.write(`\r\u001b[K${line.slice(0, io.stderr.width - 1)}`);
    },
    end: () => {
      if (shown) io.stderr.write("\r\u001b[K");
      shown = false;
    },
  };
}
