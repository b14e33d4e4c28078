import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { KeyguardError } from "../../model/errors.ts";
import { askGit } from "./ask-git.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** keyguard itself, as an installed hook names it. */
export interface Package {
  /** The folder that holds dist and hooks. */
  readonly home: string;
  /** The node that runs this. */
  readonly node: string;
  readonly version: string;
  /** A grep that finds every pattern of dist/literals.grep, or null where the one on PATH does not. */
  readonly grep: string | null;
}

/** The repository in which hooks are installed. Paths are absolute. */
export interface Site {
  /** Top of the work tree, or the bare repository itself. */
  readonly top: string;
  readonly bare: boolean;
  readonly gitDir: string;
  readonly commonDir: string;
  /** The folder in which git looks for hooks. */
  readonly hooksDir: string;
  /** `core.hooksPath` and the file that sets it, where it is set. */
  readonly hooksPath: { readonly value: string; readonly scope: string } | null;
  readonly env: Environment;
  readonly keyguard: Package;
}

/** Where keyguard's package is: the nearest folder above this file that has its package.json. */
export function findPackage(): Package {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const file = join(dir, "package.json");
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
      if (name === "keyguard") return { home: dir, node: process.execPath, version: version ?? "", grep: null };
    }
    if (dir === dirname(dir)) throw new KeyguardError("io", "keyguard cannot find its own package.json");
  }
}

/** @throws KeyguardError `git` outside of a repository. */
export function findSite(cwd: string, env: Environment, keyguard: Package): Site {
  const ask = (...args: string[]) => askGit(cwd, env, ...args);
  const gitDir = ask("rev-parse", "--absolute-git-dir");
  if (gitDir === null) {
    throw new KeyguardError("git", `${cwd} is in no git repository`, {
      hint: "go to one, or use --global for all repositories of this user",
    });
  }
  const bare = ask("rev-parse", "--is-bare-repository") === "true";
  const top = bare ? gitDir : ask("rev-parse", "--show-toplevel");
  if (top === null || top === "") {
    throw new KeyguardError("git", `${cwd} is inside of .git`, { hint: "go to the work tree" });
  }
  const commonDir = resolve(cwd, ask("rev-parse", "--git-common-dir") ?? gitDir);
  // Relative to where it is asked; `core.hooksPath` is relative to where hooks run, which is the top.
  const hooksDir = resolve(top, askGit(top, env, "rev-parse", "--git-path", "hooks") ?? join(commonDir, "hooks"));
  return { top, bare, gitDir, commonDir, hooksDir, hooksPath: hooksPathOf(top, env), env, keyguard };
}

function hooksPathOf(dir: string, env: Environment): Site["hooksPath"] {
  const line = askGit(dir, env, "config", "--show-scope", "--get", "core.hooksPath");
  if (line === null) return null;
  const tab = line.indexOf("\t");
  return { scope: line.slice(0, tab), value: line.slice(tab + 1) };
}

/** Whether `path` lies in `folder`, or is it. */
export function liesIn(path: string, folder: string): boolean {
  const way = relative(real(folder), real(path));
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The person's home, by the environment that git goes by. */
export function homeOf(env: Environment): string {
  return env.HOME ?? env.USERPROFILE ?? homedir();
}

/** Where keyguard keeps the hooks of `--global`. */
export function globalHooksDir(env: Environment): string {
  return join(env.XDG_CONFIG_HOME || join(homeOf(env), ".config"), "keyguard", "hooks");
}
