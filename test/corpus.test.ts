import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Secret } from "../src/model/secret.ts";
import { corpusRoot, loadCorpus, readArchive } from "./support/corpus.ts";
import { type Found, scoreCase } from "./support/score-case.ts";

const leaks = loadCorpus("leaks");

function only(archive: string) {
  const [first] = readArchive("leaks/sample", archive);
  if (first === undefined) throw new Error("the archive holds no case");
  return first;
}

const textOf = (archive: string): string => Buffer.from(only(archive).files[0]?.bytes ?? []).toString();

describe("the corpus", () => {
  test("names every credential that it plants", () => {
    for (const each of loadCorpus()) {
      for (const used of each.used) {
        expect(each.named, `${each.group} ${each.name} plants ${used} and says nothing of it`).toContain(used);
      }
    }
  });

  test("gives every case a file, and every leak something to find", () => {
    for (const each of loadCorpus()) expect(each.files, `${each.group} ${each.name}`).not.toHaveLength(0);
    for (const each of leaks) expect(each.expected, `${each.group} ${each.name}`).not.toHaveLength(0);
  });

  test("expands to the same keys every time", () => {
    expect(loadCorpus("leaks")).toEqual(leaks);
  });

  test("leaves no placeholder unexpanded", () => {
    for (const each of loadCorpus()) {
      for (const file of each.files) {
        expect(Buffer.from(file.bytes).toString(), `${each.group} ${each.name}`).not.toMatch(/[⟦⟧]/);
      }
    }
  });

  test("holds no key that looks real in the archives themselves", () => {
    for (const group of new Set(loadCorpus().map((each) => each.group))) {
      const text = readFileSync(`${corpusRoot}${group}.txt`, "utf8");
      const ids = text.match(/(?<![A-Za-z0-9+/])(AKIA|ASIA|ABIA|ACCA)[Q-Z2-7][A-Z2-7]{15}(?![A-Za-z0-9+/])/g) ?? [];
      const suspicious = ids.filter((id) => !id.endsWith("EXAMPLE") && new Set(id).size > 9);
      if (group.startsWith("leaks")) expect(suspicious, group).toEqual([]);
      if (group.startsWith("leaks")) expect(text, group).not.toMatch(/IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]{100}/);
    }
  });
});

describe("the format", () => {
  test("the id, secret and token of one letter make a pair", () => {
    const each = only("=== one\nexpect: pair a\n--- x\n⟦asia:a⟧ ⟦secret:a⟧ ⟦token:a⟧\n");
    const [id, secret, token] = Buffer.from(each.files[0]?.bytes ?? [])
      .toString()
      .trim()
      .split(" ");
    expect(each.expected).toEqual([{ kind: "pair", label: "pair a", id, secret, token }]);
    expect(id).toMatch(/^ASIA[Q-Z2-7][A-Z2-7]{15}$/);
    expect(secret).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect(token).toMatch(/^IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]{284,1100}={0,2}$/);
  });

  test("a pair may be put together from several letters", () => {
    const each = only("=== one\nexpect: pair a/b\n--- x\n⟦id:a⟧ ⟦secret:b⟧ ⟦token:a⟧\n");
    expect(each.expected[0]).toMatchObject({ token: null });
    expect(each.used).toContain("token a");
    expect(each.named).not.toContain("token a");
  });

  test("slices put together give the whole value", () => {
    const [whole, parts] = textOf("=== one\nexpect: secret a\n--- x\n⟦secret:a⟧ ⟦secret:a|0..13⟧⟦secret:a|13..⟧\n")
      .trim()
      .split(" ");
    expect(parts).toBe(whole);
  });

  test("regions are encoded from the inside out", () => {
    const text = textOf('=== one\n--- x\n⟦begin|base64⟧a "⟦begin|json⟧say "hi"/⟦end⟧"⟦end⟧\n');
    expect(Buffer.from(text, "base64").toString()).toBe('a "say \\"hi\\"\\/"');
  });

  test("a line that begins like a header is kept by a backslash", () => {
    expect(textOf("=== one\n--- x\n\\--- a/old\n\\=== b\n---\n")).toBe("--- a/old\n=== b\n---\n");
  });

  test("sections of one archive become its members", () => {
    const each = only("=== one\n--- a.tgz tgz:one.txt\nfirst\n--- a.tgz tgz:two.txt crlf\nsecond\n");
    expect(each.files).toHaveLength(2);
    const same = only("=== one\n--- a.tgz tgz:one.txt\nfirst\n--- a.tgz tgz:two.txt\nsecond\n");
    const tar = gunzipSync(same.files[0]?.bytes ?? new Uint8Array()).toString("latin1");
    expect(same.files).toHaveLength(1);
    expect(tar.indexOf("two.txt")).toBe(1024);
    expect(tar.slice(1536, 1542)).toBe("second");
  });

  test("what is not in the format is refused by name", () => {
    expect(() => readArchive("leaks/x", "=== one\nnote: x\n--- x\n")).toThrow("leaks/x.txt:2");
    expect(() => readArchive("leaks/x", "=== one\nexpect: pair a\n--- x\n⟦id:a⟧\n")).toThrow("secret a");
    expect(() => readArchive("leaks/x", "=== one\n--- x\n⟦sercet:a⟧\n")).toThrow("no such placeholder");
    expect(() => readArchive("leaks/x", "=== one\n--- x\n⟦id:a⟧⟦asia:a⟧\n")).toThrow("both id and asia");
    expect(() => readArchive("leaks/x", "=== one\n--- x\n=== one\n--- x\n")).toThrow("taken");
  });
});

