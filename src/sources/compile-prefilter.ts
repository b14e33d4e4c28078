import { isNamedSecret, type Rules } from "../scan/engine.ts";
import { containerMagic, prefilterLiterals } from "../scan/prefilter.ts";
import { compileSearch, hasSimd, type Search, searchPadding } from "../scan/search/compile-search.ts";
import { createTriage, triageTableSize } from "../scan/search/triage.ts";
import type { Prefilter } from "./sink.ts";

const page = 65536;

/**
 * The prefilter of the rules, in memory that files are read into: their literals in one pass, then, where these are mere
 * labels, whether anything near them can be a token. Not to be shared between threads.
 */
export function compilePrefilter(rules: Rules): Prefilter {
  const literals = prefilterLiterals(rules);
  let compiled: Search | undefined;
  // Most sources read into the memory; the others' search is compiled when the first of them asks.
  const outside = (bytes: Uint8Array): boolean => {
    compiled ??= compileSearch(literals);
    return compiled.test(bytes);
  };
  // Without SIMD nothing needs to lie in the kernel's memory.
  if (!hasSimd()) return { reserve: (size) => new Uint8Array(size), test: hit(outside) };
  const tables = triageTableSize(rules);
  const memory = new WebAssembly.Memory({ initial: Math.ceil((tables + searchPadding) / page) });
  const triage = createTriage(rules, memory, 0);

  return {
    reserve(size) {
      const missing = tables + size + searchPadding - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / page));
      return new Uint8Array(memory.buffer, tables, size);
    },
    test: (bytes, path) =>
      isNamedSecret(bytes, path) ||
      (bytes.buffer === memory.buffer ? triage.isSuspect(bytes.byteOffset, bytes.length) : hit(outside)(bytes, path)),
  };
}

function hit(test: (bytes: Uint8Array) => boolean): Prefilter["test"] {
  return (bytes, path) => test(bytes) || isContainer(bytes) || isNamedSecret(bytes, path);
}

const magics = containerMagic.map(({ bytes, offset }) => ({ bytes: Buffer.from(bytes, "latin1"), offset }));

/** Whether the bytes begin as something that must be unpacked before it can be searched. */
function isContainer(bytes: Uint8Array): boolean {
  return magics.some(({ bytes: magic, offset }) => {
    for (let i = 0; i < magic.length; i++) if (bytes[offset + i] !== magic[i]) return false;
    return true;
  });
}
