import { existsSync, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isReadThoughIgnored } from "../detectors/credential-file.ts";
import { findRepository, type Repository } from "../git/repository.ts";
import {
  type Environment,
  type GitPlace,
  type GitProcess,
  gitFailure,
  startGit,
  withoutRepository,
} from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import { asBytePath, type BytePath, bytePathOf, fsPath, joinBytePath, readablePath } from "./byte-path.ts";
import { type FileReader, fileReader } from "./read-windows.ts";
import { emptyTally, type Sink, type Tally } from "./sink.ts";
import { walk } from "./walk.ts";
import { codeOf, whyUnread } from "./why-unread.ts";

export interface WorktreeOptions {
  /** Where relative paths start: usually `process.cwd()`. */
  readonly cwd: string;
  /** Files, folders and glob patterns; none means `cwd`. Absolute, or relative to `cwd`. */
  readonly paths?: readonly string[];
  /** What git inherits; `process.env` when absent. */
  readonly env?: Environment;
}

/**
 * Reads a working tree: in a git repository what git tracks, what is untracked and not ignored, and the ignored files
 * that hold credentials by their name, submodules and nested repositories included; elsewhere every file below the
 * paths. A file that is named is read whatever git thinks of it. Links are not followed: what git tracks of a link, its
 * target's name, is the text. `Text.path` is relative to the top of the work tree (outside of a repository: to `cwd`
 * where it lies below it, else absolute).
 *
 * @throws KeyguardError `usage` when a path does not exist, `git` when git is missing or refuses the repository.
 */
export async function readWorktree(options: WorktreeOptions, sink: Sink): Promise<Tally> {
  const tree = new TreeReader(sink);
  const envFor = repositoryEnvironment(options.env ?? process.env, options.cwd);
  const find = repositoryFinder(envFor);
  for (const { folder, files, named } of await findTargets(options)) {
    const repository = await find(folder);
    if (repository === null) {
      await tree.readPlain(folder, files, options.cwd);
      continue;
    }
    const { top } = repository;
    if (top === null) {
      throw new KeyguardError("git", `${folder} has no work tree`, {
        hint: "keyguard scan --history reads what a bare repository holds",
      });
    }
    const scope = asBytePath(slashed(bytePathOf(relative(top, realpathSync(folder)))));
    if (files !== null) {
      await tree.readNamed(top, scope, files);
      continue;
    }
    const place = { dir: folder, env: envFor(folder) };
    const listed = await tree.readRepository(place, top, asBytePath(""), scope);
    // The folder was asked for by name, and git ignores all of it.
    if (listed === 0 && named) await tree.readPlain(folder, null, top);
  }
  tree.tellMissing();
  return tree.tally;
}

/**
 * The environment for a git in a folder. git names the repository to hooks relative to the folder it starts them in,
 * which is the top of the work tree where nothing else is said; elsewhere than in that tree it must look for itself.
 */
function repositoryEnvironment(env: Environment, cwd: string): (folder: string) => Environment {
  if (env.GIT_DIR === undefined) return () => env;
  const top = resolve(cwd, env.GIT_WORK_TREE ?? ".");
  const named = { ...env, GIT_DIR: resolve(cwd, env.GIT_DIR), GIT_WORK_TREE: top };
  return (folder) => (`${folder}${sep}`.startsWith(top + sep) ? named : withoutRepository(env));
}

/**
 * Finds the repositories of folders, and asks git once for many folders of one: pre-commit hooks and shells hand over
 * thousands of names.
 */
