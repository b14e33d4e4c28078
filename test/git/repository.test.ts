import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { findRepository } from "../../src/git/repository.ts";
import { gitFailure } from "../../src/git/spawn-git.ts";
import { makeFolder, makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";

function repoWith(options: RepoOptions = {}): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(repo.cleanup);
  return repo;
}

describe("a repository is found", () => {
  test("from any folder in its work tree", async () => {
    const repo = repoWith({ files: { "dir/a.txt": "a\n" } });
    const expected = {
      top: repo.dir,
      gitDir: join(repo.dir, ".git"),
      commonDir: join(repo.dir, ".git"),
      objectFormat: "sha1",
      shallow: false,
    };
    expect(await findRepository({ dir: repo.dir, env: repo.env })).toEqual(expected);
    expect(await findRepository({ dir: join(repo.dir, "dir"), env: repo.env })).toEqual(expected);
  });

  test("from a linked work tree, a bare repository, a shallow clone, and with SHA-256", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.commit();
    const tree = repo.worktree("side");
    expect(await findRepository({ dir: tree.dir, env: repo.env })).toMatchObject({
      top: tree.dir,
      commonDir: join(repo.dir, ".git"),
    });
    const bare = repo.clone("--bare");
    expect(await findRepository({ dir: bare.dir, env: repo.env })).toMatchObject({
      top: null,
      gitDir: bare.dir,
      commonDir: bare.dir,
    });
    expect(await findRepository({ dir: join(repo.dir, ".git"), env: repo.env })).toMatchObject({ top: null });
    expect(await findRepository({ dir: repo.clone("--depth=1").dir, env: repo.env })).toMatchObject({ shallow: true });
    const long = repoWith({ sha256: true });
    expect(await findRepository({ dir: long.dir, env: long.env })).toMatchObject({ objectFormat: "sha256" });
  });

  test("also where the path holds newlines that look like git's answers", async () => {
    const { dir, cleanup } = makeFolder();
    onTestFinished(cleanup);
    const repo = repoWith();
    const strange = join(dir, "a\nfalse\nb");
    mkdirSync(strange);
    repo.git("init", "-q", strange);
    expect(await findRepository({ dir: strange, env: repo.env })).toMatchObject({
      top: strange,
      gitDir: join(strange, ".git"),
    });
  });

  test("nowhere, where there is none", async () => {
    const { dir, cleanup } = makeFolder();
    onTestFinished(cleanup);
    expect(await findRepository({ dir, env: process.env })).toBeNull();
  });
});

describe("what is wrong is said with a next step:", () => {
  test("git is not on PATH, in a repository", async () => {
    const repo = repoWith();
    await expect(findRepository({ dir: repo.dir, env: { PATH: "/nowhere" } })).rejects.toMatchObject({
      code: "git",
      hint: expect.stringMatching(/install git/),
    });
  });

  test("git is too old to answer", async () => {
    const repo = repoWith();
    const old = join(repo.dir, "..", "bin");
    mkdirSync(old);
    writeFileSync(join(old, "git"), '#!/bin/sh\necho "error: unknown option \\`show-object-format\'" >&2\nexit 129\n');
    chmodSync(join(old, "git"), 0o755);
    await expect(findRepository({ dir: repo.dir, env: { PATH: `${old}:/usr/bin:/bin` } })).rejects.toMatchObject({
      code: "git",
      hint: expect.stringMatching(/2\.25 or newer/),
    });
  });

  test("the configuration is broken", async () => {
    const repo = repoWith();
    writeFileSync(join(repo.dir, ".git/config"), "[core\n");
    await expect(findRepository({ dir: repo.dir, env: repo.env })).rejects.toMatchObject({
      code: "git",
      message: expect.stringMatching(/bad config line 1/),
    });
  });

  test("the repository belongs to another user, in git's old and new words", () => {
    const said = [
      "fatal: detected dubious ownership in repository at '/srv/x'\nTo add an exception …",
      "fatal: unsafe repository ('/srv/x' is owned by someone else)\nTo add an exception …",
    ];
    for (const stderr of said) {
      const error = gitFailure(["rev-parse"], { status: 128, stderr });
      expect(error.message).toBe("git refuses /srv/x: it belongs to another user");
      expect(error.hint).toContain("git config --global --add safe.directory '/srv/x'");
    }
  });
});
