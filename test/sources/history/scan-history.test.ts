import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Io } from "../../../src/commands/command.ts";
import { type HistoryRequest, scanHistory } from "../../../src/commands/scan-history.ts";
import { loadSettings } from "../../../src/commands/settings.ts";
import type { Finding, Report } from "../../../src/model/finding.ts";
import { toJson } from "../../../src/report/json.ts";
import { reportSchema } from "../../../src/report/json-schema.ts";
import { mergeReports } from "../../../src/report/merge-reports.ts";
import { fakeAccessKeyId, fakeSecret } from "../../support/fake-keys.ts";
import { makeRepo, type RepoOptions, type TempRepo } from "../../support/temp-repo.ts";

function temporary(options?: RepoOptions): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(repo.cleanup);
  return repo;
}

async function scan(repo: TempRepo, request: Partial<HistoryRequest> = {}): Promise<Report> {
  const silent = { write: () => {}, isTerminal: false, color: false, width: 80 };
  const io = {
    cwd: repo.dir,
    env: repo.env,
    stdout: silent,
    stderr: silent,
    now: () => new Date("2026-06-01T00:00:00Z"),
    signal: new AbortController().signal,
    version: "0.0.0",
  } as unknown as Io;
  const settings = await loadSettings({ cwd: repo.dir, env: repo.env });
  return scanHistory({ dir: repo.dir, jobs: 1, cache: false, quiet: true, ...request }, settings, io);
}

const env = (seed: string): string =>
  `aws_access_key_id = ${fakeAccessKeyId(seed)}\naws_secret_access_key = ${fakeSecret(seed)}\n`;
const find = (report: Report, seed: string): Finding | undefined =>
  report.findings.find(({ credential }) => credential.secretAccessKey?.reveal() === fakeSecret(seed));

