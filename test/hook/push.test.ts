import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";
import { type InstalledPackage, installPackage } from "./installed-package.ts";
import { leaks, plant } from "./planted.ts";

let keyguard: InstalledPackage;
beforeAll(() => {
  keyguard = installPackage();
});
afterAll(() => keyguard.cleanup());

function tracked(options: RepoOptions): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(() => repo.cleanup());
  return repo;
}

/** A repository with a remote that has its first commit, guarded by pre-push alone. */
function pushing(files: Record<string, string> = { "a.txt": "x\n" }): { repo: TempRepo; remote: TempRepo } {
  const remote = tracked({ bare: true });
  const repo = tracked({ files });
  repo.git("remote", "add", "origin", `file://${remote.dir}`);
  repo.git("push", "-q", "origin", "main");
  const ran = keyguard.keyguard(repo, "hook", "install", "--hooks", "pre-push,pre-commit");
  expect(ran.stderr).toContain("guarded");
  return { repo, remote };
}

/** Commits as `git commit --no-verify` does: what an editor or another clone brought. */
function commitUnseen(repo: TempRepo, path: string, content: string, message = "unseen"): string {
  repo.write(path, content);
  repo.stage();
  return repo.commit(message, { args: ["--no-verify"] });
}

function expectRefused(repo: TempRepo, args: readonly string[], ...words: string[]): string {
  const ran = repo.tryGit("push", ...args);
  expect(ran.stderr).toContain("keyguard: 1 credential in what you are about to push");
  for (const word of words) expect(ran.stderr).toContain(word);
  expect(ran.status).not.toBe(0);
  return ran.stderr;
}

function expectPasses(repo: TempRepo, ...args: string[]): void {
  const ran = repo.tryGit("push", ...args);
  expect(ran.stderr).not.toContain("keyguard");
  expect(ran.status).toBe(0);
}

