import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A Python environment of the project's own, or why there is none. */
export type Prepared = { readonly bin: string; readonly why: null } | { readonly bin: null; readonly why: string };

const folder = resolve(".venv");

/** Two test files may want it at once: one makes it, the other waits. */
async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const lock = join(tmpdir(), `keyguard-venv-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.lock`);
  for (let waited = 0; ; waited += 500) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      // A run that was killed leaves its lock behind.
      if (waited > 300_000) rmdirSync(lock);
      await pause(500);
    }
  }
  try {
    return await work();
  } finally {
    rmdirSync(lock);
  }
}

async function findPython(): Promise<string | null> {
  for (const name of ["python3", "python"]) {
    try {
      await run(name, ["-c", "import sys, venv; sys.exit(0 if sys.version_info >= (3, 9) else 1)"]);
      return name;
    } catch {
      // The next name may be there.
    }
  }
  return null;
}

/**
 * Makes `.venv` and installs a requirements file into it, once for each content of that file. Where Python or the
 * package index is missing, tests are to be skipped, unless they are required: then this throws, and the run fails.
 */
export async function preparePython(requirements: string, required: boolean): Promise<Prepared> {
  const refuse = (why: string): Prepared => {
    if (required) throw new Error(`the contract tests are required here, and cannot run: ${why}`);
    return { bin: null, why };
  };
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const bin = join(folder, process.platform === "win32" ? "Scripts" : "bin");
  const done = join(folder, `installed-${hash}`);
  if (existsSync(done)) return { bin, why: null };
  const python = await findPython();
  if (python === null) return refuse("there is no Python 3.9 or newer with venv");
  return exclusively(async () => {
    if (existsSync(done)) return { bin, why: null };
    try {
      if (!existsSync(join(bin, process.platform === "win32" ? "python.exe" : "python")))
        await run(python, ["-m", "venv", folder]);
      const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
      await run(join(bin, "python"), ["-m", "pip", "install", ...quiet, "-r", requirements], { timeout: 280_000 });
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      return refuse(`pip cannot install ${requirements}: ${stderr?.trim().split("\n").at(-1) ?? "no answer in time"}`);
    }
    writeFileSync(done, "");
    return { bin, why: null };
  });
}
