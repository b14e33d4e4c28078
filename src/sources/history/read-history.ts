import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { inflateSync } from "node:zlib";
import { type GitObject, type NoObject, ObjectReader } from "../../git/object-reader.ts";
import type { Repository } from "../../git/repository.ts";
import { type GitPlace, startGit } from "../../git/spawn-git.ts";
import { KeyguardError } from "../../model/errors.ts";
import type { Sighting } from "../../model/finding.ts";
import type { Rules } from "../../scan/engine.ts";
import type { HistoryCache } from "./cache.ts";
import { listLoose, openObjectStore } from "./object-store.ts";
import { type PackIndex, readPackIndex } from "./pack-index.ts";
import { objectType, type PackPlan, planPack } from "./pack-plan.ts";
import { largestObject, messageStart, PackScanner } from "./scan-pack.ts";
import { type Shared, type Told, unpackSighting, walkPacks } from "./serve.ts";
import { restoreSightings, type StoredSighting, storeSightings } from "./stored-sighting.ts";

/** One of `of` parts of the objects; `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export interface HistoryOptions {
  readonly place: GitPlace;
  readonly repository: Repository;
  readonly rules: Rules;
  /** Threads beside this one; 0 or 1 does all the work here. */
  readonly jobs: number;
  /** Starts a thread that walks packs with the same rules (see serve.ts). It is not called for small repositories. */
  readonly startThread: ((shared: Shared) => Worker) | null;
  /** Which ids are to be looked at; null for all. */
  readonly wanted: { has(id: string): boolean } | null;
  readonly shard: Shard | null;
  readonly cache: HistoryCache | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: HistoryProgress) => void;
}

export interface HistoryProgress {
  /** Objects done, of those that are to be read. */
  readonly objects: number;
  readonly ofObjects: number;
  /** Bytes that were inflated. */
  readonly bytes: number;
}

/** An object in which the engine sees something. */
export interface Hit {
  readonly id: string;
  readonly type: "blob" | "commit" | "tag";
  /** With an empty path: a blob does not know what it is called. */
  readonly sightings: readonly Sighting[];
}

export interface HistoryScan {
  readonly hits: readonly Hit[];
  readonly unread: readonly { readonly path: string; readonly why: string }[];
  readonly blobs: number;
  readonly commits: number;
  readonly tags: number;
  readonly bytes: number;
  /** Objects of packs that were done when the scan ended, early or not. */
  readonly done: number;
  /** How much of that a cache spared. */
  readonly cachedObjects: number;
  /** Ids of all commits in the store; which refs reach them is another question. */
  readonly commitIds: readonly string[];
  readonly partial: boolean;
  readonly stopped: boolean;
  /** A hash of what the store holds: shards of one scan must agree on it. */
  readonly basis: string;
}

/** Repositories whose packs are smaller than this are read by this thread alone: others would come too late. */
const worthThreads = 12_000_000;
/** Milliseconds of work between two looks at the rest of the world, where this thread walks. */
const slice = 25;

const typeNames = { [objectType.commit]: "commit", [objectType.blob]: "blob", [objectType.tag]: "tag" } as const;

interface OpenPack {
  readonly path: string;
  readonly index: PackIndex;
  readonly plan: PackPlan;
}

/**
 * Reads every object that git keeps, once: packs by themselves, along their deltas, and what those do not give (loose
 * objects apart) through git. Missing and damaged objects are named in `unread`.
 *
 * @throws KeyguardError `git` when the repository cannot be read at all.
 */
