import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readRange } from "../../src/sources/range.ts";
import { windowOverlap, windowSize } from "../../src/sources/read-windows.ts";
import { readWorktree } from "../../src/sources/worktree.ts";
import { makeFolder, makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";
import { collector, wordPrefilter } from "./collect.ts";

function repoWith(options: RepoOptions = {}): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(repo.cleanup);
  return repo;
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const { dir, cleanup } = makeFolder();
  onTestFinished(cleanup);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

async function tree(cwd: string, paths: readonly string[] = [], options: Parameters<typeof collector>[0] = {}) {
  const sink = collector(options);
  const tally = await readWorktree({ cwd, paths, env: { ...process.env, GIT_CEILING_DIRECTORIES: "/tmp" } }, sink);
  return { ...sink, tally };
}

describe("a working tree in git", () => {
  test("is what is tracked and what is neither tracked nor ignored, as it is on disk", async () => {
    const repo = repoWith({ files: { "a.txt": "old\n", "dir/b.txt": "b\n", ".gitignore": "ignored*\n" } });
    repo.write("a.txt", "new\n");
    repo.write("untracked.txt", "u\n");
    repo.write("ignored.txt", "i\n");
    repo.write("ignored-folder/x.txt", "x\n");
    repo.remove("dir/b.txt");
    const { texts, unread, tally } = await tree(repo.dir);
    expect(Object.fromEntries(texts.map(({ path, content }) => [path, content]))).toEqual({
      ".gitignore": "ignored*\n",
      "a.txt": "new\n",
      "untracked.txt": "u\n",
    });
    expect(unread).toEqual([]);
    const missing = "1 tracked file is not in the working tree, and is not read";
    expect(tally).toEqual({ texts: 3, bytes: 15, notes: [missing] });
    expect((await tree(repo.dir, [], { excluded: (path) => path.startsWith("dir/") })).tally.notes).toEqual([]);
  });

  test("includes ignored files that hold credentials by their name, except among installed packages", async () => {
    const repo = repoWith({ files: { ".gitignore": ".env*\nhome/\nnode_modules/\n*.tfstate\n" } });
    const kept = [
      ".env",
      ".env.production",
      "home/.aws/credentials",
      "home/.aws/cli/cache/0a.json",
      "terraform.tfstate",
    ];
    const more = ["home/.cloudvolume/secrets/lab-aws-secret.json", "home/alice_accessKeys.csv", "home/rootkey.csv"];
    for (const path of [...kept, ...more]) repo.write(path, "x\n");
    for (const path of ["home/notes.txt", "node_modules/x/.env", "home/environment"]) repo.write(path, "y\n");
    expect((await tree(repo.dir)).paths()).toEqual([".gitignore", ...kept, ...more].sort());
  });

  test("below a folder or a file that is named is only that, with paths from the top", async () => {
    const repo = repoWith({
      files: { "a.txt": "a\n", "dir/b.txt": "b\n", "dir/sub/c.txt": "c\n", "dirt/d.txt": "d\n" },
    });
    expect((await tree(repo.dir, ["dir"])).paths()).toEqual(["dir/b.txt", "dir/sub/c.txt"]);
    expect((await tree(join(repo.dir, "dir"))).paths()).toEqual(["dir/b.txt", "dir/sub/c.txt"]);
    expect((await tree(join(repo.dir, "dir"), ["../a.txt", "sub"])).paths()).toEqual(["a.txt", "dir/sub/c.txt"]);
    expect((await tree(repo.dir, [".", "dir", "dir/b.txt"])).paths()).toHaveLength(4);
    expect((await tree("/", [repo.dir])).paths()).toHaveLength(4);
  });

  test("glob characters in a folder's name are only characters", async () => {
    const repo = repoWith({ files: { "[ab]*/x.txt": "x\n", "a/y.txt": "y\n", ":(top)/z.txt": "z\n" } });
    expect((await tree(repo.dir, ["[ab]*"])).paths()).toEqual(["[ab]*/x.txt"]);
    expect((await tree(repo.dir, [":(top)"])).paths()).toEqual([":(top)/z.txt"]);
  });

  test("a file or folder that is named is read although git ignores it", async () => {
    const repo = repoWith({ files: { ".gitignore": "build\n*.log\n" } });
    repo.write("build/out.js", "o\n");
    repo.write("debug.log", "d\n");
    expect((await tree(repo.dir, ["debug.log"])).paths()).toEqual(["debug.log"]);
    expect((await tree(repo.dir, ["build"])).paths()).toEqual(["build/out.js"]);
    expect((await tree(repo.dir, ["*.log"])).paths()).toEqual(["debug.log"]);
  });

  test("a path that does not exist is a mistake of the person's", async () => {
    const repo = repoWith();
    await expect(tree(repo.dir, ["nowhere"])).rejects.toMatchObject({
      code: "usage",
      message: "nowhere: no such file or folder",
    });
    await expect(tree(repo.dir, ["*.none"])).rejects.toMatchObject({ code: "usage" });
  });

  test("excluded files and folders are not read, nor told where they could not be", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n", "vendor/deep/x.txt": "x\n", "b.min.js": "b\n" } });
    repo.write("untracked/vendor.txt", "v\n");
    execFileSync("mkfifo", [join(repo.dir, "vendor/pipe")]);
    const excluded = (path: string): boolean => path === "vendor/" || path.endsWith(".min.js");
    const { unread, ...rest } = await tree(repo.dir, [], { excluded });
    expect(rest.paths()).toEqual(["a.txt", "untracked/vendor.txt"]);
    expect(unread).toEqual([]);
  });

  test("FIFOs and sockets are told and never waited for", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n", "was-a-file": "x\n" } });
    execFileSync("mkfifo", [join(repo.dir, "pipe")]);
    rmSync(join(repo.dir, "was-a-file"));
    execFileSync("mkfifo", [join(repo.dir, "was-a-file")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(repo.dir, "socket"), resolve));
    onTestFinished(() => void server.close());
    const { unread, ...rest } = await tree(repo.dir);
    expect(rest.paths()).toEqual(["a.txt"]);
    expect(unread.sort((a, b) => a.path.localeCompare(b.path))).toEqual(
      ["pipe", "socket", "was-a-file"].map((path) => ({ path, why: "not a regular file" })),
    );
    expect((await tree(repo.dir, ["pipe"])).unread).toEqual([{ path: "pipe", why: "not a regular file" }]);
  });

  test("of a symbolic link its target's name is the text; nothing is followed, not even a folder on the way", async () => {
    const outside = folderWith({ "secret.txt": "outside\n", "dir/inner.txt": "outside\n" });
    const repo = repoWith({ files: { "a.txt": "a\n", "real/b.txt": "b\n", "dir/inner.txt": "i\n" } });
    symlinkSync(join(outside, "secret.txt"), join(repo.dir, "link"));
    symlinkSync("nowhere", join(repo.dir, "dangling"));
    symlinkSync("..", join(repo.dir, "real/loop"));
    repo.commit();
    // What git tracks lies behind a link now that leads out of the tree.
    rmSync(join(repo.dir, "dir"), { recursive: true });
    symlinkSync(join(outside, "dir"), join(repo.dir, "dir"));
    const { texts, unread } = await tree(repo.dir);
    expect(texts.some(({ content }) => content.includes("outside\n"))).toBe(false);
    expect(texts.map(({ path, content }) => `${path}: ${content.trim()}`).sort()).toEqual([
      "a.txt: a",
      "dangling: nowhere",
      `dir: ${outside}/dir`,
      `link: ${outside}/secret.txt`,
      "real/b.txt: b",
      "real/loop: ..",
    ]);
    expect(unread).toEqual([]);
  });

  test("submodules and repositories within are read by their own rules; one that is not fetched is told", async () => {
    const other = repoWith({ files: { "s.txt": "s\n", ".gitignore": "*.log\n" } });
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    const sub = repo.submodule(other, "libs/sub");
    sub.write("untracked.txt", "u\n");
    sub.write("x.log", "l\n");
    execFileSync("git", ["init", "-q", join(repo.dir, "nested")], { env: repo.env });
    repo.write("nested/n.txt", "n\n");
    const clone = repo.clone();
    const paths = ["libs/sub/.gitignore", "libs/sub/s.txt", "libs/sub/untracked.txt", "nested/n.txt"];
    const own = await tree(repo.dir);
    expect(own.paths()).toEqual([".gitmodules", "a.txt", ...paths]);
    expect(own.unread).toEqual([]);
    const cloned = await tree(clone.dir);
    expect(cloned.unread).toEqual([
      { path: "libs/sub", why: "the submodule is not fetched: git submodule update --init" },
    ]);
  });

  test("a file in conflict is read once", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.git("switch", "-q", "-c", "side");
    repo.write("a.txt", "theirs\n");
    repo.commit();
    repo.git("switch", "-q", "main");
    repo.write("a.txt", "ours\n");
    repo.commit();
    expect(repo.tryGit("merge", "side").status).toBe(1);
    expect((await tree(repo.dir)).paths()).toEqual(["a.txt"]);
  });

  test("a linked work tree is read like any other; a bare repository says what to do instead", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    expect((await tree(repo.worktree().dir)).paths()).toEqual(["a.txt"]);
    await expect(tree(repo.clone("--bare").dir)).rejects.toMatchObject({
      code: "git",
      hint: expect.stringMatching(/--history/),
    });
  });

  test("thousands of files come through whatever pieces git writes its list in", async () => {
    const repo = repoWith();
    for (let i = 0; i < 1500; i++) repo.write(`folder-${i % 40}/${"long-name-".repeat(12)}${i}.txt`, `${i}\n`);
    repo.stage();
    for (let i = 0; i < 50; i++) repo.write(`new-${i}.txt`, "n\n");
    const prefilter = wordPrefilter("1499");
    const { tally, ...rest } = await tree(repo.dir, [], { prefilter });
    expect(tally.texts).toBe(1550);
    expect(prefilter.asked).toBe(1550);
    expect(rest.paths()).toEqual([expect.stringMatching(/1499\.txt$/)]);
  });
});

