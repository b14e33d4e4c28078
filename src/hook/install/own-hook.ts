import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../config/write-whole.ts";
import { KeyguardError } from "../../model/errors.ts";
import { hookNames } from "../hook-name.ts";
import { isOwnScript, localScript, sharedScript } from "./script.ts";
import { liesIn, type Site } from "./site.ts";
import type { Change, Way } from "./way.ts";

/** A hook of keyguard's own in the folder where git looks, with whatever was there before run first. */
export const ownHook: Way = {
  id: "git",
  name: "git's own hooks",
  detect: () => true,

  install(site, hooks) {
    demandOwnFolder(site);
    const shared = isShared(site);
    mkdirSync(site.hooksDir, { recursive: true });
    const changes: Change[] = [];
    const notes: string[] = [];
    for (const hook of hooks) {
      const path = join(site.hooksDir, hook);
      const before = `${path}.before-keyguard`;
      const moved = there(path) && !isOwn(path);
      if (moved) {
        if (there(before)) {
          throw new KeyguardError("config", `${before} is in the way: an earlier hook is kept there already`, {
            hint: `look at both, keep one of them as ${path}, remove ${before}, and try again`,
          });
        }
        renameSync(path, before);
        changes.push({ path: before, what: `kept the ${hook} that was here, and runs it first:` });
      }
      try {
        // Whole or not at all: half a hook is a script that ends well, and guards nothing.
        writeWhole(path, shared ? sharedScript(hook) : localScript(hook, site.keyguard), { mode: 0o755 });
        chmodSync(path, 0o755);
      } catch (error) {
        if (moved) renameSync(before, path);
        throw error;
      }
      changes.push({ path, what: "wrote" });
    }
    if (shared)
      notes.push("the hooks folder is part of the repository: commit it, and everyone who uses it is guarded");
    return { changes, notes };
  },

  uninstall(site) {
    const changes: Change[] = [];
    for (const hook of hookNames) {
      const path = join(site.hooksDir, hook);
      if (!isOwn(path)) continue;
      rmSync(path);
      changes.push({ path, what: "removed" });
      const before = `${path}.before-keyguard`;
      if (there(before)) {
        renameSync(before, path);
        changes.push({ path, what: "put back" });
      }
    }
    return { changes, notes: [] };
  },

  installed: (site) => hookNames.filter((hook) => isOwn(join(site.hooksDir, hook))),
};

/** Refuses to write into a folder that other repositories use as well. */
function demandOwnFolder(site: Site): void {
  if (site.hooksPath === null || ["local", "worktree", "command"].includes(site.hooksPath.scope)) return;
  throw new KeyguardError(
    "config",
    `git looks for hooks in ${site.hooksDir}, by core.hooksPath of the ${site.hooksPath.scope} configuration`,
    { hint: "keyguard hook install --global guards all repositories and keeps running what is there" },
  );
}

/** Whether the hooks folder is one that the repository's own files hold (`core.hooksPath = .githooks`). */
function isShared(site: Site): boolean {
  return !site.bare && liesIn(site.hooksDir, site.top) && !liesIn(site.hooksDir, site.commonDir);
}

function isOwn(path: string): boolean {
  return there(path) && !lstatSync(path).isDirectory() && existsSync(path) && isOwnScript(readFileSync(path, "latin1"));
}

/** Also true of a symbolic link to nothing. */
function there(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
