import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PackIndex } from "./pack-index.ts";
import { objectType, type PackPlan } from "./pack-plan.ts";
import type { StoredSighting } from "./stored-sighting.ts";

/** What a pack held when it was last read with the same rules. */
export interface KnownPack {
  readonly count: number;
  readonly blobs: number;
  readonly commitCount: number;
  readonly tags: number;
  /** The objects in which something was seen. */
  readonly hits: readonly KnownHit[];
  /** Ids of its commits. */
  commits(index: PackIndex): Iterable<string>;
}

/** What was seen in an object; null where it must be looked at again. */
export interface KnownHit {
  readonly id: string;
  readonly sightings: readonly StoredSighting[] | null;
}

export interface KnownLoose {
  readonly type: "blob" | "commit" | "tag" | "tree";
  readonly hit: boolean;
}

/**
 * What was read before, so that the next scan reads only what is new: a file for each pack, named after the pack's
 * checksum, and one for the loose objects. It holds ids of objects, and of credentials where they stand and a hash. A file that is
 * damaged, or of other rules, is as good as none; a disk that is full only means that there is none next time. Each file
 * is written aside and renamed, so that two runs at once do no harm.
 */
export interface HistoryCache {
  readPack(checksum: string): KnownPack | null;
  writePack(checksum: string, index: PackIndex, plan: PackPlan, hits: readonly KnownHit[]): void;
  readLoose(): ReadonlyMap<string, KnownLoose> | null;
  writeLoose(
    done: readonly string[],
    hits: readonly string[],
    types: ReadonlyMap<string, string>,
    before: ReadonlyMap<string, KnownLoose> | null,
  ): void;
  /** What was worked out for exactly this question before, or null. */
  readAnswer(question: string): unknown;
  writeAnswer(question: string, answer: unknown): void;
}

/** A cache that is larger is taken for none, in bytes: a pack of ten million objects has less. */
const largestCache = 1 << 29;

/** A cache in a folder; `rules` names the version of the rules and of what applies them. */
export function openCache(folder: string, rules: string): HistoryCache {
  const dir = join(folder, createHash("sha256").update(rules).digest("hex").slice(0, 16));
  const read = (name: string): unknown => {
    try {
      // Whoever can write there could put a link to a device in its place.
      const stats = lstatSync(join(dir, name));
      if (!stats.isFile() || stats.size > largestCache) return null;
      const text = readFileSync(join(dir, name), "utf8");
      const end = text.indexOf("\n");
      const body = text.slice(end + 1);
      return text.slice(0, end) === checksumOf(body) ? (JSON.parse(body) as unknown) : null;
    } catch {
      return null;
    }
  };
  const write = (name: string, value: unknown): void => {
    const body = JSON.stringify(value);
    const aside = join(dir, `${name}.${process.pid}.tmp`);
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeFileSync(aside, `${checksumOf(body)}\n${body}`, { mode: 0o600 });
      renameSync(aside, join(dir, name));
      forget(folder, dir);
    } catch {
      // Without a cache the next scan reads everything: slower, and right.
      try {
        rmSync(aside, { force: true });
      } catch {
        // The disk is as it is.
      }
    }
  };
  return {
    readPack(checksum) {
      const value = read(`pack-${checksum}`);
      if (!isRecord(value)) return null;
      const { count, blobs, tags, hits, commits } = value;
      if (!isCount(count) || !isCount(blobs) || !isCount(tags) || !isHits(hits) || typeof commits !== "string")
        return null;
      const bits = Buffer.from(commits, "base64");
      let commitCount = 0;
      for (let i = 0; i < count; i++) if ((bits[i >> 3]! >> (i & 7)) & 1) commitCount++;
      return {
        count,
        blobs,
        tags,
        hits,
        commitCount,
        *commits(index) {
          for (let i = 0; i < count; i++) if ((bits[i >> 3]! >> (i & 7)) & 1) yield index.idOf(i);
        },
      };
    },
    writePack(checksum, { count }, { types, indexed, marks }, hits) {
      // Which of the index's places are commits, a bit each: to list them is what finding their refs begins with.
      const bits = Buffer.alloc((count + 7) >> 3);
      let blobs = 0;
      let tags = 0;
      for (let i = 0; i < count; i++) {
        const at = indexed[i]!;
        if (types[i] === objectType.commit) bits[at >> 3]! |= 1 << (at & 7);
        else if (types[i] === objectType.blob && marks[i] !== 1) blobs++;
        else if (types[i] === objectType.tag && marks[i] !== 1) tags++;
      }
      write(`pack-${checksum}`, { count, blobs, tags, hits, commits: bits.toString("base64") });
    },
    readLoose() {
      const value = read("loose");
      if (!isRecord(value) || !isIds(value.hits)) return null;
      const known = new Map<string, KnownLoose>();
      const hits = new Set(value.hits);
      for (const type of ["blob", "commit", "tag", "tree"] as const) {
        const ids = value[type];
        if (!isIds(ids)) return null;
        for (const id of ids) known.set(id, { type, hit: hits.has(id) });
      }
      return known;
    },
    writeLoose(done, hits, types, before) {
      const lists: Record<string, string[]> = { blob: [], commit: [], tag: [], tree: [] };
      for (const id of done) lists[types.get(id) ?? before?.get(id)?.type ?? ""]?.push(id);
      write("loose", { ...lists, hits });
    },
    readAnswer(question) {
      const value = read("answer");
      return isRecord(value) && value.question === checksumOf(question) ? value.answer : null;
    },
    writeAnswer(question, answer) {
      write("answer", { question: checksumOf(question), answer });
    },
  };
}

/** Caches of other rules serve nobody: keyguard was updated, or its configuration changed. */
function forget(folder: string, current: string): void {
  for (const name of readdirSync(folder)) {
    const dir = join(folder, name);
    if (/^[0-9a-f]{16}$/.test(name) && dir !== current) rmSync(dir, { recursive: true, force: true });
  }
}

function checksumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isIds(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.every((id) => typeof id === "string" && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(id))
  );
}

/** The checksum in front says that keyguard wrote it, so that only its outline is looked at. */
function isHits(value: unknown): value is KnownHit[] {
  return (
    Array.isArray(value) &&
    value.every((hit) => isRecord(hit) && isIds([hit.id]) && (hit.sightings === null || Array.isArray(hit.sightings)))
  );
}
