import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ArchiveBudget, containerKind, newBudget, openContainer } from "../../../src/scan/decode/archive.ts";
import { scanText } from "../../../src/scan/engine.ts";
import { defaultRules } from "../../../src/scan/rules.ts";
import { fakeAccessKeyId, fakeSecret } from "../../support/fake-keys.ts";

interface ZipMember {
  readonly name: string;
  readonly text: string | Uint8Array;
  readonly method?: number;
  readonly encrypted?: boolean;
  /** What the directory says of the packed size, where it lies. */
  readonly declared?: number;
}

/** A zip file byte for byte: local headers and content, the central directory, its end. */
function zip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text, method = 8, encrypted = false, declared } of members) {
    const packed = method === 8 ? deflateRawSync(Buffer.from(text)) : Buffer.from(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(encrypted ? 1 : 0, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(encrypted ? 1 : 0, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(declared ?? packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

/** One member of a ustar archive, padded to whole blocks. */
function tarMember(name: string, text: string, type = "0", declared = Buffer.byteLength(text)): Buffer {
  const header = Buffer.alloc(512);
  header.write(name.slice(0, 100), 0, "latin1");
  header.write(`${declared.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  header.write(type, 156, "latin1");
  header.write("ustar\0", 257, "latin1");
  const content = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
  content.write(text);
  return Buffer.concat([header, content]);
}

/** What is in a container, as text, and why the rest is not. */
function open(bytes: Uint8Array, budget: ArchiveBudget = newBudget()): [string, string][] {
  return [...openContainer(bytes, budget)].map((member) => [
    member.path,
    "why" in member ? `(${member.why})` : Buffer.from(member.bytes).toString(),
  ]);
}

const leftOut = "(not read, nor what follows it: the archive unpacks to more than keyguard reads of one)";
const tooMuch = "(unpacks to more than keyguard reads of one archive)";

describe("a zip", () => {
  it("gives its members, packed or stored, and no folders", () => {
    const bytes = zip([
      { name: "a/", text: "", method: 0 },
      { name: "a/one.txt", text: "one" },
      { name: "two.txt", text: "two", method: 0 },
    ]);
    expect(containerKind(bytes)).toBe("zip");
    expect(open(bytes)).toEqual([
      ["a/one.txt", "one"],
      ["two.txt", "two"],
    ]);
  });

  it("names what is encrypted and what is packed in a way that is not known, and reads the rest", () => {
    const bytes = zip([
      { name: "locked", text: "x", encrypted: true },
      { name: "odd", text: "x", method: 93 },
      { name: "open", text: "here" },
    ]);
    expect(open(bytes)).toEqual([
      ["locked", "(encrypted)"],
      ["odd", "(packed with a method that keyguard does not know (93))"],
      ["open", "here"],
    ]);
  });

  it("that is cut short is named as such", () => {
    const bytes = zip([{ name: "a", text: "one" }]);
    expect(open(bytes.subarray(0, bytes.length - 30))).toEqual([
      ["", "(a zip file without its directory: it is cut short)"],
    ]);
  });

  it("whose sizes lie gives what is there and says that something is wrong", () => {
    const bytes = zip([
      { name: "packed", text: "a text of some length, so that a piece of it is no whole one", declared: 9 },
      { name: "stored", text: "stored", method: 0, declared: 1_000_000 },
    ]);
    const found = open(bytes);
    expect(found[0]).toEqual(["packed", "(damaged: it does not unpack)"]);
    expect(found[1]).toEqual(["stored", "(cut short)"]);
    expect(found[2]?.[1]).toMatch(/^stored/);
  });

  it("whose directory points outside of it is damaged, and nothing is read beyond its end", () => {
    const bytes = zip([{ name: "a", text: "one" }]);
    bytes.writeUInt32LE(0x7fffffff, bytes.length - 6);
    expect(open(bytes)).toEqual([["", "(a damaged zip directory)"]]);
  });

  it("is read up to the budget, and the first member beyond it is named", () => {
    const members = ["a", "b", "c"].map((name) => ({ name, text: "0123456789" }));
    expect(open(zip(members), { bytes: 1000, members: 2 })).toEqual([
      ["a", "0123456789"],
      ["b", "0123456789"],
      ["c", leftOut],
    ]);
    expect(open(zip(members), { bytes: 15, members: 10 })).toEqual([
      ["a", "0123456789"],
      ["b", tooMuch],
      ["c", leftOut],
    ]);
  });
});

describe("a gzip", () => {
  it("gives its content under its own name where it has one", () => {
    const named = gzipSync("hello");
    named[3] = 8;
    const bytes = Buffer.concat([named.subarray(0, 10), Buffer.from("notes.txt\0"), named.subarray(10)]);
    expect(open(bytes)).toEqual([["notes.txt", "hello"]]);
    expect(open(gzipSync("hello"))).toEqual([["content", "hello"]]);
  });

  it("that is cut short is named as damaged", () => {
    expect(open(gzipSync("hello there").subarray(0, 20))).toEqual([["content", "(damaged: it does not unpack)"]]);
  });

  it("that unpacks to more than the budget is left, however small it is", () => {
    const bomb = gzipSync(Buffer.alloc(1 << 20));
    expect(bomb.length).toBeLessThan(2000);
    expect(open(bomb, { bytes: 1 << 16, members: 10 })).toEqual([["content", tooMuch]]);
  });
});

describe("a tar", () => {
  it("gives its files, long names included, and no links", () => {
    const long = `${"folder/".repeat(20)}file.txt`;
    const bytes = Buffer.concat([
      tarMember("link", "", "2"),
      tarMember("././@LongLink", long, "L"),
      tarMember(long.slice(0, 100), "deep"),
      tarMember("pax", `${"30 path="}other/name.txt\n`, "x"),
      tarMember("short", "pax"),
      tarMember("contiguous", "whole", "7"),
      Buffer.alloc(1024),
    ]);
    expect(containerKind(bytes)).toBe("tar");
    expect(open(bytes)).toEqual([
      [long, "deep"],
      ["other/name.txt", "pax"],
      ["contiguous", "whole"],
    ]);
  });

  it("that is cut short gives what is there and says so", () => {
    const bytes = tarMember("a", "one", "0", 5000);
    const found = open(bytes);
    expect(found[0]).toEqual(["a", "(cut short)"]);
    expect(found[1]?.[1]).toMatch(/^one/);
  });

  it("with a header that is none ends there and says so", () => {
    const bytes = Buffer.concat([tarMember("a", "one"), Buffer.alloc(512, "z")]);
    expect(open(bytes)).toEqual([
      ["a", "one"],
      ["", "(a damaged tar header)"],
    ]);
  });

  it("is read up to the budget, and the first member beyond it is named", () => {
    const bytes = Buffer.concat([tarMember("a", "one"), tarMember("b", "two"), tarMember("c", "three")]);
    expect(open(bytes, { bytes: 1000, members: 1 })).toEqual([
      ["a", "one"],
      ["b", leftOut],
    ]);
  });
});

describe("the engine on containers", () => {
  const id = fakeAccessKeyId("archive");
  const secret = fakeSecret("archive");
  const pair = `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
  const scan = (bytes: Uint8Array, path: string) => {
    const unread: [string, string][] = [];
    const sightings = scanText({ id: path, path, bytes, fresh: "all" }, defaultRules, (at, why) =>
      unread.push([at, why]),
    );
    return { paths: sightings.map((one) => one.path), unread };
  };

  it("opens one in another, and says the way", () => {
    const inner = Buffer.concat([tarMember("conf/app.env", pair), Buffer.alloc(1024)]);
    const outer = zip([{ name: "layer.tar.gz", text: gzipSync(inner) }]);
    expect(scan(outer, "image.zip")).toEqual({
      paths: ["image.zip!layer.tar.gz!content!conf/app.env"],
      unread: [],
    });
  });

  it("names one that lies too deep, and what is encrypted", () => {
    let bytes: Uint8Array = Buffer.from(pair);
    for (let depth = 0; depth < 6; depth++) bytes = zip([{ name: "in.zip", text: bytes }]);
    expect(scan(bytes, "a.zip")).toEqual({
      paths: [],
      unread: [["a.zip!in.zip!in.zip!in.zip!in.zip", "an archive in an archive, more than 4 deep"]],
    });
    expect(scan(zip([{ name: "k", text: pair, encrypted: true }]), "b.zip").unread).toEqual([["b.zip!k", "encrypted"]]);
  });

  it("reads a member that holds a secret and nothing else by its name, as it does a file", () => {
    const path = "run/secrets/aws_secret_access_key";
    expect(scan(Buffer.from(`${secret}\n`), path).paths).toEqual([path]);
    expect(scan(zip([{ name: path, text: `${secret}\n` }]), "pod.zip").paths).toEqual([`pod.zip!${path}`]);
  });
});
