import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { KeyguardError } from "../../model/errors.ts";
import type { PackIndex } from "./pack-index.ts";

/** Types of objects as packs number them. 0 stands for what could not be made out. */
export const objectType = { commit: 1, tree: 2, blob: 3, tag: 4, ofsDelta: 6, refDelta: 7 } as const;

/**
 * What a pack holds, by the order of the offsets, in memory that threads share. Only headers are read for it. `base`,
 * `child` and `sibling` are places in the same order, or -1.
 */
export interface PackPlan {
  readonly path: string;
  readonly hashSize: number;
  readonly count: number;
  /** Where each object begins; one more than objects: the last is where the trailer begins. */
  readonly offsets: Float64Array;
  /** Bytes of the header, after which the compressed data begins. */
  readonly headers: Uint8Array;
  /** 1–4, a delta's being its root's; 0 where the base is not in this pack or the header is damaged. */
  readonly types: Uint8Array;
  /** Bytes of what the data inflates to: the object, or the delta's instructions. */
  readonly sizes: Float64Array;
  readonly base: Int32Array;
  readonly child: Int32Array;
  readonly sibling: Int32Array;
  /** Bit 1: found in another pack already, or not asked for: read only where another one needs it. */
  readonly marks: Uint8Array;
  /** Objects that start a piece of work, the heaviest first, then in the order of the pack. */
  readonly roots: Int32Array;
  /** The index's place of each object. */
  readonly indexed: Int32Array;
}

/** What can be posted to a thread: typed arrays over shared memory. */
function shared<T>(make: new (buffer: SharedArrayBuffer) => T, bytes: number): T {
  return new make(new SharedArrayBuffer(bytes));
}

/** How much of the pack is read at once, in bytes. */
const pieceSize = 4 << 20;
/** A header is at most: 10 bytes of type and size, and 32 of a base's id. */
const longestHeader = 48;

/**
 * Reads the headers of a pack's objects. `damaged` takes the index's place of each object that the pack cannot give:
 * its header is broken, or its base is not here.
 *
 * @throws KeyguardError `git` when the pack cannot be opened or is no pack of version 2 or 3.
 */
export function planPack(
  path: string,
  index: PackIndex,
  hashSize: number,
  skip: (indexed: number) => boolean,
  damaged: (indexed: number, why: string) => void,
): PackPlan {
  const { count } = index;
  const fd = openPack(path);
  try {
    const size = fstatSync(fd).size;
    const plan: PackPlan = {
      path,
      hashSize,
      count,
      offsets: shared(Float64Array, 8 * (count + 1)),
      headers: shared(Uint8Array, count),
      types: shared(Uint8Array, count),
      sizes: shared(Float64Array, 8 * count),
      base: shared(Int32Array, 4 * count),
      child: shared(Int32Array, 4 * count),
      sibling: shared(Int32Array, 4 * count),
      marks: shared(Uint8Array, count),
      roots: new Int32Array(0),
      indexed: sortByOffset(index, shared(Int32Array, 4 * count)),
    };
    const { offsets, base, child, sibling, indexed, types, marks } = plan;
    for (let i = 0; i < count; i++) offsets[i] = index.offsets[indexed[i]!]!;
    offsets[count] = size - hashSize;
    base.fill(-1);
    child.fill(-1);
    sibling.fill(-1);
    readHeaders(fd, size, plan, index, damaged);
    for (let i = count - 1; i >= 0; i--) {
      if (skip(indexed[i]!)) marks[i] = 1;
      const parent = base[i]!;
      if (parent < 0) continue;
      sibling[i] = child[parent]!;
      child[parent] = i;
    }
    const weights = inheritTypes(plan);
    // What hangs on a base that is not here was told by readHeaders; here, what hangs on a damaged object.
    for (let i = 0; i < count; i++) {
      if (types[i] === 0 && base[i]! >= 0) damaged(indexed[i]!, "its delta's base cannot be read");
    }
    return { ...plan, roots: chooseRoots(plan, weights) };
  } finally {
    closeSync(fd);
  }
}

function openPack(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw new KeyguardError("git", `cannot open ${path}`, { cause: error });
  }
  const head = Buffer.alloc(12);
  if (readSync(fd, head, 0, 12, 0) < 12 || head.toString("latin1", 0, 4) !== "PACK" || ![2, 3].includes(head[7]!)) {
    closeSync(fd);
    throw new KeyguardError("git", `${path} is no pack that keyguard can read`);
  }
  return fd;
}

/** The index's places by ascending offset. */
function sortByOffset(index: PackIndex, indexed: Int32Array): Int32Array {
  const { count, offsets } = index;
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, offsets[i]!);
  if (largest * count + count < Number.MAX_SAFE_INTEGER) {
    // Numbers are sorted natively where no function compares them: put the place into the number.
    const keys = new Float64Array(count);
    for (let i = 0; i < count; i++) keys[i] = offsets[i]! * count + i;
    keys.sort();
    for (let i = 0; i < count; i++) indexed[i] = keys[i]! % count;
  } else {
    for (let i = 0; i < count; i++) indexed[i] = i;
    indexed.sort((a, b) => offsets[a]! - offsets[b]!);
  }
  return indexed;
}