export async function readHistory(options: HistoryOptions): Promise<HistoryScan> {
  const { place, repository, rules, wanted, shard, cache, signal } = options;
  const store = await openObjectStore(place, repository);
  const unread: { path: string; why: string }[] = [...store.unread];
  const hits = new Map<string, Hit>();
  const commitIds: string[] = [];
  const counts = { blob: 0, commit: 0, tag: 0 };
  /** Objects that git must be asked for: id → why the pack does not give it. */
  const fallback = new Map<string, string>();
  /** What a cache knows of some of them. */
  const stored = new Map<string, readonly StoredSighting[]>();
  const mine = (id: string): boolean =>
    shard === null || Number.parseInt(id.slice(0, 8), 16) % shard.of === shard.index - 1;

  // The indexes first: which objects there are, and in how many packs.
  const indexes: { path: string; index: PackIndex }[] = [];
  for (const file of store.packs) {
    try {
      indexes.push({ path: file.pack, index: readPackIndex(file.index, store.hashSize) });
    } catch (error) {
      if (!(error instanceof KeyguardError)) throw error;
      // Whatever it holds, git may know how to read it.
      const listed = await listPack(place, file.index);
      if (listed === null) unread.push({ path: file.index, why: error.message.replace(`${file.index}: `, "") });
      else for (const id of listed) fallback.set(id, "its pack's index is none that keyguard reads");
    }
  }
  indexes.sort((a, b) => b.index.count - a.index.count);

  const seen: PackIndex[] = [];
  const isSeen = (id: Uint8Array): boolean => seen.some((index) => index.find(id) >= 0);
  const packs: OpenPack[] = [];
  let cachedObjects = 0;
  const checksums: string[] = [];
  for (const { path, index } of indexes) {
    checksums.push(index.packChecksum);
    const known = wanted === null && shard === null ? (cache?.readPack(index.packChecksum) ?? null) : null;
    if (known !== null && known.count === index.count) {
      // What was found in it then is looked at again; nothing else need be.
      for (const { id, sightings } of known.hits) {
        fallback.set(id, "");
        if (sightings !== null) stored.set(id, sightings);
      }
      for (const id of known.commits(index)) commitIds.push(id);
      counts.blob += known.blobs;
      counts.commit += known.commitCount;
      counts.tag += known.tags;
      cachedObjects += index.count;
      seen.push(index);
      continue;
    }
    const skip = (i: number): boolean =>
      (seen.length > 0 && isSeen(index.rawIdOf(i))) || (wanted !== null && !wanted.has(index.idOf(i)));
    try {
      const plan = planPack(path, index, store.hashSize, skip, (i, why) => fallback.set(index.idOf(i), why));
      packs.push({ path, index, plan: shard === null ? plan : takeShard(plan, index, mine) });
    } catch (error) {
      if (!(error instanceof KeyguardError)) throw error;
      for (let i = 0; i < index.count; i++) fallback.set(index.idOf(i), error.message);
    }
    seen.push(index);
  }
  for (const pack of packs) countTypes(pack, mine, counts, commitIds);

  const loose: { id: string; path: string }[] = [];
  /** Loose objects of other shards: which commits there are is asked of all of them. */
  const others: { id: string; path: string }[] = [];
  const looseIds = new Set<string>();
  for (const folder of store.folders) {
    for (const one of listLoose(folder, store.hashSize)) {
      if (looseIds.has(one.id) || isSeen(Buffer.from(one.id, "hex"))) continue;
      looseIds.add(one.id);
      if (wanted === null || wanted.has(one.id)) (mine(one.id) ? loose : others).push(one);
    }
  }

  const found = (pack: OpenPack, place: number, sightings: readonly Sighting[]): void => {
    const id = pack.index.idOf(pack.plan.indexed[place]!);
    const type = typeNames[pack.plan.types[place]! as keyof typeof typeNames];
    hits.set(id, { id, type, sightings: sightings.map((sighting) => ({ ...sighting, textId: id })) });
  };
  const hitsOfPack = packs.map(() => new Set<string>());
  const failedPacks = new Set<number>();
  const take = (told: Told): void => {
    const pack = packs[told.pack]!;
    if (told.tell === "gone") {
      if (failedPacks.has(told.pack)) return;
      failedPacks.add(told.pack);
      for (let i = 0; i < pack.plan.count; i++) {
        if (pack.plan.types[i] !== objectType.tree) fallback.set(pack.index.idOf(pack.plan.indexed[i]!), told.why);
      }
      return;
    }
    const id = pack.index.idOf(pack.plan.indexed[told.place]!);
    if (told.tell === "sightings") {
      hitsOfPack[told.pack]!.add(id);
      found(pack, told.place, told.sightings.map(unpackSighting));
    } else if (told.tell === "damaged") {
      failedPacks.add(told.pack);
      fallback.set(id, told.why);
    } else if (told.tell === "large") {
      failedPacks.add(told.pack);
      fallback.set(id, "");
    } else {
      hitsOfPack[told.pack]!.add(id);
      unread.push({ path: `object ${id}${told.path === "" ? "" : ` ${told.path}`}`, why: told.why });
    }
  };

  const walk = await walkAll(options, packs, take);

  // Loose objects, and what the packs did not give. One scanner for all: its tables take a while to make.
  const rest = new Rest(rules);
  const stopped = (): boolean => signal.aborted;
  const looseCache = wanted === null && shard === null ? (cache?.readLoose() ?? null) : null;
  const looseHits: string[] = [];
  const looseDone: string[] = [];
  const keep = (id: string, type: string, bytes: Uint8Array): void => {
    if (type === "tree") return;
    if (type !== "blob" && type !== "commit" && type !== "tag") return;
    const text = type === "blob" ? bytes : bytes.subarray(messageStart(bytes, 0, bytes.length));
    const before = stored.get(id);
    const restored = before === undefined ? null : restoreSightings(before, text, id);
    if (restored !== null) {
      hits.set(id, { id, type, sightings: restored });
      return;
    }
    const sightings = rest.scan(text, id, (path, why) =>
      unread.push({ path: `object ${id}${path === "" ? "" : ` ${path}`}`, why }),
    );
    if (sightings.length > 0) hits.set(id, { id, type, sightings });
  };
  let sliceEnd = performance.now() + slice;
  for (const { id, path } of loose) {
    if (stopped()) break;
    if (performance.now() > sliceEnd) {
      await pause();
      sliceEnd = performance.now() + slice;
    }
    const before = looseCache?.get(id);
    if (before !== undefined && !before.hit) {
      looseDone.push(id);
      if (before.type === "commit") commitIds.push(id);
      if (before.type !== "tree") counts[before.type]++;
      continue;
    }
    try {
      const { type, bytes } = readLoose(path);
      if (type === "commit") commitIds.push(id);
      if (type === "blob" || type === "commit" || type === "tag") counts[type]++;
      rest.bytes += bytes.length;
      keep(id, type, bytes);
      looseDone.push(id);
      if (hits.has(id)) looseHits.push(id);
      rest.looseTypes.set(id, type);
    } catch (error) {
      fallback.set(id, error instanceof Error ? error.message : String(error));
    }
  }

  for (const { id, path } of others) {
    if (stopped()) break;
    try {
      if (readLoose(path).type === "commit") commitIds.push(id);
    } catch {
      // The shard that the object belongs to says that it cannot be read.
    }
  }

  if (fallback.size > 0 && !stopped()) {
    const asked = [...fallback.keys()].filter((id) => wanted === null || wanted.has(id));
    await askGit(place, asked, signal, (object) => {
      if ("why" in object) {
        const reason = fallback.get(object.id);
        unread.push({ path: `object ${object.id}`, why: reason ? `${reason}; git says: ${object.why}` : object.why });
        return;
      }
      if (object.type === "commit" && !commitIds.includes(object.id)) commitIds.push(object.id);
      keep(object.id, object.type, object.bytes);
    });
  }

  if (cache !== null && wanted === null && shard === null && !stopped() && unread.length === 0) {
    for (const [number, { index, plan }] of packs.entries()) {
      // What git had to help with is asked for anew each time; damage may have been mended.
      if (failedPacks.has(number)) continue;
      const known = [...hitsOfPack[number]!].map((id) => ({
        id,
        sightings: storeSightings(hits.get(id)?.sightings ?? []),
      }));
      cache.writePack(index.packChecksum, index, plan, known);
    }
    if (loose.length > 0) cache.writeLoose(looseDone, looseHits, rest.looseTypes, looseCache);
  }
  const basis = createHash("sha256")
    .update([...checksums].sort().join(" "))
    .update([...looseIds].sort().join(" "))
    .digest("hex")
    .slice(0, 32);
  return {
    hits: [...hits.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    unread,
    blobs: counts.blob,
    commits: counts.commit,
    tags: counts.tag,
    bytes: walk.bytes + rest.bytes,
    done: walk.objects,
    cachedObjects,
    commitIds,
    partial: store.partial,
    stopped: stopped(),
    basis,
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The roots of one shard, with all that hangs on them. */
function takeShard(plan: PackPlan, index: PackIndex, mine: (id: string) => boolean): PackPlan {
  return { ...plan, roots: plan.roots.filter((root) => mine(index.idOf(plan.indexed[root]!))) };
}

/** Counts what this shard reads; the commits are listed for all of them, since each may have brought what it finds. */
function countTypes(
  { plan: { count, types, marks, indexed, base }, index }: OpenPack,
  mine: (id: string) => boolean,
  counts: { blob: number; commit: number; tag: number },
  commitIds: string[],
): void {
  for (let i = 0; i < count; i++) {
    const type = types[i];
    if (type === objectType.commit) commitIds.push(index.idOf(indexed[i]!));
    if (marks[i] === 1 || !mine(index.idOf(indexed[rootOf(base, i)]!))) continue;
    if (type === objectType.blob) counts.blob++;
    else if (type === objectType.commit) counts.commit++;
    else if (type === objectType.tag) counts.tag++;
  }
}

/** What a delta hangs on in the end. */
function rootOf(base: Int32Array, i: number): number {
  let root = i;
  while (base[root]! >= 0) root = base[root]!;
  return root;
}

/** Walks all packs, with threads where that pays. */
async function walkAll(
  { rules, jobs, startThread, signal, onProgress }: HistoryOptions,
  packs: readonly OpenPack[],
  take: (told: Told) => void,
): Promise<{ bytes: number; objects: number }> {
  const plans = packs.map(({ plan }) => plan);
  const shared: Shared = {
    control: new Int32Array(new SharedArrayBuffer(4 * (plans.length + 1))),
    progress: new BigInt64Array(new SharedArrayBuffer(16)),
  };
  const ofObjects = packs.reduce((sum, { plan }) => sum + countTexts(plan), 0);
  const show = (): void =>
    onProgress({
      objects: Number(Atomics.load(shared.progress, 0)),
      ofObjects,
      bytes: Number(Atomics.load(shared.progress, 1)),
    });
  const stop = (): void => {
    Atomics.store(shared.control, 0, 1);
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  const timer = setInterval(show, 100);
  timer.unref();
  try {
    const packed = packs.reduce((sum, { plan }) => sum + plan.offsets[plan.count]!, 0);
    if (startThread === null || jobs < 2 || packed < worthThreads) {
      let end = performance.now() + slice;
      for (const _ of walkPacks(plans, rules, shared, take)) {
        if (performance.now() < end) continue;
        await pause();
        show();
        end = performance.now() + slice;
      }
    } else {
      await Promise.all(Array.from({ length: jobs }, () => runThread(startThread(shared), plans, take)));
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", stop);
  }
  show();
  return { bytes: Number(shared.progress[1]), objects: Number(shared.progress[0]) };
}

/** How many objects the walk will tell of. */
function countTexts({ roots, child, sibling }: PackPlan): number {
  let texts = 0;
  const stack = [...roots];
  while (stack.length > 0) {
    texts++;
    for (let next = child[stack.pop()!]!; next >= 0; next = sibling[next]!) stack.push(next);
  }
  return texts;
}

/** A thread that dies (memory, a bug) must not look like one that found nothing. */
function runThread(worker: Worker, plans: readonly PackPlan[], take: (told: Told) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let done = false;
    worker.on("message", (told: Told | { tell: "done" }) => {
      if (told.tell !== "done") return take(told);
      done = true;
      resolve();
      void worker.terminate();
    });
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (!done) reject(new Error(`a thread of the scan ended early (${code})`));
    });
    worker.postMessage(plans);
  });
}

/** Searches single objects. */
class Rest {
  readonly #scanner: () => PackScanner;
  readonly looseTypes = new Map<string, string>();
  bytes = 0;

  constructor(rules: Rules) {
    let scanner: PackScanner | undefined;
    this.#scanner = () => {
      scanner ??= new PackScanner(rules);
      return scanner;
    };
  }

  scan(text: Uint8Array, id: string, onUnread: (path: string, why: string) => void): readonly Sighting[] {
    if (text.length <= largestObject) return this.#scanner().scanBytes(text, id, onUnread);
    // By overlapping pieces, so that memory stays bounded; what stands in the overlap is seen twice and told once.
    const sightings: Sighting[] = [];
    const told = new Set<string>();
    const step = largestObject - (1 << 20);
    for (let from = 0; from < text.length; from += step) {
      const piece = text.subarray(from, Math.min(text.length, from + largestObject));
      for (const sighting of this.#scanner().scanBytes(piece, id, onUnread)) {
        const places = sighting.places.map((place) => ({
          ...place,
          span: { start: place.span.start + from, end: place.span.end + from },
        }));
        const key = `${sighting.detector} ${places[0]?.span.start}`;
        if (!told.has(key)) sightings.push({ ...sighting, places });
        told.add(key);
      }
    }
    return sightings;
  }
}

