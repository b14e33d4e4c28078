import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface RepoOptions {
  readonly bare?: boolean;
  /** SHA-256 instead of SHA-1 object ids. */
  readonly sha256?: boolean;
  /** Repository configuration, as `git config` takes it. */
  readonly config?: Readonly<Record<string, string>>;
  /** Files to commit at once, path → content. Without it the repository has no commit. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** A real repository in a temporary folder. No configuration of the machine or of the person reaches it. */
export interface TempRepo {
  readonly dir: string;
  /** An environment for whatever runs in it: isolated HOME and configuration, fixed author and clock zone. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs git in `dir` and gives its standard output without the last newline; throws with git's own words. */
  git(...args: string[]): string;
  /** The same, with standard input and as bytes. */
  gitWith(input: string | Uint8Array, ...args: string[]): Buffer;
  /** Runs git and gives its exit status and both outputs, for what is meant to fail. */
  tryGit(...args: string[]): { status: number | null; stdout: string; stderr: string };
  /** Writes a file, and the folders it needs. Returns its absolute path. */
  write(path: string, content: string | Uint8Array): string;
  remove(path: string): void;
  /** `git add` of the paths; of everything when none is named. */
  stage(...paths: string[]): void;
  /** Stages everything and commits it. Returns the commit id. Each commit is a minute after the one before. */
  commit(message?: string, options?: { stage?: boolean; args?: readonly string[] }): string;
  /** Another work tree of this repository on a new branch. */
  worktree(branch?: string): TempRepo;
  /** Commits `other` as a submodule at `path`. */
  submodule(other: TempRepo, path: string): TempRepo;
  /** A clone in a folder of its own. `file://` is used, so that `--depth` and `--filter` do what they say. */
  clone(...args: string[]): TempRepo;
  /** Removes it, and every work tree and clone that was made from it. */
  cleanup(): void;
}

/** What git must be told to be as alone as the tests want it. */
function isolated(home: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (
      !name.startsWith("GIT_") &&
      !name.startsWith("npm_") &&
      name !== "NODE_OPTIONS" &&
      name !== "NODE_EXTRA_CA_CERTS"
    ) {
      env[name] = value;
    }
  }
  return {
    ...env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Ada Author",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_COMMITTER_NAME: "Cleo Committer",
    GIT_COMMITTER_EMAIL: "cleo@example.org",
    LC_ALL: "C",
    TZ: "UTC",
    NO_COLOR: "1",
  };
}

const globalConfig = `[init]
\tdefaultBranch = main
[user]
\tname = Ada Author
\temail = ada@example.org
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol "file"]
\tallow = always
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[advice]
\tdetachedHead = false
`;

/** An empty temporary folder, with the means to remove it whatever its permissions have become. */
export function makeFolder(name = "keyguard-"): { dir: string; cleanup(): void } {
  const dir = mkdtempSync(join(tmpdir(), name));
  return { dir, cleanup: () => removeFolder(dir) };
}

function removeFolder(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // A test may have taken the permissions away from a folder: give them back and try again.
    execFileSync("chmod", ["-R", "u+rwX", dir]);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Makes a repository; call `cleanup()` (or use `onTestFinished(repo.cleanup)`). */
export function makeRepo(options: RepoOptions = {}): TempRepo {
  const root = mkdtempSync(join(tmpdir(), "keyguard-repo-"));
  const home = join(root, "home");
  mkdirSync(home);
  writeFileSync(join(home, ".gitconfig"), globalConfig);
  const dir = join(root, "repo");
  mkdirSync(dir);
  const clock = { minutes: 0 };
  const repo = at(dir, root, isolated(home), clock);
  repo.git("init", "-q", ...(options.bare ? ["--bare"] : []), ...(options.sha256 ? ["--object-format=sha256"] : []));
  for (const [key, value] of Object.entries(options.config ?? {})) repo.git("config", key, value);
  if (options.files !== undefined) {
    for (const [path, content] of Object.entries(options.files)) repo.write(path, content);
    repo.commit("first");
  }
  return repo;
}

function at(dir: string, root: string, env: NodeJS.ProcessEnv, clock: { minutes: number }): TempRepo {
  let siblings = 0;
  const run = (args: readonly string[], input?: string | Uint8Array) =>
    spawnSync("git", args, { cwd: dir, env, input, maxBuffer: 2 ** 30 });

  const demand = (args: readonly string[], input?: string | Uint8Array): Buffer => {
    const result = run(args, input);
    if (result.error) throw result.error;
    if (result.status !== 0) throw new Error(`git ${args.join(" ")}: exit ${result.status}: ${result.stderr}`);
    return result.stdout;
  };

  const repo: TempRepo = {
    dir,
    env,
    git: (...args) => demand(args).toString("utf8").replace(/\n$/, ""),
    gitWith: (input, ...args) => demand(args, input),
    tryGit: (...args) => {
      const result = run(args);
      return { status: result.status, stdout: String(result.stdout), stderr: String(result.stderr) };
    },
    write: (path, content) => {
      const full = join(dir, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, content);
      return full;
    },
    remove: (path) => rmSync(join(dir, path), { recursive: true, force: true }),
    stage: (...paths) => {
      demand(["add", ...(paths.length > 0 ? ["--", ...paths] : ["-A"])]);
    },
    commit: (message = "a commit", { stage = true, args = [] } = {}) => {
      if (stage) demand(["add", "-A"]);
      const date = `${1_770_000_000 + 60 * clock.minutes++} +0200`;
      const result = spawnSync("git", ["commit", "-q", "--allow-empty", "-m", message, ...args], {
        cwd: dir,
        env: { ...env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      });
      if (result.status !== 0) throw new Error(`git commit: exit ${result.status}: ${result.stderr}`);
      return repo.git("rev-parse", "HEAD");
    },
    worktree: (branch = `tree-${siblings}`) => {
      const path = join(root, `worktree-${siblings++}-${branch.replaceAll("/", "-")}`);
      demand(["worktree", "add", "-q", "-b", branch, path]);
      return at(path, root, env, clock);
    },
    submodule: (other, path) => {
      demand(["submodule", "--quiet", "add", `file://${other.dir}`, path]);
      repo.commit(`add submodule ${path}`);
      return at(join(dir, path), root, env, clock);
    },
    clone: (...args) => {
      const path = join(root, `clone-${siblings++}`);
      demand(["clone", "-q", ...args, `file://${dir}`, path]);
      return at(path, root, env, clock);
    },
    cleanup: () => removeFolder(root),
  };
  return repo;
}

/** Makes a file unreadable for its owner; returns false where that has no effect (root, some file systems). */
export function takeReadPermission(path: string): boolean {
  chmodSync(path, 0o000);
  return process.getuid?.() !== 0;
}