function repositoryFinder(envFor: (folder: string) => Environment): (folder: string) => Promise<Repository | null> {
  const known = new Map<string, Repository | null>();
  return async (folder) => {
    for (let dir = folder; ; dir = dirname(dir)) {
      const repository = known.get(dir);
      if (repository !== undefined) return repository;
      // A repository of its own, bare or not, may begin here.
      if (existsSync(join(dir, ".git")) || existsSync(join(dir, "HEAD")) || dirname(dir) === dir) break;
    }
    const repository = await findRepository({ dir: folder, env: envFor(folder) });
    if (repository === null) {
      for (let dir = folder; !known.has(dir); dir = dirname(dir)) known.set(dir, null);
    } else if (repository.top !== null) known.set(repository.top, repository);
    return repository;
  };
}

/** A folder to read: all of it, or only these of its files. */
interface Target {
  readonly folder: string;
  readonly files: string[] | null;
  readonly named: boolean;
}

/** Whether a link ends at something: one that leads to itself is as dangling as one that leads nowhere. */
function leadsSomewhere(link: string): boolean {
  try {
    return statSync(link, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

async function findTargets({ cwd, paths = [] }: WorktreeOptions): Promise<Target[]> {
  if (paths.length === 0) return [{ folder: resolve(cwd), files: null, named: false }];
  const folders = new Map<string, Target>();
  const files = new Map<string, string[]>();
  const add = (full: string, stats: Stats): void => {
    if (stats.isDirectory()) folders.set(full, { folder: full, files: null, named: true });
    else files.set(dirname(full), [...(files.get(dirname(full)) ?? []), basename(full)]);
  };
  for (const path of paths) {
    const full = resolve(cwd, path);
    const stats = lstatSync(full, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() && leadsSomewhere(full)) {
      // A link is followed where a person points at it, and only there.
      const real = realpathSync(full);
      add(real, statSync(real));
    } else if (stats !== undefined) add(full, stats);
    else for (const match of await expandPattern(path, cwd)) add(match, lstatSync(match));
  }
  // Files come first: what is named is read, and not once more with the folder that it lies in.
  const isCovered = (folder: string): boolean => {
    const above = dirname(folder);
    return above !== folder && (folders.has(above) || isCovered(above));
  };
  return [
    ...[...files].map(([folder, names]) => ({ folder, files: names, named: true })),
    ...[...folders.values()].filter(({ folder }) => !isCovered(folder)),
  ];
}

/** Files that match a glob pattern, for shells that don't expand them. */
async function expandPattern(path: string, cwd: string): Promise<string[]> {
  const { default: glob } = await import("fast-glob");
  const pattern = sep === "\\" ? path.replaceAll("\\", "/") : path;
  const matches = glob.isDynamicPattern(pattern)
    ? await glob(pattern, { cwd, absolute: true, dot: true, followSymbolicLinks: false, ignore: ["**/.git/**"] })
    : [];
  if (matches.length === 0) {
    throw new KeyguardError("usage", `${path}: no such file or folder`, {
      hint: "paths are relative to the folder you are in; with none, that folder is scanned",
    });
  }
  return matches.map((match) => resolve(match));
}

/** One line of `git ls-files -s -z`. */
const stagedLine = /^([0-7]{6}) [0-9a-f]+ [0-3]\t([\s\S]+)$/;

class TreeReader {
  readonly tally: Tally = emptyTally();
  readonly #sink: Sink;
  readonly #files: FileReader;
  readonly #unread = new Set<string>();
  /** What was asked for by name and has been read, by its real path. */
  readonly #named = new Set<string>();
  readonly #excludedFolders = new Map<string, boolean>();
  /** Folders by path, whether they lie within their tree for real. */
  readonly #within = new Map<string, boolean>();

  #missing = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#files = fileReader(sink, this.tally);
  }

  /** Files that were asked for by name, in a folder at `scope` below `top`. */
  async readNamed(top: string, scope: BytePath, files: readonly string[]): Promise<void> {
    const root = slashed(bytePathOf(top));
    for (const file of files) {
      const path = asBytePath(scope + bytePathOf(file));
      const pending = this.#readUnknown(root, path, asBytePath(""), "named");
      if (pending !== undefined) await pending;
    }
  }

  /** All files below a folder that is in no repository; paths are told relative to `base` where that is possible. */
  async readPlain(folder: string, files: readonly string[] | null, base: string): Promise<void> {
    const near = relative(base, folder);
    const outside = near.startsWith("..") || isAbsolute(near);
    const prefix = slashed(bytePathOf(outside ? folder : near));
    const root = slashed(bytePathOf(outside ? "" : base));
    if (files !== null) {
      for (const file of files)
        await this.#readUnknown(root, asBytePath(prefix + bytePathOf(file)), asBytePath(""), "named");
      return;
    }
    const walked = walk(bytePathOf(folder), prefix, {
      skipInstalled: false,
      skipRepositories: false,
      excluded: (path) => this.#isExcluded(path),
      onUnread: (path, why) => this.#tellUnread(path, why),
    });
    for (const link of walked.links) await this.#readLink(root, link, asBytePath(""));
    for (const [index, file] of walked.files.entries()) {
      const pending = this.#read(root, file, asBytePath(""));
      if (pending !== undefined) await pending;
      if (index % 512 === 511) await this.#pause();
    }
  }

  /**
   * The work tree that has its top at `top` and is told with `prefix`, as far as it lies below `place`, whose path from
   * the top is `scope`. Returns how many paths git lists.
   */
  async readRepository(place: GitPlace, top: string, prefix: BytePath, scope: BytePath): Promise<number> {
    // Two gits, because one alone lists what is tracked only after it has looked for what is not.
    const tracked = startGit(place, ["ls-files", "-z", "--full-name", "--stage"]);
    const untracked = startGit(place, ["ls-files", "-z", "--full-name", "--others", "--exclude-standard"]);
    try {
      return await this.#readListed(tracked, untracked, place, top, prefix, scope);
    } finally {
      // Whoever stops in the middle must not leave a git behind that waits for a reader.
      tracked.child.kill();
      untracked.child.kill();
    }
  }

  async #readListed(
    tracked: GitProcess,
    untracked: GitProcess,
    place: GitPlace,
    top: string,
    prefix: BytePath,
    scope: BytePath,
  ): Promise<number> {
    const root = slashed(bytePathOf(top));
    tracked.stdin.end();
    untracked.stdin.end();
    // Node throws away what a child wrote that ends before anyone listens; this listener keeps it.
    untracked.stdout.on("readable", () => {});
    // While they start, our own walk tells what git is silent about: FIFOs and their like, folders that cannot be read,
    // and, once git's lists are taken away, the ignored files. It also saves asking what kind each file is of.
    const walked = walk(asBytePath(root + scope), scope, {
      skipInstalled: true,
      skipRepositories: true,
      excluded: (path) => this.#isExcluded(readablePath(prefix) + path),
      onUnread: (path, why) => this.#tellUnread(readablePath(prefix) + path, why),
    });
    const known = new Set<BytePath>(walked.files);
    const nested: { path: BytePath; submodule: boolean }[] = [];
    let listed = 0;
    let before = "";

    const readListed = (path: BytePath, by: "tracked" | "untracked"): void | Promise<void> => {
      if (known.delete(path)) return this.#read(root, path, prefix);
      return this.#readUnknown(root, path, prefix, by);
    };
    const takeTracked = (line: string): void | Promise<void> => {
      const fields = stagedLine.exec(line);
      if (fields === null) throw new KeyguardError("git", "git ls-files wrote what keyguard does not understand");
      const path = asBytePath(fields[2]!);
      listed++;
      // A file in conflict stands there up to three times.
      if (path === before) return;
      before = path;
      if (fields[1] === "160000") nested.push({ path, submodule: true });
      else return readListed(path, "tracked");
    };
    const takeUntracked = (line: string): void | Promise<void> => {
      listed++;
      const path = asBytePath(line);
      if (path.endsWith("/")) nested.push({ path: asBytePath(path.slice(0, -1)), submodule: false });
      else return readListed(path, "untracked");
    };
    await this.#eachName(tracked, takeTracked);
    await this.#eachName(untracked, takeUntracked);
    for (const [git, name] of [
      [tracked, "ls-files"],
      [untracked, "ls-files --others"],
    ] as const) {
      const end = await git.ended;
      if (end.status !== 0) throw gitFailure([name], end);
    }
    for (const path of known) {
      if (!isReadThoughIgnored(path)) continue;
      const pending = this.#read(root, path, prefix);
      if (pending !== undefined) await pending;
    }
    for (const { path, submodule } of nested) await this.#readNested(place.env, root, path, prefix, submodule);
    return listed;
  }

  /** Calls `take` with each NUL-terminated name that git writes; others get their turn between two chunks. */
  async #eachName(git: GitProcess, take: (name: string) => void | Promise<void>): Promise<void> {
    let rest = "";
    for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
      const names = (rest + chunk.toString("latin1")).split("\0");
      rest = names.pop()!;
      for (const name of names) {
        const pending = take(name);
        if (pending !== undefined) await pending;
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    this.#sink.onProgress?.(this.tally);
    await new Promise(setImmediate);
  }

  /** A submodule, or a repository that lies in this one: it has an index and ignored files of its own. */
  async #readNested(
    env: Environment,
    root: BytePath,
    path: BytePath,
    prefix: BytePath,
    submodule: boolean,
  ): Promise<void> {
    const name = readablePath(prefix) + readablePath(path);
    if (this.#isExcluded(`${name}/`)) return;
    const folder = joinBytePath(root, path);
    if (lstatSync(fsPath(joinBytePath(folder, asBytePath(".git"))), { throwIfNoEntry: false }) === undefined) {
      this.#tellUnread(name, submodule ? "the submodule is not fetched: git submodule update --init" : "not readable");
      return;
    }
    if (!this.#liesWithin(root, path)) {
      this.#tellUnread(name, "a symbolic link leads out of the tree");
      return;
    }
    const within = { dir: readablePath(folder), env: withoutRepository(env) };
    try {
      const repository = await findRepository(within);
      // Without this, a broken `.git` would make git look upwards, and we would read the outer one again and again.
      if (repository?.top == null || repository.top !== realpathSync(within.dir)) {
        this.#tellUnread(name, "its .git names no repository");
        return;
      }
      await this.readRepository(within, repository.top, asBytePath(`${prefix}${path}/`), asBytePath(""));
    } catch (error) {
      if (!(error instanceof KeyguardError)) throw error;
      this.#tellUnread(name, error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
    }
  }

  /** Says how many files git tracks that are not there to be read; no failure, since the working tree has none such. */
  tellMissing(): void {
    if (this.#missing === 0) return;
    const [files, are] = this.#missing === 1 ? ["file", "is"] : ["files", "are"];
    const number = this.#missing.toLocaleString("en-US");
    this.tally.notes.push(`${number} tracked ${files} ${are} not in the working tree, and ${are} not read`);
  }

  /** A path of which only the name is known yet, and who told it. */
  #readUnknown(
    root: BytePath,
    path: BytePath,
    prefix: BytePath,
    by: "named" | "tracked" | "untracked",
  ): void | Promise<void> {
    const name = readablePath(prefix) + readablePath(path);
    let stats: Stats | undefined;
    try {
      stats = lstatSync(fsPath(asBytePath(root + path)), { throwIfNoEntry: false });
    } catch (error) {
      if (!this.#isExcluded(name)) this.#tellUnread(name, whyUnread(error));
      return;
    }
    if (stats === undefined) {
      // Tracked and deleted (or left out by a sparse checkout): the working tree has no such file.
      if (by === "named") this.#tellUnread(name, "no such file");
      else if (by === "tracked" && !this.#isExcluded(name)) this.#missing++;
      return;
    }
    if (stats.isDirectory()) return;
    const cut = path.lastIndexOf("/");
    if (cut >= 0 && !this.#liesWithin(root, asBytePath(path.slice(0, cut)))) {
      // Git would not look through that link either: for it, the file is deleted.
      if (by === "tracked" && !this.#isExcluded(name)) this.#missing++;
      return;
    }
    if (stats.isSymbolicLink()) return this.#readLink(root, path, prefix);
    if (stats.isFile()) {
      const pending = this.#read(root, path, prefix);
      if (by === "named") this.#named.add(root + path);
      return pending;
    }
    if (!this.#isExcluded(name)) this.#tellUnread(name, "not a regular file");
  }

  #read(root: BytePath, path: BytePath, prefix: BytePath): void | Promise<void> {
    const name = readablePath(prefix) + readablePath(path);
    if (this.#isExcluded(name) || (this.#named.size > 0 && this.#named.has(root + path))) return;
    try {
      const pending = this.#files.read(fsPath(asBytePath(root + path)), name);
      if (pending instanceof Promise) return pending.catch((error: unknown) => this.#readFailed(name, error));
    } catch (error) {
      this.#readFailed(name, error);
    }
  }

  #readFailed(name: string, error: unknown): void {
    // What the sink throws is no read error, and a file that went away meanwhile holds nothing.
    if (error instanceof KeyguardError || !(error instanceof Error && "syscall" in error)) throw error;
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ENOTDIR") this.#tellUnread(name, whyUnread(error));
  }

  /** What git keeps of a symbolic link is the name of its target. */
  #readLink(root: BytePath, path: BytePath, prefix: BytePath): void | Promise<void> {
    const name = readablePath(prefix) + readablePath(path);
    if (this.#isExcluded(name)) return;
    let bytes: Buffer;
    try {
      bytes = readlinkSync(fsPath(asBytePath(root + path)), { encoding: "buffer" });
    } catch (error) {
      this.#readFailed(name, error);
      return;
    }
    this.tally.texts++;
    this.tally.bytes += bytes.length;
    if (this.#sink.prefilter?.test(bytes, name) === false) return;
    return this.#sink.onText({ id: name, path: name, bytes, fresh: "all", origin: { kind: "file", path: name } });
  }

  #isExcluded(path: string): boolean {
    const { excluded } = this.#sink;
    if (excluded === undefined) return false;
    const cut = path.lastIndexOf("/", path.length - 2);
    // The root of the file system has no folder above it.
    if (cut >= 0 && cut + 1 < path.length) {
      const folder = path.slice(0, cut + 1);
      let inside = this.#excludedFolders.get(folder);
      if (inside === undefined) {
        inside = this.#isExcluded(folder);
        this.#excludedFolders.set(folder, inside);
      }
      if (inside) return true;
    }
    return excluded(path);
  }

  /** Whether a folder of the tree is a folder of the tree, and not one elsewhere that a link on the way leads to. */
  #liesWithin(root: BytePath, folder: BytePath): boolean {
    const full = asBytePath(root + folder);
    let within = this.#within.get(full);
    if (within === undefined) {
      const realRoot = slashed(asBytePath(realpathSync(fsPath(root), { encoding: "buffer" }).toString("latin1")));
      const real = realpathSync(fsPath(full), { encoding: "buffer" }).toString("latin1");
      within = real.startsWith(realRoot) || `${real}/` === realRoot;
      this.#within.set(full, within);
    }
    return within;
  }

  #tellUnread(path: string, why: string): void {
    if (this.#unread.has(path)) return;
    this.#unread.add(path);
    this.#sink.onUnread(path, why);
  }
}

function slashed(path: BytePath): BytePath {
  const forward = sep === "\\" ? path.replaceAll("\\", "/") : path;
  return asBytePath(forward === "" || forward.endsWith("/") ? forward : `${forward}/`);
}
