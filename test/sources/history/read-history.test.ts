import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findRepository } from "../../../src/git/repository.ts";
import { defaultRules } from "../../../src/scan/rules.ts";
import { openCache } from "../../../src/sources/history/cache.ts";
import { type HistoryOptions, type HistoryScan, readHistory } from "../../../src/sources/history/read-history.ts";
import { fakeAccessKeyId, fakeSecret, fakeSessionToken, seededRandom } from "../../support/fake-keys.ts";
import { makeRepo, type RepoOptions, type TempRepo } from "../../support/temp-repo.ts";
import { slowTruth, spellHits } from "./slow-truth.ts";

async function read(repo: TempRepo, options: Partial<HistoryOptions> = {}): Promise<HistoryScan> {
  const place = { dir: repo.dir, env: repo.env };
  const repository = await findRepository(place);
  return readHistory({
    place,
    repository: repository!,
    rules: defaultRules,
    jobs: 1,
    startThread: null,
    wanted: null,
    shard: null,
    cache: null,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...options,
  });
}

function temporary(options?: RepoOptions): TempRepo {
  const repo = makeRepo(options);
  onTestFinished(repo.cleanup);
  return repo;
}

/** Lines of words, so that files are long enough to be deltas and no two are alike. */
function prose(random: () => number, lines: number): string[] {
  const words =
    "the bucket volume holds a secret of layers, config.get('region') = us-east-1; key value session_token path/to/file {name: x} return null".split(
      " ",
    );
  return Array.from({ length: lines }, () =>
    Array.from({ length: 4 + Math.floor(random() * 9) }, () => words[Math.floor(random() * words.length)]).join(" "),
  );
}

/** A credential as it may stand in a file, in one of many forms. */
function plant(random: () => number, seed: string): string[] {
  const id = fakeAccessKeyId(seed, random() < 0.3 ? "ASIA" : "AKIA");
  const secret = fakeSecret(seed);
  const token = fakeSessionToken(seed, 300);
  const escaped = secret.replaceAll("/", "\\/").replaceAll("+", "\\u002b");
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const forms: (() => string[])[] = [
    () => [`aws_access_key_id = ${id}`, `aws_secret_access_key = ${secret}`],
    () => [`aws_access_key_id = ${id}`, `aws_secret_access_key = ${secret}`, `aws_session_token = ${token}`],
    () => [`export AWS_SECRET_ACCESS_KEY=${secret}`],
    () => [`const id = "${id}";`, `call("${secret}");`],
    () => [`{"AWS_ACCESS_KEY_ID": "${id}", "AWS_SECRET_ACCESS_KEY": "${escaped}"}`],
    () => [`s3://host:bucket?access=${id}&secret=${encodeURIComponent(secret)}`],
    () => ["kind: Secret", "data:", `  AWS_SECRET_ACCESS_KEY: ${base64(secret)}`],
    () => [
      "data:",
      `  credentials: ${base64(`[default]\naws_access_key_id=${id}\naws_secret_access_key=${secret}\n`)}`,
    ],
    () => [`secret_access_key = "${secret.slice(0, 17)}" + \\`, `    "${secret.slice(17)}"`, `access_key = "${id}"`],
    () => [
      `AWS_ACCESS_KEY_ID=${id}`,
      ...prose(random, 30).map((line, i) => `VAR_${i}=${line.slice(0, 30)}`),
      `AWS_SECRET_ACCESS_KEY=${secret}`,
    ],
    () => [`key id ${id} stands alone`],
    () => [
      "-----BEGIN " + "PRIVATE KEY-----",
      ...base64(fakeSessionToken(seed, 900)).match(/.{1,64}/g)!,
      "-----END " + "PRIVATE KEY-----",
    ],
    () => [`da2-${fakeAccessKeyId(seed).toLowerCase().slice(4)}abcdefghij`],
  ];
  return forms[Math.floor(random() * forms.length)]!();
}