describe("a push", () => {
  test("of a commit with a key is refused, and says in which commit it stands", () => {
    const { repo, remote } = pushing();
    const planted = plant("push");
    const commit = commitUnseen(repo, "conf/a.ini", planted.text);
    commitUnseen(repo, "b.txt", "later\n");
    const said = expectRefused(repo, ["origin", "main"], "conf/a.ini:1:21", `in ${commit.slice(0, 7)}`);
    expect(said).toContain(`git rebase --interactive ${commit.slice(0, 12)}^`);
    expect(said).toContain("nothing was pushed");
    expect(leaks(said, planted)).toBe(false);
    expect(remote.git("rev-list", "--count", "main")).toBe("1");
  });

  test("is refused when a later commit took the key out again: the history goes with it", () => {
    const { repo } = pushing();
    const planted = plant("removed");
    commitUnseen(repo, "a.ini", planted.text);
    commitUnseen(repo, "a.ini", "clean\n");
    expectRefused(repo, ["origin", "main"], "a.ini:1:21");
  });

  test("of the last commit is mended by amending it", () => {
    const { repo } = pushing();
    commitUnseen(repo, "a.ini", plant("amend").text);
    expectRefused(repo, ["origin", "main"], "git commit --all --amend");
    repo.write("a.ini", "clean\n");
    repo.git("commit", "-q", "--all", "--amend", "--no-edit");
    expectPasses(repo, "-q", "origin", "main");
  });

  test("of a clean commit passes without a word", () => {
    const { repo } = pushing();
    commitUnseen(repo, "b.txt", "clean, whatever its secret\n");
    expectPasses(repo, "-q", "origin", "main");
  });

  test("of a new branch looks only at what the remote lacks", () => {
    const planted = plant("old key");
    const { repo } = pushing({ "old.ini": planted.text });
    repo.git("checkout", "-q", "-b", "topic");
    commitUnseen(repo, "b.txt", "clean\n");
    expectPasses(repo, "-q", "origin", "topic");
    commitUnseen(repo, "new.ini", plant("new key").text);
    expectRefused(repo, ["origin", "topic:other"], "new.ini:1:21");
  });

  test("that changes another line of a file with a key that the remote has passes", () => {
    const planted = plant("known");
    const { repo } = pushing({ "a.ini": `${planted.text}\n# one\n` });
    commitUnseen(repo, "a.ini", `${planted.text}\n# two\n`);
    expectPasses(repo, "-q", "origin", "main");
  });

  test("of a key in a commit message, or in an annotated tag's, is refused", () => {
    const { repo } = pushing();
    const planted = plant("message");
    repo.git("tag", "-a", "v1", "-m", `release\n\n${planted.text}`);
    expectRefused(repo, ["origin", "v1"]);
    commitUnseen(repo, "b.txt", "clean\n", `why\n\n${planted.text}`);
    const said = expectRefused(repo, ["origin", "main"]);
    expect(leaks(said, planted)).toBe(false);
  });

  test("of a lightweight tag on an unpushed commit is refused", () => {
    const { repo } = pushing();
    commitUnseen(repo, "a.ini", plant("light").text);
    repo.git("tag", "v2");
    expectRefused(repo, ["origin", "v2"], "a.ini:1:21");
  });

  test("by force is refused for the new history, also when the remote has a commit that is not here", () => {
    const { repo, remote } = pushing();
    const other = remote.clone();
    commitUnseen(other, "c.txt", "from elsewhere\n");
    other.git("push", "-q", "origin", "main");
    commitUnseen(repo, "a.ini", plant("force").text);
    expectRefused(repo, ["--force", "origin", "main"], "a.ini:1:21");
    repo.git("reset", "-q", "--hard", "HEAD^");
    commitUnseen(repo, "b.txt", "clean\n");
    expectPasses(repo, "-q", "--force", "origin", "main");
  });

  test("that deletes a branch passes", () => {
    const { repo } = pushing();
    repo.git("push", "-q", "--no-verify", "origin", "main:gone");
    expectPasses(repo, "-q", "origin", ":gone");
  });

  test("of many refs is refused when one of them brings a key", () => {
    const { repo } = pushing();
    for (let i = 0; i < 12; i++) {
      repo.git("checkout", "-q", "-b", `b${i}`, "main");
      commitUnseen(repo, `f${i}.txt`, i === 7 ? plant("many").text : `clean ${i}\n`);
    }
    expectRefused(repo, ["--all", "origin"], "f7.txt:1:21");
    expectPasses(repo, "-q", "origin", "b1", "b2", "b3");
  });

  test("to an address without a name is refused, and looks at what that address is known to lack", () => {
    const { repo, remote } = pushing();
    commitUnseen(repo, "a.ini", plant("address").text);
    expectRefused(repo, [`file://${remote.dir}`, "main"], "a.ini:1:21");
    const elsewhere = tracked({ bare: true });
    expectRefused(repo, [`file://${elsewhere.dir}`, "main"], "a.ini:1:21");
  });

  test("of a key in an archive or in UTF-16 is refused", () => {
    const { repo } = pushing();
    const planted = plant("packed");
    const zipped = spawnSync("gzip", ["-c"], { input: planted.text }).stdout;
    repo.write("keys.gz", zipped);
    repo.stage();
    repo.commit("packed", { args: ["--no-verify"] });
    expectRefused(repo, ["origin", "main"], "keys.gz");
  });

  test("is judged by the configuration's own detectors, of which the front knows nothing", () => {
    const { repo } = pushing();
    writeFileSync(
      join(repo.dir, ".keyguardrc"),
      JSON.stringify({
        detectors: [
          {
            id: "house-token",
            pattern: "house_[0-9]{12}",
            keywords: ["house_"],
            examples: { finds: ["t = «house_123456789012»"], ignores: ["house_12"] },
          },
        ],
      }),
    );
    const token = ["house", "_", "918273645546"].join("");
    commitUnseen(repo, "t.txt", `t = ${token}\n`);
    const ran = repo.tryGit("push", "origin", "main");
    expect(ran.stderr).toContain("t.txt:1:5");
    expect(ran.stderr).not.toContain(token);
    expect(ran.status).not.toBe(0);
  });

  test("fails closed when an object is missing", () => {
    const { repo } = pushing();
    commitUnseen(repo, "b.txt", "clean\n");
    const blob = repo.git("rev-parse", "HEAD:b.txt");
    spawnSync("rm", ["-f", join(repo.dir, ".git/objects", blob.slice(0, 2), blob.slice(2))]);
    const ran = repo.tryGit("push", "origin", "main");
    expect(ran.stderr).toContain("keyguard: error: could not read what is pushed");
    expect(ran.stderr).toContain("git was stopped");
    expect(ran.status).not.toBe(0);
  });
});

