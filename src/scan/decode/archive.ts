import { gunzipSync, inflateRawSync } from "node:zlib";
import { latin1 } from "../latin1.ts";

/** A file inside a container. */
export interface Member {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What could not be opened, and why. */
export interface Unopened {
  readonly path: string;
  readonly why: string;
}

/** How much is unpacked of one container, nested ones included. */
export interface ArchiveBudget {
  /** Bytes left. */
  bytes: number;
  /** Members left. */
  members: number;
}

/** Nested containers deeper than this are named as unread. */
export const archiveDepth = 4;

/** What one text may unpack to: 256 MB in 20,000 members, so that a bomb costs seconds and no more memory than this. */
export function newBudget(): ArchiveBudget {
  return { bytes: 256 << 20, members: 20_000 };
}

/** Which container the bytes are, by their first bytes. */
export function containerKind(bytes: Uint8Array): "zip" | "gzip" | "tar" | null {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5) && bytes[3] === bytes[2] + 1)
    return "zip";
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) return "gzip";
  if (bytes.length >= 512 && latin1(bytes, 257, 262) === "ustar") return "tar";
  return null;
}

/** The members of a zip, gzip or tar. Never throws; what is encrypted, damaged or over the budget is named. */
export function* openContainer(bytes: Uint8Array, budget: ArchiveBudget): Iterable<Member | Unopened> {
  switch (containerKind(bytes)) {
    case "zip":
      yield* openZip(bytes, budget);
      break;
    case "gzip":
      yield openGzip(bytes, budget);
      break;
    case "tar":
      yield* openTar(bytes, budget);
      break;
    case null:
  }
}

const overBudget = "unpacks to more than keyguard reads of one archive";
const leftOut = "not read, nor what follows it: the archive unpacks to more than keyguard reads of one";

function isSpent({ bytes, members }: ArchiveBudget): boolean {
  return bytes <= 0 || members <= 0;
}

function openGzip(bytes: Uint8Array, budget: ArchiveBudget): Member | Unopened {
  const named = (bytes[3] ?? 0) & 8;
  const end = named ? bytes.indexOf(0, 10) : 10;
  const path = named && (bytes[3] ?? 0) === 8 && end > 10 && end < 300 ? latin1(bytes, 10, end) : "content";
  return unpack(path, () => gunzipSync(bytes, { maxOutputLength: Math.max(1, budget.bytes) }), budget);
}

function unpack(path: string, inflate: () => Uint8Array, budget: ArchiveBudget): Member | Unopened {
  if (isSpent(budget)) return { path, why: overBudget };
  try {
    const unpacked = inflate();
    budget.bytes -= unpacked.length;
    budget.members--;
    return { path, bytes: unpacked };
  } catch (error) {
    const large =
      error instanceof RangeError ||
      (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE");
    if (large) budget.bytes = 0;
    return { path, why: large ? overBudget : "damaged: it does not unpack" };
  }
}

/**
 * Members by the central directory, which is what tools go by.
 * Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
 */
function* openZip(bytes: Uint8Array, budget: ArchiveBudget): Iterable<Member | Unopened> {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = -1;
  for (let i = bytes.length - 22; i >= 0 && i >= bytes.length - 22 - 0xffff; i--) {
    if (data.getUint32(i, true) === 0x06054b50) {
      end = i;
      break;
    }
  }
  if (end < 0) {
    yield { path: "", why: "a zip file without its directory: it is cut short" };
    return;
  }
  const count = data.getUint16(end + 10, true);
  let at = data.getUint32(end + 16, true);
  if (at === 0xffffffff || count === 0xffff) {
    yield { path: "", why: "a zip64 archive, which keyguard does not open" };
    return;
  }
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || data.getUint32(at, true) !== 0x02014b50) {
      yield { path: "", why: "a damaged zip directory" };
      return;
    }
    const flags = data.getUint16(at + 8, true);
    const method = data.getUint16(at + 10, true);
    const size = data.getUint32(at + 20, true);
    const nameLength = data.getUint16(at + 28, true);
    const local = data.getUint32(at + 42, true);
    const path = latin1(bytes, at + 46, at + 46 + nameLength);
    at += 46 + nameLength + data.getUint16(at + 30, true) + data.getUint16(at + 32, true);
    if (path.endsWith("/")) continue;
    if (isSpent(budget)) {
      yield { path, why: leftOut };
      return;
    }
    if (flags & 1) {
      yield { path, why: "encrypted" };
      continue;
    }
    if (local + 30 > bytes.length || data.getUint32(local, true) !== 0x04034b50) {
      yield { path, why: "damaged: it does not unpack" };
      continue;
    }
    const start = local + 30 + data.getUint16(local + 26, true) + data.getUint16(local + 28, true);
    const packed = bytes.subarray(start, start + size);
    if (method === 0 && packed.length < size) yield { path, why: "cut short" };
    if (method === 0) yield unpack(path, () => packed, budget);
    else if (method === 8)
      yield unpack(path, () => inflateRawSync(packed, { maxOutputLength: Math.max(1, budget.bytes) }), budget);
    else yield { path, why: `packed with a method that keyguard does not know (${method})` };
  }
}

/** Members of a ustar, GNU or pax archive. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
function* openTar(bytes: Uint8Array, budget: ArchiveBudget): Iterable<Member | Unopened> {
  let longName = "";
  for (let at = 0; at + 512 <= bytes.length; ) {
    if (bytes[at] === 0) return;
    const size = Number.parseInt(latin1(bytes, at + 124, at + 136).replace(/[\0 ]/g, ""), 8);
    if (!Number.isFinite(size) || size < 0) {
      yield { path: longName, why: "a damaged tar header" };
      return;
    }
    const type = String.fromCharCode(bytes[at + 156] ?? 0);
    const prefix = latin1(bytes, at + 345, at + 500).replace(/\0.*/s, "");
    const short = latin1(bytes, at, at + 100).replace(/\0.*/s, "");
    const content = bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (type === "L") longName = latin1(content, 0, Math.min(content.length, 4096)).replace(/\0.*/s, "");
    else if (type === "x")
      longName = /\d+ path=([^\n]*)\n/.exec(latin1(content, 0, Math.min(content.length, 8192)))?.[1] ?? "";
    else {
      const path = longName || (prefix ? `${prefix}/${short}` : short);
      longName = "";
      // Links, folders and devices have no content; `7` is a file that should lie in one piece.
      if (type !== "0" && type !== "\0" && type !== "7") continue;
      if (isSpent(budget)) {
        yield { path, why: leftOut };
        return;
      }
      if (content.length < size) yield { path, why: "cut short" };
      yield unpack(path, () => content, budget);
    }
  }
}
