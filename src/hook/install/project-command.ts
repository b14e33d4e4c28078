import { existsSync } from "node:fs";
import { join } from "node:path";
import { type HookName, subjectOf } from "../hook-name.ts";
import type { Site } from "./site.ts";

/**
 * How a file that is shared with others calls a hook: never by a path of one machine. `shell` is what a POSIX shell runs
 * fastest (git reads the index while Node starts), `anywhere` what every shell runs, cmd.exe included.
 */
export function projectCommand(site: Site, hook: HookName): { shell: string; anywhere: string; note: string | null } {
  if (existsSync(join(site.top, "node_modules", "keyguard", "hooks", hook))) {
    return {
      shell: `sh node_modules/keyguard/hooks/${hook}`,
      anywhere: `node node_modules/keyguard/dist/hook.cjs ${hook}`,
      note: null,
    };
  }
  const command = `keyguard hook run ${hook}`;
  return {
    shell: command,
    anywhere: command,
    note: "keyguard is not in this project's node_modules: whoever commits here needs it on PATH, or npm install --save-dev keyguard",
  };
}

/** What the hook is called with: git's arguments, as a POSIX shell passes them on. */
export function argumentsOf(hook: HookName): string {
  return subjectOf(hook) === "staged" ? "" : ' "$@"';
}

/** Whether a line of someone's configuration calls keyguard's hook. */
export function callsKeyguard(text: string, hook?: HookName): boolean {
  const names = hook ?? "[a-z-]+";
  return new RegExp(String.raw`keyguard(?:/hooks/|/dist/hook\.cjs\s+|\s+hook\s+run\s+)${names}\b`).test(text);
}
