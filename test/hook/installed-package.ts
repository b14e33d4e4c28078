import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";

const root = resolve(import.meta.dirname, "../..");

/** keyguard as a person has it: the folder that npm would have installed, apart from this repository. */
export interface InstalledPackage {
  readonly home: string;
  /** Runs keyguard in a repository. */
  keyguard(repo: { dir: string; env: NodeJS.ProcessEnv }, ...args: string[]): Ran;
  cleanup(): void;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Copies what `npm pack` would take. The bundle is built before the tests run. */
export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), "keyguard package "));
  const home = join(folder, "node_modules", "keyguard");
  mkdirSync(home, { recursive: true });
  for (const name of ["dist", "hooks", "package.json"]) cpSync(join(root, name), join(home, name), { recursive: true });
  return {
    home,
    keyguard: ({ dir, env }, ...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(home, "dist", "keyguard.js"), ...args], {
        cwd: dir,
        env,
        encoding: "utf8",
      });
      return { status, stdout, stderr };
    },
    cleanup: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/**
 * A repository with keyguard's hooks, as `keyguard hook install` wrote them for the first one: installing proves itself
 * each time, which takes longer than a test that only commits.
 */
export function makeGuardedRepo(keyguard: InstalledPackage, options: RepoOptions = {}): TempRepo {
  const repo = makeRepo(options);
  guard(keyguard, repo);
  return repo;
}

const written = new Map<InstalledPackage, Map<string, string>>();

/** Gives a repository the hooks of `keyguard hook install`. */
export function guard(keyguard: InstalledPackage, repo: TempRepo): void {
  const folder = resolve(repo.dir, repo.git("rev-parse", "--git-path", "hooks"));
  const known = written.get(keyguard);
  if (known !== undefined) {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of known) writeFileSync(join(folder, name), text, { mode: 0o755 });
    return;
  }
  const ran = keyguard.keyguard(repo, "hook", "install");
  if (ran.status !== 0) throw new Error(`keyguard hook install: exit ${ran.status}: ${ran.stdout}${ran.stderr}`);
  const names = readdirSync(folder).filter((name) => !name.endsWith(".sample"));
  written.set(keyguard, new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")])));
}
