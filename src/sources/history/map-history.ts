import { type GitPlace, startGit, tryGit } from "../../git/spawn-git.ts";
import type { CommitRef } from "../../model/finding.ts";

/** A change of one path by one commit in which an object that is looked for appears or vanishes. */
export interface Change {
  readonly commit: string;
  readonly path: string;
  /** The object after the change; null where it is none of those that are looked for. */
  readonly to: string | null;
  /** Those before it, of all parents. */
  readonly from: readonly string[];
}

/** What history says of some objects. Plain data, so that it can be remembered for the next scan. */
export interface HistoryMap {
  readonly changes: readonly Change[];
  /** The commits that are named in `changes`, oldest first as far as their graph and dates tell. */
  readonly commits: Readonly<Record<string, CommitRef>>;
  readonly order: readonly string[];
  /** Paths at HEAD (of any work tree) at which one of the objects stands. */
  readonly atHead: readonly { readonly id: string; readonly path: string }[];
  /** For each named commit and for each tag object: the refs that reach it, as numbers into `refs`. */
  readonly reach: Readonly<Record<string, readonly number[]>>;
  readonly refs: readonly string[];
  /** What could not be worked out, one sentence each. */
  readonly notes: readonly string[];
}

export interface MapRequest {
  readonly place: GitPlace;
  /** Blobs to look for. */
  readonly blobs: readonly string[];
  /** Commits and tags whose messages are of interest. */
  readonly messages: readonly string[];
  /** All commits of the object store, whether or not a ref reaches them. */
  readonly commitIds: readonly string[];
  /** How many gits may run at once. */
  readonly jobs: number;
  readonly refs: readonly Ref[];
}

export interface Ref {
  readonly name: string;
  /** What it points at, and the commit behind that where it is a tag. */
  readonly id: string;
  readonly commit: string;
}

/** Every ref, HEAD where it is detached, and the entries of the stash. */
export async function listRefs(place: GitPlace): Promise<Ref[]> {
  const format = "%(objectname) %(*objectname) %(refname)";
  const listed = await tryGit(place, ["for-each-ref", `--format=${format}`]);
  const refs: Ref[] = [];
  for (const line of listed.stdout.toString("utf8").split("\n")) {
    const parsed = /^([0-9a-f]+) ([0-9a-f]*) (.+)$/.exec(line);
    if (parsed !== null) refs.push({ id: parsed[1]!, commit: parsed[2] || parsed[1]!, name: parsed[3]! });
  }
  const head = await tryGit(place, ["rev-parse", "--verify", "--quiet", "HEAD"]);
  const at = head.stdout.toString("latin1").trim();
  if (head.status === 0 && !refs.some(({ id, name }) => id === at && name.startsWith("refs/heads/"))) {
    refs.push({ name: "HEAD", id: at, commit: at });
  }
  // refs/stash is the newest entry only; the others are kept by its log.
  if (refs.some(({ name }) => name === "refs/stash")) {
    const log = await tryGit(place, ["rev-list", "-g", "refs/stash", "--"]);
    for (const [i, id] of log.stdout.toString("latin1").split("\n").filter(Boolean).entries()) {
      if (i > 0) refs.push({ name: `stash@{${i}}`, id, commit: id });
    }
  }
  return refs;
}

/**
 * Maps objects to commits, paths and refs in one pass over all commits and one over the graph. Never throws for what
 * git cannot tell: `notes` says so.
 */
export async function mapHistory(request: MapRequest): Promise<HistoryMap> {
  const { place, blobs, messages, refs } = request;
  const notes: string[] = [];
  const wanted = new Set(blobs);
  const changes = blobs.length === 0 ? [] : await findChanges(request, wanted, notes);
  const named = new Set(changes.map(({ commit }) => commit));
  for (const id of messages) named.add(id);
  const commits = await describeCommits(place, [...named]);
  const { order, reach } = await walkGraph(place, named, refs, notes);
  const byDate = (id: string): number => Date.parse(commits[id]?.date ?? "") || 0;
  // The graph's order where it has one; a commit that no ref reaches goes by its date.
  const rank = new Map(order.map((id, i) => [id, i]));
  const sorted = [...named].sort((a, b) => {
    const [x, y] = [rank.get(a), rank.get(b)];
    return x !== undefined && y !== undefined ? x - y : byDate(a) - byDate(b);
  });
  return {
    changes,
    commits,
    order: sorted,
    atHead: blobs.length === 0 ? [] : await listHeads(place, wanted),
    reach,
    refs: refs.map(({ name }) => name),
    notes,
  };
}

