import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { configPlaces } from "../../src/config/find-config.ts";
import { detectors } from "../../src/detectors/table.ts";
import { mayHoldCredential } from "../../src/hook/engine-gate.ts";
import { findProvenGrep } from "../../src/hook/install/proven-grep.ts";
import * as signs from "../../src/hook/literals.ts";
import { mayDefineDetectors } from "../../src/hook/own-detectors.ts";
import { watchForSuspects } from "../../src/hook/suspicion.ts";
import { mayHoldToken } from "../../src/hook/token-suspects.ts";
import { loadCorpus } from "../support/corpus.ts";
import { fakeAccessKeyId, fakeSecret, fakeSessionToken } from "../support/fake-keys.ts";
import { makeRepo, type TempRepo } from "../support/temp-repo.ts";
import { type InstalledPackage, installPackage } from "./installed-package.ts";

// The front may only clear what the engine, asked about the whole staged blob, does not report. Its three steps (grep,
// the literals in Node, the engine with the built-in rules) are tried here against the engine itself.

let keyguard: InstalledPackage;

beforeAll(() => {
  keyguard = installPackage();
  // Whoever comes here was not cleared by the front: it says so by an exit code of its own.
  writeFileSync(join(keyguard.home, "dist/hook-judge.js"), "export const judge = async () => 3;\n");
});
afterAll(() => keyguard.cleanup());

interface Front {
  readonly repo: TempRepo;
  /** Stages one file with the content and asks the front; true when it cleared it. */
  clears(path: string, content: Uint8Array, withGrep: boolean): boolean;
}

function makeFront(): Front {
  const repo = makeRepo({ files: { "readme.md": "hello\n" } });
  onTestFinished(() => repo.cleanup());
  const hook = join(repo.dir, ".git/hooks/pre-commit");
  const script = (grep: string) =>
    `keyguard_home='${keyguard.home}'\nkeyguard_node='${process.execPath}'\nkeyguard_grep='${grep}'\n. "$keyguard_home/hooks/pre-commit"\n`;
  const grep = findProvenGrep(keyguard.home, process.env);
  expect(grep).not.toBe(null);
  mkdirSync(dirname(hook), { recursive: true });
  for (const [name, path] of [
    ["with", grep ?? ""],
    ["without", ""],
  ] as const) {
    writeFileSync(`${hook}-${name}`, `#!/bin/sh\n${script(path)}`);
    chmodSync(`${hook}-${name}`, 0o755);
  }
  return {
    repo,
    clears(path, content, withGrep) {
      repo.git("read-tree", "HEAD");
      const blob = repo.gitWith(content, "hash-object", "-w", "--stdin").toString().trim();
      repo.gitWith(`100644 ${blob}\t${path}\0`, "update-index", "-z", "--add", "--index-info");
      const ran = spawnSync(`${hook}-${withGrep ? "with" : "without"}`, {
        cwd: repo.dir,
        env: repo.env,
        encoding: "utf8",
      });
      if (ran.status !== 0 && ran.status !== 3) throw new Error(`exit ${ran.status}: ${ran.stderr}`);
      return ran.status === 0;
    },
  };
}

function suspects(content: Uint8Array, path: string): boolean {
  const watcher = watchForSuspects(signs);
  watcher.begin({ oid: "", type: "blob", size: content.length, rest: path });
  watcher.data(Buffer.from(content), 0, content.length);
  watcher.end();
  return watcher.suspects.some(({ labelOnly }) => !labelOnly || mayHoldToken(content));
}

/** Texts in which there is something to find, of every detector. */
const secretive = fc.oneof(
  fc.constantFrom(...detectors.flatMap(({ examples }) => examples.finds.map((text) => text.replace(/[«»]/g, "")))),
  fc.nat().map((seed) => `aws_access_key_id = ${fakeAccessKeyId(seed)}\naws_secret_access_key = ${fakeSecret(seed)}\n`),
  fc.nat().map((seed) => `{"AccessKeyId": "${fakeAccessKeyId(seed)}",\n"SecretAccessKey":\n"${fakeSecret(seed)}"}`),
  fc.nat().map((seed) => `client("${fakeAccessKeyId(seed)}",\n  "${fakeSecret(seed)}")`),
  fc.nat().map((seed) => `export AWS_SESSION_TOKEN=${fakeSessionToken(seed)}`),
  fc.nat().map((seed) => `SeCrEt_Key: ${fakeSecret(seed)}\n`),
  fc
    .nat()
    .map((seed) => `s3://host:bucket?access=${fakeAccessKeyId(seed)}&secret=${encodeURIComponent(fakeSecret(seed))}`),
);

