import type { Sink, Tally } from "./sink.ts";

/**
 * Reads what is staged in the repository at `cwd`: the blobs of the index (never the working tree) that differ from
 * HEAD, with the added lines as fresh spans. `GIT_INDEX_FILE` and its like are obeyed, as a hook needs.
 *
 * @throws KeyguardError `git` when there is no repository, or git is missing or fails.
 */
export async function readStaged(_options: { readonly cwd: string }, _sink: Sink): Promise<Tally> {
  throw new Error("not written yet");
}