/** All changes of the blobs, by git's raw diffs of every commit; merges by what differs from all their parents. */
async function findChanges(
  { place, commitIds, jobs }: MapRequest,
  wanted: ReadonlySet<string>,
  notes: string[],
): Promise<Change[]> {
  const changes: Change[] = [];
  const parts = Math.max(1, Math.min(jobs, Math.ceil(commitIds.length / 2000)));
  const size = Math.ceil(commitIds.length / parts);
  let failed = false;
  await Promise.all(
    Array.from({ length: parts }, async (_, part) => {
      const ids = commitIds.slice(part * size, (part + 1) * size);
      if (ids.length === 0) return;
      const git = startGit(place, [
        "diff-tree", "--stdin", "--root", "-r", "-c", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff",
      ]); // biome-ignore format: one command reads better in a row
      git.stdin.end(`${ids.join("\n")}\n`);
      const read = new RawReader(wanted, changes);
      git.stdout.on("data", (chunk: Buffer) => read.take(chunk));
      const { status } = await git.ended;
      read.end();
      if (status !== 0) failed = true;
    }),
  );
  if (failed) {
    notes.push(
      "git could not compare all commits (some of their trees are missing), so that commits and paths may be missing here",
    );
  }
  return changes;
}

/** Reads `diff-tree -z --raw`: a commit's id, then for each path its modes and ids and the path, each ended by a NUL. */
class RawReader {
  readonly #wanted: ReadonlySet<string>;
  readonly #changes: Change[];
  #left = "";
  #commit = "";
  #ids: readonly string[] | null = null;

  constructor(wanted: ReadonlySet<string>, changes: Change[]) {
    this.#wanted = wanted;
    this.#changes = changes;
  }

  take(chunk: Buffer): void {
    const tokens = (this.#left + chunk.toString("latin1")).split("\0");
    this.#left = tokens.pop() ?? "";
    for (const token of tokens) this.#token(token);
  }

  end(): void {
    if (this.#left !== "") this.#token(this.#left);
  }

  #token(token: string): void {
    if (this.#ids !== null) {
      this.#change(this.#ids, token);
      this.#ids = null;
    } else if (token.startsWith(":")) {
      // Modes, then as many ids, then a letter for each parent.
      const words = token.split(" ");
      const parents = /^:+/.exec(token)![0].length;
      this.#ids = words.slice(parents + 1, 2 * parents + 2);
    } else if (token !== "") this.#commit = token.trim();
  }

  #change(ids: readonly string[], path: string): void {
    const to = ids[ids.length - 1]!;
    const from = ids.slice(0, -1).filter((id) => this.#wanted.has(id));
    const isWanted = this.#wanted.has(to);
    if (!isWanted && from.length === 0) return;
    this.#changes.push({
      commit: this.#commit,
      path: Buffer.from(path, "latin1").toString("utf8"),
      to: isWanted ? to : null,
      from,
    });
  }
}

/** Author, date and subject of commits; of annotated tags, their tagger's. */
async function describeCommits(place: GitPlace, ids: readonly string[]): Promise<Record<string, CommitRef>> {
  const described: Record<string, CommitRef> = {};
  if (ids.length === 0) return described;
  const git = startGit(place, ["cat-file", "--batch"]);
  const chunks: Buffer[] = [];
  git.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  git.stdin.end(`${ids.join("\n")}\n`);
  await git.ended;
  const all = Buffer.concat(chunks);
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf(10, at);
    if (end < 0) break;
    const [id, type, size] = all.toString("latin1", at, end).split(" ");
    at = end + 1;
    if (id === undefined || size === undefined) continue;
    const text = all.toString("utf8", at, at + Number(size));
    at += Number(size) + 1;
    const person = new RegExp(
      `^${type === "tag" ? "tagger" : "author"} (.*?) ?<[^>\\n]*>(?: (-?[0-9]+) ([+-][0-9]{4}))?$`,
      "m",
    ).exec(text);
    described[id] = {
      commit: id,
      author: person?.[1] ?? "",
      date: isoDate(Number(person?.[2] ?? 0), person?.[3] ?? "+0000"),
      subject:
        text
          .slice(text.indexOf("\n\n") + 2)
          .split("\n", 1)[0]
          ?.trim() ?? "",
    };
  }
  return described;
}

