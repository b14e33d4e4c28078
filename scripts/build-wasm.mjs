// Compiles the WebAssembly kernels (wasm/*.ts, AssemblyScript) into TypeScript files that carry them as base64, so that
// bundles stay plain JavaScript. The results are committed; a test compiles again and compares.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Each kernel and the file that carries it. */
export const kernels = [
  { source: "wasm/search.ts", carrier: "src/scan/search/search-kernel.ts", name: "searchKernel" },
  { source: "wasm/delta.ts", carrier: "src/sources/history/delta-kernel.ts", name: "deltaKernel" },
];

/** The TypeScript that carries a kernel. */
export async function carry({ source, name }) {
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main(
    [source, "--outFile", "out.wasm", "-O3", "--runtime", "stub", "--importMemory", "--noAssert", "--enable", "simd"],
    {
      readFile: undefined,
      writeFile: (file, contents) => {
        if (file.endsWith(".wasm")) binary = contents;
      },
    },
  );
  if (error) throw new Error(`${source}: ${error.message}\n${stderr.toString()}`);
  const base64 = Buffer.from(binary).toString("base64");
  return `// Made from ${source} by scripts/build-wasm.mjs; change it there.\n\n/** The compiled kernel, base64. */\nexport const ${name} =\n  "${base64}";\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  for (const kernel of kernels) {
    writeFileSync(kernel.carrier, await carry(kernel));
    process.stderr.write(`${kernel.carrier}\n`);
  }
}
