import { deltaKernel } from "./delta-kernel.ts";

/** Deltas of packs, applied and looked into, in one WebAssembly memory. All arguments are addresses and lengths in it. */
export interface Deltas {
  /** Rebuilds the object of `size` bytes at `out`. Throws a plain Error when the delta is damaged. */
  apply(base: number, baseSize: number, delta: number, deltaSize: number, out: number, size: number): void;
  /**
   * Writes what the delta changes, with `context` bytes of what it keeps on both sides, to `out`, which has room for the
   * whole object. Returns its length. Throws a plain Error when the delta is damaged.
   */
  excerpt(
    base: number,
    baseSize: number,
    delta: number,
    deltaSize: number,
    out: number,
    size: number,
    context: number,
  ): number;
}

type Kernel = {
  apply(base: number, baseSize: number, delta: number, deltaSize: number, out: number, size: number): number;
  excerpt: Deltas["excerpt"];
};

/** The delta kernel over a memory. Throws where the engine has no WebAssembly SIMD. */
export function createDeltas(memory: WebAssembly.Memory): Deltas {
  const module = new WebAssembly.Module(Buffer.from(deltaKernel, "base64"));
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
  const damaged = (): Error => new Error("its delta is damaged");
  return {
    apply(base, baseSize, delta, deltaSize, out, size) {
      if (kernel.apply(base, baseSize, delta, deltaSize, out, size) !== 0) throw damaged();
    },
    excerpt(base, baseSize, delta, deltaSize, out, size, context) {
      const length = kernel.excerpt(base, baseSize, delta, deltaSize, out, size, context);
      if (length < 0) throw damaged();
      return length;
    },
  };
}

/** The size of the object that a delta makes, from the delta's own header; -1 when that is cut short. */
export function deltaResultSize(delta: Uint8Array, at: number, length: number): number {
  const end = at + length;
  let p = at;
  while (p < end && (delta[p]! & 0x80) !== 0) p++;
  p++;
  let size = 0;
  let scale = 1;
  while (p < end) {
    const byte = delta[p++]!;
    size += (byte & 0x7f) * scale;
    scale *= 128;
    if ((byte & 0x80) === 0) return size;
  }
  return -1;
}
