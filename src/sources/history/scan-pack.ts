import { readSync } from "node:fs";
import type { Sighting } from "../../model/finding.ts";
import type { Rules } from "../../scan/engine.ts";
import { createTriage, type Triage, triageTableSize } from "../../scan/search/triage.ts";
import { Arena } from "./arena.ts";
import { createDeltas, type Deltas, deltaResultSize } from "./delta.ts";
import { createInflater, type Inflate } from "./inflate.ts";
import { objectType, type PackPlan } from "./pack-plan.ts";

/** Objects larger than this are streamed through git instead, in bytes: two threads must not hold gigabytes. */
export const largestObject = 64 << 20;
/** Bytes of what a delta keeps that are searched on both sides of what it changes: a label reaches 240 characters. */
const context = 320;
/** A thread whose memory has grown beyond this begins a new one after the tree that needed it. */
const memoryToKeep = 64 << 20;

/** What a walk over a pack tells. Places are those of the plan. */
export interface PackSink {
  onSightings(place: number, sightings: readonly Sighting[]): void;
  /** The pack does not give this object: git must be asked for it. */
  onDamaged(place: number, why: string): void;
  /** It is too large for the memory: git must stream it. */
  onLarge(place: number): void;
  /** Something inside the object could not be read: an archive's member. */
  onUnread(place: number, path: string, why: string): void;
  /** `inflated` counts the bytes that the pack's data made, `objects` the objects that are done. */
  onProgress(objects: number, inflated: number): void;
  readonly isStopped: () => boolean;
}

/** What is known of a text whose deltas come next. */
interface State {
  /** It was searched itself; if not, its deltas must be searched as a whole. */
  readonly known: boolean;
  /** It holds a literal. */
  readonly flagged: boolean;
  /** It names session tokens. */
  readonly long: boolean;
  /** It holds something that can be a part of a credential. */
  readonly armed: boolean;
}

const unknown: State = { known: false, flagged: false, long: false, armed: false };

/** An object whose deltas are being walked, with its bytes. */
interface Frame {
  readonly at: number;
  readonly size: number;
  readonly state: State;
  next: number;
}

