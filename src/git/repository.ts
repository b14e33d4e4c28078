import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { type GitPlace, gitFailure, tryGit } from "./spawn-git.ts";

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

const questions = [
  "--is-bare-repository",
  "--is-shallow-repository",
  "--show-object-format",
  // Paths may hold newlines: a known word stands between each two.
  "--absolute-git-dir",
  "--is-bare-repository",
  "--git-common-dir",
  "--is-bare-repository",
  // Last, because git gives up here where there is no work tree.
  "--show-toplevel",
];
const answers = /^(true|false)\n(true|false)\n(sha1|sha256)\n([\s\S]+?)\n\1\n([\s\S]+?)\n\1\n(?:([\s\S]+)\n)?$/;

/**
 * The repository that the place is in, or null where there is none.
 *
 * @throws KeyguardError `git` when git is missing, too old, or refuses the repository (`safe.directory`).
 */
export async function findRepository(place: GitPlace): Promise<Repository | null> {
  const args = ["rev-parse", ...questions];
  const output = await tryGit(place, args);
  const found = answers.exec(output.stdout.toString("utf8"));
  if (found === null || (output.status !== 0 && !/must be run in a work tree/.test(output.stderr))) {
    if (/not a git repository/.test(output.stderr) && !/safe\.directory|ownership|unsafe/.test(output.stderr))
      return null;
    throw gitFailure(args, output);
  }
  const [, bare, shallow, format, gitDir, commonDir, top] = found;
  return {
    top: bare === "true" || top === undefined || output.status !== 0 ? null : resolve(top),
    gitDir: resolve(gitDir!),
    // Relative to where git ran, whose own path may lead through a link.
    commonDir: resolve(realpathSync(place.dir), commonDir!),
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    shallow: shallow === "true",
  };
}