/** Changes a file as people do: lines in, out and moved, a key planted, changed by a character, split, or removed. */
function edit(random: () => number, lines: string[], seed: string): string[] {
  const at = Math.floor(random() * (lines.length + 1));
  const dice = random();
  const next = [...lines];
  if (dice < 0.3) next.splice(at, 0, ...plant(random, seed));
  else if (dice < 0.45) next.splice(at, 1 + Math.floor(random() * 6));
  else if (dice < 0.6) next.splice(at, 0, ...prose(random, 1 + Math.floor(random() * 8)));
  else if (dice < 0.7) next.push(...next.splice(at, 12));
  else {
    const keyed = next.findIndex((line, i) => i >= at && /[A-Za-z0-9+/]{20}/.test(line));
    if (keyed >= 0) {
      const line = next[keyed]!;
      const spot = line.search(/[A-Za-z0-9+/]{20}/) + Math.floor(random() * 20);
      const letter = "ABCDEFGHabcdefgh2345"[Math.floor(random() * 20)]!;
      if (dice < 0.85) next[keyed] = line.slice(0, spot) + letter + line.slice(spot + 1);
      else if (dice < 0.93) next[keyed] = `${line.slice(0, spot)}\n${line.slice(spot)}`;
      else next[keyed] = line.slice(0, spot) + letter + line.slice(spot);
    }
  }
  return next;
}

/** A history with files that change, branches, merges that have content of their own, renames, stashes, notes, tags. */
function grow(repo: TempRepo, random: () => number, seed: string, commits: number): void {
  const files = new Map<string, string[]>([
    ["src/loader.py", prose(random, 120)],
    ["deploy.env", prose(random, 30)],
    ["big.log", prose(random, 900)],
    ["tests/data.json", prose(random, 60)],
  ]);
  const save = (): void => {
    for (const [path, lines] of files) repo.write(path, `${lines.join("\n")}\n`);
  };
  for (let i = 0; i < commits; i++) {
    const names = [...files.keys()];
    const name = names[Math.floor(random() * names.length)]!;
    files.set(name, edit(random, files.get(name)!, `${seed}-${i}`));
    const dice = random();
    if (dice < 0.06) {
      files.set(`moved-${i}/${name}`, edit(random, files.get(name)!, `${seed}-move-${i}`));
      files.delete(name);
      repo.remove(name);
    }
    save();
    if (dice > 0.97) {
      repo.git("stash", "push", "-q", "--include-untracked");
      save();
    }
    repo.commit(dice < 0.1 ? `message with ${plant(random, `${seed}-m-${i}`).join("\n")}` : `change ${i}`);
    if (dice > 0.3 && dice < 0.36) {
      repo.git("tag", "-a", `v${i}`, "-m", `release\n${plant(random, `${seed}-t-${i}`).join("\n")}`);
      repo.git("notes", "add", "-f", "-m", plant(random, `${seed}-n-${i}`).join("\n"));
    }
    if (dice > 0.36 && dice < 0.42) {
      // A merge with content that neither side has.
      repo.git("checkout", "-q", "-b", `side-${i}`, "HEAD~1");
      repo.write(`side-${i}.txt`, `${prose(random, 40).join("\n")}\n`);
      repo.commit(`side ${i}`);
      repo.git("checkout", "-q", "main");
      repo.git("merge", "-q", "--no-commit", "--no-ff", `side-${i}`);
      repo.write(`merged-${i}.txt`, `${plant(random, `${seed}-merge-${i}`).join("\n")}\n`);
      repo.commit(`merge ${i}`);
    }
    if (dice > 0.42 && dice < 0.46)
      repo.gitWith(`${plant(random, `${seed}-dangling-${i}`).join("\n")}\n`, "hash-object", "-w", "--stdin");
  }
}

const layouts: Record<string, (repo: TempRepo) => void> = {
  "loose objects only": () => {},
  "one deep pack": (repo) => repo.git("repack", "-adfq", "--depth=250", "--window=250"),
  "gc --aggressive": (repo) => repo.git("gc", "-q", "--aggressive", "--prune=now"),
  "a pack and loose objects": (repo) => {
    repo.git("repack", "-adq");
    repo.write("late.txt", `${plant(seededRandom("late"), "late").join("\n")}\n`);
    repo.commit("late");
  },
  "many packs with a multi-pack-index": (repo) => {
    const all = repo
      .git("rev-list", "--objects", "--all", "--reflog")
      .split("\n")
      .map((line) => line.split(" ")[0]!);
    for (let i = 0; i < all.length; i += 60)
      repo.gitWith(
        `${all.slice(i, i + 90).join("\n")}\n`,
        "pack-objects",
        "-q",
        join(repo.git("rev-parse", "--absolute-git-dir"), "objects/pack/pack"),
      );
    repo.git("prune-packed", "-q");
    repo.tryGit("multi-pack-index", "write");
  },
  "deltas named by their base's id": (repo) => {
    repo.git("config", "repack.useDeltaBaseOffset", "false");
    repo.git("repack", "-adfq", "--depth=50");
  },
};