/** Walks the trees of deltas of packs; one a thread. */
export class PackScanner {
  readonly #rules: Rules;
  readonly #inflate: Inflate = createInflater();
  #triage!: Triage;
  #deltas!: Deltas;
  #arena!: Arena;
  #compressed = Buffer.allocUnsafe(1 << 20);
  /** What of the pack lies in `#compressed`. */
  #windowFd = -1;
  #windowAt = 0;
  #windowEnd = 0;
  #inflated = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#begin();
  }

  get cost(): Triage["cost"] {
    return this.#triage.cost;
  }

  #begin(): void {
    const tables = triageTableSize(this.#rules);
    const memory = new WebAssembly.Memory({ initial: Math.ceil((tables + (4 << 20)) / 65536) });
    this.#triage = createTriage(this.#rules, memory, 0);
    this.#deltas = createDeltas(memory);
    this.#arena = new Arena(memory, tables);
  }

  /** Searches a text of the caller's: a loose object, or one that git gave. */
  scanBytes(bytes: Uint8Array, id: string, onUnread: (path: string, why: string) => void): readonly Sighting[] {
    const at = this.#arena.take(bytes.length);
    this.#arena.bytes.set(bytes, at);
    const { sightings } = this.#triage.judge(at, bytes.length, id, onUnread);
    this.#arena.release(at, bytes.length);
    this.#shrink();
    return sightings;
  }

  #shrink(): void {
    if (this.#arena.size > memoryToKeep) this.#begin();
  }

  /** Searches a whole object and all that hangs on it. */
  scanTree(plan: PackPlan, fd: number, root: number, idOf: (place: number) => string, sink: PackSink): void {
    const arena = this.#arena;
    const { child, sibling, sizes, types, marks } = plan;
    const size = sizes[root]!;
    const isMessage = types[root] !== objectType.blob;
    if (marks[root] === 1 && child[root]! < 0) {
      sink.onProgress(1, 0);
      return;
    }
    if (size > largestObject) {
      this.#giveUp(plan, root, (place) => sink.onLarge(place), sink);
      return;
    }
    this.#inflated = 0;
    let at = arena.take(size);
    try {
      this.#read(plan, fd, root, at);
    } catch (error) {
      arena.release(at, size);
      this.#giveUp(plan, root, (place) => sink.onDamaged(place, reason(error)), sink);
      return;
    }
    const state = marks[root] === 1 ? unknown : this.#examine(root, at, size, isMessage, idOf, sink);
    sink.onProgress(1, this.#inflated);
    const frames: Frame[] = [];
    if (child[root]! < 0) arena.release(at, size);
    else frames.push({ at, size, state, next: child[root]! });
    while (frames.length > 0) {
      const frame = frames[frames.length - 1]!;
      const place = frame.next;
      if (place < 0 || sink.isStopped()) {
        arena.release(frame.at, frame.size);
        frames.pop();
        continue;
      }
      frame.next = sibling[place]!;
      const isLeaf = child[place]! < 0;
      const skipped = marks[place] === 1;
      if (isLeaf && skipped) {
        sink.onProgress(1, 0);
        continue;
      }
      const deltaSize = sizes[place]!;
      if (deltaSize > largestObject) {
        this.#giveUp(plan, place, (each) => sink.onLarge(each), sink);
        continue;
      }
      this.#inflated = 0;
      const delta = arena.take(deltaSize);
      try {
        this.#read(plan, fd, place, delta);
        const resultSize = deltaResultSize(arena.bytes, delta, deltaSize);
        if (resultSize > largestObject) {
          arena.release(delta, deltaSize);
          this.#giveUp(plan, place, (each) => sink.onLarge(each), sink);
          continue;
        }
        at = arena.take(resultSize);
        try {
          const now = this.#walkDelta(
            place,
            frame,
            delta,
            deltaSize,
            at,
            resultSize,
            isLeaf,
            skipped,
            isMessage,
            idOf,
            sink,
          );
          if (isLeaf) arena.release(at, resultSize);
          else {
            // The last child is built: the parent's bytes have served.
            if (frame.next < 0) {
              arena.release(frame.at, frame.size);
              frames.pop();
            }
            frames.push({ at, size: resultSize, state: now, next: child[place]! });
          }
        } catch (error) {
          arena.release(at, resultSize);
          throw error;
        }
        arena.release(delta, deltaSize);
        sink.onProgress(1, this.#inflated);
      } catch (error) {
        arena.release(delta, deltaSize);
        this.#giveUp(plan, place, (each) => sink.onDamaged(each, reason(error)), sink);
      }
    }
    this.#shrink();
  }

  /** Searches what a delta changes, and rebuilds its object at `at` where that or its own deltas ask for it. */
  #walkDelta(
    place: number,
    frame: Frame,
    delta: number,
    deltaSize: number,
    at: number,
    size: number,
    isLeaf: boolean,
    skipped: boolean,
    isMessage: boolean,
    idOf: (place: number) => string,
    sink: PackSink,
  ): State {
    const { state } = frame;
    const rebuild = (): void => this.#deltas.apply(frame.at, frame.size, delta, deltaSize, at, size);
    if (skipped) {
      rebuild();
      return unknown;
    }
    if (!state.known || state.armed || isMessage) {
      rebuild();
      return this.#examine(place, at, size, isMessage, idOf, sink);
    }
    const length = this.#deltas.excerpt(frame.at, frame.size, delta, deltaSize, at, size, context);
    const hit = this.#triage.mayMatter(at, length, state);
    if (!hit) {
      if (!isLeaf) rebuild();
      return state;
    }
    rebuild();
    return this.#examine(place, at, size, false, idOf, sink);
  }

  #examine(
    place: number,
    at: number,
    size: number,
    isMessage: boolean,
    idOf: (place: number) => string,
    sink: PackSink,
  ): State {
    let from = at;
    let length = size;
    if (isMessage) {
      const skip = messageStart(this.#arena.bytes, at, size);
      from += skip;
      length -= skip;
    }
    const onUnread = (path: string, why: string): void => sink.onUnread(place, path, why);
    const { sightings, flagged, long, armed } = this.#triage.judge(from, length, idOf(place), onUnread);
    if (sightings.length > 0) sink.onSightings(place, sightings);
    return { known: true, flagged, long, armed };
  }

  /** Inflates an object's data to `at`. */
  #read(plan: PackPlan, fd: number, place: number, at: number): void {
    const start = plan.offsets[place]! + plan.headers[place]!;
    const end = plan.offsets[place + 1]!;
    const length = end - start;
    if (length <= 0) throw new Error("its data is cut short");
    if (fd !== this.#windowFd || start < this.#windowAt || end > this.#windowEnd) {
      if (length > this.#compressed.length) this.#compressed = Buffer.allocUnsafe(length);
      // Bases and their deltas stand near each other: what follows is often asked for next.
      const ahead = Math.min(this.#compressed.length, Math.max(length, 32 << 10));
      const got = readSync(fd, this.#compressed, 0, ahead, start);
      this.#windowFd = fd;
      this.#windowAt = start;
      this.#windowEnd = start + got;
      if (got < length) throw new Error("its data is cut short");
    }
    const offset = start - this.#windowAt;
    const size = plan.sizes[place]!;
    const input = offset === 0 ? this.#compressed : this.#compressed.subarray(offset);
    this.#inflate(input, length, this.#arena.bytes, at, size);
    this.#inflated += size;
  }

  /** Tells of an object and of all that hangs on it. */
  #giveUp({ child, sibling, marks }: PackPlan, from: number, tell: (place: number) => void, sink: PackSink): void {
    const stack = [from];
    while (stack.length > 0) {
      const place = stack.pop()!;
      if (marks[place] !== 1) tell(place);
      sink.onProgress(1, 0);
      for (let next = child[place]!; next >= 0; next = sibling[next]!) stack.push(next);
    }
  }
}

/** Where the message of a commit or tag begins: behind the first empty line. */
export function messageStart(bytes: Uint8Array, at: number, size: number): number {
  for (let i = at, end = at + size - 1; i < end; i++) if (bytes[i] === 10 && bytes[i + 1] === 10) return i + 2 - at;
  return size;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
