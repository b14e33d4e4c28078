import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { TempRepo } from "../support/temp-repo.ts";
import { makeRepo } from "../support/temp-repo.ts";
import { guard, type InstalledPackage, installPackage, makeGuardedRepo } from "./installed-package.ts";
import { leaks, type Planted, plant } from "./planted.ts";

let keyguard: InstalledPackage;
beforeAll(() => {
  keyguard = installPackage();
});
afterAll(() => keyguard.cleanup());

/** What must be as it was after a refusal. */
interface State {
  readonly head: string;
  readonly index: string;
  readonly status: string;
  readonly file: string;
}

function stateOf(repo: TempRepo, path: string): State {
  const file = join(repo.dir, path);
  return {
    head: repo.tryGit("rev-parse", "HEAD").stdout,
    index: repo.git("ls-files", "--stage"),
    status: repo.git("status", "--porcelain"),
    file: existsSync(file) ? readFileSync(file, "utf8") : "",
  };
}

function expectRefused(
  repo: TempRepo,
  planted: Planted,
  path: string,
  args: readonly string[],
  input?: string,
): string {
  const before = stateOf(repo, path);
  const ran = spawnSync("git", args, { cwd: repo.dir, env: repo.env, input, encoding: "utf8" });
  expect(ran.stderr).toContain("keyguard: 1 credential in");
  expect(ran.stderr).toMatch(new RegExp(`${path.replaceAll(".", "[.]")}(?:!\\S+)?:`));
  expect(ran.status).not.toBe(0);
  expect(leaks(ran.stdout + ran.stderr, planted)).toBe(false);
  expect(stateOf(repo, path)).toEqual(before);
  return ran.stderr;
}

function expectPasses(repo: TempRepo, ...args: string[]): void {
  const head = repo.tryGit("rev-parse", "HEAD").stdout;
  const ran = repo.tryGit(...args);
  expect(ran.stderr).not.toContain("keyguard");
  expect(ran.status).toBe(0);
  expect(repo.git("rev-parse", "HEAD")).not.toBe(head.trim());
}

function guarded(
  ...args: Parameters<typeof makeGuardedRepo> extends [unknown, ...infer Rest] ? Rest : never
): TempRepo {
  const repo = makeGuardedRepo(keyguard, ...args);
  onTestFinished(() => repo.cleanup());
  return repo;
}