describe("a caller's environment", () => {
  test("may name the repository relative to the folder one is in, as git does for hooks", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n", "dir/b.txt": "b\n" } });
    const elsewhere = repoWith({ files: { "c.txt": "c\n" } });
    const sink = collector();
    const inside = { ...repo.env, GIT_DIR: "../.git", GIT_WORK_TREE: "..", GIT_INDEX_FILE: ".git/index" };
    await readWorktree({ cwd: join(repo.dir, "dir"), paths: ["..", elsewhere.dir], env: inside }, sink);
    expect(sink.paths()).toEqual(["a.txt", "c.txt", "dir/b.txt"]);
    const below = collector();
    await readWorktree({ cwd: repo.dir, paths: ["dir"], env: { ...repo.env, GIT_DIR: ".git" } }, below);
    expect(below.paths()).toEqual(["dir/b.txt"]);
  });

  test("is asked once for the many files of one repository", async () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`dir-${i}/deep/${i}.txt`, `${i}\n`]));
    const repo = repoWith({ files });
    const bin = join(repo.dir, "..", "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "git"), `#!/bin/sh\necho "$*" >> ${bin}/calls\nPATH=\${PATH#*:} exec git "$@"\n`);
    chmodSync(join(bin, "git"), 0o755);
    const sink = collector();
    const env = { ...repo.env, PATH: `${bin}:${process.env.PATH}` };
    await readWorktree({ cwd: repo.dir, paths: Object.keys(files), env }, sink);
    expect(sink.paths()).toHaveLength(60);
    expect(readFileSync(join(bin, "calls"), "utf8").trim().split("\n")).toHaveLength(1);
    const plain = folderWith(files);
    const outside = collector();
    await readWorktree({ cwd: plain, paths: Object.keys(files), env }, outside);
    expect(outside.paths()).toHaveLength(60);
    expect(readFileSync(join(bin, "calls"), "utf8").trim().split("\n")).toHaveLength(2);
  });

  test("that stops in the middle gets its own error, and no git stays behind", async () => {
    const repo = repoWith();
    for (let i = 0; i < 800; i++) repo.write(`${"long-name-".repeat(15)}${i}.txt`, "x\n");
    repo.commit();
    for (let i = 0; i < 800; i++) repo.write(`untracked-${"long-name-".repeat(15)}${i}.txt`, "x\n");
    const stop = new Error("enough");
    const sink = {
      ...collector(),
      onText: () => {
        throw stop;
      },
    };
    await expect(readWorktree({ cwd: repo.dir, env: repo.env }, sink)).rejects.toBe(stop);
    await expect(readRange({ cwd: repo.dir, range: "HEAD", env: repo.env }, sink)).rejects.toBe(stop);
    await expect.poll(() => gitsIn(repo.dir)).toEqual([]);
  });
});

