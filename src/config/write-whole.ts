import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { KeyguardError } from "../model/errors.ts";

export interface WriteWholeOptions {
  /** Of a new file; 0644 unless said otherwise. */
  readonly mode?: number;
  /** Whether a file that is there keeps the mode that it has (the default). */
  readonly keepMode?: boolean;
}

/**
 * Writes a file whole or not at all: into a new file beside it, synced, and renamed over it. A link is refused (it may
 * lead anywhere).
 *
 * @throws KeyguardError `io` with the system's reason.
 */
export function writeWhole(
  path: string,
  content: string,
  { mode = 0o644, keepMode = true }: WriteWholeOptions = {},
): void {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    const old = lstatSync(path, { throwIfNoEntry: false });
    if (old !== undefined && !old.isFile()) {
      throw new KeyguardError("io", `${path} is no plain file, so it is not written over`);
    }
    // `wx`: whoever put a file or a link there before us gets nothing written.
    const file = openSync(beside, "wx", old === undefined || !keepMode ? mode : old.mode & 0o777);
    try {
      const bytes = Buffer.from(content, "utf8");
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    if (!hasCode(error, "EEXIST")) rmSync(beside, { force: true });
    const hint = hasCode(error, "EEXIST")
      ? { hint: `${beside} is in the way; remove it if no other keyguard is running` }
      : {};
    throw new KeyguardError("io", `cannot write ${path}: ${reasonOf(error)}`, { cause: error, ...hint });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** `no space left on device`: the system's words without the paths that Node adds. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  return /^[A-Z0-9]+: ([^,]+),/.exec(error.message)?.[1] ?? error.message;
}
