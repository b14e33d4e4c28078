// The hook's own bundles, CommonJS because Node starts them 5 ms sooner than modules: the front, which every commit
// runs and which holds nothing but its own code and the prefilter's literals, and the engine by itself, which it loads
// when a literal stands in what is staged.
import { createRequire } from "node:module";
import { build } from "esbuild";

/**
 * @param {string} outdir
 * @param {import("esbuild").BuildOptions} shared
 */
export async function buildHookBundles(outdir, shared) {
  const options = { ...shared, outdir, format: /** @type {const} */ ("cjs"), outExtension: { ".js": ".cjs" } };
  await build({
    ...options,
    entryPoints: { hook: "src/hook/front.ts" },
    plugins: [await literalsWorkedOut(shared)],
  });
  await build({ ...options, entryPoints: { "hook-engine": "src/hook/engine-gate.ts" } });
}

/**
 * Runs src/hook/literals.ts, and bundles what it exports in its place.
 *
 * @param {import("esbuild").BuildOptions} shared
 * @returns {Promise<import("esbuild").Plugin>}
 */
async function literalsWorkedOut(shared) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ["src/hook/literals.ts"],
    format: "cjs",
    write: false,
  });
  const loaded = { exports: /** @type {{ literals: unknown, magic: unknown }} */ ({}) };
  new Function("module", "exports", "require", outputFiles?.[0]?.text ?? "")(
    loaded,
    loaded.exports,
    createRequire(import.meta.url),
  );
  const { literals, magic } = loaded.exports;
  const contents = `export const literals = ${JSON.stringify(literals)}; export const magic = ${JSON.stringify(magic)};`;
  return {
    name: "literals-worked-out",
    setup: (hook) => {
      hook.onLoad({ filter: /[\\/]hook[\\/]literals\.ts$/ }, () => ({ contents, loader: "js" }));
    },
  };
}