/** Command lines of the gits that run in a folder. */
function gitsIn(dir: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((id) => {
      try {
        const line = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ");
        return readlinkSync(`/proc/${id}/cwd`) === dir && line.startsWith("git ") ? [line] : [];
      } catch {
        return [];
      }
    });
}

describe("a folder outside of git", () => {
  test("is walked whole, hidden files included, and told from the folder one is in", async () => {
    const dir = folderWith({ "a.txt": "a\n", ".hidden/.env": "e\n", "node_modules/x/y.js": "y\n" });
    symlinkSync("..", join(dir, "loop"));
    execFileSync("mkfifo", [join(dir, "pipe")]);
    const all = await tree(dir);
    expect(all.paths()).toEqual([".hidden/.env", "a.txt", "loop", "node_modules/x/y.js"]);
    expect(all.unread).toEqual([{ path: "pipe", why: "not a regular file" }]);
    expect((await tree(dir, [".hidden"])).paths()).toEqual([".hidden/.env"]);
    expect((await tree(dir, ["a.txt", "**/*.js"])).paths()).toEqual(["a.txt", "node_modules/x/y.js"]);
    expect((await tree("/usr", [dir])).paths()[0]).toBe(`${dir}/.hidden/.env`);
  });

  test("a link that a person names is followed", async () => {
    const dir = folderWith({ "real/a.txt": "a\n" });
    symlinkSync("real", join(dir, "link"));
    expect((await tree(dir, ["link"])).paths()).toEqual(["real/a.txt"]);
    symlinkSync("nowhere", join(dir, "dangling"));
    symlinkSync("self", join(dir, "self"));
    expect((await tree(dir, ["self"])).texts[0]).toMatchObject({ path: "self", content: "self" });
    expect((await tree(dir, ["dangling"])).texts[0]).toMatchObject({ path: "dangling", content: "nowhere" });
  });

  test("needs no git at all", async () => {
    const dir = folderWith({ "a.txt": "a\n" });
    const sink = collector();
    await readWorktree({ cwd: dir, env: { PATH: "/nowhere" } }, sink);
    expect(sink.paths()).toEqual(["a.txt"]);
  });
});

