import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fetchCommits } from "../git/fetch-commits.ts";
import { type GitPlace, runGit, tryGit } from "../git/spawn-git.ts";
import type { Occasion } from "./read-event.ts";

/** The commits to read, and the one whose configuration holds. */
export interface FoundRange {
  /** As `scan --range` takes it; null when they cannot be read here. */
  readonly range: string | null;
  /** The tip of what was there before: its configuration, baseline and allowances count. Null when there was nothing. */
  readonly trusted: string | null;
  /** The tip of what is new, null when there is nothing new. */
  readonly head: string | null;
  /** Why the scan is incomplete, with what to do about it. */
  readonly missing: string | null;
  readonly notes: readonly string[];
}

export interface FindRangeOptions {
  readonly place: GitPlace;
  readonly credentials: { readonly server: string; readonly token: string } | null;
}

/** What a person adds to the workflow so that nothing has to be fetched. */
export const depthHint = "give the checkout step the whole history: with: fetch-depth: 0";

/** Commits of history that are fetched at first, then; after that all of it. */
const depths = [50, 500, "unshallow"] as const;

/** What the event brings, with the checkout deepened where that takes more commits than it has. */
export async function findRange(
  occasion: Exclude<Occasion, { kind: "other" }>,
  options: FindRangeOptions,
): Promise<FoundRange> {
  switch (occasion.kind) {
    case "pull-request": {
      const refs = occasion.number > 0 ? [`refs/pull/${occasion.number}/head`] : [];
      return between(occasion.base, occasion.head, refs, options);
    }
    case "merge-group":
      return between(occasion.base, occasion.head, [], options);
    case "push":
      return pushed(occasion, options);
  }
}

async function between(
  base: string,
  head: string,
  refs: readonly string[],
  options: FindRangeOptions,
): Promise<FoundRange> {
  const failure = await bringRange(base, head, refs, options);
  const here = await hasCommit(options.place, base);
  if (failure !== null) {
    return { range: null, trusted: here ? base : null, head, missing: failure, notes: [] };
  }
  return { range: `${base}...${head}`, trusted: base, head, missing: null, notes: [] };
}

async function pushed(
  { ref, before, after, defaultBranch }: Extract<Occasion, { kind: "push" }>,
  options: FindRangeOptions,
): Promise<FoundRange> {
  if (after === null) {
    return {
      range: null,
      trusted: null,
      head: null,
      missing: null,
      notes: ["The push deleted its ref: nothing is new."],
    };
  }
  if (before !== null) {
    const failure = await bringRange(before, after, [], options);
    if (failure === null)
      return { range: `${before}..${after}`, trusted: before, head: after, missing: null, notes: [] };
    // After a force push the server may no longer have the old tip; then the branch is read as a new one.
    if (await hasCommit(options.place, before)) {
      return { range: null, trusted: before, head: after, missing: failure, notes: [] };
    }
  }
  const notes =
    before === null ? [] : ["The commit before the push is not to be had: the branch was read as a new one."];
  const main = await tipOfDefault(ref, defaultBranch, options);
  if (main === null) {
    // The first push, or a new beginning of the default branch itself: all that leads to it is new.
    const failure = await bringAll(after, options);
    const all = "There is no older commit to compare with: the whole history of the push was read.";
    return failure === null
      ? { range: after, trusted: after, head: after, missing: null, notes: [...notes, all] }
      : { range: null, trusted: null, head: after, missing: failure, notes };
  }
  const failure = await bringRange(main, after, [], options);
  return failure === null
    ? { range: `${main}..${after}`, trusted: main, head: after, missing: null, notes }
    : { range: null, trusted: main, head: after, missing: failure, notes };
}

/** The default branch on the server, unless that is what was pushed. */
async function tipOfDefault(ref: string, branch: string | null, options: FindRangeOptions): Promise<string | null> {
  if (branch === null || ref === `refs/heads/${branch}`) return null;
  const remote = `refs/remotes/origin/${branch}`;
  const known = await commitOf(options.place, remote);
  if (known !== null) return known;
  const depth = (await isShallow(options.place)) ? 1 : "unlimited";
  await fetchCommits({ ...fetchPlace(options), what: [`+refs/heads/${branch}:${remote}`], depth });
  return commitOf(options.place, remote);
}

