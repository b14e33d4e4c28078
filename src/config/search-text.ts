import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { cosmiconfigSync, type LoaderSync } from "cosmiconfig";
import { refuseCode } from "./refuse-code.ts";

/** The text of the first of the places in a folder, or null where cosmiconfig gives none (empty, or not readable). */
export function searchText(root: string, places: readonly string[]): string | null {
  const found = explorer(places).search(root);
  return found === null || found.isEmpty === true ? null : textOf(found.config);
}

/**
 * Cosmiconfig, held to data. Three of its ways run code that a scanned repository brings, and each is closed:
 * - when an explorer is made, it looks for `.config/config.{json,yaml,js,cjs,…}` in the working directory and runs what
 *   it finds, whatever `searchPlaces` says; so it is made while standing in keyguard's own folder;
 * - its loaders for .js, .cjs, .mjs and .ts run them: ours refuse;
 * - `$import` in a configuration loads another file, of any kind: our loaders hand on the text alone, unparsed, in which
 *   it sees no `$import`.
 */
function explorer(places: readonly string[]): ReturnType<typeof cosmiconfigSync> {
  const before = process.cwd();
  process.chdir(dirname(fileURLToPath(import.meta.url)));
  try {
    return cosmiconfigSync("keyguard", {
      searchPlaces: [...places],
      searchStrategy: "none",
      mergeSearchPlaces: false,
      cache: false,
      ignoreEmptySearchPlaces: true,
      loaders: {
        noExt: keepText,
        ".json": keepText,
        ".yaml": keepText,
        ".yml": keepText,
        ".js": runNothing,
        ".cjs": runNothing,
        ".mjs": runNothing,
        ".ts": runNothing,
      },
    });
  } finally {
    process.chdir(before);
  }
}

/** Hands on the text; for a package.json under the property that cosmiconfig looks at. */
const keepText: LoaderSync = (path, text) => (basename(path) === "package.json" ? { keyguard: { text } } : { text });

const runNothing: LoaderSync = (path) => {
  throw refuseCode(basename(path));
};

function textOf(loaded: unknown): string {
  if (typeof loaded === "object" && loaded !== null && "text" in loaded && typeof loaded.text === "string") {
    return loaded.text;
  }
  throw new Error("cosmiconfig gave back something else than our loaders made");
}