/** A loose object: zlib over `type size\0content`. */
function readLoose(path: string): { type: string; bytes: Uint8Array } {
  const raw = inflateSync(readFileSync(path));
  const end = raw.indexOf(0);
  const header = /^([a-z]+) ([0-9]+)$/.exec(raw.toString("latin1", 0, Math.min(end, 40)));
  if (end < 0 || header === null || Number(header[2]) !== raw.length - end - 1)
    throw new Error("its header is damaged");
  return { type: header[1]!, bytes: raw.subarray(end + 1) };
}

/** Asks one `git cat-file` for objects, some ahead of the answer. */
async function askGit(
  place: GitPlace,
  ids: readonly string[],
  signal: AbortSignal,
  take: (object: GitObject | NoObject) => void,
): Promise<void> {
  const reader = new ObjectReader(place).start();
  try {
    const ahead: Promise<GitObject | NoObject>[] = [];
    let next = 0;
    while ((next < ids.length || ahead.length > 0) && !signal.aborted) {
      while (ahead.length < 4 && next < ids.length) ahead.push(reader.read(ids[next++]!));
      take(await ahead.shift()!);
    }
  } finally {
    reader.close();
  }
}

/** The ids in a pack's index as git reads it, or null when it cannot. */
async function listPack(place: GitPlace, index: string): Promise<string[] | null> {
  const git = startGit(place, ["show-index"]);
  const chunks: Buffer[] = [];
  git.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  try {
    git.stdin.end(readFileSync(index));
  } catch {
    git.stdin.end();
  }
  const { status } = await git.ended;
  if (status !== 0) return null;
  return Buffer.concat(chunks)
    .toString("latin1")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" ")[1] ?? "");
}