describe("the score", () => {
  const two = only("=== two\nexpect: pair a; pair b\n--- x\n⟦id:a⟧ ⟦secret:a⟧\n⟦asia:b⟧ ⟦secret:b⟧ ⟦token:b⟧\n");
  const [a, b] = two.expected;
  const found = (id: string | null, secret: string | null, token: string | null = null): Found => ({
    kind: "aws-access-key",
    credential: {
      accessKeyId: id,
      secretAccessKey: secret === null ? null : new Secret(secret),
      sessionToken: token === null ? null : new Secret(token),
      value: null,
    },
  });
  if (a === undefined || b === undefined) throw new Error("the case expects two pairs");

  test("is full when every pair is one finding", () => {
    const score = scoreCase(two, [found(a.id, a.secret), found(b.id, b.secret, b.token)]);
    expect(score).toMatchObject({ values: 3, valuesFound: 3, pairs: 2, pairsFound: 2, missed: [] });
    expect([...score.wrongPairs, ...score.falsePositives, ...score.repeats]).toEqual([]);
  });

  test("counts halves that were found apart as found values and a missed pair", () => {
    const score = scoreCase(two, [found(a.id, null), found(null, a.secret), found(b.id, b.secret, b.token)]);
    expect(score).toMatchObject({ valuesFound: 3, pairsFound: 1, missed: ["pair a"], wrongPairs: [] });
  });

  test("counts crossed halves as wrong pairs", () => {
    const score = scoreCase(two, [found(a.id, b.secret), found(b.id, a.secret)]);
    expect(score.wrongPairs).toHaveLength(2);
    expect(score).toMatchObject({ valuesFound: 2, pairsFound: 0, falsePositives: [] });
  });

  test("a pair without its token is missed, and no wrong pair", () => {
    const score = scoreCase(two, [found(a.id, a.secret), found(b.id, b.secret)]);
    expect(score).toMatchObject({ valuesFound: 2, pairsFound: 1, missed: ["pair b"], wrongPairs: [] });
  });

  test("a value that was not planted is a false positive, and half of a pair said again a repeat", () => {
    const score = scoreCase(two, [found(a.id, a.secret), found(b.id, b.secret, b.token), found(a.id, null)]);
    expect(score.repeats).toHaveLength(1);
    expect(scoreCase(two, [found(null, "x".repeat(40))]).falsePositives).toHaveLength(1);
  });

  test("nothing found is nothing scored", () => {
    expect(scoreCase(two, [])).toMatchObject({ valuesFound: 0, pairsFound: 0, missed: ["pair a", "pair b"] });
  });
});
