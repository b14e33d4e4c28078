import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectors } from "../../src/detectors/table.ts";
import { decodeViews } from "../../src/scan/decode/decode-views.ts";
import { scanText } from "../../src/scan/engine.ts";
import { defaultRules } from "../../src/scan/rules.ts";
import { View } from "../../src/scan/view.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";

/** Texts made to be slow for one pattern or another: what begins many matches and ends none, what repeats, what nests. */
const hostile: Readonly<Record<string, (n: number) => string>> = {
  "labels without a value": (n) => "aws_secret_access_key ".repeat(n),
  "labels and openings": (n) => "secret: [({".repeat(n),
  "tokens of 40": (n) => `${"aB3".repeat(13)}x `.repeat(n),
  "tokens of 41": (n) => `${"aB3dE".repeat(8)}x\n`.repeat(n),
  "one long token": (n) => "aB3".repeat(n * 10),
  "key ids in a row": (n) =>
    Array.from({ length: Math.min(n, 2000) }, (_, i) => fakeAccessKeyId(i)).join("\n") + " ".repeat(n),
  "quotes and operators": (n) => "'a' + ".repeat(n),
  "quotes and newlines": (n) => "'a'\n".repeat(n),
  backslashes: (n) => "\\".repeat(n * 8),
  "escapes in escapes": (n) => "\\u005c".repeat(n),
  "percent signs": (n) => "%25".repeat(n),
  ampersands: (n) => "&amp;".repeat(n),
  "white space": (n) => ` ${"\t ".repeat(n * 4)}secret`,
  newlines: (n) => "\n".repeat(n * 8),
  "tags that never close": (n) => "<a <b </".repeat(n),
  "assignments of pieces": (n) => `${"x = 'abcd'\n".repeat(n)}y + x + `,
  "braces of templates": (n) => "${x}".repeat(n),
  "PEM beginnings": (n) => `-----BEGIN RSA ${"PRIVATE"} KEY-----\nabc\n`.repeat(n),
  "signed queries": (n) => "?X-Amz-Signature=".repeat(n),
  "session token heads": (n) => `${"IQoJb3JpZ2lu"} session_token `.repeat(n),
  "opening brackets": (n) => `${"[{(".repeat(n)} secret`,
  "closing brackets": (n) => ")]}".repeat(n),
  "hexadecimal words": (n) => "41424344".repeat(n),
  "wrapped base64": (n) => `${"QUJDREVG".repeat(9)}\n`.repeat(n),
  "deep indentation": (n) => Array.from({ length: Math.min(n, 400) }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
  "wide characters": (n) => "s\0e\0c\0r\0e\0t\0".repeat(n),
};

/** The least of a few runs, in milliseconds: noise only ever adds. */
function time(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const began = performance.now();
    run();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

// A neighbour on the machine can slow all runs of one size; what is quadratic is so every time.
describe("time grows with the text and no faster", { retry: 2 }, () => {
  const grow = (run: (text: string) => void, make: (n: number) => string): void => {
    const [small, large] = [make(1500), make(6000)];
    run(small);
    const before = time(() => run(small));
    const after = time(() => run(large));
    // Four times the text: quadratic time is sixteen times as long. Below a few milliseconds the clock decides.
    expect(after, `${before.toFixed(1)} ms, then ${after.toFixed(1)} ms`).toBeLessThan(Math.max(before * 9, 40));
  };

  for (const [name, make] of Object.entries(hostile)) {
    it(`of every detector on ${name}`, () => {
      for (const detector of detectors) grow((text) => void [...detector.find(text, "file")], make);
    });
    it(`of the decoders on ${name}`, () =>
      grow((text) => void decodeViews(Buffer.from(text, "latin1"), new View(text)), make));
    it(`of the engine on ${name}`, () =>
      grow(
        (text) => void scanText({ id: "", path: "", bytes: Buffer.from(text, "latin1"), fresh: "all" }, defaultRules),
        make,
      ));
  }
});

describe("the engine", () => {
  const piece = fc.oneof(
    fc.constantFrom(...Object.values(hostile).map((make) => make(3))),
    fc.constantFrom(
      "aws_secret_access_key",
      "SecretAccessKey",
      "key: ",
      '"',
      "'",
      "\\",
      "%",
      "\n",
      "\r\n",
      "{",
      "}",
      "[default]\n",
      "PK\x03\x04",
      "\x1f\x8b\x08",
      "\xff\xfe",
    ),
    fc.integer({ min: 0, max: 50 }).map((seed) => fakeSecret(seed)),
    fc.integer({ min: 0, max: 50 }).map((seed) => fakeAccessKeyId(seed)),
    fc.string({ maxLength: 40 }),
  );

  it("never throws, whatever the bytes, and keeps its spans within them", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 2000 }),
          fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(""), "latin1")),
        ),
        (bytes) => {
          for (const { places } of scanText({ id: "", path: "x", bytes, fresh: "all" }, defaultRules)) {
            for (const { span, line, column } of places) {
              expect(span.start).toBeGreaterThanOrEqual(0);
              expect(span.end).toBeLessThanOrEqual(bytes.length);
              expect(span.start).toBeLessThan(span.end);
              expect(line).toBeGreaterThan(0);
              expect(column).toBeGreaterThan(0);
            }
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("shows no eight characters of a secret in a line, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(piece, { maxLength: 12 }),
        fc.integer(),
        (before, after, seed) => {
          const secret = fakeSecret(`shown ${seed}`);
          const text = `${before.join(" ")} aws_secret_access_key="${secret}" ${after.join(" ")}`;
          const shown = JSON.stringify(
            scanText({ id: "", path: "x", bytes: Buffer.from(text, "latin1"), fresh: "all" }, defaultRules),
          );
          for (let i = 0; i + 8 <= secret.length; i++)
            if (!before.join().includes(secret.slice(i, i + 8))) expect(shown).not.toContain(secret.slice(i, i + 8));
        },
      ),
      { numRuns: 400 },
    );
  });
});
