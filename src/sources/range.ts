import type { Sink, Tally } from "./sink.ts";

export interface RangeOptions {
  readonly cwd: string;
  /** `A..B`, `A...B` (what B has since it left A: the commits of a pull request) or one revision with all before it. */
  readonly range: string;
}

/**
 * Reads what the commits of a range bring: each version of each file that one of them adds or changes, also when a
 * later one takes it away, with the lines that it adds (to all of its parents, for a merge) as fresh spans, and the
 * commits' messages.
 *
 * @throws KeyguardError `usage` when the range names no commit, `git` when there is no repository or git fails.
 */
export async function readRange(_options: RangeOptions, _sink: Sink): Promise<Tally> {
  throw new Error("not written yet");
}