describe("a commit", () => {
  test("with a key is refused, and says what, where and the three ways on", () => {
    const repo = guarded({ files: { "readme.md": "hello\n" } });
    const planted = plant("commit with account");
    repo.write("config/aws.ini", `[default]\n${planted.text}`);
    repo.stage();
    const said = expectRefused(repo, planted, "config/aws.ini", ["commit", "-m", "pipeline"]);
    expect(said).toContain("keyguard: 1 credential in what you are about to commit");
    expect(said).toMatch(/critical +AWS access key, paired with its secret +account \d{12}/);
    expect(said).toContain("config/aws.ini:2:21 ");
    expect(said).toContain("config/aws.ini:3:25 ");
    expect(said).toMatch(/take it out +git restore --staged config\/aws\.ini && echo config\/aws\.ini >> \.gitignore/);
    expect(said).toMatch(/it is no secret +keyguard allow [0-9a-f]{8} --reason/);
    expect(said).toContain(`it was pushed   keyguard rotate ${planted.id}`);
    expect(said).toContain("nothing was committed; your files and what you staged are as they were");
    expect(said).not.toContain("no-verify");
    expect(said.split("\n").every((line) => line.length <= 110)).toBe(true);
  });

  test("in a folder below is told with commands that work there", () => {
    const repo = guarded({ files: { "deep/er/old.txt": "hello\n" } });
    const planted = plant("commit from below");
    repo.write("deep/er/new.ini", planted.text);
    repo.write("deep/beside.ini", planted.text);
    repo.stage();
    const refused = repo.tryGit("-C", "deep/er", "commit", "-m", "x");
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain("git restore --staged new.ini && echo deep/er/new.ini >> ../../.gitignore");
    expect(refused.stderr).toContain("git restore --staged ../beside.ini && echo deep/beside.ini >> ../../.gitignore");
    repo.git("-C", "deep/er", "restore", "--staged", "new.ini", "../beside.ini");
    expect(repo.git("diff", "--cached", "--name-only")).toBe("");
  });

  test.runIf(process.platform === "linux")("keeps the message of -m, which git has not yet written anywhere", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    const planted = plant("kept message");
    repo.write("a.ini", planted.text);
    for (const args of [
      ["commit", "-am", "first line", "-m", "a 'second' one"],
      ["-c", "x.y=z", "commit", "--message=first line", "-q", "-ma 'second' one", "a.ini"],
    ]) {
      const ran = repo.tryGit(...args);
      expect(ran.stderr).toContain(
        "your message is in\n.git/COMMIT_EDITMSG (git commit --edit --file=.git/COMMIT_EDITMSG)",
      );
      expect(readFileSync(join(repo.dir, ".git/COMMIT_EDITMSG"), "utf8")).toBe("first line\n\na 'second' one\n");
      repo.remove(".git/COMMIT_EDITMSG");
    }
  });

  test("passes once the first way on is followed", () => {
    const repo = guarded({ files: { "readme.md": "hello\n" } });
    const planted = plant("follow");
    repo.write("aws.ini", planted.text);
    repo.stage();
    const said = expectRefused(repo, planted, "aws.ini", ["commit", "-m", "x"]);
    const command = /take it out +(.+)/.exec(said)?.[1] ?? "";
    expect(spawnSync("sh", ["-c", command], { cwd: repo.dir, env: repo.env }).status).toBe(0);
    expect(readFileSync(join(repo.dir, "aws.ini"), "utf8")).toBe(planted.text);
    repo.stage();
    expectPasses(repo, "commit", "-q", "-m", "x");
    expect(repo.git("ls-files")).toBe(".gitignore\nreadme.md");
  });

  test("of a clean change passes without a word", () => {
    const repo = guarded({ files: { "readme.md": "hello\n" } });
    repo.write("readme.md", "the secret of a good readme\n");
    repo.stage();
    expectPasses(repo, "commit", "-q", "-m", "clean");
  });

  test("that deletes the file with the key passes", () => {
    const planted = plant("delete");
    const repo = makeRepo({ files: { "aws.ini": planted.text, "b.txt": "b" } });
    onTestFinished(() => repo.cleanup());
    guard(keyguard, repo);
    repo.remove("aws.ini");
    expectPasses(repo, "commit", "-q", "-a", "-m", "remove it");
  });

  test("that changes another line of a file with an old key passes", () => {
    const planted = plant("old");
    const repo = makeRepo({ files: { "aws.ini": `${planted.text}\n\n# one\n` } });
    onTestFinished(() => repo.cleanup());
    guard(keyguard, repo);
    repo.write("aws.ini", `${planted.text}\n\n# two\n`);
    expectPasses(repo, "commit", "-q", "-a", "-m", "comment");
  });

  test("that changes only the value below a label that was there is refused", () => {
    const planted = plant("split");
    const repo = guarded({
      files: { "aws.json": `{\n  "aws_secret_access_key":\n    "$PLACEHOLDER"\n}\n` },
    });
    repo.write("aws.json", `{\n  "aws_secret_access_key":\n    "${planted.secret}"\n}\n`);
    expectRefused(repo, planted, "aws.json", ["commit", "-a", "-m", "x"]);
  });

  test("-a is refused: its index is a file of its own", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    const planted = plant("dash a");
    repo.write("a.ini", planted.text);
    expectRefused(repo, planted, "a.ini", ["commit", "-a", "-m", "x"]);
    repo.write("a.ini", "y\n");
    expectPasses(repo, "commit", "-q", "-a", "-m", "x");
  });

  test("of a path is refused, and of another path passes while the key stays staged", () => {
    const repo = guarded({ files: { "a.ini": "x\n", "b.txt": "x\n" } });
    const planted = plant("path");
    repo.write("a.ini", planted.text);
    repo.write("b.txt", "y\n");
    expectRefused(repo, planted, "a.ini", ["commit", "-m", "x", "a.ini"]);
    repo.stage();
    expectRefused(repo, planted, "a.ini", ["commit", "-m", "x"]);
    expectPasses(repo, "commit", "-q", "-m", "x", "b.txt");
    expect(repo.git("diff", "--cached", "--name-only")).toBe("a.ini");
  });

  test("takes what is staged, never what the working tree holds", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    const planted = plant("worktree");
    repo.write("a.ini", planted.text);
    repo.stage();
    repo.write("a.ini", "clean\n");
    expectRefused(repo, planted, "a.ini", ["commit", "-m", "x"]);
    repo.stage();
    repo.write("a.ini", planted.text);
    repo.write("b.txt", "b");
    repo.stage("b.txt");
    expectPasses(repo, "commit", "-q", "-m", "x", "--", "b.txt");
  });

  test("--amend is refused and leaves the commit that it would have replaced", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    const planted = plant("amend");
    repo.write("a.ini", planted.text);
    repo.stage();
    expectRefused(repo, planted, "a.ini", ["commit", "--amend", "-m", "x"]);
    repo.write("a.ini", "clean\n");
    repo.stage();
    expectPasses(repo, "commit", "-q", "--amend", "-m", "x");
  });

  test("-p is refused for the chosen hunk", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    const planted = plant("patch");
    appendFileSync(join(repo.dir, "a.ini"), planted.text);
    const ran = spawnSync("git", ["commit", "-p", "-m", "x"], {
      cwd: repo.dir,
      env: repo.env,
      input: "y\n",
      encoding: "utf8",
    });
    expect(ran.stderr).toContain("a.ini:2:");
    expect(ran.status).not.toBe(0);
    expect(repo.git("rev-list", "--count", "HEAD")).toBe("1");
    expect(repo.git("status", "--porcelain").trim()).toBe("M a.ini");
  });

  test("is refused as the first of an empty repository, with a command that works there", () => {
    const repo = guarded();
    const planted = plant("first");
    repo.write("a.ini", planted.text);
    repo.stage();
    const said = expectRefused(repo, planted, "a.ini", ["commit", "-m", "x"]);
    const command = /take it out +(.+)/.exec(said)?.[1] ?? "";
    expect(spawnSync("sh", ["-c", command], { cwd: repo.dir, env: repo.env }).status).toBe(0);
    repo.stage();
    expectPasses(repo, "commit", "-q", "-m", "x");
  });

  test("in a linked work tree is refused", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    const tree = repo.worktree();
    const planted = plant("tree");
    tree.write("a.ini", planted.text);
    expectRefused(tree, planted, "a.ini", ["commit", "-a", "-m", "x"]);
    tree.write("a.ini", "clean\n");
    expectPasses(tree, "commit", "-q", "-a", "-m", "x");
  });

  test("in a submodule is refused, and in its parent passes", () => {
    const parent = makeRepo({ files: { "readme.md": "x\n" } });
    const other = makeRepo({ files: { "a.ini": "x\n" } });
    onTestFinished(() => parent.cleanup());
    onTestFinished(() => other.cleanup());
    const sub = parent.submodule(other, "sub");
    expect(keyguard.keyguard(sub, "hook", "install").status).toBe(0);
    expect(keyguard.keyguard(parent, "hook", "install").status).toBe(0);
    const planted = plant("submodule");
    sub.write("a.ini", planted.text);
    expectRefused(sub, planted, "a.ini", ["commit", "-a", "-m", "x"]);
    sub.write("a.ini", "clean\n");
    expectPasses(sub, "commit", "-q", "-a", "-m", "x");
    expectPasses(parent, "commit", "-q", "-a", "-m", "move the submodule");
  });

  test("from a folder below the top is refused", () => {
    const repo = guarded({ files: { "deep/a.ini": "x\n" } });
    const planted = plant("deep");
    repo.write("deep/a.ini", planted.text);
    const ran = spawnSync("git", ["-c", "diff.relative=true", "commit", "-a", "-m", "x"], {
      cwd: join(repo.dir, "deep"),
      env: repo.env,
      encoding: "utf8",
    });
    expect(ran.stderr).toContain("deep/a.ini:1:");
    expect(ran.status).not.toBe(0);
  });

  test("is refused whatever the attributes, the diff settings and the file name try to hide", () => {
    const settings = {
      "diff.external": "true",
      "diff.renames": "copies",
      "diff.noprefix": "true",
      "diff.relative": "true",
      "diff.submodule": "log",
      "diff.mnemonicPrefix": "true",
      "core.quotePath": "false",
      "color.ui": "always",
      "color.diff": "always",
      "diff.secret.textconv": "true",
      "diff.ignoreSubmodules": "all",
    };
    const name = 'odd "name"\t\u00e9\n?diff=0 .ini';
    const body = "same line\n".repeat(200);
    const repo = guarded({
      config: settings,
      files: { [name]: body, ".gitattributes": "* -diff\n*.ini diff=secret\n" },
    });
    const planted = plant("hidden");
    repo.write(`moved ${name}`, `${body}${planted.text}`);
    repo.remove(name);
    repo.stage();
    const ran = repo.tryGit("commit", "-m", "x");
    expect(ran.stderr).toContain("keyguard: 1 credential");
    expect(ran.status).not.toBe(0);
    expect(leaks(ran.stderr, planted)).toBe(false);
  });

  test("of a symbolic link that becomes a file is refused", () => {
    const repo = guarded({ files: { "target.txt": "x\n" } });
    spawnSync("ln", ["-s", "target.txt", join(repo.dir, "link.ini")]);
    repo.commit("link");
    repo.remove("link.ini");
    const planted = plant("typechange");
    repo.write("link.ini", planted.text);
    expectRefused(repo, planted, "link.ini", ["commit", "-a", "-m", "x"]);
  });

  test("of a key in UTF-16, in a zip, in a binary file is refused", () => {
    for (const [path, make] of Object.entries({
      "utf16.txt": (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]),
      "keys.gz": (text: string) => spawnSync("gzip", ["-c"], { input: text }).stdout,
      "core.bin": (text: string) => Buffer.concat([Buffer.alloc(3000), Buffer.from(text), Buffer.alloc(3000)]),
    })) {
      const repo = guarded({ files: { "readme.md": "x\n" } });
      const planted = plant(path);
      repo.write(path, make(planted.text));
      repo.stage();
      const said = expectRefused(repo, planted, path, ["commit", "-m", "x"]);
      expect(said).toContain(`git restore --staged ${path} &&`);
    }
  });
});