/** Seconds since 1970 as ISO 8601 with an offset. */
function isoDate(seconds: number, offset: string): string {
  const minutes = Number(offset.slice(0, 3)) * 60 + Number(`${offset[0]}${offset.slice(3)}`);
  const local = new Date((seconds + minutes * 60) * 1000);
  if (Number.isNaN(local.getTime())) return "";
  return `${local.toISOString().slice(0, 19)}${offset.slice(0, 3)}:${offset.slice(3)}`;
}

/** Which refs reach which of the commits, and the commits' order, by one walk over the graph of all that refs reach. */
async function walkGraph(
  place: GitPlace,
  named: ReadonlySet<string>,
  refs: readonly Ref[],
  notes: string[],
): Promise<{ order: string[]; reach: Record<string, number[]> }> {
  const reach: Record<string, number[]> = {};
  const order: string[] = [];
  if (named.size === 0) return { order, reach };
  const git = startGit(place, ["rev-list", "--topo-order", "--reverse", "--parents", "--stdin"]);
  git.stdin.end(`${[...new Set(refs.map(({ commit }) => commit))].join("\n")}\n`);
  const slots = new Map<string, number>([...named].map((id, i) => [id, i]));
  const words = Math.ceil(named.size / 32);
  // What a commit's history holds, a bit for each of the named commits; most histories hold none.
  const held = new Map<string, Uint32Array>();
  const none = new Uint32Array(words);
  let left = "";
  git.stdout.on("data", (chunk: Buffer) => {
    const lines = (left + chunk.toString("latin1")).split("\n");
    left = lines.pop() ?? "";
    for (const line of lines) {
      const [commit, ...parents] = line.split(" ");
      if (commit === undefined) continue;
      let bits = parents.length === 0 ? none : (held.get(parents[0]!) ?? none);
      for (const parent of parents.slice(1)) {
        const more = held.get(parent) ?? none;
        if (more === bits || more === none) continue;
        bits = bits.map((word, i) => word | more[i]!);
      }
      const slot = slots.get(commit);
      if (slot !== undefined) {
        order.push(commit);
        bits = bits.slice();
        bits[slot >> 5]! |= 1 << (slot & 31);
      }
      held.set(commit, bits);
    }
  });
  const { status } = await git.ended;
  if (status !== 0) notes.push("git could not walk all commits, so that refs may be missing here");
  const ids = [...named];
  const add = (id: string, ref: number): void => {
    const known = reach[id];
    if (known === undefined) reach[id] = [ref];
    else known.push(ref);
  };
  for (const [number, { id, commit }] of refs.entries()) {
    const bits = held.get(commit) ?? none;
    for (let word = 0; word < words; word++) {
      for (let rest = bits[word]!; rest !== 0; rest &= rest - 1) {
        const slot = 32 * word + (31 - Math.clz32(rest & -rest));
        add(ids[slot]!, number);
      }
    }
    // A tag's own message.
    if (named.has(id) && id !== commit) add(id, number);
  }
  return { order, reach };
}

/** Where the blobs stand at HEAD. */
async function listHeads(place: GitPlace, wanted: ReadonlySet<string>): Promise<{ id: string; path: string }[]> {
  const found: { id: string; path: string }[] = [];
  const tree = await tryGit(place, ["ls-tree", "-r", "-z", "--full-tree", "HEAD"]);
  for (const entry of tree.stdout.toString("utf8").split("\0")) {
    const parsed = /^[0-7]+ blob ([0-9a-f]+)\t([\s\S]+)$/.exec(entry);
    if (parsed !== null && wanted.has(parsed[1]!)) found.push({ id: parsed[1]!, path: parsed[2]! });
  }
  return found;
}
