import { describe, expect, it } from "vitest";
import { loadConfigText } from "../../src/config/load-config.ts";
import { KeyguardError } from "../../src/model/errors.ts";
import { fakeSecret } from "../support/fake-keys.ts";

async function mistake(name: string, text: string): Promise<KeyguardError> {
  try {
    await loadConfigText(name, text);
  } catch (error) {
    if (error instanceof KeyguardError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

const full = `
# comments are kept for people
exclude: ["vendor/", "*.lock"]
allow:
  - value: AKIAIOSFODNN7EXAMPLE
    reason: AWS's own documented example
    expires: 2999-12-31
  - path: test/vectors/**
    detector: private-key
    reason: vectors of RFC 9500
detectors:
  - id: acme-token
    pattern: 'acme_(?<value>[a-z0-9]{24})'
    keywords: [acme_]
    examples:
      finds: ["token = acme_«abcdefghijkl012345678901»"]
      ignores: ["acme_short"]
disable: [mws-auth-token]
accounts:
  "609629065308": data-prod
failOn: high
testData: as-is
baseline: .secrets/baseline.json
`;

describe("a configuration", () => {
  it("is read from YAML with all its parts", async () => {
    const config = await loadConfigText(".keyguardrc", full);
    expect(config).toMatchObject({
      exclude: ["vendor/", "*.lock"],
      allow: [
        { value: "AKIAIOSFODNN7EXAMPLE", reason: "AWS's own documented example", expires: "2999-12-31" },
        { path: "test/vectors/**", detector: "private-key", reason: "vectors of RFC 9500" },
      ],
      disable: ["mws-auth-token"],
      accounts: { "609629065308": "data-prod" },
      failOn: "high",
      testData: "as-is",
      baseline: ".secrets/baseline.json",
      source: ".keyguardrc",
    });
    expect(config.detectors.map(({ id, kind }) => [id, kind])).toEqual([["acme-token", "custom"]]);
  });

  it("is read from JSON, from a package.json, and from nothing", async () => {
    expect((await loadConfigText("keyguard.config.json", '\uFEFF{ "failOn": "low" }')).failOn).toBe("low");
    expect((await loadConfigText("package.json", '{"name":"x","keyguard":{"failOn":"low"}}')).failOn).toBe("low");
    expect((await loadConfigText("package.json", '{"name":"x"}')).failOn).toBe("medium");
    expect((await loadConfigText(".keyguardrc", "")).failOn).toBe("medium");
    expect((await loadConfigText(".keyguardrc", "# nothing yet\nallow:\n")).allow).toEqual([]);
    expect((await loadConfigText(".keyguardrc", "{failOn: low}")).failOn).toBe("low");
  });
});

describe("a mistake is told with its line and column", () => {
  it.each([
    [
      "an unknown key",
      ".keyguardrc",
      "exclude: []\nalow:\n  - x\n",
      ".keyguardrc:2:1: alow is not known",
      "did you mean allow?",
    ],
    [
      "an unknown key without a neighbour",
      ".keyguardrc",
      "zzz: 1\n",
      ".keyguardrc:1:1: zzz is not known",
      /^known here: /,
    ],
    [
      "a short reason",
      ".keyguardrc",
      "exclude: []\nallow:\n  - value: abcdef\n    reason: bad\n",
      ".keyguardrc:4:13: allow[0].reason is too short (at least 8 characters)",
      /say who decided and why/,
    ],
    [
      "a missing reason",
      ".keyguardrc",
      "allow:\n  - value: abcdef\n",
      ".keyguardrc:2:5: allow[0].reason is missing",
      undefined,
    ],
    [
      "an allowance of nothing",
      ".keyguardrc",
      "allow:\n  - reason: because we can\n    detector: private-key\n",
      ".keyguardrc:2:5: allow[0] must name what it allows: fingerprint, value or path",
      undefined,
    ],
    [
      "a misspelt key in a list",
      "keyguard.config.json",
      '{\n  "allow": [\n    { "fingreprint": "0123456789", "path": "x", "reason": "long enough" }\n  ]\n}',
      "keyguard.config.json:3:7: allow[0].fingreprint is not known",
      "did you mean fingerprint?",
    ],
    ["a wrong type", ".keyguardrc", "exclude: vendor\n", ".keyguardrc:1:10: exclude must be a list", undefined],
    [
      "a wrong choice",
      ".keyguardrc",
      "failOn: hihg\n",
      ".keyguardrc:1:9: failOn must be one of low, medium, high, critical",
      undefined,
    ],
    [
      "a day that is none",
      ".keyguardrc",
      'allow:\n  - path: a\n    reason: long enough\n    expires: "2026-02-30"\n',
      ".keyguardrc:4:14: allow[0].expires is no day of the calendar",
      undefined,
    ],
    [
      "an account without quotes that loses a zero",
      ".keyguardrc",
      "accounts:\n  029608264753: ours\n",
      /^\.keyguardrc:2:3: accounts\.\S+ must be an account id: 12 digits, in quotes$/,
      undefined,
    ],
    [
      "a detector to disable that does not exist",
      ".keyguardrc",
      "disable:\n  - private-kye\n",
      ".keyguardrc:2:5: disable[0] names no detector",
      "did you mean private-key?",
    ],
    [
      "a package.json",
      "package.json",
      '{\n  "name": "x",\n  "keyguard": {\n    "failon": "low"\n  }\n}\n',
      "package.json:4:5: failon is not known",
      "did you mean failOn?",
    ],
    ["a list at the top", ".keyguardrc", "- a\n", ".keyguardrc:1:1: the configuration must be a mapping", undefined],
  ])("%s", async (_, name, text, message, hint) => {
    const error = await mistake(name, text);
    expect(error.code).toBe("config");
    if (typeof message === "string") expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
    if (hint instanceof RegExp) expect(error.hint).toMatch(hint);
    else expect(error.hint).toBe(hint);
  });

  it.each([
    [".keyguardrc", "exclude: [a\nfailOn: low\n", /^\.keyguardrc:\d+:\d+: not valid YAML: /],
    [".keyguardrc", "failOn: low\nfailOn: high\n", ".keyguardrc:2:1: not valid YAML: this key stands here twice"],
    ["keyguard.config.json", '{\n  "exclude": ["a" "b"]\n}', /^keyguard\.config\.json:2:\d+: not valid JSON: /],
    [".keyguardrc", "a: !!js/function 'x'\n", /not valid YAML|is not known/],
  ])("of syntax in %s: %j", async (name, text, message) => {
    const error = await mistake(name, text);
    if (typeof message === "string") expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  it("several are told at once, in the order of the file", async () => {
    const { message } = await mistake(".keyguardrc", "failOn: x\nexclude: 1\nfoo: 2\n");
    expect(message.split("\n").map((line) => line.split(": ")[0])).toEqual([
      ".keyguardrc:1:9",
      ".keyguardrc:2:10",
      ".keyguardrc:3:1",
    ]);
  });

  it("without a word of what stands there, which may be a secret", async () => {
    const secret = fakeSecret("in a configuration");
    for (const text of [
      `failOn: ${secret}\n`,
      `${secret}: 1\n`,
      `allow: ${secret}\n`,
      `accounts:\n  ${secret}: x\n`,
      `disable: ["${secret}"]\n`,
      `a: "${secret}\n`,
      `{"a": ${secret}}`,
      `a: *${secret.replace(/[/+]/g, "x")}\n`,
      `detectors:\n  - id: ab\n    pattern: "(${secret}"\n    keywords: [abcd]\n    examples: {finds: ["«${secret}»"], ignores: []}\n`,
    ]) {
      const error = await mistake(".keyguardrc", text);
      for (const told of [error.message, error.hint ?? ""]) {
        for (let i = 0; i + 8 <= secret.length; i++) expect(told).not.toContain(secret.slice(i, i + 8));
      }
    }
  });
});

describe("detectors of one's own", () => {
  const detector = (fields: Record<string, unknown>) =>
    JSON.stringify({
      detectors: [
        {
          id: "acme",
          pattern: "acme_[a-z]{8}",
          keywords: ["acme_"],
          examples: { finds: ["x «acme_abcdefgh» y"], ignores: ["acme_ABC"] },
          ...fields,
        },
      ],
    });

  it("find what their group says", async () => {
    const { detectors } = await loadConfigText(
      "x.json",
      detector({ pattern: "key=([a-z]{4})", keywords: ["key="], examples: { finds: ["key=«abcd»"], ignores: [] } }),
    );
    expect([...(detectors[0]?.find("key=wxyz key=1", "") ?? [])]).toEqual([
      { part: "value", span: { start: 4, end: 8 } },
    ]);
  });

  it.each([
    [
      "an example that it misses",
      { examples: { finds: ["«acme»"], ignores: [] } },
      "examples.finds[0] is not matched by the pattern",
    ],
    [
      "a mark in the wrong place",
      { examples: { finds: ["acme_«abcdefgh»"], ignores: [] } },
      "examples.finds[0] is matched in another place",
    ],
    [
      "an example without a mark",
      { examples: { finds: ["acme_abcdefgh"], ignores: [] } },
      "examples.finds[0] marks nothing",
    ],
    [
      "an example to ignore that it finds",
      { examples: { finds: ["«acme_abcdefgh»"], ignores: ["acme_abcdefgh"] } },
      "examples.ignores[0] is matched",
    ],
    ["keywords that its examples lack", { keywords: ["other"] }, "examples.finds[0] holds none of the keywords"],
    ["the id of a built-in one", { id: "private-key" }, "id is taken by another detector"],
    ["a keyword too short to search for", { keywords: ["abc"] }, "keywords[0] is too short (at least 4 characters)"],
    ["no regular expression", { pattern: "acme_[" }, "pattern is no valid regular expression"],
  ])("are refused with %s", async (_, fields, message) => {
    expect((await mistake("x.json", detector(fields))).message).toContain(`detectors[0].${message}`);
  });
});

describe("a hostile configuration", () => {
  it("of aliases of aliases ends at once", async () => {
    const lists = Array.from(
      { length: 30 },
      (_, i) =>
        `l${i}: &l${i} [${Array(9)
          .fill(i === 0 ? "x" : `*l${i - 1}`)
          .join(", ")}]`,
    );
    const before = performance.now();
    expect((await mistake(".keyguardrc", lists.join("\n"))).message).toMatch(/more than 100 aliases/);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it("that is too large is refused", async () => {
    expect((await mistake(".keyguardrc", "#".repeat(1_000_001))).message).toMatch(/larger than 1 MB/);
  });

  it("cannot reach a prototype", async () => {
    expect((await mistake(".keyguardrc", '{"__proto__": {"failOn": "low"}}')).message).toMatch(/not known/);
    expect((await mistake(".keyguardrc", "__proto__:\n  failOn: low\n")).message).toMatch(/not known/);
  });
});