describe("a merge", () => {
  function diverged(content: string): TempRepo {
    const repo = guarded({ files: { "base.txt": "x\n" } });
    repo.git("checkout", "-q", "-b", "side");
    repo.write("side.ini", content);
    repo.stage();
    repo.git("commit", "-q", "--no-verify", "-m", "side");
    repo.git("checkout", "-q", "main");
    repo.write("main.txt", "y\n");
    repo.commit("main");
    return repo;
  }

  test("without conflicts is refused by pre-merge-commit and can be given up or finished", () => {
    const planted = plant("merge");
    const repo = diverged(planted.text);
    const ran = repo.tryGit("merge", "side", "-m", "join");
    expect(ran.stderr).toContain("keyguard: 1 credential in what this merge brings");
    expect(ran.stderr).toContain("side.ini:1:");
    expect(ran.status).not.toBe(0);
    expect(repo.git("rev-list", "--count", "HEAD")).toBe("2");
    expect(readFileSync(join(repo.dir, ".git", "MERGE_MSG"), "utf8")).toContain("join");
    repo.write("side.ini", "clean\n");
    repo.stage();
    expectPasses(repo, "commit", "-q", "--no-edit");
    expect(repo.git("log", "-1", "--format=%s")).toBe("join");
  });

  test("of a clean branch passes", () => {
    const repo = diverged("clean\n");
    expectPasses(repo, "merge", "-q", "side", "-m", "join");
  });

  test("with a key added while resolving its conflict is refused", () => {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    repo.git("checkout", "-q", "-b", "side");
    repo.write("a.ini", "side\n");
    repo.commit("side");
    repo.git("checkout", "-q", "main");
    repo.write("a.ini", "main\n");
    repo.commit("main");
    expect(repo.tryGit("merge", "side").status).not.toBe(0);
    const planted = plant("conflict");
    repo.write("a.ini", planted.text);
    repo.stage();
    expectRefused(repo, planted, "a.ini", ["commit", "--no-edit"]);
    repo.write("a.ini", "both\n");
    repo.stage();
    expectPasses(repo, "commit", "-q", "--no-edit");
  });
});

