import fc from "fast-check";
import { expect, test } from "vitest";
import { searchLiterals } from "../../src/hook/literal-search.ts";
import { watchForSuspects } from "../../src/hook/suspicion.ts";
import { containerMagic, type Literal, prefilterLiterals } from "../../src/scan/prefilter.ts";
import { defaultRules } from "../../src/scan/rules.ts";

const literals = prefilterLiterals(defaultRules);

function holds(bytes: Buffer, all: readonly Literal[]): boolean {
  const text = bytes.toString("latin1");
  return all.some(({ bytes: literal, ignoreCase }) =>
    ignoreCase ? text.toLowerCase().includes(literal.toLowerCase()) : text.includes(literal),
  );
}

/** Bytes with pieces of literals in them, whole and broken. */
const spiked = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.record({ which: fc.nat(), from: fc.nat(3), cut: fc.nat(3), upper: fc.boolean() }).map((piece) => {
        const { bytes } = literals[piece.which % literals.length] as Literal;
        const part = bytes.slice(piece.from > 2 ? 1 : 0, piece.cut > 2 ? -1 : undefined);
        return Buffer.from(piece.upper ? part.toUpperCase() : part, "latin1");
      }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts));

test("the search of small and of large commits finds what a naive search finds", () => {
  const small = searchLiterals(literals, [], Number.POSITIVE_INFINITY);
  const large = searchLiterals(literals, [], 0);
  fc.assert(
    fc.property(spiked, (bytes) => {
      const expected = holds(bytes, literals);
      expect(small.test(bytes, 0, bytes.length)).toBe(expected);
      expect(large.test(bytes, 0, bytes.length)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test("an object that streams by in pieces is suspected exactly when its whole would be, also across windows", () => {
  fc.assert(
    fc.property(
      spiked,
      fc.nat(400),
      fc.nat(400),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }),
      (core, before, after, sizes) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 120), core, Buffer.alloc(after, 120)]);
        const watcher = watchForSuspects({ literals, magic: [] }, { window: 64, kept: 200 });
        const header = { oid: "a".repeat(40), type: "blob", size: bytes.length, rest: "p" };
        watcher.begin(header);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = Math.min(bytes.length, at + (sizes[i % sizes.length] as number));
          watcher.data(bytes, at, end);
          at = end;
        }
        watcher.end();
        expect(watcher.suspects.length).toBe(holds(bytes, literals) ? 1 : 0);
        for (const suspect of watcher.suspects) if (suspect.bytes) expect(suspect.bytes.equals(bytes)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test("a container is suspected by its first bytes however small the pieces are", () => {
  for (const { bytes, offset } of containerMagic) {
    const content = Buffer.concat([Buffer.alloc(offset), Buffer.from(bytes, "latin1"), Buffer.alloc(9)]);
    const watcher = watchForSuspects({ literals, magic: containerMagic });
    watcher.begin({ oid: "a".repeat(40), type: "blob", size: content.length, rest: "p" });
    for (let at = 0; at < content.length; at++) watcher.data(content, at, at + 1);
    watcher.end();
    expect(watcher.suspects).toHaveLength(1);
  }
});

test("what is kept for the engine is bounded, and what is not kept is still suspected", () => {
  const watcher = watchForSuspects({ literals, magic: [] }, { window: 1000, kept: 1500 });
  const content = Buffer.from(`${["AK", "IA"].join("")}${"x".repeat(896)}`);
  for (let i = 0; i < 5; i++) {
    watcher.begin({ oid: "a".repeat(40), type: "blob", size: content.length, rest: `${i}` });
    watcher.data(content, 0, content.length);
    watcher.end();
  }
  expect(watcher.suspects.map(({ bytes }) => bytes !== null)).toEqual([true, false, false, false, false]);
  expect(watcher.seen).toEqual({ objects: 5, bytes: 4500 });
});
