import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addedSpans, commonSpans } from "../../src/sources/added-spans.ts";

function added(old: string, now: string): string[] {
  const bytes = Buffer.from(now, "latin1");
  return addedSpans(Buffer.from(old, "latin1"), bytes).map(({ start, end }) => bytes.toString("latin1", start, end));
}

describe("the lines that a version adds", () => {
  test("are whole lines with their newlines, neighbours in one span", () => {
    expect(added("", "a\nb\n")).toEqual(["a\nb\n"]);
    expect(added("a\nb\n", "a\nb\n")).toEqual([]);
    expect(added("a\nb\n", "a\nx\ny\nb\nz\n")).toEqual(["x\ny\n", "z\n"]);
    expect(added("key=1234\n", "key=1294\n")).toEqual(["key=1294\n"]);
    expect(added("a\nb\nc\n", "a\nc\n")).toEqual([]);
    expect(added("a\na\n", "a\na\na\n")).toHaveLength(1);
  });

  test("don't include a last line that only gets its newline", () => {
    expect(added("a\nsecret", "a\nsecret\nmore\n")).toEqual(["more\n"]);
    expect(added("a\nsecret\n", "a\nsecret")).toEqual([]);
  });

  test("include a line that was moved, for git shows it as added", () => {
    expect(added("secret\n1\n2\n3\n4\n", "1\n2\n3\n4\nsecret\n")).toEqual(["secret\n"]);
  });

  test("are few also where the shortest edit is too long to look for", () => {
    const line = (i: number): string => `line ${i}\n`;
    const old = Array.from({ length: 6000 }, (_, i) => line(i));
    const now = old.map((text, i) => (i % 3 === 0 ? `new ${text}` : text));
    expect(added(old.join(""), now.join("")).join("")).toBe(now.filter((_, i) => i % 3 === 0).join(""));
    expect(added(old.join(""), old.map((text) => `all ${text}`).join(""))).toHaveLength(1);
  });

  test("leave a common subsequence of both versions when they are taken away", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d", "", "\0x"), { maxLength: 24 });
    fc.assert(
      fc.property(lines, lines, fc.boolean(), fc.boolean(), (old, now, oldEnds, nowEnds) => {
        const before = old.join("\n") + (oldEnds && old.length > 0 ? "\n" : "");
        const after = now.join("\n") + (nowEnds && now.length > 0 ? "\n" : "");
        const bytes = Buffer.from(after, "latin1");
        const spans = addedSpans(Buffer.from(before, "latin1"), bytes);
        let kept = "";
        let at = 0;
        for (const { start, end } of spans) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          kept += after.slice(at, start);
          at = end;
        }
        kept += after.slice(at);
        // Each line that is kept stands in the old version, in this order.
        const oldLines = before.replace(/\n$/, "").split("\n");
        let from = 0;
        for (const line of kept === "" ? [] : kept.replace(/\n$/, "").split("\n")) {
          from = oldLines.indexOf(line, from) + 1;
          expect(from).toBeGreaterThan(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("are as few as the shortest edit needs", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 14 });
    const longestCommon = (a: string[], b: string[]): number => {
      const row = new Array<number>(b.length + 1).fill(0);
      for (const x of a) {
        let diagonal = 0;
        for (const [j, y] of b.entries()) {
          const above = row[j + 1]!;
          row[j + 1] = x === y ? diagonal + 1 : Math.max(above, row[j]!);
          diagonal = above;
        }
      }
      return row[b.length]!;
    };
    fc.assert(
      fc.property(lines, lines, (old, now) => {
        const text = (list: string[]): string => list.map((line) => `${line}\n`).join("");
        const count = added(text(old), text(now)).join("").split("\n").length - 1;
        expect(count).toBe(now.length - longestCommon(old, now));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what is fresh in the eyes of all parents", () => {
  test("is what lies in all lists", () => {
    const spans = (...pairs: [number, number][]) => pairs.map(([start, end]) => ({ start, end }));
    expect(commonSpans([])).toBe("all");
    expect(commonSpans(["all", spans([1, 3])])).toEqual(spans([1, 3]));
    expect(commonSpans([spans([0, 4], [6, 9]), spans([2, 7], [8, 12])])).toEqual(spans([2, 4], [6, 7], [8, 9]));
    expect(commonSpans([spans([0, 4]), spans([4, 8])])).toEqual([]);
  });
});