describe("what git does without asking pre-commit", () => {
  function withKeyOnSide(planted: Planted): TempRepo {
    const repo = guarded({ files: { "a.ini": "x\n" } });
    repo.git("checkout", "-q", "-b", "side");
    repo.write("a.ini", `y\n${planted.text}`);
    repo.git("commit", "-q", "-a", "--no-verify", "-m", "side");
    repo.git("checkout", "-q", "main");
    return repo;
  }

  test("a cherry-pick that stopped at a conflict is refused when it goes on with a key", () => {
    const planted = plant("pick");
    const repo = withKeyOnSide(planted);
    repo.write("a.ini", "z\n");
    repo.git("commit", "-q", "-a", "-m", "main");
    expect(repo.tryGit("cherry-pick", "side").status).not.toBe(0);
    repo.write("a.ini", `z\n${planted.text}`);
    repo.stage();
    const ran = spawnSync("git", ["cherry-pick", "--continue"], {
      cwd: repo.dir,
      env: { ...repo.env, GIT_EDITOR: "true" },
      encoding: "utf8",
    });
    expect(ran.stderr).toContain("a.ini:2:");
    expect(ran.status).not.toBe(0);
  });

  test("git am is refused by pre-applypatch", () => {
    const planted = plant("am");
    const repo = withKeyOnSide(planted);
    const patch = repo.gitWith("", "format-patch", "--stdout", "main..side");
    const ran = spawnSync("git", ["am"], { cwd: repo.dir, env: repo.env, input: patch, encoding: "utf8" });
    expect(ran.stderr).toContain("a.ini:2:");
    expect(ran.status).not.toBe(0);
    expect(repo.git("rev-list", "--count", "HEAD")).toBe("1");
    repo.git("am", "--abort");
  });

  test.each([
    ["a cherry-pick", ["cherry-pick", "side"]],
    ["a revert", []],
    ["a rebase", ["rebase", "main", "side"]],
  ])("%s without conflicts runs no hook that could refuse; the push is refused instead", (name, args) => {
    const planted = plant(`${name} and push`);
    const repo = withKeyOnSide(planted);
    expect(keyguard.keyguard(repo, "hook", "install", "--pre-push").status).toBe(0);
    const remote = makeRepo({ bare: true });
    onTestFinished(() => remote.cleanup());
    repo.git("remote", "add", "origin", `file://${remote.dir}`);
    if (name === "a rebase") repo.git("commit", "-q", "--allow-empty", "-m", "main");
    if (name === "a revert") {
      repo.git("checkout", "-q", "side");
      repo.write("a.ini", "clean again\n");
      repo.git("commit", "-q", "-a", "-m", "out");
      repo.git("push", "-q", "--no-verify", "origin", "side~1~1:refs/heads/base");
      repo.git("revert", "--no-edit", "HEAD");
    } else repo.git(...args);
    const ran = repo.tryGit("push", "origin", "HEAD");
    expect(ran.stderr).toContain("a.ini:2:");
    expect(ran.status).not.toBe(0);
  });
});

