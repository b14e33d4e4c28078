// The hook's own bundles, CommonJS because Node starts them 5 ms sooner than modules: the front, which every commit
// runs and which holds nothing but its own code and the prefilter's literals, and the engine by itself, which it loads
// when a literal stands in what is staged.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * @param {string} outdir
 * @param {import("esbuild").BuildOptions} shared
 */
export async function buildHookBundles(outdir, shared) {
  const options = { ...shared, outdir, format: /** @type {const} */ ("cjs"), outExtension: { ".js": ".cjs" } };
  const prefilter = await workOutLiterals(shared);
  await build({
    ...options,
    entryPoints: { hook: "src/hook/front.ts" },
    plugins: [literalsInstead(prefilter)],
  });
  const { patterns, samples } = grepPatterns(prefilter);
  writeFileSync(join(outdir, "literals.grep"), `${patterns.join("\n")}\n`, "latin1");
  writeFileSync(join(outdir, "literals.samples"), `${samples.join("\n")}\n`, "latin1");
  await build({
    ...options,
    entryPoints: { "hook-engine": "src/hook/engine-gate.ts" },
    plugins: [loadedWhenUsed("node:crypto", "node:zlib")],
  });
}

/**
 * Has some of Node's modules loaded when one of their functions is first called: the engine hashes only what it found
 * (node:crypto takes 3.4 ms to load) and unpacks only archives.
 *
 * @param {string[]} names
 * @returns {import("esbuild").Plugin}
 */
function loadedWhenUsed(...names) {
  const require = createRequire(import.meta.url);
  return {
    name: "loaded-when-used",
    setup: (hook) => {
      hook.onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
        names.includes(path) && namespace !== "when-used" ? { path, namespace: "when-used" } : undefined,
      );
      hook.onLoad({ filter: /.*/, namespace: "when-used" }, ({ path }) => {
        const name = JSON.stringify(path);
        const exported = Object.keys(require(path)).map((key) => JSON.stringify(key));
        const getter = `for (const key of [${exported}]) Object.defineProperty(exports, key, { enumerable: true, get: () => require(${name})[key] });`;
        return { contents: getter, loader: "js" };
      });
    },
  };
}

/**
 * @typedef {{ literals: { bytes: string, ignoreCase: boolean }[], labels: { bytes: string, ignoreCase: boolean }[], magic: { bytes: string, offset: number }[],
 *   patterns: string[], pathPattern: string, samples: string[], smallFile: number }} Prefilter
 */

/**
 * Runs src/hook/literals.ts.
 *
 * @param {import("esbuild").BuildOptions} shared
 * @returns {Promise<Prefilter>}
 */
async function workOutLiterals(shared) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ["src/hook/literals.ts"],
    format: "cjs",
    write: false,
  });
  const loaded = { exports: /** @type {Prefilter} */ ({}) };
  new Function("module", "exports", "require", outputFiles?.[0]?.text ?? "")(
    loaded,
    loaded.exports,
    createRequire(import.meta.url),
  );
  return loaded.exports;
}

/**
 * Bundles what src/hook/literals.ts exports in its place.
 *
 * @param {Prefilter} prefilter
 * @returns {import("esbuild").Plugin}
 */
function literalsInstead(prefilter) {
  const contents = Object.entries(prefilter)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
    .join("\n");
  return {
    name: "literals-instead",
    setup: (hook) => {
      hook.onLoad({ filter: /[\\/]hook[\\/]literals\.ts$/ }, () => ({ contents, loader: "js" }));
    },
  };
}

/**
 * The literals as extended regular expressions for grep in the C locale, one a line, in latin1; with them the line by
 * which git says that an object is not there, and the trailers that say how each git ended. The hook turns NUL, which no
 * pattern can hold, into the byte 1. That the first bytes of a container may stand anywhere only makes more suspects.
 *
 * @param {Prefilter} prefilter
 */
function grepPatterns({ literals, labels, magic, patterns, pathPattern, samples, smallFile }) {
  const literally = (/** @type {string} */ text) => text.replace(/[\\.*+?^${}()|[\]]/g, "\\$&");
  const all = [...literals, ...labels, ...magic.map(({ bytes }) => ({ bytes, ignoreCase: false }))].map((literal) => ({
    ...literal,
    bytes: literal.bytes.replaceAll("\0", "\x01"),
  }));
  if (all.some(({ bytes }) => /[\n\r]/.test(bytes))) throw new Error("a literal with a line feed is in no line");
  return {
    patterns: [
      ...all.map(({ bytes, ignoreCase }) =>
        [...bytes]
          .map((one) =>
            ignoreCase && /[a-z]/i.test(one) ? `[${one.toLowerCase()}${one.toUpperCase()}]` : literally(one),
          )
          .join(""),
      ),
      ...patterns.map((pattern) => pattern.replaceAll("\0", "\x01")),
      `^[0-9a-f]+ blob [0-9]{1,${String(smallFile - 1).length}} .*${pathPattern}`,
      "[{]blob[}] missing",
      "^[?](diff|cat)=[0-9]*( missing)?",
    ],
    // One line for each pattern, in the same order.
    samples: [
      ...all.map(({ bytes, ignoreCase }) =>
        ignoreCase ? bytes.replace(/./gs, (one, i) => (i % 2 ? one.toUpperCase() : one.toLowerCase())) : bytes,
      ),
      ...samples.slice(0, -1).map((sample) => sample.replaceAll("\0", "\x01")),
      `${"0123456789".repeat(4)} blob 41 ${samples.at(-1)}`,
      `${"0123456789".repeat(4)}^{blob} missing`,
      "?cat=0",
    ],
  };
}