describe("what history says of a credential", () => {
  it("names the commit that brought it, the one that removed it, its path and the refs that still reach it", async () => {
    const repo = temporary({ files: { "a.txt": "hello\n" } });
    repo.write("conf/aws.ini", env("one"));
    const brought = repo.commit("add loader");
    repo.git("tag", "v1");
    repo.git("branch", "old");
    repo.remove("conf/aws.ini");
    const removed = repo.commit("oops");
    const report = await scan(repo);
    const finding = find(report, "one")!;
    expect(finding.exposure).toMatchObject({
      introduced: { commit: brought, author: "Ada Author", subject: "add loader" },
      removed: { commit: removed, subject: "oops" },
      atHead: false,
      inWorktree: false,
      refs: ["refs/heads/main", "refs/heads/old", "refs/tags/v1"],
    });
    expect(finding.exposure?.objects).toEqual([repo.git("rev-parse", `${brought}:conf/aws.ini`)]);
    expect(new Set(finding.locations.map(({ path, commit }) => `${path} ${commit}`))).toEqual(
      new Set([`conf/aws.ini ${brought}`]),
    );
    expect(report.complete).toBe(true);
  });

  it("follows it through a rename with edits, and sees it at HEAD and in the working tree", async () => {
    const repo = temporary({ files: { "a.ini": `${env("two")}x = 1\n` } });
    repo.git("mv", "a.ini", "b.ini");
    repo.write("b.ini", `# moved\n${env("two")}x = 2\n`);
    repo.commit("move");
    const { exposure, locations } = find(await scan(repo), "two")!;
    expect(exposure).toMatchObject({ removed: null, atHead: true, inWorktree: true, introduced: { subject: "first" } });
    expect(exposure?.objects).toHaveLength(2);
    expect(new Set(locations.map(({ path }) => path))).toEqual(new Set(["a.ini", "b.ini"]));
  });

  it("sees what only a merge has, and what tags, notes, stashes, messages and nothing at all hold", async () => {
    const repo = temporary({ files: { "a.txt": "a\n" } });
    repo.git("checkout", "-q", "-b", "side");
    repo.write("b.txt", "b\n");
    repo.commit("side");
    repo.git("checkout", "-q", "main");
    repo.write("c.txt", "c\n");
    repo.commit("main");
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side");
    repo.write("merged.ini", env("merge"));
    const merge = repo.commit("merge side");
    repo.git("tag", "-a", "v1", "-m", `release\n\n${env("tag")}`);
    repo.git("notes", "add", "-m", env("note"));
    repo.write("a.txt", env("stash-old"));
    repo.git("stash", "push", "-q");
    repo.write("a.txt", env("stash-new"));
    repo.git("stash", "push", "-q");
    const message = repo.commit(`message\n\n${env("message")}`);
    repo.gitWith(env("dangling"), "hash-object", "-w", "--stdin");
    const report = await scan(repo);
    expect(find(report, "merge")?.exposure?.introduced?.commit).toBe(merge);
    expect(find(report, "tag")).toMatchObject({
      locations: [{ path: "tag message" }, { path: "tag message" }],
      exposure: { refs: ["refs/tags/v1"], introduced: { subject: "release" } },
    });
    expect(find(report, "note")?.exposure?.refs).toEqual(["refs/notes/commits"]);
    expect(find(report, "note")?.locations[0]?.path).toMatch(/^note on [0-9a-f]{40}$/);
    expect(find(report, "stash-new")?.exposure?.refs).toEqual(["refs/stash"]);
    expect(find(report, "stash-old")?.exposure?.refs).toEqual(["stash@{1}"]);
    expect(find(report, "message")).toMatchObject({
      locations: [{ path: "commit message", commit: message }, { path: "commit message" }],
    });
    const dangling = find(report, "dangling");
    expect(dangling?.exposure).toMatchObject({ introduced: null, removed: null, refs: [], atHead: false });
    expect(dangling?.locations[0]?.path).toMatch(/^object [0-9a-f]{12}$/);
  });

  it("reads only what refs reach, or only what is newer, when it is asked to", async () => {
    const repo = temporary({ files: { "a.ini": env("old") } });
    repo.git("tag", "before");
    repo.write("b.ini", env("new"));
    repo.commit("new");
    repo.gitWith(env("dangling"), "hash-object", "-w", "--stdin");
    for (const pack of [false, true]) {
      if (pack) repo.git("repack", "-adfq");
      const reached = await scan(repo, { refsOnly: true });
      expect([find(reached, "old"), find(reached, "new"), find(reached, "dangling")].map(Boolean)).toEqual([
        true,
        true,
        false,
      ]);
      for (const date of ["before", new Date(1_770_000_030_000).toISOString()]) {
        const since = await scan(repo, { since: date });
        expect([find(since, "old"), find(since, "new")].map(Boolean)).toEqual([false, true]);
        expect(find(since, "dangling"), "what no ref reaches cannot be dated").toBeDefined();
        const both = await scan(repo, { since: date, refsOnly: true });
        expect([find(both, "new"), find(both, "dangling")].map(Boolean)).toEqual([true, false]);
      }
    }
    repo.git("reset", "--quiet", "--hard", "HEAD~1");
    expect(find(await scan(repo, { since: "before" }), "new"), "a lost commit").toBeDefined();
    await expect(scan(repo, { since: "no such thing" })).rejects.toThrow(
      "--since is neither a revision here nor a date",
    );
    await expect(scan(repo, { shard: "3/2" })).rejects.toThrow("--shard takes i/n");
  });

  it("leaves out a blob whose every path is excluded, and keeps one that stands elsewhere too", async () => {
    const repo = temporary({
      files: {
        ".keyguardrc": '{"exclude": ["vendor/**"]}',
        "vendor/a.ini": env("vendored"),
        "vendor/b.ini": env("both"),
        "own.ini": env("both"),
      },
    });
    const report = await scan(repo);
    expect(find(report, "vendored")).toBeUndefined();
    expect(new Set(find(report, "both")?.locations.map(({ path }) => path))).toEqual(new Set(["own.ini"]));
  });

  it("says that a shallow clone is incomplete, unless that is accepted", async () => {
    const repo = temporary({ files: { "a.txt": "1\n" } });
    repo.write("a.txt", "2\n");
    repo.commit("second");
    const clone = repo.clone("--depth=1");
    const refused = await scan(clone);
    expect(refused.complete).toBe(false);
    expect(refused.unread[0]?.why).toContain("git fetch --unshallow");
    expect((await scan(clone, { allowPartial: true })).complete).toBe(true);
  });

  it("counts the objects that a partial clone lacks, and fetches none of them", async () => {
    const repo = temporary({ files: { "a.txt": "small\n", "big.txt": "x".repeat(5000) } });
    repo.git("config", "uploadpack.allowFilter", "true");
    const clone = repo.clone("--bare", "--filter=blob:limit=1k");
    const report = await scan(clone);
    expect(report.complete).toBe(false);
    expect(report.unread[0]?.why).toContain("this clone is partial: 1 object is not here");
    const here = clone.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)");
    expect(here).not.toContain(repo.git("rev-parse", "HEAD:big.txt"));
    expect((await scan(clone, { allowPartial: true })).complete).toBe(true);
  });

  it("gives, merged from shards, the findings of the whole, and notices a shard that is missing", async () => {
    const repo = temporary({ files: { "a.txt": "a\n" } });
    for (const seed of ["s1", "s2", "s3", "s4", "s5", "s6"]) {
      repo.write(`${seed}.ini`, env(seed));
      repo.commit(seed);
    }
    repo.write("lone.txt", `the id ${fakeAccessKeyId("s1")} again\n`);
    repo.commit("lone id");
    const written = async (request: Partial<HistoryRequest>) =>
      reportSchema.parse(
        JSON.parse(JSON.stringify(toJson(await scan(repo, request), { showSecrets: false, version: "0" }))),
      );
    const summary = ({ fingerprint, severity, locations, exposure }: Finding) => ({
      fingerprint,
      severity,
      places: locations.map(({ path, line, part, commit }) => `${path}:${line} ${part} ${commit}`).sort(),
      exposure: exposure === null ? null : { ...exposure, refs: [...exposure.refs].sort() },
    });
    const sorted = (report: Report) =>
      report.findings.map(summary).sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
    for (const packed of [false, true]) {
      if (packed) repo.git("repack", "-adfq");
      const shards = await Promise.all([1, 2, 3].map((i) => written({ shard: `${i}/3` })));
      const merged = mergeReports(shards);
      const whole = await scan(repo);
      expect(sorted(merged)).toEqual(sorted(whole));
      const { objects, commits, texts } = whole.coverage;
      expect(merged.coverage).toMatchObject({ objects, commits, texts });
      expect(mergeReports([...shards, shards[0]!]).coverage).toEqual(merged.coverage);
      expect(merged.complete).toBe(true);
      expect(merged.findings[0]?.credential.secretAccessKey?.mask).toMatch(/^..…\(40 characters\)$/);
      const partial = mergeReports(shards.slice(1));
      expect(partial.complete).toBe(false);
      expect(partial.unread[0]?.path).toBe("shard 1/3");
    }
  });

  it("answers the second time from what it remembers, with no secret in it", async () => {
    const repo = temporary({ files: { "a.ini": env("cached") } });
    repo.git("repack", "-adq");
    const first = await scan(repo, { cache: true });
    const second = await scan(repo, { cache: true });
    expect(second.findings).toEqual(first.findings);
    expect(second.coverage.bytes).toBeLessThan(first.coverage.bytes);
    const folder = join(repo.dir, ".git/keyguard");
    const found = spawnSync("grep", ["-rlF", fakeSecret("cached").slice(3, 14), folder]);
    expect(String(found.stdout)).toBe("");
    expect(readFileSync(join(repo.dir, ".git/HEAD"), "utf8")).toContain("main");
    repo.write("a.ini", env("other"));
    repo.commit("other");
    expect(find(await scan(repo, { cache: true }), "cached")?.exposure).toMatchObject({
      atHead: false,
      removed: { subject: "other" },
    });
  });

  it("finds the same with threads as without, run as the bundle that ships", async () => {
    const repo = temporary();
    // Enough that threads are started: incompressible lines, and keys here and there.
    for (let i = 0; i < 9; i++) {
      const noise = Buffer.from(
        Array.from({ length: 1_600_000 }, (_, k) => (Math.imul(k + i * 7919, 2654435761) >>> 13) & 255),
      );
      repo.write(`noise-${i}.bin`, noise);
      repo.write(`keys-${i}.ini`, env(`thread-${i}`));
    }
    repo.commit("many");
    repo.git("repack", "-adq");
    const bundle = spawnSync(
      process.execPath,
      [
        join(import.meta.dirname, "../../../dist/keyguard.js"),
        "scan",
        "--history",
        "--no-cache",
        "--jobs",
        "2",
        "-f",
        "json",
      ],
      { cwd: repo.dir, env: repo.env, maxBuffer: 2 ** 28 },
    );
    const printed = reportSchema.parse(JSON.parse(String(bundle.stdout)));
    const whole = await scan(repo);
    expect(bundle.status).toBe(1);
    expect(whole.findings).toHaveLength(9);
    expect(printed.findings.map(({ fingerprint }) => fingerprint).sort()).toEqual(
      whole.findings.map(({ fingerprint }) => fingerprint).sort(),
    );
  });
});