describe("a commit message", () => {
  test("with a key is refused, and is kept", () => {
    const repo = guarded({ files: { "a.txt": "x\n" } });
    const planted = plant("message");
    repo.write("a.txt", "y\n");
    repo.stage();
    const before = stateOf(repo, "a.txt");
    const ran = repo.tryGit("commit", "-m", `use\n\n${planted.text}`);
    expect(ran.stderr).toContain("keyguard: 1 credential in your commit message");
    expect(ran.stderr).toContain("git commit --edit --file=.git/COMMIT_EDITMSG");
    expect(ran.status).not.toBe(0);
    expect(leaks(ran.stderr, planted)).toBe(false);
    expect(stateOf(repo, "a.txt")).toEqual(before);
    expect(readFileSync(join(repo.dir, ".git/COMMIT_EDITMSG"), "utf8")).toContain(planted.secret);
  });

  test("written in an editor with --verbose is not judged by the diff that git shows below it", () => {
    const planted = plant("verbose");
    const repo = makeRepo({ files: { "a.ini": planted.text } });
    onTestFinished(() => repo.cleanup());
    guard(keyguard, repo);
    repo.write("a.ini", "clean\n");
    const ran = spawnSync("git", ["commit", "-q", "-a", "--verbose"], {
      cwd: repo.dir,
      env: { ...repo.env, GIT_EDITOR: `sh -c 'printf "take it out\\n" | cat - "$1" > m && mv m "$1"' -` },
      encoding: "utf8",
    });
    expect(ran.stderr).not.toContain("keyguard");
    expect(ran.status).toBe(0);
  });
});
