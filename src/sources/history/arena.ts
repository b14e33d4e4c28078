/** Padding behind every buffer: the kernels read and write by vectors. */
export const padding = 64;

/**
 * Buffers in a WebAssembly memory, given and taken back in any order. Sizes are rounded up to a quarter of a power of
 * two, and what is given back is kept for the next of its size, so that a walk over a million objects makes no garbage.
 */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  readonly #free = new Map<number, number[]>();
  #top: number;
  #bytes: Uint8Array;

  constructor(memory: WebAssembly.Memory, from: number) {
    this.#memory = memory;
    this.#top = (from + 63) & ~63;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** The memory's bytes; ask again after each `take`, which may move them. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  /** How much memory there is, in bytes. */
  get size(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The address of a buffer for `size` bytes and their padding. */
  take(size: number): number {
    const room = roomFor(size);
    const free = this.#free.get(room)?.pop();
    if (free !== undefined) return free;
    const at = this.#top;
    const missing = at + room - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.max(Math.ceil(missing / 65536), 64));
    this.#top = at + room;
    return at;
  }

  /** Gives a buffer back; `size` is what it was taken with. */
  release(at: number, size: number): void {
    const room = roomFor(size);
    const free = this.#free.get(room);
    if (free === undefined) this.#free.set(room, [at]);
    else free.push(at);
  }
}

function roomFor(size: number): number {
  const need = Math.max(size + padding, 1024);
  const step = 2 ** Math.max(0, Math.floor(Math.log2(need)) - 2);
  return Math.ceil(need / step) * step;
}
