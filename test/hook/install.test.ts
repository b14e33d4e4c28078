import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";
import { guard, type InstalledPackage, installPackage } from "./installed-package.ts";
import { leaks, plant } from "./planted.ts";

let keyguard: InstalledPackage;
beforeAll(() => {
  keyguard = installPackage();
});
afterAll(() => keyguard.cleanup());

function tracked(options: RepoOptions = { files: { "a.ini": "x\n" } }): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(() => repo.cleanup());
  return repo;
}

function hook(repo: TempRepo, name: string, text: string): string {
  mkdirSync(join(repo.dir, ".git/hooks"), { recursive: true });
  const path = join(repo.dir, ".git/hooks", name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

function commitKey(repo: TempRepo, seed: string): ReturnType<TempRepo["tryGit"]> {
  repo.write("a.ini", plant(seed).text);
  return repo.tryGit("commit", "-a", "-m", "x");
}

function isRefused(ran: ReturnType<TempRepo["tryGit"]>): boolean {
  return ran.status !== 0 && ran.stderr.includes("keyguard: 1 credential");
}

describe("keyguard hook install", () => {
  test("says what it wrote, proves that commits are guarded, and can be repeated", () => {
    const repo = tracked();
    const first = keyguard.keyguard(repo, "hook", "install");
    expect(first).toEqual({
      status: 0,
      stdout: ["pre-commit", "pre-merge-commit", "pre-applypatch", "commit-msg", "applypatch-msg"]
        .map((name) => `wrote .git/hooks/${name}\n`)
        .join(""),
      stderr: "keyguard: commits here are guarded: a planted key was refused\n",
    });
    const text = readFileSync(join(repo.dir, ".git/hooks/pre-commit"), "utf8");
    expect(keyguard.keyguard(repo, "hook", "install").status).toBe(0);
    expect(readFileSync(join(repo.dir, ".git/hooks/pre-commit"), "utf8")).toBe(text);
    expect(readdirSync(join(repo.dir, ".git/hooks")).filter((name) => name.includes("before"))).toEqual([]);
    expect(isRefused(commitKey(repo, "install"))).toBe(true);
  });

  test("outside of a repository says so", () => {
    const dir = mkdtempSync(join(tmpdir(), "keyguard-none-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const ran = keyguard.keyguard({ dir, env: { ...process.env, GIT_CEILING_DIRECTORIES: dir } }, "hook", "install");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/^keyguard: error: .* is in no git repository\nhint: .*--global/);
  });

  test("keeps the hook that was there, runs it first on what it then stages, and its refusal counts", () => {
    const repo = tracked();
    hook(
      repo,
      "pre-commit",
      '#!/bin/sh\necho "mine ran: $(basename "$0") $#"\ncat from-mine > b.txt && git add b.txt\n',
    );
    repo.write("from-mine", "clean\n");
    const ran = keyguard.keyguard(repo, "hook", "install");
    expect(ran.stdout).toContain(
      "kept the pre-commit that was here, and runs it first: .git/hooks/pre-commit.before-keyguard",
    );
    const clean = repo.tryGit("commit", "--allow-empty", "-m", "x");
    expect(clean.stderr + clean.stdout).toContain("mine ran");
    expect(clean.status).toBe(0);
    expect(repo.git("ls-files", "b.txt")).toBe("b.txt");
    repo.write("from-mine", plant("from mine").text);
    expect(isRefused(repo.tryGit("commit", "--allow-empty", "-m", "x"))).toBe(true);
    hook(repo, "pre-commit.before-keyguard", "#!/bin/sh\necho no >&2\nexit 7\n");
    const refused = repo.tryGit("commit", "--allow-empty", "-m", "x");
    expect(refused.stderr).toContain("no");
    expect(refused.status).not.toBe(0);
  });

  test("runs a kept hook in any language, with the environment that it had, and not one that git did not run", () => {
    const repo = tracked();
    hook(
      repo,
      "pre-commit",
      '#!/usr/bin/env node\nrequire("fs").writeFileSync("ran", String(process.env.NODE_OPTIONS));\n',
    );
    const commitMessage = hook(repo, "commit-msg", "#!/bin/sh\nexit 1\n");
    chmodSync(commitMessage, 0o644);
    expect(keyguard.keyguard(repo, "hook", "install").status).toBe(0);
    const ran = spawnSync("git", ["commit", "-q", "--allow-empty", "-m", "x"], {
      cwd: repo.dir,
      env: { ...repo.env, NODE_OPTIONS: "--no-warnings" },
    });
    expect(ran.status).toBe(0);
    expect(readFileSync(join(repo.dir, "ran"), "utf8")).toBe("--no-warnings");
  });

  test("keeps a hook that is a symbolic link to a script beside its own files", () => {
    const repo = tracked();
    repo.write("scripts/hook.sh", "#!/bin/sh\ntouch linked-ran\n");
    chmodSync(join(repo.dir, "scripts/hook.sh"), 0o755);
    mkdirSync(join(repo.dir, ".git/hooks"), { recursive: true });
    symlinkSync("../../scripts/hook.sh", join(repo.dir, ".git/hooks/pre-commit"));
    expect(keyguard.keyguard(repo, "hook", "install").status).toBe(0);
    expect(repo.tryGit("commit", "--allow-empty", "-m", "x").status).toBe(0);
    expect(existsSync(join(repo.dir, "linked-ran"))).toBe(true);
    expect(readFileSync(join(repo.dir, "scripts/hook.sh"), "utf8")).not.toContain("keyguard");
  });

  test("does not overwrite a hook that was kept before", () => {
    const repo = tracked();
    hook(repo, "pre-commit", "#!/bin/sh\n# two\n");
    hook(repo, "pre-commit.before-keyguard", "#!/bin/sh\n# one\n");
    const ran = keyguard.keyguard(repo, "hook", "install");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("is in the way");
    expect(readFileSync(join(repo.dir, ".git/hooks/pre-commit"), "utf8")).toContain("two");
  });

  test("goes by a core.hooksPath of the repository, and writes no path of this machine into a shared folder", () => {
    const repo = tracked({ files: { "a.ini": "x\n" }, config: { "core.hooksPath": ".githooks" } });
    symlinkSync(join(keyguard.home, ".."), join(repo.dir, "node_modules"));
    const ran = keyguard.keyguard(repo, "hook", "install");
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain("commit it, and everyone who uses it is guarded");
    const text = readFileSync(join(repo.dir, ".githooks/pre-commit"), "utf8");
    expect(text).not.toContain(keyguard.home);
    expect(text).not.toContain(process.execPath);
    expect(isRefused(commitKey(repo, "shared"))).toBe(true);
    rmSync(join(repo.dir, "node_modules"));
    const gone = commitKey(repo, "shared");
    expect(gone.stderr).toContain("keyguard is not installed here, so nothing was scanned and git was stopped");
    expect(gone.status).not.toBe(0);
  });

  test("refuses to write into a hooks folder that all repositories share", () => {
    const repo = tracked();
    repo.git("config", "--global", "core.hooksPath", join(repo.dir, "../everyone"));
    const ran = keyguard.keyguard(repo, "hook", "install");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("core.hooksPath of the global configuration");
    expect(ran.stderr).toContain("hint: keyguard hook install --global");
    expect(existsSync(join(repo.dir, "../everyone"))).toBe(false);
  });

  test("names what it does not know", () => {
    const repo = tracked();
    for (const args of [
      ["instal"],
      ["install", "--hooks", "pre-comit"],
      ["install", "--with", "huskie"],
      ["run", "x"],
    ]) {
      const ran = keyguard.keyguard(repo, "hook", ...args);
      expect(ran.status).toBe(2);
      expect(ran.stderr).toMatch(/^keyguard: error: .*\nhint: /);
    }
  });
});

describe("keyguard hook uninstall", () => {
  test("puts back exactly what was there", () => {
    const repo = tracked();
    const mine = "#!/bin/sh\ntouch mine-ran\n";
    hook(repo, "pre-commit", mine);
    const before = readdirSync(join(repo.dir, ".git/hooks")).sort();
    keyguard.keyguard(repo, "hook", "install", "--pre-push");
    expect(keyguard.keyguard(repo, "hook", "uninstall").status).toBe(0);
    expect(readdirSync(join(repo.dir, ".git/hooks")).sort()).toEqual(before);
    expect(readFileSync(join(repo.dir, ".git/hooks/pre-commit"), "utf8")).toBe(mine);
    expect(commitKey(repo, "uninstalled").status).toBe(0);
    expect(existsSync(join(repo.dir, "mine-ran"))).toBe(true);
    expect(keyguard.keyguard(repo, "hook", "uninstall").stderr).toContain("there was nothing to take out");
  });
});

describe("keyguard hook status", () => {
  test("says that commits are not guarded where no hook is, where it is not executable, and where it is for show", () => {
    const repo = tracked();
    expect(keyguard.keyguard(repo, "hook", "status").stderr).toContain("NOT guarded: there is no ");
    hook(repo, "pre-commit", "#!/bin/sh\n# keyguard hook: for show\nexit 0\n");
    const show = keyguard.keyguard(repo, "hook", "status");
    expect(show.status).toBe(1);
    expect(show.stderr).toContain("NOT guarded: git committed a planted key, and nothing stopped it");
    guard(keyguard, repo);
    expect(keyguard.keyguard(repo, "hook", "status").status).toBe(0);
    chmodSync(join(repo.dir, ".git/hooks/pre-commit"), 0o644);
    const shut = keyguard.keyguard(repo, "hook", "status");
    expect(shut.status).toBe(1);
    expect(shut.stderr).toContain("is not executable, so git does not run it");
  });

  test("sees a configuration that would let every key pass", () => {
    const repo = tracked();
    guard(keyguard, repo);
    repo.write(".keyguardrc", JSON.stringify({ exclude: ["**"] }));
    const ran = keyguard.keyguard(repo, "hook", "status");
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("NOT guarded");
  });

  test("leaves the repository, its objects and its files as they were, and runs no kept hook", () => {
    const repo = tracked();
    hook(repo, "pre-commit", "#!/bin/sh\ntouch kept-ran\n");
    keyguard.keyguard(repo, "hook", "install");
    repo.write("b.txt", "untracked\n");
    const before = [repo.git("status", "--porcelain"), repo.git("count-objects", "-v"), repo.git("ls-files", "-s")];
    const ran = keyguard.keyguard(repo, "hook", "status");
    expect(ran.stdout).toContain("installed with git's own hooks: pre-commit, pre-merge-commit");
    expect(ran.status).toBe(0);
    expect([repo.git("status", "--porcelain"), repo.git("count-objects", "-v"), repo.git("ls-files", "-s")]).toEqual(
      before,
    );
    expect(existsSync(join(repo.dir, "kept-ran"))).toBe(false);
  });

  test("in a linked work tree and in a submodule finds the hook that git runs there", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const tree = repo.worktree();
    expect(keyguard.keyguard(tree, "hook", "status").status).toBe(0);
    const parent = tracked();
    const sub = parent.submodule(repo, "sub");
    expect(keyguard.keyguard(sub, "hook", "status").status).toBe(1);
    guard(keyguard, sub);
    expect(keyguard.keyguard(sub, "hook", "status").status).toBe(0);
  });
});

describe("keyguard hook install --global", () => {
  test("guards every repository, runs their own hooks, and is undone by uninstall", () => {
    const repo = tracked();
    hook(repo, "pre-commit", "#!/bin/sh\ntouch own-ran\n");
    hook(repo, "post-commit", "#!/bin/sh\ntouch post-ran\n");
    const ran = keyguard.keyguard(repo, "hook", "install", "--global");
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain("every repository of yours is guarded");
    expect(repo.git("config", "--global", "core.hooksPath")).toContain("keyguard/hooks");
    expect(isRefused(commitKey(repo, "global"))).toBe(true);
    expect(existsSync(join(repo.dir, "own-ran"))).toBe(true);
    expect(keyguard.keyguard(repo, "hook", "status")).toMatchObject({ status: 0 });
    repo.write("a.ini", "clean\n");
    expect(repo.tryGit("commit", "-q", "-a", "-m", "x")).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(join(repo.dir, "post-ran"))).toBe(true);

    const tree = repo.worktree();
    expect(isRefused(commitKey(tree, "global tree"))).toBe(true);

    expect(keyguard.keyguard(repo, "hook", "uninstall", "--global").status).toBe(0);
    expect(repo.tryGit("config", "--global", "core.hooksPath").status).toBe(1);
    expect(commitKey(repo, "global gone").status).toBe(0);
  });

  test("keeps running the hooks of the folder that core.hooksPath named before, and gives it back", () => {
    const repo = tracked();
    const company = join(repo.dir, "../company");
    mkdirSync(company);
    writeFileSync(join(company, "pre-commit"), "#!/bin/sh\ntouch company-ran\n", { mode: 0o755 });
    writeFileSync(join(company, "prepare-commit-msg"), '#!/bin/sh\necho signed >> "$1"\n', { mode: 0o755 });
    repo.git("config", "--global", "core.hooksPath", company);
    expect(keyguard.keyguard(repo, "hook", "install", "--global").stderr).toContain("still run");
    expect(keyguard.keyguard(repo, "hook", "install", "--global").status).toBe(0);
    expect(isRefused(commitKey(repo, "company"))).toBe(true);
    expect(existsSync(join(repo.dir, "company-ran"))).toBe(true);
    repo.write("a.ini", "clean\n");
    expect(repo.tryGit("commit", "-q", "-a", "-m", "x").status).toBe(0);
    expect(repo.git("log", "-1", "--format=%B")).toContain("signed");
    keyguard.keyguard(repo, "hook", "uninstall", "--global");
    expect(repo.git("config", "--global", "core.hooksPath")).toBe(company);
  });
});

describe("an installed hook", () => {
  function commitWith(repo: TempRepo, env: Record<string, string | undefined>): ReturnType<TempRepo["tryGit"]> {
    const ran = spawnSync("git", ["commit", "-a", "-m", "x"], {
      cwd: repo.dir,
      env: { ...repo.env, ...env },
      encoding: "utf8",
    });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** A PATH as a program with a window has it: git and what it needs, and no node. */
  function barePath(repo: TempRepo): string {
    const bin = join(repo.dir, "../bin");
    mkdirSync(bin);
    for (const name of ["git", "sh", "sed", "cat", "dirname", "readlink"]) {
      symlinkSync(spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim(), join(bin, name));
    }
    return bin;
  }

  test("finds its node when the PATH of a program with a window has none", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const PATH = barePath(repo);
    repo.write("a.ini", plant("bare path").text);
    expect(isRefused(commitWith(repo, { PATH }))).toBe(true);
    repo.write("a.ini", "clean\n");
    expect(commitWith(repo, { PATH }).status).toBe(0);
  });

  test("whose node has moved looks on PATH and in well-known places, and else stops git and says how to go on", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const path = join(repo.dir, ".git/hooks/pre-commit");
    writeFileSync(path, readFileSync(path, "utf8").replace(/^keyguard_node=.*/m, "keyguard_node='/gone/node'"));
    repo.write("a.ini", plant("moved").text);
    expect(isRefused(commitWith(repo, {}))).toBe(true);

    const PATH = barePath(repo);
    const volta = join(String(repo.env.HOME), ".volta/bin");
    mkdirSync(volta, { recursive: true });
    symlinkSync(process.execPath, join(volta, "node"));
    expect(isRefused(commitWith(repo, { PATH }))).toBe(true);

    const library = join(keyguard.home, "hooks/keyguard.sh");
    const whole = readFileSync(library, "utf8");
    onTestFinished(() => writeFileSync(library, whole));
    writeFileSync(library, whole.replace(/for keyguard_node in[\s\S]*?; do/, "for keyguard_node in /gone/too; do"));
    const ran = commitWith(repo, { PATH });
    expect(ran.stderr).toContain(
      "keyguard: error: there is no node to run, so nothing was scanned and git was stopped",
    );
    expect(ran.stderr).toContain("hint: install Node");
    expect(ran.status).not.toBe(0);
  });

  test("stops git when keyguard itself has been removed, or a part of it", () => {
    const repo = tracked();
    guard(keyguard, repo);
    repo.write("a.ini", plant("removed").text);
    for (const part of ["hooks", "dist/hook.cjs", "dist/hook-engine.cjs", "dist/hook-judge.js"]) {
      const path = join(keyguard.home, part);
      renameSync(path, `${path}.away`);
      try {
        const ran = commitWith(repo, {});
        expect(ran.stderr).toContain("keyguard: error:");
        expect(ran.status).not.toBe(0);
      } finally {
        renameSync(`${path}.away`, path);
      }
    }
  });

  test("stops git when git cannot read what is staged", () => {
    const repo = tracked();
    guard(keyguard, repo);
    repo.write("b.txt", "clean\n");
    repo.stage();
    const blob = repo.git("rev-parse", ":b.txt");
    rmSync(join(repo.dir, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    const hooked = spawnSync(join(repo.dir, ".git/hooks/pre-commit"), {
      cwd: repo.dir,
      env: repo.env,
      encoding: "utf8",
    });
    expect(hooked.stderr).toContain("keyguard: error: could not read what is staged");
    expect(hooked.status).toBe(2);
  });

  test("stops git when one of the programs of its pipe is missing or dies", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const bin = barePath(repo);
    repo.write("a.ini", "clean\n");
    for (const broken of ["#!/bin/sh\nexit 1\n", "#!/bin/sh\nkill -9 $$\n"]) {
      rmSync(join(bin, "sed"));
      writeFileSync(join(bin, "sed"), broken, { mode: 0o755 });
      const ran = commitWith(repo, { PATH: bin });
      expect(ran.stderr).toContain("keyguard: error: could not read what is staged: git diff did not end");
      expect(ran.status).not.toBe(0);
    }
  });

  test("does not load what NODE_OPTIONS names, nor wait for a CA bundle", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const spy = repo.write("../spy.cjs", 'require("fs").writeFileSync(__dirname + "/spied", "x")');
    repo.write("a.ini", plant("options").text);
    const ran = commitWith(repo, { NODE_OPTIONS: `--require ${spy}`, NODE_EXTRA_CA_CERTS: "/gone" });
    expect(isRefused(ran)).toBe(true);
    expect(ran.stderr).not.toContain("/gone");
    expect(existsSync(join(repo.dir, "../spied"))).toBe(false);
  });

  test("reports by the configuration: an allowed key, the baseline, a higher threshold, and its mistakes", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const planted = plant("configured");
    repo.write("a.ini", planted.text);
    const fingerprint = /allow ([0-9a-f]{8})/.exec(commitWith(repo, {}).stderr)?.[1] ?? "";
    repo.write(".keyguardrc", JSON.stringify({ allow: [{ fingerprint, reason: "a key of this test" }] }));
    expect(commitWith(repo, {}).status).toBe(0);
    repo.write("a.ini", plant("configured, another").text);
    expect(isRefused(commitWith(repo, {}))).toBe(true);
    repo.write(".keyguardrc", "{ oops");
    const wrong = commitWith(repo, {});
    expect(wrong.stderr).toContain("keyguard: error: .keyguardrc:1:");
    expect(wrong.stderr).toContain("git was stopped");
    expect(leaks(wrong.stderr, planted)).toBe(false);
    expect(wrong.status).not.toBe(0);
  });

  test("knows the keywords of the configuration's own detectors", () => {
    const repo = tracked();
    guard(keyguard, repo);
    const detector = {
      id: "house-token",
      pattern: "house_[0-9]{12}",
      keywords: ["house_"],
      examples: { finds: ["t = «house_123456789012»"], ignores: ["house_12"] },
    };
    const token = ["house", "_", "918273645546"].join("");
    repo.write("a.ini", `t = ${token}\n`);
    for (const [name, text] of [
      [".keyguardrc", JSON.stringify({ detectors: [detector] })],
      ["keyguard.config.yaml", `"\\u0064etectors": ${JSON.stringify([detector])}\n`],
      ["package.json", JSON.stringify({ name: "x", keyguard: { detectors: [detector] } })],
    ] as const) {
      repo.write(name, text);
      const ran = commitWith(repo, {});
      expect(ran.stderr).toContain("a.ini:1:5");
      expect(ran.stderr).not.toContain(token);
      expect(ran.status).not.toBe(0);
      repo.remove(name);
    }
    expect(commitWith(repo, {}).status).toBe(0);
  });
});
