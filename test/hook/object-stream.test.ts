import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { batchFormat, type ObjectSink, parseObjects } from "../../src/hook/object-stream.ts";
import { unquotePath } from "../../src/hook/unquote-path.ts";
import { makeRepo } from "../support/temp-repo.ts";

interface Heard {
  readonly objects: { oid: string; type: string; rest: string; content: Buffer }[];
  readonly trailers: string[];
  readonly strange: string[];
}

function listen(): { heard: Heard; sink: ObjectSink } {
  const heard: Heard = { objects: [], trailers: [], strange: [] };
  let size = 0;
  return {
    heard,
    sink: {
      begin({ oid, type, rest, size: announced }) {
        heard.objects.push({ oid, type, rest, content: Buffer.alloc(0) });
        size = announced;
      },
      data(bytes, from, to) {
        const last = heard.objects.at(-1);
        if (last) last.content = Buffer.concat([last.content, bytes.subarray(from, to)]);
      },
      end: () => expect(heard.objects.at(-1)?.content.length).toBe(size),
      trailer: (name, status) => heard.trailers.push(`${name}=${status}`),
      strange: (line) => heard.strange.push(line),
    },
  };
}

test("objects are read as git writes them, in pieces of any size, whatever they hold", () => {
  const oid = "0123456789abcdef0123456789abcdef01234567";
  fc.assert(
    fc.property(
      fc.array(fc.record({ content: fc.uint8Array({ maxLength: 80 }), rest: fc.string({ unit: "grapheme-ascii" }) }), {
        maxLength: 5,
      }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (objects, sizes) => {
        const stream = Buffer.concat([
          ...objects.map(({ content, rest }) =>
            Buffer.concat([Buffer.from(`${oid} blob ${content.length} ${rest}\n`), content, Buffer.from("\n")]),
          ),
          Buffer.from("?diff=0 missing\n?cat=3\n"),
        ]);
        const { heard, sink } = listen();
        const parser = parseObjects(sink);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = Math.min(stream.length, at + (sizes[i % sizes.length] as number));
          parser.feed(stream.subarray(at, end));
          at = end;
        }
        expect(parser.finish()).toBe(true);
        expect(heard.objects.map(({ rest }) => rest)).toEqual(objects.map(({ rest }) => rest));
        expect(heard.objects.every(({ content }, i) => content.equals(objects[i]?.content as Uint8Array))).toBe(true);
        expect(heard.trailers).toEqual(["diff=0", "cat=3"]);
        expect(heard.strange).toEqual([]);
      },
    ),
  );
});

test("a stream that breaks off is not whole", () => {
  const { sink } = listen();
  const parser = parseObjects(sink);
  parser.feed(Buffer.from(`${"a".repeat(40)} blob 10 p\n12345`));
  expect(parser.finish()).toBe(false);
  const second = parseObjects(sink);
  second.feed(Buffer.from("?cat"));
  expect(second.finish()).toBe(false);
});

test("a missing object, an unmerged path and an ambiguous name are strange", () => {
  const { heard, sink } = listen();
  parseObjects(sink).feed(
    Buffer.from(`${"a".repeat(40)} missing\n:000000 000000 000 000 U x missing\nabcd ambiguous\n`),
  );
  expect(heard.strange).toHaveLength(3);
});

test("a branch or file named like a trailer does not pass for one", () => {
  const repo = makeRepo({ files: { "?cat=0": "x", "a b": "y" } });
  onTestFinished(() => repo.cleanup());
  expect(repo.tryGit("branch", "?cat=0").status).not.toBe(0);
  const { heard, sink } = listen();
  const out = spawnSync("git", ["cat-file", `--batch=${batchFormat}`], {
    cwd: repo.dir,
    env: repo.env,
    input: "HEAD:?cat=0 path\n?diff=0\n",
  }).stdout;
  parseObjects(sink).feed(out);
  expect(heard.objects.map(({ rest, content }) => [rest, content.toString()])).toEqual([["path", "x"]]);
  expect(heard.trailers).toEqual(["diff=0"]);
});

test("paths are read as git quotes them", () => {
  const repo = makeRepo();
  onTestFinished(() => repo.cleanup());
  const names = [
    "plain",
    "with space",
    'quo"te',
    "tab\there",
    "line\nfeed",
    "back\\slash",
    "\u00e9t\u00e9",
    "\u001b[31m",
  ];
  for (const name of names) repo.write(name, "x");
  repo.stage();
  const printed = repo.git("-c", "core.quotePath=true", "ls-files").split("\n");
  expect(printed.map(unquotePath).sort()).toEqual([...names].sort());
});
