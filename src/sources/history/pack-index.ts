import { readFileSync } from "node:fs";
import { KeyguardError } from "../../model/errors.ts";

/** A pack's index: which objects it holds and where. Format: https://git-scm.com/docs/pack-format */
export interface PackIndex {
  readonly count: number;
  /** Offsets in the pack by the order of the ids. */
  readonly offsets: Float64Array;
  /** The checksum of the pack, which names its content; lower-case hex. */
  readonly packChecksum: string;
  /** The id of the i-th object, lower-case hex. */
  idOf(i: number): string;
  /** The same as raw bytes; valid until the index is dropped. */
  rawIdOf(i: number): Uint8Array;
  /** The place of an id (its raw bytes), or -1. */
  find(id: Uint8Array): number;
}

/**
 * Reads an index of version 2 whole (28 bytes an object); `hashSize` is 20, or 32 in a SHA-256 repository.
 *
 * @throws KeyguardError `git` when it is of another version or damaged.
 */
export function readPackIndex(path: string, hashSize: number): PackIndex {
  const bytes = readFileSync(path);
  const damaged = (why: string): KeyguardError => new KeyguardError("git", `${path}: ${why}`);
  if (bytes.length < 8 + 1024 + 2 * hashSize) throw damaged("the index is cut short");
  if (bytes.readUInt32BE(0) !== 0xff744f63 || bytes.readUInt32BE(4) !== 2) throw damaged("not an index of version 2");
  const fanout = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    fanout[i] = bytes.readUInt32BE(8 + 4 * i);
    if (i > 0 && fanout[i]! < fanout[i - 1]!) throw damaged("the index is not sorted");
  }
  const count = fanout[255]!;
  const ids = 8 + 1024;
  const offsetsAt = ids + count * (hashSize + 4);
  const largeAt = offsetsAt + 4 * count;
  if (bytes.length < largeAt + 2 * hashSize) throw damaged("the index is cut short");
  const large = (bytes.length - 2 * hashSize - largeAt) / 8;
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const small = bytes.readUInt32BE(offsetsAt + 4 * i);
    if (small < 0x80000000) offsets[i] = small;
    else {
      const at = small - 0x80000000;
      if (at >= large) throw damaged("an offset lies beyond the index");
      offsets[i] = bytes.readUInt32BE(largeAt + 8 * at) * 2 ** 32 + bytes.readUInt32BE(largeAt + 8 * at + 4);
    }
  }
  return {
    count,
    offsets,
    packChecksum: bytes.toString("hex", bytes.length - 2 * hashSize, bytes.length - hashSize),
    idOf: (i) => bytes.toString("hex", ids + i * hashSize, ids + (i + 1) * hashSize),
    rawIdOf: (i) => bytes.subarray(ids + i * hashSize, ids + (i + 1) * hashSize),
    find: (id) => {
      const first = id[0]!;
      let low = first === 0 ? 0 : fanout[first - 1]!;
      let high = fanout[first]! - 1;
      while (low <= high) {
        const middle = (low + high) >> 1;
        const order = bytes.compare(id, 0, hashSize, ids + middle * hashSize, ids + (middle + 1) * hashSize);
        if (order === 0) return middle;
        if (order < 0) high = middle - 1;
        else low = middle + 1;
      }
      return -1;
    },
  };
}
