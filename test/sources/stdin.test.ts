import { describe, expect, test } from "vitest";
import { windowSize } from "../../src/sources/read-windows.ts";
import { readStdin } from "../../src/sources/stdin.ts";
import { collector, wordPrefilter } from "./collect.ts";

async function* pieces(...contents: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const content of contents) yield Buffer.from(content);
}

describe("standard input", () => {
  test("is one text, whatever pieces it comes in", async () => {
    const sink = collector();
    const long = "x".repeat(70_000);
    const tally = await readStdin({ stream: pieces("one\n", "two", "\nthree\n", long), path: "config.yaml" }, sink);
    expect(sink.texts).toMatchObject([
      {
        path: "config.yaml",
        content: `one\ntwo\nthree\n${long}`,
        fresh: [`one\ntwo\nthree\n${long}`],
        firstLine: 1,
        origin: { kind: "stdin", path: "config.yaml" },
      },
    ]);
    expect(tally).toEqual({ texts: 1, bytes: 70_014, notes: [] });
  });

  test("that is empty gives no text and is no failure", async () => {
    const sink = collector();
    expect(await readStdin({ stream: pieces(), path: "-" }, sink)).toEqual({ texts: 1, bytes: 0, notes: [] });
    expect(sink.texts).toEqual([]);
  });

  test("that is long comes in windows of which each shows fresh what the one before did not", async () => {
    const line = `${"x".repeat(63)}\n`;
    const piece = Buffer.from(line.repeat(16384));
    const count = Math.ceil((1.5 * windowSize) / piece.length);
    const marked = Buffer.from(piece);
    marked.write("needle", piece.length - 64);
    const sink = collector({ prefilter: wordPrefilter("needle") });
    const stream = pieces(...Array.from({ length: count }, (_, i) => (i === count - 1 ? marked : piece)));
    const tally = await readStdin({ stream, path: "log" }, sink);
    expect(tally.bytes).toBe(count * piece.length);
    expect(sink.texts).toHaveLength(1);
    const [text] = sink.texts;
    const at = text!.content.indexOf("needle");
    expect(text!.firstLine + text!.content.slice(0, at).split("\n").length - 1).toBe(count * 16384);
    expect(text!.fresh).toHaveLength(1);
    expect(text!.fresh[0]!.length).toBeLessThan(text!.content.length);
    expect(text!.fresh[0]!.endsWith(`needle${"x".repeat(57)}\n`)).toBe(true);
  });
});
