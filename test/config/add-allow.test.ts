import { describe, expect, it } from "vitest";
import { addAllow } from "../../src/config/add-allow.ts";
import { loadConfigText } from "../../src/config/load-config.ts";

const entry = { fingerprint: "0123456789abcdef", reason: "a vector of the RFC: see #12" };

async function add(name: string, text: string): Promise<string> {
  const added = await addAllow(name, text, entry);
  expect((await loadConfigText(name, added)).allow.at(-1)).toEqual(entry);
  return added;
}

describe("an allowance is added to YAML", () => {
  it("behind the last entry, indented as it is, with comments kept", async () => {
    const text = `# ours
exclude: [vendor]   # theirs

allow:
    # the first
    - fingerprint: "fedcba9876543210"
      reason: decided in #4   # really
    # loose end
disable: []
`;
    expect(await add(".keyguardrc", text)).toBe(`# ours
exclude: [vendor]   # theirs

allow:
    # the first
    - fingerprint: "fedcba9876543210"
      reason: decided in #4   # really
    - fingerprint: "0123456789abcdef"
      reason: "a vector of the RFC: see #12"
    # loose end
disable: []
`);
  });

  it("as a new list at the end", async () => {
    expect(await add(".keyguardrc", "exclude:\n- a # x")).toBe(
      'exclude:\n- a # x\nallow:\n  - fingerprint: "0123456789abcdef"\n    reason: "a vector of the RFC: see #12"\n',
    );
  });

  it("into a list that is not indented, one in brackets, an empty one, and one that is not there yet", async () => {
    const unindented = await add(
      "keyguard.config.yaml",
      'allow:\n- path: "x"\n  reason: not ours, said Ada\nexclude: []\n',
    );
    expect(unindented).toContain('Ada\n- fingerprint: "0123456789abcdef"\n  reason: "a vector');
    expect(await add(".keyguardrc", "allow: [] # none\nfailOn: low\n")).toMatch(
      /^allow: \[\n[\s\S]*\] # none\nfailOn: low\n$/,
    );
    expect(await add(".keyguardrc", 'allow: [{path: x, reason: "not ours"}]\n')).toContain('"not ours"}, {"fing');
    expect(await add(".keyguardrc", "allow:\nfailOn: low\n")).toMatch(
      /^allow:\n {2}- fingerprint[\s\S]*\nfailOn: low\n$/,
    );
  });

  it("to an empty file, one of comments only, and one with CRLF", async () => {
    expect(await add(".keyguardrc", "")).toMatch(/^allow:\n/);
    expect(await add(".keyguardrc", "# nothing yet")).toMatch(/^# nothing yet\nallow:\n/);
    expect((await add(".keyguardrc", "failOn: low\r\n")).replaceAll("\r\n", "")).not.toContain("\n");
  });

  it("behind an entry whose reason is a block text", async () => {
    const text = "allow:\n  - path: a/b\n    reason: |\n      first line\n      second line\nfailOn: low\n";
    expect(await add(".keyguardrc", text)).toContain('second line\n  - fingerprint: "0123');
  });
});

describe("an allowance is added to JSON", () => {
  it("without touching the layout of the rest", async () => {
    const text =
      '{\n\t"exclude": ["a", "b"],\n\t"allow": [\n\t\t{ "path": "x", "reason": "not ours" }\n\t],\n\t"failOn": "low"\n}\n';
    expect(await add(".keyguardrc", text)).toBe(
      '{\n\t"exclude": ["a", "b"],\n\t"allow": [\n\t\t{ "path": "x", "reason": "not ours" },\n\t\t{\n\t\t\t"fingerprint": "0123456789abcdef",\n\t\t\t"reason": "a vector of the RFC: see #12"\n\t\t}\n\t],\n\t"failOn": "low"\n}\n',
    );
  });

  it("as a new key, in an empty mapping, in an empty list, and in a package.json", async () => {
    expect(await add("keyguard.config.json", '{\n  "failOn": "low"\n}\n')).toMatch(
      /^\{\n {2}"failOn": "low",\n {2}"allow": \[\n/,
    );
    expect(await add("keyguard.config.json", "{}\n")).toMatch(/^\{\n {2}"allow": \[\n/);
    expect(await add("keyguard.config.json", '{"allow": []}')).toMatch(/^\{"allow": \[\n/);
    const text = '{\n  "name": "x",\n  "keyguard": {\n    "failOn": "low"\n  },\n  "license": "MIT"\n}\n';
    const added = await add("package.json", text);
    expect(added.startsWith('{\n  "name": "x",\n  "keyguard": {\n    "failOn": "low",\n    "allow": [\n')).toBe(true);
    expect(added.endsWith('\n  },\n  "license": "MIT"\n}\n')).toBe(true);
  });
});

it("a configuration with a mistake is not written to", async () => {
  await expect(addAllow(".keyguardrc", "exclud: [a]\n", entry)).rejects.toThrow(
    /\.keyguardrc:1:1: exclud is not known/,
  );
});
