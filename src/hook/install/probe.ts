import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyguardError } from "../../model/errors.ts";
import { scanText } from "../../scan/engine.ts";
import { defaultRules } from "../../scan/rules.ts";
import { askGit } from "./ask-git.ts";
import type { Site } from "./site.ts";

/** What became of a planted key. */
export type Proof =
  | { readonly guarded: true }
  /**
   * `why` is a sentence; `said` is what the hook printed, for the person who wants to know. It is not conclusive when
   * something else refused first.
   */
  | { readonly guarded: false; readonly why: string; readonly said: string; readonly conclusive: boolean };

/** Milliseconds that a hook may take: others' hooks run tests. */
const patience = 120_000;

/**
 * Proves that commits in this repository are guarded: plants a generated key in the index of a throw-away repository
 * that has this one's hooks and their configuration, runs the hook that git would run, and sees keyguard refuse. Not in
 * the repository itself: other people's hooks (lint-staged, the pre-commit framework) stash and rewrite the working
 * tree, and must never do that to real files with an index that does not belong to them.
 */
export function proveGuarded(site: Site): Proof {
  const hook = join(site.hooksDir, "pre-commit");
  if (!existsSync(hook)) return { guarded: false, why: `there is no ${hook}`, said: "", conclusive: true };
  if (process.platform !== "win32" && (statSync(hook).mode & 0o111) === 0) {
    return { guarded: false, why: `${hook} is not executable, so git does not run it`, said: "", conclusive: true };
  }
  const quick = tryIn(site, copyConfiguration);
  // Other people's commands may need more of the tree than their configuration: then they get all of it.
  return quick.guarded || quick.conclusive || site.bare ? quick : tryIn(site, copyTree);
}

function tryIn(site: Site, copy: (site: Site, top: string) => void): Proof {
  const folder = mkdtempSync(join(tmpdir(), "keyguard-probe-"));
  try {
    return runIn(folder, site, copy);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function runIn(folder: string, site: Site, copy: (site: Site, top: string) => void): Proof {
  const top = join(folder, "repository");
  const env = probeEnvironment(site);
  mkdirSync(top);
  const git = (...args: string[]): void => {
    if (askGit(top, env, ...args) === null) {
      throw new KeyguardError("git", `git ${args[0]} failed in a throw-away repository under ${folder}`, {
        hint: "see whether the temporary folder is writable",
      });
    }
  };
  git("init", "-q");
  git("config", "user.name", "keyguard probe");
  git("config", "user.email", "probe@keyguard.invalid");
  copy(site, top);
  // What git would run here is what it runs there, by an absolute path.
  git("config", "core.hooksPath", copyHooks(site, top));
  git("add", "--all", "--force");
  git("commit", "-q", "--no-verify", "--allow-empty", "-m", "before the probe");
  const name = `probe-${randomText(10, letters)}`;
  writeFileSync(join(top, name), plantedKey());
  git("add", "--force", "--", name);

  const witness = join(folder, "refused-by");
  writeFileSync(witness, "");
  const result = spawnSync("git", ["commit", "-q", "-m", "probe"], {
    cwd: top,
    env: { ...env, KEYGUARD_PROBE: witness },
    encoding: "utf8",
    timeout: patience,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = `${result.stdout ?? ""}${result.stderr ?? ""}`;
  const refused = readFileSync(witness, "utf8").startsWith("refused by");
  if (result.status !== 0 && refused) return { guarded: true };
  const open = (why: string, conclusive: boolean): Proof => ({ guarded: false, why, said, conclusive });
  if (result.error) return open(`the hook did not end within ${patience / 1000} s`, true);
  if (result.status === 0) return open("git committed a planted key, and nothing stopped it", true);
  return open("the hook failed before it came to keyguard, so nothing is proved", false);
}

function probeEnvironment(site: Site): Record<string, string | undefined> {
  const env = { ...site.env };
  for (const name of Object.keys(env)) {
    if (
      /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|PREFIX|NAMESPACE)$/.test(
        name,
      ) ||
      // The hooks that run are the repository's own: what they could do with the person's credentials is none of ours.
      /^AWS_|(?:TOKEN|SECRET|PASSWORD)$/i.test(name)
    ) {
      delete env[name];
    }
  }
  return env;
}

/** The hooks folder to use: husky's is part of the work tree and finds its scripts beside itself, so it is copied. */
function copyHooks(site: Site, top: string): string {
  const husky = join(site.top, ".husky");
  if (!site.hooksDir.startsWith(husky)) return site.hooksDir;
  cpSync(husky, join(top, ".husky"), { recursive: true });
  return join(top, site.hooksDir.slice(site.top.length + 1));
}

/** What hook managers and keyguard read: the small files at the top, `.config`, and what is installed. */
function copyConfiguration(site: Site, top: string): void {
  if (site.bare) return;
  for (const name of readdirSync(site.top)) {
    if (!/^(package\.json|\.?(lefthook|simple-git-hooks|lint-?staged|keyguard|pre-commit|huskyrc)[\w.-]*)$/.test(name))
      continue;
    const path = join(site.top, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() && stats.size < 1_000_000) cpSync(path, join(top, name));
  }
  if (existsSync(join(site.top, ".config")))
    cpSync(join(site.top, ".config"), join(top, ".config"), { recursive: true });
  const modules = join(site.top, "node_modules");
  if (existsSync(modules) && !existsSync(join(top, "node_modules")))
    symlinkSync(modules, join(top, "node_modules"), "junction");
  writeFileSync(join(top, ".git", "info", "exclude"), "node_modules\n");
}

/** Every file that the index has, as `git checkout` would write it; the index itself is only read. */
function copyTree(site: Site, top: string): void {
  askGit(site.top, site.env, "checkout-index", "--all", "--force", `--prefix=${top}/`);
  copyConfiguration(site, top);
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}

/** A key that no one has: made now, opens nothing. A few random ones look like placeholders: those are not planted. */
function plantedKey(): string {
  for (;;) {
    const id = `AKIA${randomText(1, "QRSTUVWXYZ234567")}${randomText(15, base32)}`;
    const text = `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${randomText(40, base64)}\n`;
    const planted = { id: "probe", path: "probe", bytes: Buffer.from(text), fresh: "all" } as const;
    if (scanText(planted, defaultRules).some(({ kind }) => kind === "aws-access-key")) return text;
  }
}