describe("names", () => {
  test("with newlines, escapes, tabs and bytes that are no UTF-8 are read and told", async () => {
    const repo = repoWith();
    const names = ["new\nline", "esc\u001b[31m", "tab\tbed", "smørrebrød/鍵.txt", " ", "-dash", '"quoted"'];
    for (const name of names) repo.write(name, "x\n");
    writeFileSync(Buffer.concat([Buffer.from(`${repo.dir}/latin`), Buffer.from([0xe9])]), "l\n");
    repo.stage();
    writeFileSync(Buffer.concat([Buffer.from(`${repo.dir}/untracked`), Buffer.from([0xff])]), "u\n");
    const { unread, ...rest } = await tree(repo.dir);
    expect(rest.paths()).toEqual([...names, "latin\xe9", "untracked\xff"].sort());
    expect(unread).toEqual([]);
    const plain = folderWith({ "new\nline": "x\n" });
    writeFileSync(Buffer.concat([Buffer.from(`${plain}/latin`), Buffer.from([0xe9])]), "l\n");
    expect((await tree(plain)).paths()).toEqual(["latin\xe9", "new\nline"]);
  });
});

describe("large files", () => {
  test("are read in windows that overlap, begin at a line's start and tell their first line", async () => {
    const repo = repoWith();
    const line = `${"x".repeat(99)}\n`;
    const count = Math.ceil((2.2 * windowSize) / line.length);
    const path = repo.write("large.txt", line.repeat(count));
    const file = openSync(path, "r+");
    // The first stands where two windows overlap, the second in the third window.
    const places = [windowSize - 50 - (windowSize % 100), 2 * windowSize - ((2 * windowSize) % 100)];
    for (const place of places) writeSync(file, "needle", place);
    closeSync(file);
    const { texts, tally } = await tree(repo.dir, [], { prefilter: wordPrefilter("needle") });
    expect(tally).toMatchObject({ texts: 1, bytes: count * 100 });
    const seen = texts.flatMap(({ content, firstLine, fresh }) => {
      const before = content.indexOf("needle");
      const isFresh = fresh.join("").includes("needle");
      return isFresh ? [firstLine + content.slice(0, before).split("\n").length - 1] : [];
    });
    expect(seen).toEqual(places.map((place) => Math.floor(place / 100) + 1));
    for (const { content, id } of texts) {
      expect(content.length).toBeLessThanOrEqual(windowSize);
      if (id !== "large.txt") expect(content.length - content.lastIndexOf("x".repeat(99))).toBeGreaterThan(0);
    }
    expect(windowOverlap).toBeLessThan(windowSize / 4);
  });

  test("of 3 GB are read to their end in bounded memory", async () => {
    const dir = folderWith({ "huge.bin": "", "small.txt": "needle\n" });
    const size = 3 * 2 ** 30;
    truncateSync(join(dir, "huge.bin"), size);
    const file = openSync(join(dir, "huge.bin"), "r+");
    writeSync(file, "needle", 4096);
    closeSync(file);
    const before = process.memoryUsage().rss;
    let most = 0;
    const sink = collector({ prefilter: wordPrefilter("needle") });
    const tally = await readWorktree(
      { cwd: dir, env: process.env },
      {
        ...sink,
        onProgress: () => {
          most = Math.max(most, process.memoryUsage().rss);
        },
      },
    );
    expect(sink.paths()).toEqual(["huge.bin", "small.txt"]);
    expect(tally.bytes).toBe(size + 7);
    expect(most - before).toBeLessThan(300 * 2 ** 20);
  });
});

