import { spawnSync } from "node:child_process";
import { KeyguardError } from "../../model/errors.ts";

/**
 * Asks git something short and gives its output without the last newline, or null where it fails. Not through src/git:
 * its door closes `core.hooksPath`, which is just what is asked for here.
 */
export function askGit(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  ...args: string[]
): string | null {
  const result = spawnSync("git", args, { cwd: dir, env, encoding: "utf8", windowsHide: true, maxBuffer: 1 << 26 });
  if (result.error) {
    throw new KeyguardError("git", `cannot start git in ${dir}`, {
      hint: "install git 2.25 or newer and see that it is on PATH",
      cause: result.error,
    });
  }
  return result.status === 0 ? result.stdout.replace(/\n$/, "") : null;
}
