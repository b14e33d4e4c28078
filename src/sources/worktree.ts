import type { Sink, Tally } from "./sink.ts";

export interface WorktreeOptions {
  /** Where relative paths start: usually `process.cwd()`. */
  readonly cwd: string;
  /** Files and folders; none means `cwd`. Absolute, or relative to `cwd`. */
  readonly paths?: readonly string[];
}

/**
 * Reads a working tree: in a git repository what git tracks, what is untracked and not ignored, and the ignored files
 * that hold credentials by their name; elsewhere every file below the paths. `Text.path` is relative to the top of the
 * work tree (outside of a repository: to `cwd` where it lies below it, else absolute).
 *
 * @throws KeyguardError `usage` when a path does not exist, `git` when git is missing or refuses the repository.
 */
export async function readWorktree(_options: WorktreeOptions, _sink: Sink): Promise<Tally> {
  throw new Error("not written yet");
}
