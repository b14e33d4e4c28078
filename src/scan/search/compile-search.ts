import { searchKernel } from "./search-kernel.ts";

/**
 * How to use it:
 *
 *     const search = compileSearch(prefilterLiterals(rules));   // once; about a millisecond
 *     if (search.test(bytes)) …                                 // does any literal stand in the bytes?
 *     const n = search.find(bytes, 0, bytes.length, out);       // where? offsets in ascending order
 *
 * One pass whatever the number of literals. Bytes that already lie in `search.memory` are searched in place; others are
 * copied into it by pieces, which costs about a tenth. Not to be shared between threads: each compiles its own.
 */
export interface Search {
  /** Whether any literal stands wholly within [start, end). */
  test(bytes: Uint8Array, start?: number, end?: number): boolean;
  /**
   * Writes the offsets in `bytes` at which literals begin to `out`, ascending, and returns how many; stops when `out` is
   * full, so that a result of `out.length` means that there may be more. Two literals that begin at the same byte give
   * it twice.
   */
  find(bytes: Uint8Array, start: number, end: number, out: Int32Array): number;
  /** The kernel's memory, or null where WebAssembly SIMD is missing and the plain search stands in. */
  readonly memory: WebAssembly.Memory | null;
}

/** What to search for: bytes, written as a latin1 string. */
export interface SearchLiteral {
  readonly bytes: string;
  /** Whether ASCII letters match in either case. */
  readonly ignoreCase: boolean;
}

interface Kernel {
  search(table: number, from: number, to: number, origin: number, out: number, room: number): number;
}

/** Longer literals are found by their first 32 bytes. */
const longest = 32;
const shortest = 4;
/** Sizes that wasm/search.ts knows. */
const table = { masks: 0, firsts: 128, counts: 160, hashes: 192, literals: 4304, literalSize: 80 } as const;
/** Bytes copied into the kernel's memory at once: what a core's second-level cache holds, so that the copy is cheap. */
const pieceSize = 128 * 1024;
/** What the kernel may read beyond a text's end. */
export const searchPadding = 64;
/** How many offsets one call of the kernel can give. */
const outRoom = 4096;

/** How much memory the tables for these literals take, in bytes, rounded up to 16; for callers who bring the memory. */
export function searchTableSize(literals: readonly SearchLiteral[]): number {
  return (table.literals + literals.length * table.literalSize + 2 * 4 * outRoom + 15) & ~15;
}

/**
 * A search for any of the literals, which have at least 4 bytes each. `within` places the tables in a memory of the
 * caller's, at a multiple of 16 with `searchTableSize` bytes of room; the memory must be long enough already, and may grow.
 */
export function compileSearch(
  literals: readonly SearchLiteral[],
  within?: { readonly memory: WebAssembly.Memory; readonly at: number },
): Search {
  for (const literal of literals) {
    if (literal.bytes.length < shortest) throw new RangeError("a literal to search for has at least 4 bytes");
  }
  if (!hasSimd()) return plainSearch(literals);
  const tableSize = searchTableSize(literals);
  const own = within === undefined;
  const pages = Math.ceil((tableSize + pieceSize + searchPadding + longest) / 65536);
  const memory = within?.memory ?? new WebAssembly.Memory({ initial: pages });
  const at = within?.at ?? 0;
  writeTables(new DataView(memory.buffer), at, literals);
  const kernel = instantiate(memory);
  const outAt = at + tableSize - 4 * outRoom;
  const pieceAt = own ? tableSize : -1;
  let view = new Uint8Array(memory.buffer);

  const searchPiece = (from: number, to: number, origin: number, room: number): number =>
    kernel.search(at, from, to, origin, outAt, room);

  /** Calls `visit` for each piece of the bytes that lies in the memory; `from` and `to` are addresses. */
  const eachPiece = (
    bytes: Uint8Array,
    start: number,
    end: number,
    visit: (from: number, to: number, owned: number, shift: number) => boolean,
  ): void => {
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer);
    if (bytes.buffer === memory.buffer) {
      const from = bytes.byteOffset + start;
      const to = bytes.byteOffset + end;
      if (to + searchPadding > view.length) throw new RangeError("no padding after the bytes to search");
      visit(from, to, to, from - start);
      return;
    }
    if (pieceAt < 0) throw new RangeError("the bytes to search lie outside of the caller's own memory");
    // Pieces overlap by what a literal may need; a literal belongs to the piece that it begins in.
    for (let s = start; s < end; s += pieceSize) {
      const e = Math.min(end, s + pieceSize + longest - 1);
      view.set(s === 0 && e === bytes.length ? bytes : bytes.subarray(s, e), pieceAt);
      if (!visit(pieceAt, pieceAt + e - s, pieceAt + Math.min(pieceSize, e - s), pieceAt - s)) return;
    }
  };

  return {
    memory,
    test(bytes, start = 0, end = bytes.length) {
      let hit = false;
      eachPiece(bytes, start, end, (from, to) => {
        hit = searchPiece(from, to, from, 0) > 0;
        return !hit;
      });
      return hit;
    },
    find(bytes, start, end, out) {
      let n = 0;
      eachPiece(bytes, start, end, (from, to, owned, shift) => {
        const firstOfPiece = n;
        let resume = from;
        for (;;) {
          const found = searchPiece(resume, to, 0, outRoom);
          const offsets = new Int32Array(memory.buffer, outAt, found);
          for (let i = 0; i < found; i++) {
            const address = offsets[i]!;
            if (address < owned && n < out.length) out[n++] = address - shift;
          }
          if (found < outRoom || n === out.length) break;
          // More than one call can give: go on after the last one. A literal that begins before it and whose window
          // comes later would be missed, so step back by a literal's length and drop what is known.
          const seen = out.subarray(firstOfPiece, n).sort();
          const next = seen[seen.length - 1]! + shift - longest;
          n = firstOfPiece + seen.findIndex((offset) => offset + shift >= next);
          resume = Math.max(next, resume + 1);
        }
        out.subarray(firstOfPiece, n).sort();
        return n < out.length;
      });
      return n;
    },
  };
}

