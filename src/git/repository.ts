import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type GitOutput, type GitPlace, gitFailure, tryGit } from "./spawn-git.ts";

/** What keyguard knows of a repository before it reads it. Paths are absolute, without a `/` at the end. */
export interface Repository {
  /** Top of the work tree; null in a bare repository and inside `.git`. */
  readonly top: string | null;
  /** `.git`, or the folder of this work tree in it. */
  readonly gitDir: string;
  /** What all work trees share: objects, refs, configuration. Equals `gitDir` outside of linked work trees. */
  readonly commonDir: string;
  readonly objectFormat: "sha1" | "sha256";
  readonly shallow: boolean;
}

/** Each answer is one line that holds no path, but for the last one: paths may hold newlines. */
const questions = [
  "--is-bare-repository",
  "--is-inside-work-tree",
  "--is-shallow-repository",
  "--show-object-format",
  "--show-cdup",
  "--absolute-git-dir",
];
const answers = /^(true|false)\n(true|false)\n(true|false)\n(sha1|sha256)\n([\s\S]+)\n$/;

/**
 * The repository that the place is in, or null where there is none.
 *
 * @throws KeyguardError `git` when git is missing, too old, or refuses the repository (`safe.directory`).
 */
export async function findRepository(place: GitPlace): Promise<Repository | null> {
  const args = ["rev-parse", ...questions];
  let output: GitOutput;
  try {
    output = await tryGit(place, args);
  } catch (error) {
    // Without git, a folder that no `.git` lies above can be read all the same.
    if (isBelowRepository(place.dir)) throw error;
    return null;
  }
  const found = answers.exec(output.stdout.toString("utf8"));
  if (found === null || output.status !== 0) {
    if (/not a git repository/.test(output.stderr)) return null;
    throw gitFailure(args, output);
  }
  const [, bare, inside, shallow, format, paths] = found;
  // How far up the top is; not answered outside of a work tree, where git names one that it knows of instead.
  const up = inside === "true" ? /^((?:\.\.\/)*)\n/.exec(paths!) : null;
  const gitDir = resolve(up === null ? paths!.slice(paths!.lastIndexOf("\n/") + 1) : paths!.slice(up[0].length));
  return {
    top: bare === "true" || up === null ? null : resolve(realpathSync(place.dir), up[1]!),
    gitDir,
    commonDir: commonDirOf(gitDir),
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    shallow: shallow === "true",
  };
}

/** A linked work tree's folder names the shared one in a file. See gitrepository-layout(5). */
function commonDirOf(gitDir: string): string {
  try {
    return resolve(gitDir, readFileSync(join(gitDir, "commondir"), "utf8").replace(/\n$/, ""));
  } catch {
    return gitDir;
  }
}

function isBelowRepository(dir: string): boolean {
  if (lstatSync(join(dir, ".git"), { throwIfNoEntry: false }) !== undefined) return true;
  return dirname(dir) !== dir && isBelowRepository(dirname(dir));
}