describe("reading history", () => {
  for (const [name, pack] of Object.entries(layouts)) {
    for (const seed of ["one", "two"]) {
      it(`finds in ${name} what reading every object whole finds (${seed})`, async () => {
        const repo = temporary();
        grow(repo, seededRandom(`${name} ${seed}`), seed, 45);
        pack(repo);
        const truth = slowTruth(repo);
        const scan = await read(repo);
        expect(truth.length).toBeGreaterThan(8);
        expect(spellHits(scan.hits)).toEqual(spellHits(truth));
        expect(scan.unread).toEqual([]);
      });
    }
  }

  it("finds the same in a SHA-256 repository, in a bare clone, in a linked work tree and through alternates", async () => {
    for (const options of [{ sha256: true }, {}] as const) {
      const repo = temporary(options);
      grow(repo, seededRandom("formats"), "formats", 30);
      repo.git("repack", "-adfq", "--depth=50");
      expect(spellHits((await read(repo)).hits)).toEqual(spellHits(slowTruth(repo)));
      const tree = repo.worktree("other");
      expect(spellHits((await read(tree)).hits)).toEqual(spellHits(slowTruth(repo)));
      const bare = repo.clone("--bare");
      expect(spellHits((await read(bare)).hits)).toEqual(spellHits(slowTruth(bare)));
      const borrower = repo.clone("--shared");
      borrower.write("own.txt", `${plant(seededRandom("own"), "own").join("\n")}\n`);
      borrower.commit("own");
      expect(spellHits((await read(borrower)).hits)).toEqual(spellHits(slowTruth(borrower)));
      expect((await read(borrower)).hits.length).toBeGreaterThan(3);
    }
  });

  it("gives, shard by shard, exactly what it gives as a whole", async () => {
    const repo = temporary();
    grow(repo, seededRandom("shards"), "shards", 50);
    repo.git("repack", "-adfq", "--depth=10");
    repo.write("loose.txt", `${plant(seededRandom("loose"), "loose").join("\n")}\n`);
    repo.commit("loose");
    const whole = await read(repo);
    for (const of of [1, 2, 5]) {
      const parts = await Promise.all(
        Array.from({ length: of }, (_, i) => read(repo, { shard: { index: i + 1, of } })),
      );
      expect(parts.flatMap(({ hits }) => spellHits(hits)).sort()).toEqual(spellHits(whole.hits));
      expect(new Set(parts.map(({ basis }) => basis))).toEqual(new Set([whole.basis]));
    }
  });

  it("reads only what is new when there is a cache, and finds the same", async () => {
    const repo = temporary();
    grow(repo, seededRandom("cache"), "cache", 30);
    repo.git("repack", "-adq");
    const folder = join(repo.git("rev-parse", "--absolute-git-dir"), "keyguard");
    const first = await read(repo, { cache: openCache(folder, "rules") });
    repo.write("new.txt", `${plant(seededRandom("new"), "new").join("\n")}\n`);
    repo.commit("new");
    const second = await read(repo, { cache: openCache(folder, "rules") });
    expect(spellHits(second.hits)).toEqual(spellHits(slowTruth(repo)));
    expect(second.cachedObjects).toBeGreaterThan(50);
    expect(second.bytes).toBeLessThan(first.bytes / 4);
    expect(new Set(second.commitIds).size).toBe(new Set(first.commitIds).size + 1);
    const third = await read(repo, { cache: openCache(folder, "other rules") });
    expect(third.cachedObjects).toBe(0);
  });

  it("keeps no secret in the cache, and takes a damaged one for none", async () => {
    const repo = temporary();
    grow(repo, seededRandom("cached"), "cached", 25);
    repo.git("repack", "-adq");
    const folder = join(repo.git("rev-parse", "--absolute-git-dir"), "keyguard");
    const first = await read(repo, { cache: openCache(folder, "rules") });
    const [dir = ""] = readdirSync(folder);
    const names = readdirSync(join(folder, dir));
    expect(names.length).toBeGreaterThan(0);
    const secrets = first.hits.flatMap(({ sightings }) =>
      sightings.flatMap(({ credential }) =>
        [credential.secretAccessKey, credential.sessionToken, credential.value].flatMap((secret) =>
          secret === null ? [] : [secret.reveal()],
        ),
      ),
    );
    expect(secrets.length).toBeGreaterThan(3);
    for (const name of names) {
      const path = join(folder, dir, name);
      const text = readFileSync(path, "utf8");
      for (const secret of secrets)
        for (let i = 0; i + 8 <= Math.min(secret.length, 60); i++)
          expect(text.includes(secret.slice(i, i + 8))).toBe(false);
      writeFileSync(path, text.replace(/[0-9a-f]{6}(?=[^0-9a-f])/g, "000000"));
    }
    const second = await read(repo, { cache: openCache(folder, "rules") });
    expect(second.cachedObjects).toBe(0);
    expect(spellHits(second.hits)).toEqual(spellHits(first.hits));
  });

  it("goes on without a cache where none can be written", async () => {
    const repo = temporary({ files: { "a.txt": "nothing here\n" } });
    // A folder cannot be made where a file stands in the way; a full disk ends in the same place.
    const scan = await read(repo, { cache: openCache(join(repo.dir, "a.txt", "keyguard"), "rules") });
    expect(scan.unread).toEqual([]);
    expect(scan.blobs).toBe(1);
  });

  it("names the objects that a damaged pack cannot give, and reads the others", async () => {
    const repo = temporary();
    grow(repo, seededRandom("damage"), "damage", 30);
    repo.git("repack", "-adfq", "--depth=3");
    const truth = spellHits(slowTruth(repo));
    const dir = join(repo.git("rev-parse", "--absolute-git-dir"), "objects/pack");
    const pack = join(dir, readdirSync(dir).find((name) => name.endsWith(".pack"))!);
    chmodSync(pack, 0o644);
    const bytes = readFileSync(pack);
    const middle = bytes.length >> 1;
    for (let i = 0; i < 40; i++) bytes[middle + i]! ^= 0x5a;
    writeFileSync(pack, bytes);
    const scan = await read(repo);
    expect(scan.unread.length).toBeGreaterThan(0);
    for (const { path, why } of scan.unread) {
      expect(path).toMatch(/^object [0-9a-f]{40}$/);
      expect(why).not.toBe("");
    }
    const lost = new Set(scan.unread.map(({ path }) => path.slice(7, 17)));
    expect(spellHits(scan.hits)).toEqual(truth.filter((line) => !lost.has(line.slice(0, 10))));
  });

  it("names a pack without an index and an index without a pack", async () => {
    const repo = temporary({ files: { "a.txt": "nothing here\n" } });
    repo.git("repack", "-adq");
    const dir = join(repo.git("rev-parse", "--absolute-git-dir"), "objects/pack");
    const pack = readdirSync(dir).find((name) => name.endsWith(".pack"))!;
    copyFileSync(join(dir, pack), join(dir, `pack-${"0".repeat(40)}.pack`));
    copyFileSync(join(dir, pack.replace(".pack", ".idx")), join(dir, `pack-${"1".repeat(40)}.idx`));
    const { unread, blobs } = await read(repo);
    expect(blobs).toBe(1);
    expect(unread.map(({ why }) => why).sort()).toEqual([
      "it has no index: git index-pack makes one",
      "its pack is missing",
    ]);
  });

  it("asks git for a pack whose index is of version 1", async () => {
    const repo = temporary();
    grow(repo, seededRandom("v1"), "v1", 15);
    repo.git("config", "pack.indexVersion", "1");
    repo.git("repack", "-adfq");
    expect(spellHits((await read(repo)).hits)).toEqual(spellHits(slowTruth(repo)));
  });

  it("stops at once when it is told to", async () => {
    const repo = temporary();
    grow(repo, seededRandom("stop"), "stop", 10);
    repo.git("repack", "-adq");
    const stop = new AbortController();
    stop.abort();
    const scan = await read(repo, { signal: stop.signal });
    expect(scan.stopped).toBe(true);
    expect(scan.hits).toEqual([]);
  });

  it("reads an empty repository as nothing", async () => {
    const scan = await read(temporary());
    expect(scan).toMatchObject({ hits: [], unread: [], blobs: 0, commits: 0, stopped: false });
  });
});