const wrappings: Readonly<Record<string, (text: string) => Uint8Array>> = {
  plain: (text) => Buffer.from(text),
  crlf: (text) => Buffer.from(text.replaceAll("\n", "\r\n")),
  "utf-8 with a mark": (text) => Buffer.from(`\ufeff${text}`),
  "utf-16 le": (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  "utf-16 le without a mark": (text) => Buffer.from(text, "utf16le"),
  "utf-16 be": (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
  "ascii, then utf-16": (text) => Buffer.concat([Buffer.alloc(9000, "x\n"), Buffer.from(text, "utf16le")]),
  base64: (text) => Buffer.from(`data: ${Buffer.from(text).toString("base64")}\n`),
  "base64, one byte later": (text) => Buffer.from(`data: ${Buffer.from(` ${text}`).toString("base64")}\n`),
  json: (text) => Buffer.from(JSON.stringify({ log: text })),
  "json escapes": (text) => Buffer.from(text.replace(/[+/"]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)),
  percent: (text) => Buffer.from(encodeURIComponent(text)),
  "base64 of utf-16": (text) => Buffer.from(`run ${Buffer.from(text, "utf16le").toString("base64")}`),
  "base64 of base64": (text) =>
    Buffer.from(`x: ${Buffer.from(Buffer.from(text).toString("base64")).toString("base64")}`),
  "base64 of gzip": (text) => Buffer.from(`x: ${gzipSync(text).toString("base64")}`),
  "base64 of zlib": (text) => Buffer.from(`x: ${deflateSync(text).toString("base64")}`),
  "base64 of zlib, fast": (text) => Buffer.from(`x: ${deflateSync(text, { level: 1 }).toString("base64")}`),
  hex: (text) => Buffer.from(Buffer.from(text).toString("hex")),
  gzip: (text) => gzipSync(text),
  binary: (text) =>
    Buffer.concat([Buffer.from([0, 1, 2, 255, 254]), Buffer.alloc(300), Buffer.from(text), Buffer.alloc(9)]),
};

const content = fc.record({
  text: fc.oneof({ weight: 5, arbitrary: secretive }, { weight: 1, arbitrary: fc.lorem({ maxCount: 30 }) }),
  wrapping: fc.constantFrom(...Object.keys(wrappings)),
  before: fc.constantFrom("", "# a comment\n", "x".repeat(5000), "ordinary line\n".repeat(400)),
  path: fc.constantFrom("a.txt", "config/aws.json", ".env", "test/data.bin", "deep/er/credentials"),
});

function bytesOf({ text, wrapping, before }: { text: string; wrapping: string; before: string }): Uint8Array {
  return (wrappings[wrapping] as (text: string) => Uint8Array)(before + text);
}

test("whatever the engine reports on is suspected", () => {
  let reported = 0;
  fc.assert(
    fc.property(content, (sample) => {
      const bytes = bytesOf(sample);
      if (!mayHoldCredential(bytes, sample.path)) return;
      reported++;
      expect(suspects(bytes, sample.path)).toBe(true);
    }),
    { numRuns: 1500 },
  );
  expect(reported).toBeGreaterThan(500);
});

test("the hook, with grep and without, never clears a staged blob that the engine reports on", () => {
  const front = makeFront();
  let cleared = 0;
  let reported = 0;
  fc.assert(
    fc.property(content, fc.boolean(), (sample, withGrep) => {
      const bytes = bytesOf(sample);
      const seen = mayHoldCredential(bytes, sample.path);
      const clear = front.clears(sample.path, bytes, withGrep);
      if (seen) expect(clear).toBe(false);
      cleared += Number(clear);
      reported += Number(seen);
    }),
    { numRuns: 80 },
  );
  expect(cleared).toBeGreaterThan(0);
  expect(reported).toBeGreaterThan(10);
});

describe("of the corpus", () => {
  const files = loadCorpus("leaks").flatMap((one) =>
    one.files.map(({ path, bytes }) => ({ path, bytes, name: `${one.group}: ${one.name}` })),
  );

  test("every file that the engine reports on is suspected", () => {
    const missed = files.filter(({ path, bytes }) => !suspects(bytes, path) && mayHoldCredential(bytes, path));
    expect(missed.map(({ name }) => name)).toEqual([]);
    expect(files.length).toBeGreaterThan(300);
  });

  test("no such file is cleared by grep, which sees no more than the literals", () => {
    const front = makeFront();
    // Each file alone, so that one cannot hide behind another; every tenth, as starting git takes its time.
    const some = files.filter((_, i) => i % 10 === 0);
    const missed = some.filter(({ bytes, path }) => mayHoldCredential(bytes, path) && front.clears(path, bytes, true));
    expect(missed.map(({ name }) => name)).toEqual([]);
  });
});

test("front and shell know every place in which a configuration may stand", () => {
  const shell = readFileSync(join(keyguard.home, "hooks/keyguard.sh"), "utf8");
  const repo = makeRepo({ files: { "readme.md": "x" } });
  onTestFinished(() => repo.cleanup());
  for (const place of configPlaces) {
    expect(shell).toContain(` ${place}`);
    expect(mayDefineDetectors(repo.dir)).toBe(false);
    repo.write(place, '{"keyguard": {"detectors": []}}');
    expect(mayDefineDetectors(join(repo.dir))).toBe(true);
    repo.remove(place);
  }
});

test("clean files without a literal are cleared without Node", () => {
  const front = makeFront();
  const hook = join(front.repo.dir, ".git/hooks/pre-commit-with");
  front.repo.write("a.txt", "ordinary words\n".repeat(500));
  front.repo.write("photo.png", Buffer.concat([Buffer.from([0x89]), Buffer.from("PNG\r\n"), Buffer.alloc(5000, 7)]));
  front.repo.stage();
  const ran = spawnSync("sh", ["-c", `sed 's#^keyguard_node=.*#keyguard_node=/gone#' ${hook} > h && PATH=$PATH sh h`], {
    cwd: front.repo.dir,
    env: { ...front.repo.env, HOME: "/gone" },
    encoding: "utf8",
  });
  expect(ran).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("a grep that misses a pattern is not proven", () => {
  const folder = join(keyguard.home, "greps");
  mkdirSync(folder);
  const real = findProvenGrep(keyguard.home, process.env);
  const greps = {
    "drops bytes": `#!/bin/sh\nLC_ALL=C tr -d '\\200-\\377' | exec ${real} "$@"\n`,
    "finds nothing": "#!/bin/sh\ncat > /dev/null\nexit 1\n",
    "finds everything": "#!/bin/sh\nexec cat\n",
  };
  for (const [name, text] of Object.entries(greps)) {
    writeFileSync(join(folder, "grep"), text, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    expect([name, findProvenGrep(keyguard.home, env)]).toEqual([name, null]);
  }
});
