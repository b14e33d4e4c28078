import { searchKernel } from "../scan/search/search-kernel.ts";

interface Kernel {
  /** See wasm/search.ts: how many places there are that can be a token or become one by decoding. */
  suspects(from: number, to: number, out: number, capacity: number, long: number): number;
}

/** What the kernel may read beyond a text's end. */
const padding = 64;
const page = 65_536;
let loaded: Loaded | null | undefined;

interface Loaded {
  readonly memory: WebAssembly.Memory;
  readonly kernel: Kernel;
}

/**
 * Whether anything in the bytes can be, or become by decoding, a secret that only its label gives away. Most files that
 * say `secret` hold none, and this tells so in a tenth of the time that the engine takes to be loaded and warm up. True
 * where WebAssembly is missing.
 */
export function mayHoldToken(bytes: Uint8Array): boolean {
  loaded ??= load();
  if (loaded === null) return true;
  const { memory, kernel } = loaded;
  const missing = page + bytes.length + padding - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / page));
  const view = new Uint8Array(memory.buffer, page);
  view.set(bytes);
  view.fill(0, bytes.length, bytes.length + padding);
  return kernel.suspects(page, page + bytes.length, 0, 0, 1) > 0;
}

function load(): Loaded | null {
  try {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const module = new WebAssembly.Module(Buffer.from(searchKernel, "base64"));
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    return { memory, kernel: instance.exports as unknown as Kernel };
  } catch {
    return null;
  }
}
