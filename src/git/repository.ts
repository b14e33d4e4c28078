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

/**
 * The repository that `dir` is in, or null where there is none.
 *
 * @throws KeyguardError `git` when git is missing, too old, or refuses the repository (`safe.directory`).
 */
export async function findRepository(_dir: string): Promise<Repository | null> {
  throw new Error("not written yet");
}