/** Root may read everything: what cannot be read is tried as another user, in a process of its own. */
describe.runIf(process.getuid?.() === 0)("what may not be read", () => {
  test("is told, files and folders, and the rest is read", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n", "closed.txt": "c\n", "folder/x.txt": "x\n" } });
    chmodSync(join(repo.dir, "closed.txt"), 0);
    repo.write("untracked-folder/y.txt", "y\n");
    chmodSync(join(repo.dir, "untracked-folder"), 0);
    chmodSync(join(repo.dir, "folder"), 0);
    for (let dir = repo.dir; statSync(dir).mode !== 0o41777; dir = join(dir, "..")) chmodSync(dir, 0o755);
    const bundle = join(repo.dir, "..", "run.mjs");
    const { build } = await import("esbuild");
    await build({
      stdin: {
        contents: `import { readRange } from "../../src/sources/range.ts";
import { readWorktree } from "./src/sources/worktree.ts";
          const seen = [];
          await readWorktree({ cwd: process.argv[2] }, { onText: (t) => seen.push(t.path), onUnread: (p, w) => seen.push(p + ": " + w) });
          console.log(JSON.stringify(seen.sort()));`,
        resolveDir: process.cwd(),
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["fast-glob"],
      outfile: bundle,
    });
    const env = {
      ...repo.env,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      HOME: "/",
    };
    const run = (extra: NodeJS.ProcessEnv): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [bundle, repo.dir], {
          uid: 65534,
          gid: 65534,
          cwd: "/",
          env: { ...env, ...extra },
        });
        let output = "";
        child.stdout.on("data", (chunk) => (output += chunk));
        child.stderr.on("data", (chunk) => (output += chunk));
        child.on("close", () => resolve(output));
      });
    expect(JSON.parse(await run({}))).toEqual([
      "a.txt",
      "closed.txt: permission denied",
      "folder/: permission denied",
      "folder/x.txt: permission denied",
      "untracked-folder/: permission denied",
    ]);
    // The repository belongs to root: without safe.directory git refuses it, and so does keyguard.
    expect(await run({ GIT_CONFIG_COUNT: "0" })).toMatch(/git refuses .*belongs to another user[\s\S]*safe\.directory/);
  });
});
