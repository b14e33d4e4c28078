import { spawnSync } from "node:child_process";
import { KeyguardError } from "../../model/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Asks git something short and gives its output without the last newline, or null where it fails. Not through src/git:
 * its door closes `core.hooksPath`, which is just what is asked for here.
 */
export function askGit(dir: string, env: Environment, ...args: string[]): string | null {
  return askGitWith("", dir, env, ...args);
}

/** The same, with something on git's standard input. */
export function askGitWith(input: string, dir: string, env: Environment, ...args: string[]): string | null {
  const result = spawnSync("git", args, {
    cwd: dir,
    env,
    input,
    encoding: "utf8",
    windowsHide: true,
    maxBuffer: 1 << 28,
  });
  if (result.error) {
    throw new KeyguardError("git", `cannot start git in ${dir}`, {
      hint: "install git 2.25 or newer and see that it is on PATH",
      cause: result.error,
    });
  }
  return result.status === 0 ? result.stdout.replace(/\n$/, "") : null;
}

/** The bytes of the blob that a revision names (`HEAD:path`), or null where there is none. */
export function readBlob(dir: string, revision: string): Buffer | null {
  const result = spawnSync("git", ["cat-file", "blob", revision], { cwd: dir, windowsHide: true, maxBuffer: 1 << 29 });
  return result.status === 0 ? result.stdout : null;
}
