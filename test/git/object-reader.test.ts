import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { ObjectReader, readAhead } from "../../src/git/object-reader.ts";
import { makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";

function readerOf(options: RepoOptions = {}): { repo: TempRepo; reader: ObjectReader } {
  const repo = makeRepo(options);
  const reader = new ObjectReader({ dir: repo.dir, env: repo.env });
  onTestFinished(() => {
    reader.close();
    repo.cleanup();
  });
  return { repo, reader };
}

describe("objects are read", () => {
  test("byte for byte, whatever their size and order", async () => {
    const { repo, reader } = readerOf();
    const contents = [0, 1, 63, 64, 65535, 65536, 1_000_003].map((size) => randomBytes(size));
    contents.push(Buffer.from("\n"), Buffer.from("blob 5\0\n\n"));
    const ids = contents.map((content) => repo.gitWith(content, "hash-object", "-w", "--stdin").toString().trim());
    const seen: Buffer[] = [];
    for await (const [, object] of readAhead(ids.toReversed(), (id) => id, reader)) {
      if (object !== null && "bytes" in object) seen.push(object.bytes);
    }
    expect(seen.reverse().map((bytes) => bytes.toString("hex"))).toEqual(
      contents.map((bytes) => bytes.toString("hex")),
    );
  });

  test("with their type", async () => {
    const { repo, reader } = readerOf({ files: { "a.txt": "a\n" } });
    repo.git("tag", "-m", "the tag", "v1");
    const ids = ["HEAD", "HEAD^{tree}", "HEAD:a.txt", "v1"].map((name) => repo.git("rev-parse", name));
    const objects = await Promise.all(ids.map((id) => reader.read(id)));
    expect(objects.map((object) => ("type" in object ? object.type : object.why))).toEqual([
      "commit",
      "tree",
      "blob",
      "tag",
    ]);
  });

  test("and those that are missing or no ids are told, without disturbing the others", async () => {
    const { repo, reader } = readerOf({ sha256: true, files: { "a.txt": "a\n" } });
    const good = repo.git("rev-parse", "HEAD:a.txt");
    const asked = [good, "1".padStart(64, "0"), "HEAD", `${good}\n${good}`, "", good];
    const objects = await Promise.all(asked.map((id) => reader.read(id)));
    expect(objects.map((object) => ("bytes" in object ? object.bytes.toString() : object.why))).toEqual([
      "a\n",
      "its content is not in this clone",
      "its id is malformed",
      "its id is malformed",
      "its id is malformed",
      "a\n",
    ]);
  });

  test("of a partial clone what is here; what is not is told, also when that is much", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`${i}.txt`, `${i}`.repeat(i % 4 === 0 ? 1 : 900)]),
    );
    const { repo } = readerOf({ files });
    const clone = repo.clone("--bare", "--filter=blob:limit=500");
    const reader = new ObjectReader({ dir: clone.dir, env: repo.env });
    onTestFinished(() => reader.close());
    const ids = Object.keys(files).map((path) => repo.git("rev-parse", `HEAD:${path}`));
    const seen: string[] = [];
    for await (const [, object] of readAhead(ids, (id) => id, reader)) {
      seen.push(object !== null && "bytes" in object ? "here" : (object?.why ?? ""));
    }
    expect(seen).toEqual(ids.map((_, i) => (i % 4 === 0 ? "here" : "its content is not in this clone")));
  });

  test("again after the reader was closed, by a new git", async () => {
    const { repo, reader } = readerOf({ files: { "a.txt": "a\n" } });
    const id = repo.git("rev-parse", "HEAD:a.txt");
    expect(await reader.read(id)).toMatchObject({ type: "blob" });
    reader.close();
    expect(await reader.read(id)).toMatchObject({ type: "blob" });
  });
});