/** The kernel, compiled once in a thread and instantiated for each memory. */
let compiled: WebAssembly.Module | null | undefined;

function instantiate(memory: WebAssembly.Memory): Kernel {
  const instance = new WebAssembly.Instance(compiled!, { env: { memory } });
  return instance.exports as unknown as Kernel;
}

/** Whether this engine compiles the kernel: not without SIMD, nor where WebAssembly is switched off (`--jitless`). */
export function hasSimd(): boolean {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(Buffer.from(searchKernel, "base64"));
    } catch {
      compiled = null;
    }
  }
  return compiled !== null;
}

/** How often bytes stand in source code and data, in thousandths, by their low and by their high half. */
const lowHalf = [75, 62, 50, 60, 70, 85, 55, 35, 45, 70, 60, 35, 55, 60, 95, 88];
const highHalf = [45, 2, 210, 90, 60, 55, 290, 210, 5, 5, 5, 5, 5, 5, 4, 4];

const assigned = new WeakMap<readonly SearchLiteral[], ReturnType<typeof assign>>();

/** The same literals are compiled for each memory that is searched. */
function placesOf(literals: readonly SearchLiteral[]): ReturnType<typeof assign> {
  const places = assigned.get(literals) ?? assign(literals);
  assigned.set(literals, places);
  return places;
}

/**
 * Which window of each literal goes to which bucket. A bucket lets through every combination of its halves, so that
 * literals which look alike belong together; each goes where it adds least to what is let through by chance.
 */
