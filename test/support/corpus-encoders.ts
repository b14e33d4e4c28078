import { deflateRawSync, gzipSync } from "node:zlib";

export interface Member {
  readonly name: string;
  readonly bytes: Buffer;
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;
const hexOf = (character: string, width: number): string => codeOf(character).toString(16).padStart(width, "0");
const mapSymbols = (text: string, encode: (character: string) => string): string =>
  text.replace(/[^A-Za-z0-9]/gu, encode);
const mapAll = (text: string, encode: (character: string) => string): string => Array.from(text, encode).join("");
const chunk = (text: string, columns: number): string[] => text.match(new RegExp(`.{1,${columns}}`, "gs")) ?? [];

/** What a `|filter` of a placeholder or region does to a text. The argument follows a colon: `|wrap:20`. */
const textFilters: Readonly<Record<string, (text: string, argument: string) => string>> = {
  /** Inside a JSON string, with the `\/` that PHP and some Java writers put for a slash. */
  json: (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  /** Inside a JSON string as JavaScript and Python write it. */
  "json-plain": (text) => JSON.stringify(text).slice(1, -1),
  /** A list of JSON strings, one a line, each with its `\n`, as notebooks keep sources and outputs. */
  "json-lines": (text, indent) =>
    text
      .split(/(?<=\n)/)
      .map((line) => " ".repeat(Number(indent || 4)) + JSON.stringify(line))
      .join(",\n"),
  /** Adjacent string literals as C and C++ join them, one a line, each with its `\n`. */
  "c-lines": (text, indent) =>
    text
      .split("\n")
      .map((line) => `${" ".repeat(Number(indent || 4))}${JSON.stringify(`${line}\n`)}`)
      .join("\n"),
  percent: (text) => encodeURIComponent(text),
  "percent-lower": (text) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  "percent-all": (text) => mapAll(text, (c) => `%${hexOf(c, 2).toUpperCase()}`),
  html: (text) => mapSymbols(text, (c) => `&#x${hexOf(c, 2).toUpperCase()};`),
  "html-decimal": (text) => mapSymbols(text, (c) => `&#${codeOf(c)};`),
  "html-all": (text) => mapAll(text, (c) => `&#${codeOf(c)};`),
  /** Markup as an XML or HTML writer escapes it: `& < > "`. */
  xml: (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  unicode: (text) => mapAll(text, (c) => `\\u${hexOf(c, 4)}`),
  "unicode-symbols": (text) => mapSymbols(text, (c) => `\\u${hexOf(c, 4)}`),
  hex: (text) => mapAll(text, (c) => `\\x${hexOf(c, 2)}`),
  "hex-symbols": (text) => mapSymbols(text, (c) => `\\x${hexOf(c, 2)}`),
  base64: (text) => Buffer.from(text).toString("base64"),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64-utf16": (text) => Buffer.from(text, "utf16le").toString("base64"),
  /** Quoted-printable as mail agents send it, with soft breaks at 76 columns. */
  quoted: (text) => {
    const encoded = text.replace(/[=\u0080-\u00ff]/g, (c) => `=${hexOf(c, 2).toUpperCase()}`);
    return encoded
      .split("\n")
      .map((line) => chunk(line, 75).join("=\n"))
      .join("\n");
  },
  /** Later lines are set in by so many spaces; the first stands where the placeholder stands. */
  indent: (text, spaces) => text.replaceAll("\n", `\n${" ".repeat(Number(spaces))}`),
  /** Every line begins with the argument and a space: `|prefix:#`. */
  prefix: (text, mark) => text.replace(/^/gm, `${mark} `),
  wrap: (text, columns) => chunk(text, Number(columns || 76)).join("\n"),
  join: (text, separator) => text.replaceAll("\n", separator),
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
};

export function encodeText(filter: string, text: string): string {
  const [name = "", ...argument] = filter.split(":");
  const encode = textFilters[name];
  if (encode === undefined) throw new Error(`no such filter: |${filter}`);
  return encode(text, argument.join(":"));
}

const utf16be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

/** What a word after a section's path does to the whole file. */
const byteTransforms: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  crlf: (bytes) => Buffer.from(bytes.toString().replaceAll("\n", "\r\n")),
  cr: (bytes) => Buffer.from(bytes.toString().replaceAll("\n", "\r")),
  /** A zero byte ends every line, as in /proc/PID/environ and the output of `find -print0`. */
  nul: (bytes) => Buffer.from(bytes.toString().replaceAll("\n", "\0")),
  bom: (bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
  "no-eol": (bytes) => Buffer.from(bytes.toString().replace(/\n$/, "")),
  latin1: (bytes) => Buffer.from(bytes.toString(), "latin1"),
  utf16le: (bytes) => Buffer.from(bytes.toString(), "utf16le"),
  utf16be: (bytes) => utf16be(bytes.toString()),
  "utf16le-bom": (bytes) => Buffer.from(`\ufeff${bytes.toString()}`, "utf16le"),
  "utf16be-bom": (bytes) => utf16be(`\ufeff${bytes.toString()}`),
  base64: (bytes) => Buffer.from(`${bytes.toString("base64")}\n`),
  "base64-wrapped": (bytes) => Buffer.from(`${chunk(bytes.toString("base64"), 76).join("\n")}\n`),
  gzip: (bytes) => gzipSync(bytes),
  /** Zero bytes around the text, as in a core dump or a SQLite page. */
  binary: (bytes) =>
    Buffer.concat([Buffer.alloc(64, 0), Buffer.from([1, 0, 128, 129, 0, 0]), bytes, Buffer.alloc(64, 0)]),
};

export function encodeBytes(transform: string, bytes: Buffer): Buffer {
  const encode = byteTransforms[transform];
  if (encode === undefined) throw new Error(`no such transform: ${transform}`);
  return encode(bytes);
}

/** Whether a transform is an archive, which takes a member's name: `zip:a/b.txt`, `tar:x`, `tgz:x`, `zip-stored:x`. */
export function isContainer(transform: string): boolean {
  return /^(zip|zip-stored|tar|tgz)(:|$)/.test(transform);
}

export function pack(kind: string, members: readonly Member[]): Buffer {
  switch (kind) {
    case "zip":
      return packZip(members, true);
    case "zip-stored":
      return packZip(members, false);
    case "tar":
      return packTar(members);
    case "tgz":
      return gzipSync(packTar(members));
    default:
      throw new Error(`no such archive: ${kind}`);
  }
}

const crcTable = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
function packZip(members: readonly Member[], deflate: boolean): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of members) {
    const data = deflate ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(0x5c210000, 6);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, Buffer.from(name), data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.from([20, 0]), common, tail, Buffer.from(name)]),
    );
    parts.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", 0, "latin1");
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listing, end]);
}

/** POSIX ustar: a 512-byte header a member, data padded to 512, two zero blocks at the end. */
function packTar(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ name, bytes }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write("0000644\x000001750\x000001750\0", 100, "latin1");
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
    header.write("15134600000\0", 136, "latin1");
    header.write("        0", 148, "latin1");
    header.write("ustar\u000000", 257, "latin1");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
