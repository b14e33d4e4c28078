import type { Literal } from "../scan/prefilter.ts";
import { compileSearch, type Search } from "../scan/search/compile-search.ts";

/** Tells whether one of a set of literals stands in a range of bytes. */
export interface LiteralSearch {
  /** Length of the longest literal: how much of a stream must be kept to see one that two reads share. */
  readonly longest: number;
  /** Whether a literal stands in `bytes[from, to)`. */
  test(bytes: Buffer, from: number, to: number): boolean;
}

/**
 * Up to here V8's own string search, which needs no warming up, is ahead (ten files, 60 KB: 0.7 ms). From here on the
 * kernel is, whose time to compile is then small beside its two orders of magnitude.
 */
const smallTotal = 128 * 1024;

/** Searches for all literals: a commit of ordinary size without compiling anything, a large one in a single pass. */
export function searchLiterals(
  literals: readonly Literal[],
  patterns: readonly string[] = [],
  small = smallTotal,
): LiteralSearch {
  const exact = literals.filter(({ ignoreCase }) => !ignoreCase).map(({ bytes }) => bytes);
  const folded = literals.filter(({ ignoreCase }) => ignoreCase).map(({ bytes }) => foldCase(bytes));
  const pattern = patterns.length === 0 ? null : new RegExp(patterns.join("|"));
  let searched = 0;
  let kernel: Search | undefined;
  return {
    // A pattern is matched by fewer characters than this.
    longest: Math.max(pattern === null ? 0 : 64, ...literals.map(({ bytes }) => bytes.length)),
    test(bytes, from, to) {
      if (literals.length === 0 && pattern === null) return false;
      searched += to - from;
      if (searched > small) {
        kernel ??= compileSearch(literals);
        return kernel.test(bytes, from, to) || (pattern?.test(bytes.toString("latin1", from, to)) ?? false);
      }
      const text = bytes.toString("latin1", from, to);
      if (exact.some((literal) => text.includes(literal))) return true;
      const lower = foldCase(text);
      return folded.some((literal) => lower.includes(literal)) || (pattern?.test(text) ?? false);
    },
  };
}

/** Capitals as small letters. That letters beyond ASCII are folded as well changes no ASCII literal's match. */
function foldCase(text: string): string {
  return text.toLowerCase();
}