/**
 * Sees to it that all commits from `head` back to `base` are here: fetches more and more of the history of a shallow
 * checkout until no commit between the two stands at its edge.
 *
 * @returns null when they are, else why not.
 */
async function bringRange(
  base: string,
  head: string,
  refs: readonly string[],
  options: FindRangeOptions,
): Promise<string | null> {
  let failure = await whyPartial(base, head, options.place);
  let refused = "";
  // In a checkout that is whole, a commit that is not here is on no branch: it is asked for once, by its id.
  const tries = (await isShallow(options.place)) ? depths : (["unlimited"] as const);
  for (const depth of tries) {
    if (failure === null) return null;
    const said = await fetchCommits({ ...fetchPlace(options), what: [base, head], depth });
    if (said !== null) {
      refused = said;
      // Some servers give refs but no bare commit ids.
      if (refs.length > 0) await fetchCommits({ ...fetchPlace(options), what: refs, depth });
    }
    failure = await whyPartial(base, head, options.place);
  }
  if (failure === null) return null;
  return refused === "" ? failure : `${failure}, and fetching it failed: ${refused}`;
}

async function bringAll(head: string, options: FindRangeOptions): Promise<string | null> {
  if (!(await hasCommit(options.place, head))) {
    const depth = (await isShallow(options.place)) ? 50 : "unlimited";
    await fetchCommits({ ...fetchPlace(options), what: [head], depth });
    if (!(await hasCommit(options.place, head))) return `commit ${head.slice(0, 12)} is not in this checkout`;
  }
  if (!(await isShallow(options.place))) return null;
  const said = await fetchCommits({ ...fetchPlace(options), what: [head], depth: "unshallow" });
  return (await isShallow(options.place))
    ? `the checkout is shallow, and fetching the rest failed: ${said ?? "it stayed so"}`
    : null;
}

/** Makes a shallow checkout whole, with every branch and tag, for a scan of the history. */
export async function bringHistory(options: FindRangeOptions): Promise<string | null> {
  if (!(await isShallow(options.place))) return null;
  const what = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const said = await fetchCommits({ ...fetchPlace(options), what, depth: "unshallow" });
  if (!(await isShallow(options.place))) return null;
  return `the checkout is shallow, and fetching the rest failed: ${said ?? "it stayed so"}`;
}

function fetchPlace({ place, credentials }: FindRangeOptions) {
  return { dir: place.dir, env: place.env, credentials };
}

/** Why what `head` has beyond `base` is not all here; null when it is. */
async function whyPartial(base: string, head: string, place: GitPlace): Promise<string | null> {
  const absent = await missingOf([base, head], place);
  if (absent.length > 0) return `${absent.map((id) => id.slice(0, 12)).join(" and ")} is not in this checkout`;
  const edge = await shallowEdge(place);
  if (edge.size === 0) return null;
  const between = (await runGit(place, ["rev-list", head, `^${base}`, "--"])).toString("latin1").split("\n");
  const cut = between.find((commit) => edge.has(commit));
  return cut === undefined ? null : `the checkout is shallow: the history behind ${cut.slice(0, 12)} is not in it`;
}

async function missingOf(commits: readonly string[], place: GitPlace): Promise<string[]> {
  const absent: string[] = [];
  for (const commit of new Set(commits)) if (!(await hasCommit(place, commit))) absent.push(commit);
  return absent;
}

export async function hasCommit(place: GitPlace, commit: string): Promise<boolean> {
  return (await tryGit(place, ["cat-file", "-e", `${commit}^{commit}`])).status === 0;
}

async function commitOf(place: GitPlace, revision: string): Promise<string | null> {
  const output = await tryGit(place, ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`]);
  return output.status === 0 ? output.stdout.toString("latin1").trim() : null;
}

async function isShallow(place: GitPlace): Promise<boolean> {
  return (await runGit(place, ["rev-parse", "--is-shallow-repository"])).toString("latin1").trim() === "true";
}

/** Commits whose parents the checkout leaves out. */
async function shallowEdge(place: GitPlace): Promise<ReadonlySet<string>> {
  const path = (await runGit(place, ["rev-parse", "--git-path", "shallow"])).toString("utf8").trim();
  const full = resolve(place.dir, path);
  return new Set(
    existsSync(full)
      ? readFileSync(full, "latin1")
          .split("\n")
          .filter((line) => line !== "")
      : [],
  );
}
