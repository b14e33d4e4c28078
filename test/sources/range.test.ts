import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { isoDate, readRange } from "../../src/sources/range.ts";
import { RawDiffParser } from "../../src/sources/raw-diff.ts";
import { seededRandom } from "../support/fake-keys.ts";
import { makeFolder, makeRepo, type RepoOptions, type TempRepo } from "../support/temp-repo.ts";
import { collector, wordPrefilter } from "./collect.ts";

function repoWith(options: RepoOptions = {}): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(repo.cleanup);
  return repo;
}

/** `path: fresh` for each blob, in order; messages apart. */
async function range(repo: TempRepo, spelled: string) {
  const sink = collector();
  const tally = await readRange({ cwd: repo.dir, range: spelled, env: repo.env }, sink);
  const blobs = sink.texts.filter(({ origin }) => origin.kind === "commit");
  return {
    tally,
    texts: sink.texts,
    unread: sink.unread,
    blobs: blobs.map(({ path, fresh }) => `${path}: ${fresh.join("|").replaceAll("\n", "$")}`),
    messages: sink.texts.filter(({ origin }) => origin.kind === "commit-message").map(({ content }) => content.trim()),
  };
}

describe("a range of commits", () => {
  test("gives each version of each file with what it adds, also of what a later commit takes away", async () => {
    const repo = repoWith({ files: { "a.txt": "old\n" } });
    repo.write("a.txt", "old\nsecret\n");
    repo.commit("add");
    repo.write("a.txt", "old\n");
    repo.commit("remove");
    repo.write("b.txt", "b\n");
    repo.commit("more");
    const { blobs, messages, tally } = await range(repo, "HEAD~3..HEAD");
    // The removal brings a version that adds no line: nothing is fresh in it.
    expect(blobs).toEqual(["a.txt: secret$", "b.txt: b$"]);
    expect(messages).toEqual(["add", "remove", "more"]);
    expect(tally.commits).toBe(3);
  });

  test("tells path, commit, author and date of each text", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.write("dir/b.txt", "b\n");
    const commit = repo.commit("the message\n\nwith a body");
    const { texts } = await range(repo, "HEAD~1..");
    expect(texts.map(({ origin }) => origin)).toEqual([
      { kind: "commit-message", path: "", commit, author: "Ada Author", date: "2026-02-02T04:41:00+02:00" },
      { kind: "commit", path: "dir/b.txt", commit, author: "Ada Author", date: "2026-02-02T04:41:00+02:00" },
    ]);
  });

  test("a single revision means it and all before it, the root commit included", async () => {
    const repo = repoWith({ files: { "a.txt": "one\n" } });
    repo.write("a.txt", "one\ntwo\n");
    repo.commit();
    expect((await range(repo, "HEAD")).blobs).toEqual(["a.txt: one$", "a.txt: two$"]);
    expect((await range(repo, "HEAD~1")).blobs).toEqual(["a.txt: one$"]);
  });

  test("three dots mean what the second side has since it left the first, as in a pull request", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.git("switch", "-q", "-c", "feature");
    repo.write("feature.txt", "f\n");
    repo.commit();
    repo.git("switch", "-q", "main");
    repo.write("main.txt", "m\n");
    repo.commit();
    expect((await range(repo, "main...feature")).blobs).toEqual(["feature.txt: f$"]);
    expect((await range(repo, "main..feature")).blobs).toEqual(["feature.txt: f$"]);
  });

  test("of a merge only what stands in none of its parents is fresh", async () => {
    const repo = repoWith({ files: { "a.txt": "1\n2\n3\n4\n5\n" } });
    repo.git("switch", "-q", "-c", "side");
    repo.write("a.txt", "1\n2\n3\n4\nside\n");
    repo.commit();
    repo.git("switch", "-q", "main");
    repo.write("a.txt", "main\n2\n3\n4\n5\n");
    repo.commit();
    repo.git("merge", "-q", "--no-commit", "side");
    repo.write("a.txt", "main\n2\nevil\n4\nside\n");
    repo.write("only-in-merge.txt", "new\n");
    repo.commit("merge");
    const { blobs } = await range(repo, "HEAD");
    expect(blobs.slice(-2)).toEqual(["a.txt: evil$", "only-in-merge.txt: new$"]);
    expect(blobs.length).toBe(5);
  });

  test("attributes, renames, links and submodules are treated as when they are staged", async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join("");
    const other = repoWith({ files: { "x.txt": "x\n" } });
    const repo = repoWith({ files: { ".gitattributes": "* -diff\n", "old.txt": lines, "pure.txt": `pure ${lines}` } });
    repo.git("mv", "old.txt", "new.txt");
    repo.git("mv", "pure.txt", "moved.txt");
    repo.write("new.txt", `${lines}added\n`);
    repo.commit();
    repo.submodule(other, "sub");
    const { blobs } = await range(repo, "HEAD~2..HEAD");
    expect(blobs[0]).toBe("new.txt: added$");
    expect(blobs[1]).toMatch(/^\.gitmodules: /);
    expect(blobs.length).toBe(2);
  });

  test("the same change in two commits is given once, the same blob under another name again", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.write("b.txt", "b\n");
    repo.commit();
    repo.git("revert", "--no-edit", "HEAD");
    repo.git("revert", "--no-edit", "HEAD");
    repo.write("c.txt", "b\n");
    repo.commit();
    expect((await range(repo, "HEAD~4..HEAD")).blobs).toEqual(["b.txt: b$", "c.txt: b$"]);
  });

  test("replacements and grafts don't change what is read", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.write("hidden.txt", "h\n");
    const hidden = repo.commit();
    repo.git("replace", hidden, repo.git("commit-tree", "-p", "HEAD~1", "-m", "clean", "HEAD~1^{tree}"));
    expect(repo.git("show", "--name-only", "--format=", hidden)).toBe("");
    expect((await range(repo, "HEAD~1..HEAD")).blobs).toEqual(["hidden.txt: h$"]);
  });

  test("log.showSignature and other settings for people change nothing", async () => {
    const repo = repoWith({
      files: { "a.txt": "a\n" },
      config: {
        "log.showRoot": "false",
        "diff.renames": "copies",
        "diff.noprefix": "true",
        "i18n.logOutputEncoding": "UTF-16",
      },
    });
    expect((await range(repo, "HEAD")).blobs).toEqual(["a.txt: a$"]);
  });

  test("a shallow clone is told to be one, and what its oldest commit holds is read", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.write("b.txt", "b\n");
    repo.commit();
    repo.write("c.txt", "c\n");
    repo.commit();
    const clone = repo.clone("--depth=2");
    const { blobs, unread } = await range(clone, "HEAD");
    expect(blobs).toEqual(["a.txt: a$", "b.txt: b$", "c.txt: c$"]);
    expect(unread).toEqual([
      { path: `commit ${clone.git("rev-parse", "HEAD~1").slice(0, 12)}`, why: expect.stringMatching(/shallow clone/) },
    ]);
    await expect(range(clone, "HEAD~2..HEAD")).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringMatching(/--unshallow/),
    });
  });

  test("where both ends are shallow, what the older one has is not new", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    const base = repo.git("rev-parse", "HEAD");
    repo.write("a.txt", "a\nb\n");
    repo.commit();
    const head = repo.commit();
    const clone = repo.clone("--depth=1");
    clone.git("fetch", "-q", "--depth=1", "origin", base);
    const { blobs, unread } = await range(clone, `${base}..${head}`);
    expect(blobs).toEqual(["a.txt: b$"]);
    expect(unread.length).toBe(1);
  });

  test("blobs that a partial clone lacks are told, and never fetched", async () => {
    const repo = repoWith({ files: { "big.txt": "x".repeat(5000) } });
    repo.write("big.txt", `${"x".repeat(5000)}\nmore\n`);
    repo.write("small.txt", "small\n");
    repo.commit();
    const clone = repo.clone("--bare", "--filter=blob:limit=1k");
    const { blobs, unread } = await range(clone, "HEAD");
    expect(blobs).toEqual(["small.txt: small$"]);
    expect(unread).toEqual([
      { path: "big.txt", why: "its content is not in this clone" },
      { path: "big.txt", why: "its content is not in this clone" },
    ]);
    const treeless = repo.clone("--bare", "--filter=tree:0");
    const nothing = await range(treeless, "HEAD");
    expect(nothing.blobs).toEqual([]);
    expect(nothing.unread.map(({ path }) => path.slice(0, 7))).toEqual(["commit ", "commit "]);
  });

  test("works with SHA-256 and in a bare repository", async () => {
    const repo = repoWith({ sha256: true, files: { "a.txt": "a\n" } });
    repo.write("a.txt", "a\nb\n");
    repo.commit();
    expect((await range(repo.clone("--bare"), "HEAD~1..HEAD")).blobs).toEqual(["a.txt: b$"]);
  });

  test("a range that names nothing is a mistake of the person's, also one that looks like an option", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    for (const wrong of ["nowhere..HEAD", "HEAD..nowhere", "--output=x", "--all", "HEAD^{tree}", "", "HEAD\nHEAD"]) {
      await expect(range(repo, wrong), wrong).rejects.toMatchObject({ code: "usage" });
    }
    const { dir, cleanup } = makeFolder();
    onTestFinished(cleanup);
    await expect(readRange({ cwd: dir, range: "HEAD" }, collector())).rejects.toMatchObject({ code: "git" });
  });

  test("an empty range is clean", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    expect(await range(repo, "HEAD..HEAD")).toMatchObject({
      blobs: [],
      messages: [],
      unread: [],
      tally: { commits: 0 },
    });
  });

  test("a blob that the prefilter clears is asked for once", async () => {
    const repo = repoWith({ files: { "a.txt": "clean\n" } });
    repo.write("b.txt", "clean\n");
    repo.write("c.txt", "has the word\n");
    repo.commit("message with the word");
    const sink = collector({ prefilter: wordPrefilter("word"), excluded: (path) => path === "a.txt" });
    await readRange({ cwd: repo.dir, range: "HEAD", env: repo.env }, sink);
    expect(sink.texts.map(({ path, origin }) => `${origin.kind} ${path}`)).toEqual(["commit-message ", "commit c.txt"]);
  });

  test("a commit whose tree is damaged is told and the others are read", async () => {
    const repo = repoWith({ files: { "a.txt": "a\n" } });
    repo.write("b.txt", "b\n");
    repo.commit();
    const tree = repo.git("rev-parse", "HEAD^{tree}");
    repo.write("c.txt", "c\n");
    repo.commit();
    repo.write("d.txt", "d\n");
    repo.commit();
    rmSync(join(repo.dir, ".git/objects", tree.slice(0, 2), tree.slice(2)));
    const { blobs, unread } = await range(repo, "HEAD");
    expect(blobs).toEqual(["a.txt: a$", "d.txt: d$"]);
    expect(unread.map(({ path }) => path)).toEqual([
      `commit ${repo.git("rev-parse", "HEAD~2").slice(0, 12)}`,
      `commit ${repo.git("rev-parse", "HEAD~1").slice(0, 12)}`,
    ]);
  });
});

