import { ObjectReader, readAhead } from "../git/object-reader.ts";
import { findRepository } from "../git/repository.ts";
import { type Environment, type GitPlace, gitFailure, tryGit } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import { bringsContent, giveChange } from "./give-change.ts";
import { type Change, RawDiffParser } from "./raw-diff.ts";
import { emptyTally, type Sink, type Tally } from "./sink.ts";

export interface StagedOptions {
  readonly cwd: string;
  /** What git inherits; `process.env` when absent. */
  readonly env?: Environment;
}

/**
 * Reads what is staged in the repository at `cwd`: the blobs of the index (never the working tree) that differ from
 * HEAD, with the added lines as fresh spans. During a merge that is all that the merge brings to this branch.
 * `GIT_INDEX_FILE` and its like are obeyed, as a hook needs.
 *
 * @throws KeyguardError `git` when there is no repository, or git is missing or fails.
 */
export async function readStaged({ cwd, env = process.env }: StagedOptions, sink: Sink): Promise<Tally> {
  const place = { dir: cwd, env };
  const tally = emptyTally();
  const reader = new ObjectReader(place).start();
  try {
    const changes = (await stagedChanges(place)).filter(({ path }) => !sink.excluded?.(path));
    for (const change of changes) {
      if (change.status === "U") sink.onUnread(change.path, "it is in conflict: nothing is staged of it yet");
    }
    for await (const [change, object] of readAhead(changes.filter(bringsContent), ({ id }) => id, reader)) {
      if (object === null || !("bytes" in object)) {
        sink.onUnread(change.path, object?.why ?? "it has no content");
        continue;
      }
      tally.texts++;
      tally.bytes += object.bytes.length;
      if (sink.prefilter?.test(object.bytes, change.path) === false) continue;
      await giveChange(change, object.bytes, { kind: "staged", path: change.path }, reader, sink);
      sink.onProgress?.(tally);
    }
  } finally {
    reader.close();
  }
  return tally;
}

const diff = [
  ...["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color"],
  // What the person has configured must not leave files out, nor change how they are told.
  ...["--no-relative", "-O/dev/null", "--ignore-submodules=all"],
];

async function stagedChanges(place: GitPlace): Promise<Change[]> {
  // Renames are paired, so that of a file that was moved and edited only the edited lines are new.
  // Beyond 400 files on a side git would compare for seconds; then only exact ones are.
  let output = await tryGit(place, [...diff, "--find-renames", "-l400"]);
  // To find renames git reads content, which a partial clone may lack.
  if (output.status === 128) output = await tryGit(place, [...diff, "--no-renames"]);
  if (output.status !== 0) {
    // Outside of a repository git diff compares two files, and complains of its arguments.
    if ((await findRepository(place)) === null) {
      throw new KeyguardError("git", "this is not a git repository", {
        hint: "--staged reads a repository's index; keyguard scan PATH reads any folder",
      });
    }
    throw gitFailure(["diff --cached"], output);
  }
  const changes: Change[] = [];
  const parser = new RawDiffParser((change) => changes.push(change));
  parser.take(output.stdout.toString("latin1"));
  return changes;
}
