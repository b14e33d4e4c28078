import type { Rules } from "../scan/engine.ts";
import { containerMagic, prefilterLiterals } from "../scan/prefilter.ts";
import { compileSearch, searchPadding, searchTableSize } from "../scan/search/compile-search.ts";
import type { Prefilter } from "./sink.ts";

const page = 65536;

/** The prefilter of the rules: their literals in one pass, in memory that files are read into. Not to be shared between threads. */
export function compilePrefilter(rules: Rules): Prefilter {
  const literals = prefilterLiterals(rules);
  const tables = searchTableSize(literals);
  const memory = new WebAssembly.Memory({ initial: Math.ceil((tables + searchPadding) / page) });
  const search = compileSearch(literals, { memory, at: 0 });
  // Without SIMD nothing needs to lie in the kernel's memory.
  if (search.memory === null) return { reserve: (size) => new Uint8Array(size), test: hit(search.test) };
  const outside = compileSearch(literals);

  return {
    reserve(size) {
      const missing = tables + size + searchPadding - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / page));
      return new Uint8Array(memory.buffer, tables, size);
    },
    test: hit((bytes) => (bytes.buffer === memory.buffer ? search : outside).test(bytes)),
  };
}

function hit(test: (bytes: Uint8Array) => boolean): (bytes: Uint8Array) => boolean {
  return (bytes) => test(bytes) || isContainer(bytes);
}

const magics = containerMagic.map(({ bytes, offset }) => ({ bytes: Buffer.from(bytes, "latin1"), offset }));

/** Whether the bytes begin as something that must be unpacked before it can be searched. */
function isContainer(bytes: Uint8Array): boolean {
  return magics.some(({ bytes: magic, offset }) => {
    for (let i = 0; i < magic.length; i++) if (bytes[offset + i] !== magic[i]) return false;
    return true;
  });
}
