// Bundles src into dist. What is committed under dist is what the pre-commit framework and the GitHub Action run,
// since neither may run an install script; CI rebuilds it and fails on a difference.
import { renameSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { buildHookBundles } from "./hook-bundles.mjs";

const target = process.argv[2] ?? "dist";
// Built aside and swapped in at the end: what is there stays whole while someone runs it.
const outdir = `${target}.${process.pid}`;

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
  minify: true,
  keepNames: true,
};

await build({
  ...shared,
  entryPoints: {
    keyguard: "src/cli.ts",
    "hook-judge": "src/hook/judge.ts",
    "history-worker": "src/commands/history-worker.ts",
    action: "src/action/main.ts",
  },
  outdir,
  format: "esm",
  splitting: true,
  // The AWS SDK as ES modules: of a CommonJS package that is loaded by import() esbuild keeps no name but `default`.
  mainFields: ["module", "main"],
  chunkNames: "chunks/[name]-[hash]",
  // Bundled CommonJS dependencies call require for Node's own modules.
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});

await buildHookBundles(outdir, shared);

rmSync(target, { recursive: true, force: true });
renameSync(outdir, target);
