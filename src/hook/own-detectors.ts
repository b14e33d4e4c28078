import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Every name under which a configuration may stand, in the order of src/config. */
const names = [
  ".keyguardrc",
  ".keyguardrc.json",
  ".keyguardrc.yaml",
  ".keyguardrc.yml",
  "keyguard.config.json",
  "keyguard.config.yaml",
  "keyguard.config.yml",
  "package.json",
];

/**
 * Whether a configuration that applies in `dir` may define detectors of its own. The front knows the keywords of the
 * built-in ones only, so it must not clear anything then. It reads no JSON and no YAML: the word, or an escape that
 * could spell it, is enough to say yes. What cannot be read says yes too: the judge will tell what is wrong.
 */
export function mayDefineDetectors(dir: string): boolean {
  for (let folder = dir; ; folder = dirname(folder)) {
    for (const name of names) {
      const text = readIfThere(join(folder, name));
      if (text === null) continue;
      if (text === undefined) return true;
      if (name === "package.json" && !text.includes("keyguard")) continue;
      if (text.includes("detectors") || (name !== "package.json" && /\\[ux]/i.test(text))) return true;
    }
    if (folder === dirname(folder) || exists(join(folder, ".git"))) return false;
  }
}

/** The text, null where there is no such file, undefined where there is one that cannot be read. */
function readIfThere(path: string): string | null | undefined {
  if (!exists(path)) return null;
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
