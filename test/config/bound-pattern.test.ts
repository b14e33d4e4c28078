import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundPattern, openEnd, PatternRefusal } from "../../src/config/bound-pattern.ts";

describe("a pattern is accepted", () => {
  it.each([
    ["acme_[a-z0-9]{32}", "acme_[a-z0-9]{32,32}", 0],
    ["(?:acme|corp)_(?<value>[A-Za-z0-9]{20,64})", "(?:acme|corp)_(?<value>[A-Za-z0-9]{20,64})", "value"],
    [
      "token\\s*[:=]\\s*['\"]?([\\w-]{20,64})",
      `token\\s{0,${openEnd}}[:=]\\s{0,${openEnd}}['"]{0,1}([\\w-]{20,64})`,
      1,
    ],
    ["(?<![a-z])[a-z]{8,40}(?![a-z])", "(?<![a-z])[a-z]{8,40}(?![a-z])", 0],
    ["^key: (?:[0-9a-f]{4}-){3}[0-9a-f]{4}$", "^key: (?:[0-9a-f]{4,4}-){3,3}[0-9a-f]{4,4}$", 0],
    ["a{b}\\{[}\\]{]", "a{b}\\{[}\\]{]", 0],
  ])("%s, with an end to each repetition", (pattern, source, group) => {
    expect(boundPattern(pattern, false)).toEqual({ source, group });
    expect(() => new RegExp(source)).not.toThrow();
  });
});

describe("a pattern is refused", () => {
  it.each([
    ["(a+)+b", /repeats a group/],
    ["(?:a|aa)+b", /repeats a group/],
    ["(a*)*", /repeats a group/],
    ["(.)\\1", /refer back/],
    ["(?<x>a)\\k<x>", /refer back/],
    ["(?=.*x)y", /by one character/],
    ["(?<!ab)c", /by one character/],
    [".*.*secret", /too many ways/],
    ["\\w+\\w+\\w+x", /too many ways/],
    ["(?:a?){9}b", /repeats a group/],
    ["a?a?a?a?a?a?a?a?a?a?a?a?a?b", /too many ways/],
    ["(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)(?:a|b|ab)x", /too many ways/],
    ["[a-z]{1,9999}", /repeats more than/],
    ["[a-z]{3000}[0-9]{3000}", /is too long/],
    ["a*", /matches nothing at all/],
    ["schlüssel", /ASCII/],
    ["(?i:x)", /no valid regular expression|not known here/],
    ["(", /no valid regular expression/],
    ["(?:^)*a", /no valid regular expression|takes no character|repeats/],
  ])("%s", (pattern, why) => {
    expect(() => boundPattern(pattern, false)).toThrow(PatternRefusal);
    expect(() => boundPattern(pattern, false)).toThrow(why);
  });
});

/** Patterns as an attacker would try them: every construct that backtracks, nested at random. */
const hostile = fc.letrec<{ piece: string }>((tie) => ({
  piece: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", "b", "[ab]", ".", "\\w", "\\b", "[^b]", "^", "$"),
    fc.tuple(tie("piece"), tie("piece")).map(([a, b]) => a + b),
    fc.tuple(tie("piece"), tie("piece")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("piece"), fc.constantFrom("*", "+", "?", "{2,}", "{0,9}", "{3}", "*?"))
      .map(([a, times]) => `(?:${a})${times}`),
    fc.tuple(fc.constantFrom("a", "b", "[ab]", "."), fc.constantFrom("*", "+", "?", "{1,40}")).map(([a, b]) => a + b),
  ),
})).piece;

/** Fastest of a few runs, in milliseconds. */
function time(pattern: RegExp, text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const before = performance.now();
    for (const _ of text.matchAll(pattern)) void _;
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

describe("what is accepted", () => {
  it("takes linear time on texts made against it", () => {
    let accepted = 0;
    fc.assert(
      fc.property(hostile, fc.constantFrom("a", "b", "ab", "aab", "a\n"), (piece, unit) => {
        let source: string;
        try {
          source = boundPattern(`${piece}x`, false).source;
        } catch (error) {
          expect(error).toBeInstanceOf(PatternRefusal);
          return;
        }
        accepted++;
        // 5,000 steps a character is the bound that is promised; V8 takes some nanoseconds for each.
        const letters = 2_000;
        const taken = time(new RegExp(source, "g"), unit.repeat(letters / unit.length));
        expect(taken).toBeLessThan(600);
      }),
      { numRuns: 400, seed: 20260101 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it("matches as the pattern itself does, on short texts", () => {
    fc.assert(
      fc.property(hostile, fc.stringMatching(/^[abx \n]{0,30}$/), (piece, text) => {
        let source: string;
        try {
          source = boundPattern(`${piece}x`, false).source;
        } catch {
          return;
        }
        const spans = (pattern: string) =>
          [...text.matchAll(new RegExp(pattern, "g"))].map((match) => [match.index, match[0]]);
        expect(spans(source)).toEqual(spans(`${piece}x`));
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
