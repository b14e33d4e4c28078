import { describe, expect, it } from "vitest";
import { readSpots, type Spot } from "../../src/scan/structure.ts";

/** The spots of the capital letters X, Y and Z in a text, in the order in which they stand there. */
function spotsOf(text: string): Spot[] {
  return readSpots(
    text,
    [...text.matchAll(/[XYZ]/g)].map(({ index }) => ({ start: index, end: index + 1 })),
  );
}

describe("the structure around a value", () => {
  it("is its section in an INI file, whose header names it", () => {
    const [a, b] = spotsOf("[prod]\nid = X\n\n[staging]\nid = Y\n");
    expect([a?.section, b?.section]).toEqual([1, 2]);
    expect([a?.line, b?.line]).toEqual([1, 4]);
    expect([a?.blanks, b?.blanks]).toEqual([0, 1]);
  });

  it("is the brackets that are open around it, by their offsets", () => {
    const [a, b, c] = spotsOf('{"a": {"id": X, "list": [Y]}, "b": Z}');
    expect(a?.brackets).toEqual([0, 6]);
    expect(b?.brackets).toEqual([0, 6, 24]);
    expect(c?.brackets).toEqual([0]);
  });

  it("takes a closing bracket that closes nothing for punctuation", () => {
    const [a] = spotsOf("a) first\nb] second\n(X");
    expect(a?.brackets).toEqual([19]);
  });

  it("is the line under which it is indented, and the names on the way", () => {
    const [a, b] = spotsOf("prod:\n  writer:\n    id: X\nstaging:\n  id: Y\n");
    expect(a?.block).toBe(1);
    expect([...(a?.words ?? [])]).toEqual(["writer", "prod"]);
    expect(b?.block).toBe(3);
    expect([...(b?.words ?? [])]).toEqual(["staging"]);
  });

  it("is the title that it stands under where nothing else has a name", () => {
    const [a, b] = spotsOf("# Billing\nX\n\n## Uploads\nY\n");
    expect([a?.headings, b?.headings]).toEqual([1, 2]);
    expect([...(a?.words ?? [])]).toEqual(["billing"]);
    expect([...(b?.words ?? [])]).toEqual(["uploads"]);
  });

  it("counts the lines between documents", () => {
    expect(spotsOf("id: X\n---\nid: Y\n=====\nid: Z\n").map(({ documents }) => documents)).toEqual([0, 1, 2]);
  });

  it("splits names into words, and leaves out those that say only what part it is", () => {
    const [a] = spotsOf("prodAwsBilling_SECRET_ID2 = X");
    expect([...(a?.words ?? [])]).toEqual(["prod", "billing", "2"]);
  });

  it("keeps nothing of a long token, which may be a secret", () => {
    const [a] = spotsOf("k3x7qz5vbnh2mtrw6ycpl4sdga prod = X");
    expect([...(a?.words ?? [])]).toEqual(["prod"]);
  });

  it("takes the other values of a row for values, unless each is asked for alone", () => {
    const text = "north X south Y";
    const spans = [6, 14].map((start) => ({ start, end: start + 1 }));
    expect(readSpots(text, spans).map(({ words }) => [...words])).toEqual([["north"], ["north", "south"]]);
    expect([...(readSpots(text, spans, "each alone")[1]?.words ?? [])]).toEqual(["north", "x", "south"]);
  });
});
