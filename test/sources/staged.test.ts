import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readStaged } from "../../src/sources/staged.ts";
import { makeFolder, makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";
import { collector, wordPrefilter } from "./collect.ts";

function repoWith(options: RepoOptions = {}): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(repo.cleanup);
  return repo;
}

async function staged(repo: TempRepo, env: NodeJS.ProcessEnv = repo.env) {
  const sink = collector();
  const tally = await readStaged({ cwd: repo.dir, env }, sink);
  return { ...sink, tally };
}

describe("what is staged", () => {
  test("on the first commit of an empty repository every line is fresh", async () => {
    const repo = repoWith();
    repo.write("a.txt", "one\ntwo\n");
    repo.stage();
    const { texts, unread } = await staged(repo);
    expect(texts.map(({ path, fresh, origin }) => ({ path, fresh, origin }))).toEqual([
      { path: "a.txt", fresh: ["one\ntwo\n"], origin: { kind: "staged", path: "a.txt" } },
    ]);
    expect(unread).toEqual([]);
  });

  test("of an edited file the added lines are fresh and the whole blob is the text", async () => {
    const repo = repoWith({ files: { "a.txt": "one\ntwo\nthree\n" } });
    repo.write("a.txt", "one\nTWO\nthree\nfour\n");
    repo.stage();
    const { texts } = await staged(repo);
    expect(texts[0]).toMatchObject({ content: "one\nTWO\nthree\nfour\n", fresh: ["TWO\n", "four\n"] });
  });

  test("the index is read, never the working tree", async () => {
    const repo = repoWith({ files: { "a.txt": "one\n" } });
    repo.write("a.txt", "one\nstaged\n");
    repo.stage();
    repo.write("a.txt", "one\nonly in the working tree\n");
    expect((await staged(repo)).fresh()).toEqual({ "a.txt": "staged\n" });
  });

  test("a file that .gitattributes hides from diffs is seen, line by line", async () => {
    const repo = repoWith({ files: { ".gitattributes": "*.cfg -diff binary\n", "a.cfg": "old\n" } });
    repo.write("a.cfg", "old\nnew\n");
    repo.stage();
    expect((await staged(repo)).fresh()).toEqual({ "a.cfg": "new\n" });
  });

  test("of a file that was renamed and edited only the edited lines are fresh; a mere rename brings nothing", async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join("");
    const repo = repoWith({ files: { "edited.txt": lines, "moved.txt": `${lines}moved\n` } });
    repo.git("mv", "edited.txt", "renamed.txt");
    repo.git("mv", "moved.txt", "elsewhere.txt");
    repo.write("renamed.txt", `${lines}added\n`);
    repo.stage();
    expect((await staged(repo)).fresh()).toEqual({ "renamed.txt": "added\n" });
  });

  test("diff.renames=copies and diff.relative of the configuration hide nothing", async () => {
    const repo = repoWith({
      files: { "a.txt": "one\ntwo\n", "sub/b.txt": "b\n" },
      config: { "diff.renames": "copies", "diff.relative": "true", "diff.noprefix": "true", "color.diff": "always" },
    });
    repo.write("copy.txt", "one\ntwo\n");
    repo.write("a.txt", "one\ntwo\nthree\n");
    repo.stage();
    const sink = collector();
    await readStaged({ cwd: join(repo.dir, "sub"), env: repo.env }, sink);
    expect(sink.fresh()).toEqual({ "a.txt": "three\n", "copy.txt": "one\ntwo\n" });
  });

  test("a symbolic link that becomes a file is fresh from end to end, and a link's target is a text", async () => {
    const repo = repoWith();
    symlinkSync("target", join(repo.dir, "link"));
    repo.commit();
    rmSync(join(repo.dir, "link"));
    repo.write("link", "target");
    symlinkSync("nowhere", join(repo.dir, "new-link"));
    repo.stage();
    expect((await staged(repo)).fresh()).toEqual({ link: "target", "new-link": "nowhere" });
  });

  test("deletions, changes of mode and files that are only intended bring nothing", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n", "b.sh": "b\n" } });
    repo.remove("a.txt");
    repo.stage();
    repo.git("update-index", "--chmod=+x", "b.sh");
    repo.write("later.txt", "later\n");
    repo.git("add", "-N", "later.txt");
    const { texts, unread } = await staged(repo);
    expect({ texts, unread }).toEqual({ texts: [], unread: [] });
  });

  test("a submodule's commit is no text", async () => {
    const other = repoWith({ files: { "a.txt": "a\n" } });
    const repo = repoWith({ files: { "b.txt": "b\n" } });
    repo.git("submodule", "--quiet", "add", `file://${other.dir}`, "sub");
    const { unread, ...rest } = await staged(repo);
    expect(rest.paths()).toEqual([".gitmodules"]);
    expect(unread).toEqual([]);
  });

  test("GIT_INDEX_FILE is obeyed: a commit of named files has an index of its own", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    const index = join(repo.dir, ".git", "other-index");
    const env = { ...repo.env, GIT_INDEX_FILE: index };
    repo.write("b.txt", "b\n");
    repo.git("-c", "alias.x=!GIT_INDEX_FILE=.git/other-index git read-tree HEAD", "x");
    repo.git("-c", "alias.x=!GIT_INDEX_FILE=.git/other-index git add b.txt", "x");
    expect((await staged(repo)).paths()).toEqual([]);
    expect((await staged(repo, env)).paths()).toEqual(["b.txt"]);
  });

  test("during a merge what it brings to this branch and what resolves it are fresh", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.git("switch", "-q", "-c", "side");
    repo.write("side.txt", "side\n");
    repo.write("a.txt", "theirs\n");
    repo.commit();
    repo.git("switch", "-q", "main");
    repo.write("a.txt", "ours\n");
    repo.commit();
    expect(repo.tryGit("merge", "side").status).toBe(1);
    const open = await staged(repo);
    expect(open.unread).toEqual([{ path: "a.txt", why: "it is in conflict: nothing is staged of it yet" }]);
    repo.write("a.txt", "ours\nresolved\n");
    repo.stage();
    expect((await staged(repo)).fresh()).toEqual({ "a.txt": "resolved\n", "side.txt": "side\n" });
  });

  test("works in a linked work tree, in a submodule, and with SHA-256", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    const tree = repo.worktree();
    tree.write("in-tree.txt", "t\n");
    tree.stage();
    expect((await staged(tree)).fresh()).toEqual({ "in-tree.txt": "t\n" });
    const outer = repoWith({ files: { "b.txt": "b\n" } });
    const sub = outer.submodule(repo, "sub");
    sub.write("in-sub.txt", "s\n");
    sub.stage();
    expect((await staged(sub)).fresh()).toEqual({ "in-sub.txt": "s\n" });
    const long = repoWith({ sha256: true, files: { "a.txt": "a\n" } });
    long.write("a.txt", "a\nb\n");
    long.stage();
    expect((await staged(long)).fresh()).toEqual({ "a.txt": "b\n" });
  });

  test("a staged blob that is gone from the object store is told as unread", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.write("gone.txt", "gone\n");
    repo.write("here.txt", "here\n");
    repo.stage();
    const id = repo.git("rev-parse", ":gone.txt");
    rmSync(join(repo.dir, ".git/objects", id.slice(0, 2), id.slice(2)));
    const { unread, ...rest } = await staged(repo);
    expect(rest.paths()).toEqual(["here.txt"]);
    expect(unread).toEqual([{ path: "gone.txt", why: "its content is not in this clone" }]);
  });

  test("a damaged blob is told, and the ones after it are read", async () => {
    const repo = repoWith();
    for (const name of ["a", "b", "c"]) repo.write(name, `${name} ${"x".repeat(5000)}\n`);
    repo.stage();
    const id = repo.git("rev-parse", ":b");
    const file = join(repo.dir, ".git/objects", id.slice(0, 2), id.slice(2));
    rmSync(file);
    repo.write(file.slice(repo.dir.length + 1), "this is no object");
    const { unread, ...rest } = await staged(repo);
    expect(rest.paths()).toEqual(["a", "c"]);
    expect(unread.map(({ path }) => path)).toEqual(["b"]);
  });

  test("names with newlines, escapes and bytes that are no UTF-8 come through", async () => {
    const repo = repoWith();
    repo.write("new\nline", "1\n");
    repo.write("esc\u001b[31m", "2\n");
    repo.write("smørrebrød", "3\n");
    repo.stage();
    expect((await staged(repo)).paths()).toEqual(["esc\u001b[31m", "new\nline", "smørrebrød"].sort());
  });

  test("what the prefilter clears and what is excluded is not handed on", async () => {
    const repo = repoWith();
    repo.write("hit.txt", "has the word\n");
    repo.write("clean.txt", "has not\n");
    repo.write("vendor/hit.txt", "has the word\n");
    repo.stage();
    const prefilter = wordPrefilter("word");
    const sink = collector({ prefilter, excluded: (path) => path.startsWith("vendor/") });
    const tally = await readStaged({ cwd: repo.dir, env: repo.env }, sink);
    expect(sink.paths()).toEqual(["hit.txt"]);
    expect(prefilter.asked).toBe(2);
    expect(tally).toMatchObject({ texts: 2, bytes: 21 });
  });

  test("outside of a repository it says so and what to do", async () => {
    const { dir, cleanup } = makeFolder();
    onTestFinished(cleanup);
    await expect(readStaged({ cwd: dir }, collector())).rejects.toMatchObject({
      code: "git",
      message: "this is not a git repository",
    });
  });
});
