import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type GitObject, ObjectReader, readAhead } from "../git/object-reader.ts";
import { askGit } from "../git/open-git.ts";
import { findRepository, type Repository } from "../git/repository.ts";
import { type Environment, type GitPlace, gitFailure, runGit, startGit } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Origin } from "../model/text.ts";
import { bringsContent, giveChange } from "./give-change.ts";
import { type Change, RawDiffParser } from "./raw-diff.ts";
import { giveText } from "./read-windows.ts";
import { emptyTally, type Sink, type Tally } from "./sink.ts";

export interface RangeOptions {
  readonly cwd: string;
  /** `A..B`, `A...B` (what B has since it left A: the commits of a pull request) or one revision with all before it. */
  readonly range: string;
  /** What git inherits; `process.env` when absent. */
  readonly env?: Environment;
}

/**
 * Reads what the commits of a range bring, oldest first: each version of each file that one of them adds or changes,
 * also when a later one takes it away, with the lines that it adds (in the eyes of all of its parents, for a merge) as
 * fresh spans, and the commits' messages. The commits are those that B has and A has not; the two and the three dots
 * differ only in what they say about A, of which nothing is read.
 *
 * @throws KeyguardError `usage` when the range names no commit, `git` when there is no repository or git fails.
 */
export async function readRange({ cwd, range, env = process.env }: RangeOptions, sink: Sink): Promise<Tally> {
  const place = { dir: cwd, env };
  const repository = await findRepository(place);
  if (repository === null) {
    throw new KeyguardError("git", "this is not a git repository", {
      hint: "--range reads commits; keyguard scan PATH reads any folder",
    });
  }
  const ends = await findEnds(range, place, repository);
  const listed = await runGit(place, [
    ...["rev-list", "--topo-order", "--reverse", ends.until],
    ...(ends.since === null ? [] : [`^${ends.since}`]),
  ]);
  const commits = listed.toString("latin1").split("\n").filter(Boolean);
  const shallow = shallowCommits(repository);
  const tally: Tally = { ...emptyTally(), commits: commits.length };
  for (const commit of commits) {
    if (shallow.has(commit)) {
      sink.onUnread(
        `commit ${commit.slice(0, 12)}`,
        "what came before it is not in this shallow clone: git fetch --unshallow, or fetch-depth: 0 in a workflow",
      );
    }
  }
  const reader = new ObjectReader(place).start();
  try {
    await readCommits({ place, commits, shallow, since: ends.since }, reader, sink, tally);
  } finally {
    reader.close();
  }
  return tally;
}

interface Ends {
  /** Commit ids. */
  readonly until: string;
  readonly since: string | null;
}