function assign(literals: readonly SearchLiteral[]): { bucket: number; offset: number }[] {
  const low = Array.from({ length: 8 }, () => new Uint16Array(4));
  const high = Array.from({ length: 8 }, () => new Uint16Array(4));
  // The weight of a set of sixteen, as the sum of two tables of eight: this is asked a hundred thousand times.
  const tables = (weights: readonly number[]): Float64Array[] =>
    [0, 8].map((from) =>
      Float64Array.from({ length: 256 }, (_, set) => {
        let sum = 0;
        for (let i = 0; i < 8; i++) if ((set & (1 << i)) !== 0) sum += weights[from + i]!;
        return sum / 1000;
      }),
    );
  const weigh = (set: number, [first, second]: readonly Float64Array[]): number =>
    first![set & 255]! + second![set >> 8]!;
  const lowTables = tables(lowHalf);
  const highTables = tables(highHalf);
  const chance = (bucket: number, lows: readonly number[], highs: readonly number[]): number => {
    let product = 1;
    for (let place = 0; place < 4; place++) {
      product *=
        weigh(low[bucket]![place]! | (lows[place] ?? 0), lowTables) *
        weigh(high[bucket]![place]! | (highs[place] ?? 0), highTables);
    }
    return product;
  };
  const result: { bucket: number; offset: number }[] = new Array(literals.length);
  // Letters in either case first: they are the widest, and what follows finds its place around them.
  const order = literals
    .map((_, index) => index)
    .sort(
      (a, b) =>
        Number(literals[b]!.ignoreCase) - Number(literals[a]!.ignoreCase) ||
        literals[a]!.bytes.length - literals[b]!.bytes.length,
    );
  const now = new Float64Array(8);
  for (const index of order) {
    const { bytes, ignoreCase } = literals[index]!;
    let best = { cost: Number.POSITIVE_INFINITY, bucket: 0, offset: 0, lows: [0], highs: [0] };
    for (let offset = 0; offset + 4 <= Math.min(bytes.length, longest); offset++) {
      const lows: number[] = [];
      const highs: number[] = [];
      for (let place = 0; place < 4; place++) {
        const code = bytes.charCodeAt(offset + place);
        lows.push(1 << (code & 15));
        highs.push(
          ignoreCase && isLetter(code) ? (1 << ((code & 0xdf) >> 4)) | (1 << ((code | 0x20) >> 4)) : 1 << (code >> 4),
        );
      }
      for (let bucket = 0; bucket < 8; bucket++) {
        const cost = chance(bucket, lows, highs) - now[bucket]!;
        if (cost < best.cost) best = { cost, bucket, offset, lows, highs };
      }
    }
    for (let place = 0; place < 4; place++) {
      low[best.bucket]![place]! |= best.lows[place]!;
      high[best.bucket]![place]! |= best.highs[place]!;
    }
    now[best.bucket] = now[best.bucket]! + best.cost;
    result[index] = { bucket: best.bucket, offset: best.offset };
  }
  return result;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function writeTables(memory: DataView, at: number, literals: readonly SearchLiteral[]): void {
  const bytes = new Uint8Array(memory.buffer, at, searchTableSize(literals));
  bytes.fill(0);
  const places = placesOf(literals);
  let next = at + table.literals;
  for (let bucket = 0; bucket < 8; bucket++) {
    memory.setUint32(at + table.firsts + 4 * bucket, next, true);
    let count = 0;
    for (const [index, place] of places.entries()) {
      if (place.bucket !== bucket) continue;
      const literal = literals[index]!;
      const text = literal.bytes.slice(0, longest);
      memory.setUint32(next, text.length, true);
      memory.setUint32(next + 4, place.offset, true);
      memory.setUint32(next + 8, Math.ceil(text.length / 8), true);
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        const mask = literal.ignoreCase && isLetter(code) ? 0xdf : 0xff;
        const pair = next + 16 + 16 * (i >> 3) + (i & 7);
        memory.setUint8(pair, mask);
        memory.setUint8(pair + 8, code & mask);
        const inWindow = i - place.offset;
        if (inWindow < 0 || inWindow > 3) continue;
        const allowed = mask === 0xff ? [code] : [code & 0xdf, code | 0x20];
        for (const byte of allowed) {
          bytes[table.masks + 16 * inWindow + (byte & 15)]! |= 1 << bucket;
          bytes[table.masks + 64 + 16 * inWindow + (byte >> 4)]! |= 1 << bucket;
        }
      }
      let window = 0;
      for (let i = 3; i >= 0; i--) window = (window << 8) | text.charCodeAt(place.offset + i);
      const hash = Math.imul(window & 0xdfdfdfdf, 0x9e3779b1) >>> 17;
      bytes[table.hashes + (hash >> 3)]! |= 1 << (hash & 7);
      next += table.literalSize;
      count++;
    }
    memory.setUint32(at + table.counts + 4 * bucket, count, true);
  }
}

/** The same answers without WebAssembly: a pass for each literal. */
export function plainSearch(literals: readonly SearchLiteral[]): Search {
  const cut = literals.map(({ bytes, ignoreCase }) => ({ bytes: bytes.slice(0, longest), ignoreCase }));
  const exact = cut.filter(({ ignoreCase }) => !ignoreCase).map(({ bytes }) => Buffer.from(bytes, "latin1"));
  const folded = cut.filter(({ ignoreCase }) => ignoreCase).map(({ bytes }) => lower(bytes));
  return {
    memory: null,
    test(bytes, start = 0, end = bytes.length) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      if (exact.some((literal) => view.includes(literal))) return true;
      if (folded.length === 0) return false;
      const text = lower(view.toString("latin1"));
      return folded.some((literal) => text.includes(literal));
    },
    find(bytes, start, end, out) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      const offsets: number[] = [];
      for (const literal of exact) {
        for (let i = view.indexOf(literal); i >= 0; i = view.indexOf(literal, i + 1)) offsets.push(start + i);
      }
      const text = folded.length === 0 ? "" : lower(view.toString("latin1"));
      for (const literal of folded) {
        for (let i = text.indexOf(literal); i >= 0; i = text.indexOf(literal, i + 1)) offsets.push(start + i);
      }
      offsets.sort((a, b) => a - b);
      const n = Math.min(offsets.length, out.length);
      for (let i = 0; i < n; i++) out[i] = offsets[i]!;
      return n;
    },
  };
}

/** ASCII letters to lower case; `toLowerCase` would also fold letters beyond ASCII, and the bytes are no letters. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
