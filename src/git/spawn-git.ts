import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { KeyguardError } from "../model/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings that go before every git command. A scanned repository may be hostile, and its `.git/config` (a tarball, a
 * shared folder, a submodule) can name programs to run: each of these takes one such way away. What has no setting is
 * closed by flags where the command is spelled (`--no-ext-diff`, `--no-textconv`), by the environment below, or by
 * never asking git to compare the working tree, which is what runs clean filters.
 */
export const safeSettings: readonly string[] = [
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.hooksPath=/dev/null",
  "core.pager=cat",
  "core.sshCommand=false",
  "core.gitProxy=",
  "core.askPass=",
  "core.editor=false",
  "core.alternateRefsCommand=false",
  "credential.helper=",
  "diff.external=",
  "gpg.program=false",
  "gpg.ssh.program=false",
  "gpg.x509.program=false",
  "log.showSignature=false",
  "submodule.recurse=false",
  "protocol.allow=never",
  "maintenance.auto=false",
  "gc.auto=0",
  // Paths come back as they are, and a huge index is not rewritten behind the person's back.
  "core.quotePath=false",
  "core.splitIndex=false",
];

/** Variables that git and the operating system need. Everything else (AWS keys, tokens of CI) stays with us. */
const passedOn = new Set(
  [
    "PATH PATHEXT SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) APPDATA LOCALAPPDATA",
    "HOME HOMEDRIVE HOMEPATH USERPROFILE USER USERNAME LOGNAME SUDO_UID XDG_CONFIG_HOME TMPDIR TMP TEMP MSYSTEM",
    "LD_LIBRARY_PATH LD_PRELOAD DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH",
    // Where the repository is and which index is meant: `git commit -a` and `git commit <path>` run hooks with an index
    // of their own, `git push` with objects in quarantine. A tool that drops these looks at the wrong thing.
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH GIT_NAMESPACE GIT_CEILING_DIRECTORIES GIT_DISCOVERY_ACROSS_FILESYSTEM GIT_EXEC_PATH",
    "GIT_SHALLOW_FILE GIT_DEFAULT_HASH",
    // The person's own configuration, `safe.directory` above all.
    "GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_NOSYSTEM GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT",
  ].flatMap((names) => names.split(" ")),
);

/** Those of them that tie git to one repository; they must not reach a command that looks into another one. */
const tied = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_COMMON_DIR",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_QUARANTINE_PATH",
  "GIT_NAMESPACE",
  "GIT_SHALLOW_FILE",
];

/** The environment of every git that keyguard starts. */
export function gitEnvironment(env: Environment): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (passedOn.has(name.toUpperCase()) || /^GIT_CONFIG_(KEY|VALUE)_[0-9]+$/.test(name)) passed[name] = value;
  }
  return {
    ...passed,
    // Messages are read by us, not by a person.
    LC_ALL: "C",
    LANGUAGE: "C",
    // Looking must not write the index, ask anything, or reach a network: an object that is not here is said to be
    // missing. GIT_NO_LAZY_FETCH is too new for some gits; with no protocol allowed, their fetch fails as well.
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "none",
    GIT_PAGER: "cat",
    // A replacement or a graft shows other objects than the ones that are pushed.
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_GRAFT_FILE: "/dev/null",
  };
}

/** The same environment for a git that looks into another repository than the one keyguard was called in. */
export function withoutRepository(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !tied.includes(name)));
}

/** Where and how a git command runs. */
export interface GitPlace {
  readonly dir: string;
  /** Usually `process.env`; only what git needs of it is handed on. */
  readonly env: Environment;
}

export interface GitEnd {
  readonly status: number;
  /** The first 64 KiB. */
  readonly stderr: string;
}

export interface GitProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles when git has ended and its output has been read. Rejects only when git cannot be started. */
  readonly ended: Promise<GitEnd>;
}

/** Starts git with safe settings. The caller reads `stdout` and looks at `ended`. */
export function startGit(place: GitPlace, args: readonly string[]): GitProcess {
  const settings = safeSettings.flatMap((setting) => ["-c", setting]);
  const child = spawn("git", ["--no-pager", ...settings, ...args], {
    cwd: place.dir,
    env: gitEnvironment(place.env),
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  // A git that ends early closes its input: its exit status tells, not the broken pipe.
  child.stdin.on("error", () => {});
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (stderr.length < 65536) stderr += chunk.toString("utf8");
  });
  const ended = new Promise<GitEnd>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => reject(gitMissing(error, place.dir)));
    child.on("close", (status, signal) => {
      resolve({ status: status ?? 128, stderr: signal === null ? stderr : `${stderr}ended by ${signal}` });
    });
  });
  // Who does not look at `ended` must not end the whole program by it.
  ended.catch(() => {});
  return { child, stdin: child.stdin, stdout: child.stdout, ended };
}

export interface GitOutput extends GitEnd {
  readonly stdout: Buffer;
}

/** Runs git to its end and gives all that it wrote, whatever its exit status. For short outputs. */
export async function tryGit(place: GitPlace, args: readonly string[], input = ""): Promise<GitOutput> {
  const git = startGit(place, args);
  const chunks: Buffer[] = [];
  git.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  git.stdin.end(input);
  const end = await git.ended;
  return { ...end, stdout: Buffer.concat(chunks) };
}

/** The same, and a failure is an error. */
export async function runGit(place: GitPlace, args: readonly string[], input = ""): Promise<Buffer> {
  const output = await tryGit(place, args, input);
  if (output.status !== 0) throw gitFailure(args, output);
  return output.stdout;
}

function gitMissing(error: NodeJS.ErrnoException, dir: string): KeyguardError {
  if (error.code === "ENOENT") {
    // Node says ENOENT for a missing working directory as well.
    return new KeyguardError("git", `cannot start git in ${dir}`, {
      hint: "install git 2.25 or newer and see that it is on PATH",
      cause: error,
    });
  }
  return new KeyguardError("git", `cannot start git: ${error.message}`, { cause: error });
}

/** Turns what git said into an error with a next step. */
export function gitFailure(args: readonly string[], end: GitEnd): KeyguardError {
  const said = end.stderr.trim();
  const line = said.split("\n").find((part) => /^(fatal|error): /.test(part)) ?? said.split("\n")[0] ?? "";
  const words = line.replace(/^(fatal|error): /, "");
  const owned = /(?:dubious ownership in repository at|unsafe repository \() ?'([^']*)'/.exec(said);
  if (owned !== null) {
    return new KeyguardError("git", `git refuses ${owned[1]}: it belongs to another user`, {
      hint: `if you trust it: git config --global --add safe.directory '${owned[1]}'`,
    });
  }
  if (/not a git repository/.test(said)) {
    return new KeyguardError("git", "this is not a git repository", { hint: "go to one, or make one with git init" });
  }
  if (/^(usage: git|error: unknown (option|switch)|git: '.*' is not a git command)/m.test(said)) {
    return new KeyguardError("git", `git does not know how to ${args[0]} as keyguard asks it to: ${words}`, {
      hint: "keyguard needs git 2.25 or newer; see git --version",
    });
  }
  if (/index file (corrupt|smaller)|bad (index|signature)|index uses/.test(said)) {
    return new KeyguardError("git", `git cannot read the index: ${words}`, {
      hint: "git read-tree HEAD builds it anew from the last commit",
    });
  }
  return new KeyguardError("git", `git ${args[0]} failed (${end.status}): ${words || "it did not say why"}`, {
    hint: "git fsck tells whether the repository is whole",
  });
}