async function findEnds(range: string, place: GitPlace, repository: Repository): Promise<Ends> {
  const [, since, until] = /^(.*?)\.\.\.?(.*)$/s.exec(range) ?? [];
  const find = async (revision: string): Promise<string> => {
    try {
      // `--end-of-options` keeps a revision that begins with a dash from being an option.
      const id = await askGit(place, "rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`);
      if (/^[0-9a-f]{40,64}\n?$/.test(id)) return id.trim();
    } catch (error) {
      if (!(error instanceof KeyguardError) || /ownership|cannot start/.test(error.message)) throw error;
    }
    const partly = repository.shallow ? "; this is a shallow clone: git fetch --unshallow brings the rest" : "";
    throw new KeyguardError("usage", `${revision || range}: no such commit here`, {
      hint: `a range is A..B, A...B or one commit, as in origin/main..HEAD${partly}`,
    });
  };
  if (since === undefined || until === undefined) return { until: await find(range), since: null };
  return { since: await find(since || "HEAD"), until: await find(until || "HEAD") };
}

/** Commits whose parents this clone lacks. */
function shallowCommits(repository: Repository): ReadonlySet<string> {
  if (!repository.shallow) return new Set();
  return new Set(readFileSync(join(repository.commonDir, "shallow"), "latin1").split("\n").filter(Boolean));
}

interface Commits {
  readonly place: GitPlace;
  readonly commits: readonly string[];
  readonly shallow: ReadonlySet<string>;
  readonly since: string | null;
}

type Step = { readonly commit: string } | { readonly change: Change & { readonly id: string } };

async function readCommits(range: Commits, reader: ObjectReader, sink: Sink, tally: Tally): Promise<void> {
  /** Blobs in which the prefilter saw nothing, and changes that were given already (cherry-picks, reverts of reverts). */
  const clean = new Set<string>();
  const given = new Set<string>();
  let about: Omit<Origin & { kind: "commit" }, "path" | "kind"> | null = null;
  const stepId = (step: Step): string | null => {
    if ("commit" in step) return step.commit;
    return clean.has(step.change.id) ? null : step.change.id;
  };
  for await (const [step, object] of readAhead(steps(range, sink), stepId, reader)) {
    if (object === null) continue;
    if (!("bytes" in object)) {
      const path = "commit" in step ? `commit ${step.commit.slice(0, 12)}` : step.change.path;
      if (!given.has(`${object.id} ${path}`)) sink.onUnread(path, object.why);
      given.add(`${object.id} ${path}`);
      if ("commit" in step) about = { commit: step.commit, author: "", date: "" };
      continue;
    }
    if ("commit" in step) {
      about = { commit: step.commit, ...authorOf(object) };
      const bytes = messageOf(object);
      tally.texts++;
      tally.bytes += bytes.length;
      sink.onProgress?.(tally);
      if (sink.prefilter?.test(bytes, "") === false) continue;
      const origin: Origin = { kind: "commit-message", path: "", ...about };
      await giveText({ id: step.commit, path: "", bytes, fresh: "all", origin }, sink);
      continue;
    }
    const { change } = step;
    const key = `${change.id} ${change.olds.join(" ")} ${change.path}`;
    if (given.has(key) || clean.has(change.id)) continue;
    tally.texts++;
    tally.bytes += object.bytes.length;
    if (sink.prefilter?.test(object.bytes, change.path) === false) {
      clean.add(change.id);
      continue;
    }
    given.add(key);
    const origin: Origin = { kind: "commit", path: change.path, ...about! };
    await giveChange(change, object.bytes, origin, reader, sink);
  }
}

/** Each commit, followed by what it brings. */
async function* steps(range: Commits, sink: Sink): AsyncGenerator<Step> {
  let done = 0;
  while (done < range.commits.length) {
    const seen = yield* diffCommits(range, range.commits.slice(done), "--find-renames", sink);
    done += seen.finished;
    if (seen.failed === null) return;
    // To find renames git reads content, and to diff it reads trees; a partial or damaged clone may lack either. The
    // commit that it gave up at is tried again without renames, and what fails then is told.
    const commit = range.commits[done]!;
    const again = yield* diffCommits(range, [commit], "--no-renames", sink);
    if (again.failed !== null)
      sink.onUnread(`commit ${commit.slice(0, 12)}`, `its files are not all here: ${again.failed}`);
    done++;
  }
}

interface Diffed {
  /** How many of the commits git has diffed to their end. */
  readonly finished: number;
  /** Why git gave up at the next one. */
  readonly failed: string | null;
}

async function* diffCommits(
  { place, shallow, since }: Commits,
  commits: readonly string[],
  renames: string,
  sink: Sink,
): AsyncGenerator<Step, Diffed> {
  const git = startGit(place, [
    ...["diff-tree", "--stdin", "-r", "-c", "--root", "--always", "--raw", "-z", "--no-abbrev"],
    ...["--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "-l400", renames],
  ]);
  // Without its parents all of a commit's files would look new: what A has is old.
  const line = (commit: string): string => (shallow.has(commit) && since !== null ? `${commit} ${since}` : commit);
  git.stdin.end(commits.map((commit) => `${line(commit)}\n`).join(""));
  let current: Step[] = [];
  let finished: Step[] = [];
  let count = 0;
  const parser = new RawDiffParser(
    (change) => {
      if (bringsContent(change) && !sink.excluded?.(change.path)) current.push({ change });
    },
    (commit) => {
      if (current.length > 0) count++;
      finished.push(...current);
      current = [{ commit }];
    },
  );
  let ended = false;
  try {
    for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
      parser.take(chunk.toString("latin1"));
      if (finished.length === 0) continue;
      yield* finished;
      finished = [];
    }
    ended = true;
  } finally {
    // Whoever stops in the middle leaves no git behind.
    if (!ended) git.child.kill();
  }
  const end = await git.ended;
  if (end.status === 0) {
    yield* current;
    return { finished: commits.length, failed: null };
  }
  // With nothing in common between the commits and the failure, going on one by one would hide that git is broken.
  if (end.status !== 128 || commits.length === 0) throw gitFailure(["diff-tree"], end);
  return { finished: count, failed: /^(?:fatal|error): (.*)/m.exec(end.stderr)?.[1] ?? "git gave up" };
}

/** The part of a commit that a person wrote. Signatures and encodings stand before it. */
function messageOf({ bytes }: GitObject): Buffer {
  const body = bytes.indexOf("\n\n");
  return body < 0 ? bytes.subarray(0, 0) : bytes.subarray(body + 2);
}

function authorOf({ bytes }: GitObject): { author: string; date: string } {
  const author = /^author (.*?) ?<[^>\n]*>(?: (-?[0-9]+) ([+-][0-9]{4}))?$/m.exec(bytes.toString("utf8"));
  return { author: author?.[1] ?? "", date: isoDate(Number(author?.[2] ?? Number.NaN), author?.[3] ?? "+0000") };
}

/** Seconds since 1970 as ISO 8601 with the offset that the author's clock had; empty where it is no date. */
export function isoDate(seconds: number, offset: string): string {
  const minutes = (offset.startsWith("-") ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3, 5)));
  const local = new Date((seconds + minutes * 60) * 1000);
  if (Number.isNaN(local.getTime())) return "";
  return `${local.toISOString().slice(0, 19)}${offset.slice(0, 3)}:${offset.slice(3, 5)}`;
}
