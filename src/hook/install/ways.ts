import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { husky } from "./husky.ts";
import { lefthook } from "./lefthook.ts";
import { ownHook } from "./own-hook.ts";
import { preCommitFramework } from "./pre-commit-framework.ts";
import { simpleGitHooks } from "./simple-git-hooks.ts";
import type { Site } from "./site.ts";
import type { Way } from "./way.ts";

/** Every way, the surest sign first; a repository's own hooks are what remains. */
export const ways: readonly Way[] = [husky, lefthook, simpleGitHooks, preCommitFramework, ownHook];

/** How this repository has its hooks run. */
export function detectWay(site: Site): Way {
  if (site.bare) return ownHook;
  return ways.find((way) => way.detect(site)) ?? ownHook;
}

/** lint-staged is run by a hook and runs none itself: whoever has it wants to know that keyguard comes after it. */
export function usesLintStaged(site: Site): boolean {
  const names = [
    ".lintstagedrc",
    ".lintstagedrc.json",
    ".lintstagedrc.yaml",
    ".lintstagedrc.yml",
    "lint-staged.config.js",
    "lint-staged.config.mjs",
    "lint-staged.config.cjs",
  ];
  if (names.some((name) => existsSync(join(site.top, name)))) return true;
  const path = join(site.top, "package.json");
  return existsSync(path) && readFileSync(path, "utf8").includes('"lint-staged"');
}
