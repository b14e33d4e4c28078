import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDeltas, deltaResultSize } from "../../../src/sources/history/delta.ts";

type Step = { copy: [number, number] } | { insert: Uint8Array };

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
    if (rest < 128) return bytes;
  }
}

/** A delta as git writes it, and what it makes of the base, both spelled the plain way. */
function makeDelta(base: Uint8Array, steps: readonly Step[]): { delta: Uint8Array; result: Uint8Array } {
  const result: number[] = [];
  const code: number[] = [];
  for (const step of steps) {
    if ("insert" in step) {
      code.push(step.insert.length, ...step.insert);
      result.push(...step.insert);
    } else {
      const [offset, length] = step.copy;
      const parts = [offset & 255, (offset >> 8) & 255, (offset >> 16) & 255, 0, length & 255, (length >> 8) & 255, 0];
      const used = parts.map((byte, i) => (byte !== 0 ? i : -1)).filter((i) => i >= 0);
      code.push(0x80 | used.reduce((bits, i) => bits | (1 << i), 0), ...used.map((i) => parts[i]!));
      result.push(...base.subarray(offset, offset + length));
    }
  }
  return {
    delta: Uint8Array.from([...varint(base.length), ...varint(result.length), ...code]),
    result: Uint8Array.from(result),
  };
}

const memory = new WebAssembly.Memory({ initial: 16 });
const deltas = createDeltas(memory);
const [baseAt, deltaAt, outAt] = [0, 200_000, 500_000];
const bytes = (): Uint8Array => new Uint8Array(memory.buffer);

const steps = (size: number) =>
  fc.array(
    fc.oneof(
      fc
        .tuple(fc.nat(size - 1), fc.integer({ min: 1, max: size }))
        .map(([from, length]): Step => ({ copy: [from, Math.max(1, Math.min(length, size - from))] })),
      fc.uint8Array({ minLength: 1, maxLength: 127 }).map((insert): Step => ({ insert })),
    ),
    { maxLength: 25 },
  );
const base = Uint8Array.from({ length: 5000 }, (_, i) => (i * 31 + (i >> 5)) & 127);

describe("deltas", () => {
  it("are applied as git does", () => {
    fc.assert(
      fc.property(steps(base.length), (list) => {
        const { delta, result } = makeDelta(base, list);
        bytes().set(base, baseAt);
        bytes().set(delta, deltaAt);
        expect(deltaResultSize(delta, 0, delta.length)).toBe(result.length);
        deltas.apply(baseAt, base.length, deltaAt, delta.length, outAt, result.length);
        expect(Buffer.compare(bytes().subarray(outAt, outAt + result.length), result)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("give an excerpt in which everything near a change stands as in the object", () => {
    const context = 50;
    fc.assert(
      fc.property(steps(base.length), (list) => {
        const { delta, result } = makeDelta(base, list);
        bytes().set(base, baseAt);
        bytes().set(delta, deltaAt);
        const length = deltas.excerpt(baseAt, base.length, deltaAt, delta.length, outAt, result.length, context);
        expect(length).toBeLessThanOrEqual(result.length);
        const excerpt = Buffer.from(bytes().subarray(outAt, outAt + length));
        // Around each seam: what the step before ends with and the next begins with.
        let at = 0;
        for (const step of list) {
          const size = "insert" in step ? step.insert.length : step.copy[1];
          const around = result.subarray(Math.max(0, at - context), Math.min(result.length, at + context));
          expect(excerpt.includes(Buffer.from(around))).toBe(true);
          if ("insert" in step) expect(excerpt.includes(Buffer.from(step.insert))).toBe(true);
          at += size;
        }
        expect(excerpt.includes(Buffer.from(result.subarray(0, 512)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("are refused when they are damaged, whatever the bytes, and write nothing beyond the object", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(3000), (noise, size) => {
        const delta = Uint8Array.from([...varint(base.length), ...varint(size), ...noise]);
        bytes().set(base, baseAt);
        bytes().set(delta, deltaAt);
        bytes().fill(7, outAt, outAt + 200_000);
        for (const run of [
          () => deltas.apply(baseAt, base.length, deltaAt, delta.length, outAt, size),
          () => deltas.excerpt(baseAt, base.length, deltaAt, delta.length, outAt, size, 30),
        ]) {
          try {
            run();
          } catch (error) {
            expect(String(error)).toContain("its delta is damaged");
          }
          expect(
            bytes()
              .subarray(outAt + size + 64, outAt + 200_000)
              .every((byte) => byte === 7),
          ).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
