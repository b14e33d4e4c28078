import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeWhole } from "../../config/write-whole.ts";
import { KeyguardError } from "../../model/errors.ts";
import { type HookName, isHookName } from "../hook-name.ts";
import { askGit } from "./ask-git.ts";
import { globalScript, isOwnScript, passingScript } from "./script.ts";
import { type Environment, globalHooksDir, type Package } from "./site.ts";
import type { Change, Outcome } from "./way.ts";

/** Every hook that git runs on a person's machine: githooks(5). A folder of hooks replaces all of them at once. */
const clientHooks = [
  "applypatch-msg",
  "pre-applypatch",
  "post-applypatch",
  "pre-commit",
  "pre-merge-commit",
  "prepare-commit-msg",
  "commit-msg",
  "post-commit",
  "pre-rebase",
  "post-checkout",
  "post-merge",
  "pre-push",
  "post-rewrite",
  "pre-auto-gc",
  "post-index-change",
  "sendemail-validate",
  "fsmonitor-watchman",
  "reference-transaction",
  "push-to-checkout",
  "pre-receive",
  "update",
  "proc-receive",
  "post-receive",
  "post-update",
];

/** Where the value that core.hooksPath had before is kept, so that uninstalling brings it back. */
const previousKey = "keyguard.previousHooksPath";

/**
 * Guards every repository of this user: core.hooksPath names a folder of keyguard's. Not init.templateDir, which copies
 * hooks into repositories made from then on, never updates them, and does nothing for those that are there.
 */
export function installGlobally(env: Environment, keyguard: Package, hooks: readonly HookName[]): Outcome {
  const folder = globalHooksDir(env);
  const current = setting(env, "core.hooksPath");
  const previous = current === folder ? setting(env, previousKey) : current;
  if (existsSync(folder)) demandOwn(folder);
  mkdirSync(folder, { recursive: true });
  const changes: Change[] = [];
  for (const hook of clientHooks) {
    const passes = previous === null || existsSync(join(expand(previous), hook));
    const path = join(folder, hook);
    if (isHookName(hook) && hooks.includes(hook)) {
      writeWhole(path, globalScript(hook, keyguard, previous === null ? null : expand(previous)), { mode: 0o755 });
      changes.push({ path, what: "wrote" });
    } else if (passes && !notPassedOn.has(hook)) {
      writeWhole(path, passingScript(hook, previous === null ? null : expand(previous)), { mode: 0o755 });
    } else {
      rmSync(path, { force: true });
      continue;
    }
    chmodSync(path, 0o755);
  }
  if (previous !== null) set(env, previousKey, previous);
  set(env, "core.hooksPath", folder);
  changes.push({ path: folder, what: "core.hooksPath of your git configuration is now" });
  return {
    changes,
    notes: [
      previous === null
        ? "every repository of yours is guarded, and its own .git/hooks still run: keyguard's folder passes them on"
        : `every repository of yours is guarded; the hooks in ${previous}, which core.hooksPath named before, still run`,
      "a repository with a core.hooksPath of its own (husky sets one) goes by that: run keyguard hook install there",
    ],
  };
}

/**
 * Hooks that git calls many times in one command, or speaks a protocol with, so that a shell in between would cost more
 * than they are used; and push-to-checkout, whose mere presence changes what git does.
 */
const notPassedOn = new Set([
  "fsmonitor-watchman",
  "reference-transaction",
  "proc-receive",
  "post-index-change",
  "push-to-checkout",
]);

export function uninstallGlobally(env: Environment): Outcome {
  const folder = globalHooksDir(env);
  const changes: Change[] = [];
  if (setting(env, "core.hooksPath") === folder) {
    const previous = setting(env, previousKey);
    if (previous === null) unset(env, "core.hooksPath");
    else set(env, "core.hooksPath", previous);
    changes.push({
      path: previous ?? "unset",
      what: "core.hooksPath of your git configuration is now",
    });
  }
  if (setting(env, previousKey) !== null) unset(env, previousKey);
  if (existsSync(folder)) {
    demandOwn(folder);
    rmSync(folder, { recursive: true });
    changes.push({ path: folder, what: "removed" });
  }
  return { changes, notes: [] };
}

/** The hooks of keyguard's global folder, if git goes by it. */
export function installedGlobally(env: Environment): readonly HookName[] {
  const folder = globalHooksDir(env);
  if (setting(env, "core.hooksPath") !== folder || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(isHookName)
    .filter((hook) => readFileSync(join(folder, hook), "latin1").includes("keyguard_home="));
}

/** Refuses to touch a folder in which someone else has put a file. */
function demandOwn(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (isOwnScript(readFileSync(join(folder, name), "latin1"))) continue;
    throw new KeyguardError("config", `${join(folder, name)} is not keyguard's`, { hint: "move it elsewhere first" });
  }
}

function expand(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir());
}

function setting(env: Environment, key: string): string | null {
  return askGit(".", env, "config", "--global", "--get", key);
}

function set(env: Environment, key: string, value: string): void {
  if (askGit(".", env, "config", "--global", key, value) !== null) return;
  throw new KeyguardError("git", `git could not set ${key} in your global configuration`, {
    hint: "see git config --global --edit",
  });
}

function unset(env: Environment, key: string): void {
  askGit(".", env, "config", "--global", "--unset-all", key);
}
