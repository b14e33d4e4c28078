import { describe, expect, it } from "vitest";
import type { Match } from "../../src/detectors/detector.ts";
import { type Candidate, pair } from "../../src/scan/pair.ts";

/**
 * Pairs what stands in a text as `«id:a»`, `«secret:b»`, `«weak:c»` (a secret whose label does not say whose), `«bare:d»`
 * (one without any label), `«token:e»` or `«asia:f»` (a temporary id). Gives `a+b`, with the token behind it, and what stays alone.
 */
function pairsIn(marked: string): { pairs: string[]; alone: string[] } {
  const candidates: Candidate[] = [];
  let text = "";
  let from = 0;
  for (const mark of marked.matchAll(/«(id|asia|secret|weak|bare|token):(\w+)»/g)) {
    const [whole, kind, name = ""] = mark;
    text += marked.slice(from, mark.index);
    from = mark.index + whole.length;
    const value = (kind === "id" ? "AKIA" : kind === "asia" ? "ASIA" : "") + name;
    const span = { start: text.length, end: text.length + value.length };
    text += value;
    const part =
      kind === "id" || kind === "asia" ? "accessKeyId" : kind === "token" ? "sessionToken" : "secretAccessKey";
    const match: Match = {
      part,
      span,
      ...(kind === "secret" || kind === "weak" ? { label: "secret" } : {}),
      ...(kind === "weak" || kind === "bare" ? { weak: true as const } : {}),
    };
    candidates.push({ detector: "test", match, value });
  }
  text += marked.slice(from);
  const { pairs, alone } = pair(text, candidates);
  const short = ({ value }: Candidate): string => value.replace(/^A[KS]IA/, "");
  return {
    pairs: pairs
      .map(({ id, secret, token }) => [id, secret, ...(token === null ? [] : [token])].map(short).join("+"))
      .sort(),
    alone: alone.map(short).sort(),
  };
}

describe("ids and secrets", () => {
  it("of two profiles keep to their own, whatever the order in each", () => {
    expect(pairsIn("[one]\nid = «id:a»\nsecret = «secret:b»\n[two]\nsecret = «secret:d»\nid = «id:c»\n")).toEqual({
      pairs: ["a+b", "c+d"],
      alone: [],
    });
  });

  it("of different profiles do not pair, however near they stand", () => {
    expect(pairsIn("[one]\nid = «id:a»\n[two]\nsecret = «secret:b»\n")).toEqual({ pairs: [], alone: ["a", "b"] });
  });

  it("of a table pair by row", () => {
    expect(pairsIn("ann,«id:a»,«secret:b»\nbob,«id:c»,«secret:d»\neve,«id:e»,«secret:f»\n").pairs).toEqual([
      "a+b",
      "c+d",
      "e+f",
    ]);
  });

  it("of two lists one after the other pair by their place in the list", () => {
    expect(pairsIn("«id:a»\n«id:b»\n«id:c»\n\n«secret:x»\n«secret:y»\n«secret:z»\n").pairs).toEqual([
      "a+x",
      "b+y",
      "c+z",
    ]);
  });

  it("pair by the names that lead to them, however they are ordered", () => {
    const text = "PROD_ID=«id:a»\nSTAGING_ID=«id:b»\nREGION=x\nSTAGING_SECRET=«secret:s»\nPROD_SECRET=«secret:p»\n";
    expect(pairsIn(text)).toEqual({ pairs: ["a+p", "b+s"], alone: [] });
  });

  it("of objects beside each other pair within their object", () => {
    expect(pairsIn('[{"s": "«secret:b»", "i": "«id:a»"},\n {"i": "«id:c»", "s": "«secret:d»"}]').pairs).toEqual([
      "a+b",
      "c+d",
    ]);
  });

  it("leave one alone where there are more of one than of the other", () => {
    expect(pairsIn("id=«id:a»\nsecret=«secret:b»\n\n\n\nid=«id:c»\n")).toEqual({ pairs: ["a+b"], alone: ["c"] });
  });

  it("do not pair with a secret that nothing vouches for, unless it stands right there", () => {
    expect(pairsIn("«id:a» «bare:b»").pairs).toEqual(["a+b"]);
    expect(pairsIn(`«id:a»\n${"text\n".repeat(5)}«bare:b»`)).toEqual({ pairs: [], alone: ["a", "b"] });
    expect(pairsIn(`id=«id:a»\n${"k=v\n".repeat(20)}secret=«weak:b»`).pairs).toEqual(["a+b"]);
    expect(pairsIn(`id=«id:a»\n${"k=v\n".repeat(60)}secret=«weak:b»`).pairs).toEqual([]);
  });
});

describe("session tokens", () => {
  it("go to the temporary id beside them, not to a long-lived one", () => {
    expect(pairsIn("id=«id:a»\nsecret=«secret:b»\n\nid=«asia:c»\nsecret=«secret:d»\ntoken=«token:t»\n").pairs).toEqual([
      "a+b",
      "c+d+t",
    ]);
  });

  it("of two credentials go one to each", () => {
    const one = (i: string, s: string, t: string) => `id=«asia:${i}»\nsecret=«secret:${s}»\ntoken=«token:${t}»\n\n`;
    expect(pairsIn(one("a", "b", "t") + one("c", "d", "u")).pairs).toEqual(["a+b+t", "c+d+u"]);
  });

  it("without any id stay alone", () => {
    expect(pairsIn("token=«token:t»\nsecret=«secret:s»")).toEqual({ pairs: [], alone: ["s", "t"] });
  });
});
