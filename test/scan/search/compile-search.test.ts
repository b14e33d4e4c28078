import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileSearch,
  plainSearch,
  type Search,
  type SearchLiteral,
} from "../../../src/scan/search/compile-search.ts";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

function offsets(search: Search, bytes: Uint8Array, start = 0, end = bytes.length): number[] {
  const out = new Int32Array(1 << 16);
  return [...out.subarray(0, search.find(bytes, start, end, out))];
}

const aws: SearchLiteral[] = [
  { bytes: "AKIA", ignoreCase: false },
  { bytes: "secret", ignoreCase: true },
  { bytes: "-----BEGIN", ignoreCase: false },
  { bytes: "A\0K\0I\0A", ignoreCase: false },
  { bytes: "aws_session_token_that_is_longer_than_32", ignoreCase: true },
];

describe("compileSearch", () => {
  it("uses the kernel here, so that the tests below test it", () => {
    expect(compileSearch(aws).memory).not.toBeNull();
  });

  it("finds a literal at the first byte, at the last, and in either case only where it may", () => {
    const search = compileSearch(aws);
    expect(offsets(search, bytesOf("AKIA"))).toEqual([0]);
    expect(offsets(search, bytesOf(`${"x".repeat(100)}AKIA`))).toEqual([100]);
    expect(offsets(search, bytesOf("akia SeCrEt SECRET"))).toEqual([5, 12]);
    expect(offsets(search, bytesOf("AKI"))).toEqual([]);
    expect(offsets(search, bytesOf(""))).toEqual([]);
    expect(search.test(bytesOf("\0A\0K\0I\0A"))).toBe(true);
  });

  it("doesn't take what stands across the edge of the range", () => {
    const search = compileSearch(aws);
    const bytes = bytesOf("xxAKIAxx");
    expect(search.test(bytes, 2, 6)).toBe(true);
    expect(search.test(bytes, 3, 8)).toBe(false);
    expect(search.test(bytes, 0, 5)).toBe(false);
  });

  it("does not fold the characters beside the letters in ASCII", () => {
    const search = compileSearch([{ bytes: "a[b]c", ignoreCase: true }]);
    expect(search.test(bytesOf("A[B]C"))).toBe(true);
    expect(search.test(bytesOf("a{b}c"))).toBe(false);
  });

  it("finds literals at every place around the seams of its pieces", () => {
    const search = compileSearch(aws);
    const piece = 128 * 1024;
    for (let at = piece - 40; at <= piece + 40; at++) {
      const bytes = new Uint8Array(piece + 200).fill(120);
      bytes.set(bytesOf("-----BEGIN"), at);
      expect(offsets(search, bytes)).toEqual([at]);
    }
  });

  it("finds all of many thousands, and stops where the room ends", () => {
    const search = compileSearch([{ bytes: "aaaa", ignoreCase: false }]);
    const bytes = new Uint8Array(30_000).fill(97);
    expect(offsets(search, bytes)).toEqual(Array.from({ length: 29_997 }, (_, i) => i));
    const small = new Int32Array(10);
    expect(search.find(bytes, 0, bytes.length, small)).toBe(10);
    expect([...small]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("refuses literals that are too short to search for", () => {
    expect(() => compileSearch([{ bytes: "abc", ignoreCase: false }])).toThrow(RangeError);
  });

  it("gives what the plain search gives, for any literals in any bytes", () => {
    const letter = fc.constantFrom(..."aAbBkK[{\0é");
    const text = (min: number, max: number) =>
      fc.array(letter, { minLength: min, maxLength: max }).map((letters) => letters.join(""));
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: text(4, 12), ignoreCase: fc.boolean() }), { minLength: 1, maxLength: 60 }),
        fc.array(text(0, 40), { maxLength: 12 }),
        fc.nat(50),
        (literals, pieces, skip) => {
          const woven = pieces.map((piece, i) => piece + literals[i % literals.length]!.bytes).join("");
          const bytes = bytesOf(woven);
          const start = Math.min(skip, bytes.length);
          const end = Math.max(start, bytes.length - (skip >> 1));
          const fast = compileSearch(literals);
          const slow = plainSearch(literals);
          expect(offsets(fast, bytes, start, end)).toEqual(offsets(slow, bytes, start, end));
          expect(fast.test(bytes, start, end)).toBe(slow.test(bytes, start, end));
        },
      ),
      { numRuns: 300 },
    );
  });
});