function readHeaders(
  fd: number,
  size: number,
  plan: PackPlan,
  index: PackIndex,
  damaged: (indexed: number, why: string) => void,
): void {
  const { count, offsets, headers, types, sizes, base, indexed, hashSize } = plan;
  const piece = Buffer.allocUnsafe(pieceSize + longestHeader);
  let pieceAt = 0;
  let pieceEnd = 0;
  // Where each of the index's places is in the order of the offsets; made when a REF_DELTA asks for it.
  let placeOf: Int32Array | undefined;
  for (let i = 0; i < count; i++) {
    const offset = offsets[i]!;
    const fail = (why: string): void => {
      types[i] = 0;
      damaged(indexed[i]!, why);
    };
    if (offset < 12 || offset >= size - hashSize) {
      fail("its offset lies outside of the pack");
      continue;
    }
    if (offset + longestHeader > pieceEnd) {
      // Where objects are large, most of the pack need not be read for the headers.
      const next = offsets[Math.min(count, i + 8)]! - offset;
      const want = next > pieceSize ? longestHeader : pieceSize + longestHeader;
      pieceAt = offset;
      pieceEnd = offset + readSync(fd, piece, 0, Math.min(want, size - offset), offset);
    }
    const end = Math.min(offsets[i + 1]!, pieceEnd) - pieceAt;
    let p = offset - pieceAt;
    let byte = piece[p++]!;
    const type = (byte >> 4) & 7;
    let length = byte & 15;
    let scale = 16;
    while ((byte & 0x80) !== 0 && p < end) {
      byte = piece[p++]!;
      length += (byte & 0x7f) * scale;
      scale *= 128;
    }
    sizes[i] = length;
    if (type === objectType.ofsDelta) {
      byte = piece[p++]!;
      let back = byte & 0x7f;
      while ((byte & 0x80) !== 0 && p < end) {
        byte = piece[p++]!;
        back = (back + 1) * 128 + (byte & 0x7f);
      }
      const found = searchOffset(offsets, i, offset - back);
      if (found < 0) fail("its delta's base is not in the pack");
      else base[i] = found;
    } else if (type === objectType.refDelta) {
      const at = index.find(piece.subarray(p, p + hashSize));
      p += hashSize;
      if (at < 0) fail("its delta's base is in another pack");
      else {
        if (placeOf === undefined) {
          placeOf = new Int32Array(count);
          for (let k = 0; k < count; k++) placeOf[indexed[k]!] = k;
        }
        base[i] = placeOf[at]!;
        if (base[i] === i) {
          base[i] = -1;
          fail("its delta is based on itself");
        }
      }
    } else if (type >= 1 && type <= 4) types[i] = type;
    else fail("its type is none that git has");
    headers[i] = Math.min(255, p - (offset - pieceAt));
    if (p > end) fail("its header is cut short");
  }
}

/** The place of an offset among the first `before`, or -1. */
function searchOffset(offsets: Float64Array, before: number, offset: number): number {
  let low = 0;
  let high = before - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const there = offsets[middle]!;
    if (there === offset) return middle;
    if (there < offset) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Gives each delta its root's type, and each object the weight of all that hangs on it (bytes to inflate). */
function inheritTypes({ count, base, child, sibling, types, sizes, marks }: PackPlan): Float64Array {
  const weights = new Float64Array(count);
  const stack: number[] = [];
  const order = new Int32Array(count);
  let seen = 0;
  for (let root = 0; root < count; root++) {
    if (base[root]! >= 0) continue;
    stack.push(root);
    while (stack.length > 0) {
      const at = stack.pop()!;
      order[seen++] = at;
      for (let next = child[at]!; next >= 0; next = sibling[next]!) {
        types[next] = types[at]!;
        stack.push(next);
      }
    }
  }
  // What nobody asked for, and what nothing hangs on that somebody asked for, is not read at all.
  const needed = new Uint8Array(count);
  for (let i = seen - 1; i >= 0; i--) {
    const at = order[i]!;
    if (marks[at] !== 1) needed[at] = 1;
    if (needed[at] === 0) continue;
    weights[at] = weights[at]! + sizes[at]! + 64;
    const parent = base[at]!;
    if (parent < 0) continue;
    weights[parent]! += weights[at]!;
    needed[parent] = 1;
  }
  // Leaves first, the heaviest child last: then a parent's bytes need not be kept while the longest chain is walked, and
  // no more than the logarithm of a tree's size is held at a time.
  const children: number[] = [];
  for (let i = 0; i < count; i++) {
    const first = child[i]!;
    if (first < 0) continue;
    children.length = 0;
    for (let next = first; next >= 0; next = sibling[next]!) if (needed[next] === 1) children.push(next);
    if (children.length > 1) {
      children.sort((a, b) => (child[a]! < 0 ? 0 : weights[a]!) - (child[b]! < 0 ? 0 : weights[b]!) || a - b);
    }
    child[i] = children[0] ?? -1;
    for (let k = 0; k < children.length; k++) sibling[children[k]!] = children[k + 1] ?? -1;
  }
  return weights;
}

/** Work begins at each whole object that is a text, the heaviest first so that none is left alone at the end. */
function chooseRoots({ count, base, types }: PackPlan, weights: Float64Array): Int32Array {
  const roots: number[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    // An object that is not needed has no weight.
    if (base[i]! >= 0 || types[i] === 0 || types[i] === objectType.tree || weights[i] === 0) continue;
    roots.push(i);
    total += weights[i]!;
  }
  const heavy = roots.filter((i) => weights[i]! > total / 256).sort((a, b) => weights[b]! - weights[a]!);
  const isHeavy = new Set(heavy);
  return sharedCopy([...heavy, ...roots.filter((i) => !isHeavy.has(i))]);
}

function sharedCopy(numbers: readonly number[]): Int32Array {
  const copy = shared(Int32Array, 4 * numbers.length);
  copy.set(numbers);
  return copy;
}