describe("a server", () => {
  /** A bare repository with a hook of keyguard, and a clone of it. */
  function serving(hook: "pre-receive" | "update"): { server: TempRepo; repo: TempRepo } {
    const server = tracked({ bare: true });
    const ran = keyguard.keyguard(server, "hook", "install", ...(hook === "update" ? ["--hooks", "update"] : []));
    expect(ran.stderr + ran.stdout).toContain("pushes to this repository are guarded");
    const repo = tracked({ files: { "a.txt": "x\n" } });
    repo.git("remote", "add", "origin", `file://${server.dir}`);
    repo.git("push", "-q", "origin", "main");
    return { server, repo };
  }

  function objectsOf(repo: TempRepo): string {
    return repo.git("count-objects", "-v");
  }

  test("refuses a push with a key in pre-receive, and keeps none of its objects", () => {
    const { server, repo } = serving("pre-receive");
    const planted = plant("server");
    const before = objectsOf(server);
    commitUnseen(repo, "a.ini", planted.text);
    const ran = repo.tryGit("push", "origin", "main");
    expect(ran.stderr).toContain("remote: keyguard: 1 credential in what you pushed");
    expect(ran.stderr).toContain("a.ini:1:21");
    expect(leaks(ran.stderr, planted)).toBe(false);
    expect(ran.status).not.toBe(0);
    expect(objectsOf(server)).toBe(before);
    expect(server.git("rev-list", "--count", "main")).toBe("1");
    repo.git("reset", "-q", "--hard", "HEAD^");
    commitUnseen(repo, "b.txt", "clean\n");
    expectPasses(repo, "-q", "origin", "main");
  });

  test("refuses only the ref with the key in update", () => {
    const { server, repo } = serving("update");
    repo.git("checkout", "-q", "-b", "good");
    commitUnseen(repo, "b.txt", "clean\n");
    repo.git("checkout", "-q", "-b", "bad", "main");
    commitUnseen(repo, "a.ini", plant("update").text);
    const ran = repo.tryGit("push", "origin", "good", "bad");
    expect(ran.stderr).toContain("a.ini:1:21");
    expect(ran.status).not.toBe(0);
    expect(server.git("for-each-ref", "--format=%(refname:short)")).toBe("good\nmain");
  });

  test("refuses a new branch, an annotated tag and a forced push, and lets a deletion pass", () => {
    const { repo } = serving("pre-receive");
    repo.git("tag", "-a", "v1", "-m", plant("server tag").text);
    expect(repo.tryGit("push", "origin", "v1").status).not.toBe(0);
    repo.git("push", "-q", "origin", "main:gone");
    expectPasses(repo, "-q", "origin", ":gone");
    repo.git("commit", "-q", "--amend", "-m", "rewritten");
    expectPasses(repo, "-q", "--force", "origin", "main");
    commitUnseen(repo, "a.ini", plant("server branch").text);
    expect(repo.tryGit("push", "origin", "main:fresh").stderr).toContain("a.ini:1:21");
  });

  test("sees what it has through alternates as known", () => {
    const old = plant("alternate");
    const main = tracked({ files: { "old.ini": old.text } });
    const fork = tracked({ bare: true });
    writeFileSync(join(fork.dir, "objects/info/alternates"), `${join(main.dir, ".git/objects")}\n`);
    fork.git("update-ref", "refs/heads/main", main.git("rev-parse", "HEAD"));
    expect(keyguard.keyguard(fork, "hook", "install").status).toBe(0);
    const repo = fork.clone();
    onTestFinished(() => repo.cleanup());
    commitUnseen(repo, "b.txt", "clean\n");
    expectPasses(repo, "-q", "origin", "HEAD:main");
    commitUnseen(repo, "new.ini", plant("fork").text);
    expect(repo.tryGit("push", "origin", "HEAD:main").stderr).toContain("new.ini:1:21");
  });

  test("is not switched off by a configuration that is pushed to it", () => {
    const { repo } = serving("pre-receive");
    commitUnseen(repo, ".keyguardrc", JSON.stringify({ exclude: ["**"] }));
    commitUnseen(repo, "a.ini", plant("config").text);
    expect(repo.tryGit("push", "origin", "main").stderr).toContain("a.ini:1:21");
  });

  test("obeys a configuration of its own", () => {
    const { server, repo } = serving("pre-receive");
    writeFileSync(join(server.dir, ".keyguardrc"), JSON.stringify({ exclude: ["vendor"] }));
    commitUnseen(repo, "vendor/a.ini", plant("vendor").text);
    expectPasses(repo, "-q", "origin", "main");
  });
});

test("a hook of one's own gets the refs as well, and its refusal counts", () => {
  const { repo } = pushing();
  const hooks = join(repo.dir, ".git/hooks");
  mkdirSync(hooks, { recursive: true });
  keyguard.keyguard(repo, "hook", "uninstall");
  writeFileSync(join(hooks, "pre-push"), '#!/bin/sh\ncat > seen\n[ "$1" = origin ] || exit 1\ngrep -q main seen\n', {
    mode: 0o755,
  });
  expect(keyguard.keyguard(repo, "hook", "install", "--pre-push").status).toBe(0);
  expect(readdirSync(hooks)).toContain("pre-push.before-keyguard");
  commitUnseen(repo, "b.txt", "clean\n");
  expectPasses(repo, "-q", "origin", "main");
  commitUnseen(repo, "a.ini", plant("chained").text);
  expectRefused(repo, ["origin", "main"], "a.ini:1:21");
});