describe("random histories", () => {
  test("add the lines that git counts, file by file, and miss no version of any file", async () => {
    const random = seededRandom("histories");
    const below = (n: number): number => Math.floor(random() * n);
    const repo = repoWith({ files: { "0.txt": "start\n" } });
    const line = (): string => `line ${below(60)}\n`;
    const edit = (path: string): void => {
      const file = join(repo.dir, path);
      const lines = existsSync(file) ? readFileSync(file, "utf8").split(/(?<=\n)/) : [];
      for (let i = 0; i <= below(4); i++)
        lines.splice(below(lines.length + 1), below(3), ...Array.from({ length: below(4) }, line));
      repo.write(path, lines.join(""));
    };
    for (let step = 0; step < 40; step++) {
      const name = `${below(5)}.txt`;
      if (below(6) === 0) repo.tryGit("mv", name, `${below(5)}.moved`);
      else if (below(9) === 0) repo.remove(name);
      else edit(name);
      if (below(7) === 0) repo.tryGit("switch", "-q", "-c", `branch-${step}`, `HEAD~${below(3)}`);
      repo.commit(`step ${step}`);
      if (below(5) === 0) {
        const branch = repo.git("for-each-ref", "--format=%(refname)", "refs/heads").split("\n").at(below(3)) ?? "main";
        repo.tryGit("merge", "-q", "-s", "ours", "--no-edit", branch);
      }
    }
    const { texts } = await range(repo, "HEAD");
    const ours = new Map<string, number>();
    const versions = new Set<string>();
    for (const { origin, path, id, fresh } of texts) {
      if (origin.kind !== "commit") continue;
      ours.set(`${origin.commit} ${path}`, fresh.join("").split("\n").length - 1);
      versions.add(`${id} ${path}`);
    }
    const log = repo.git(
      "log",
      "--no-merges",
      "--format=commit %H",
      "--raw",
      "--numstat",
      "--no-abbrev",
      "-M",
      "--minimal",
      "HEAD",
    );
    let compared = 0;
    let commit = "";
    const news = new Map<string, string>();
    for (const row of log.split("\n")) {
      if (row.startsWith("commit ")) commit = row.slice(7);
      const raw = /^:\S+ \S+ \S+ (\S+) \S+\t(?:.*\t)?(.*)$/.exec(row);
      if (raw !== null) news.set(raw[2]!, raw[1]!);
      const [, count, path] = /^([0-9]+)\t[0-9]+\t(.*)$/.exec(row) ?? [];
      if (path === undefined || path.includes("=>") || count === "0") continue;
      const own = ours.get(`${commit} ${path}`);
      // The same change again (a revert of a revert) is given with the first commit that made it.
      if (own === undefined) expect(versions).toContain(`${news.get(path)} ${path}`);
      else expect(`${commit} ${path} ${own}`).toBe(`${commit} ${path} ${count}`);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });
});

describe("git's raw diff", () => {
  test("is read the same in whatever pieces it comes", () => {
    const zero = "0".repeat(40);
    const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [string, string, string];
    const output = [
      a,
      `:100644 100755 ${a} ${b} M`,
      "changed",
      `:100644 100644 ${a} ${b} R087`,
      "old name",
      ":new name",
      b,
      `::100644 000000 100644 ${a} ${zero} ${c} MA`,
      "in\nmerge",
      `:120000 100644 ${a} ${b} T`,
      "was-a-link",
      `:000000 160000 ${zero} ${c} A`,
      "submodule",
      "",
    ].join("\0");
    const read = (pieces: readonly string[]): unknown[] => {
      const seen: unknown[] = [];
      const parser = new RawDiffParser(
        ({ path, status, id, olds }) => seen.push([path, status, id, olds]),
        (commit) => seen.push(commit),
      );
      for (const piece of pieces) parser.take(piece);
      return seen;
    };
    const expected = [
      a,
      ["changed", "M", b, [a]],
      [":new name", "R087", b, [a]],
      b,
      ["in\nmerge", "MA", c, [a, null]],
      ["was-a-link", "T", b, [null]],
      ["submodule", "A", null, [null]],
    ];
    for (let cut = 0; cut <= output.length; cut++)
      expect(read([output.slice(0, cut), output.slice(cut)])).toEqual(expected);
    expect(read([...output])).toEqual(expected);
  });
});

describe("a date", () => {
  test("is told with the offset of the author's clock, and is empty where it is none", () => {
    expect(isoDate(1_770_000_000, "+0200")).toBe("2026-02-02T04:40:00+02:00");
    expect(isoDate(1_770_000_000, "-0930")).toBe("2026-02-01T17:10:00-09:30");
    expect(isoDate(Number.NaN, "+0000")).toBe("");
    expect(isoDate(1e18, "+0000")).toBe("");
  });
});
