import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { formatBaseline, parseBaseline, readBaseline, writeBaseline } from "../../src/config/baseline.ts";
import { writeWhole } from "../../src/config/write-whole.ts";
import { makeFolder } from "../support/temp-repo.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];

function folder(): string {
  const { dir, cleanup } = makeFolder("keyguard-baseline-");
  onTestFinished(cleanup);
  return dir;
}

describe("a baseline", () => {
  it("holds each fingerprint once, sorted, and nothing else", () => {
    expect(formatBaseline([two, one, two])).toBe(
      `{\n  "schema": "keyguard-baseline/1",\n  "fingerprints": [\n    "${one}",\n    "${two}"\n  ]\n}\n`,
    );
  });

  it("is read as it was written", async () => {
    const path = join(folder(), "b.json");
    writeBaseline(path, [two, one]);
    expect(await readBaseline(path, "b.json")).toEqual(new Set([one, two]));
    expect(readdirSync(join(path, ".."))).toEqual(["b.json"]);
  });

  it.each([
    ["[]", "b.json:1:1: the configuration must be a mapping"],
    ['{"schema": "keyguard-baseline/2", "fingerprints": []}', "b.json:1:12: schema must be one of keyguard-baseline/1"],
    ['{"schema": "keyguard-baseline/1"}', "fingerprints is missing"],
    [
      '{\n"schema": "keyguard-baseline/1",\n"fingerprints": ["abc"]}',
      "b.json:3:18: fingerprints[0] must be 64 hexadecimal digits",
    ],
    ['{"schema": "keyguard-baseline/1", "fingerprints": [], "files": []}', "files is not known"],
    ['{"schema": "keyguard-baseline/1", "fingerprints": [', /^b\.json:1:\d+: not valid JSON$/],
    ["", /not valid JSON/],
  ])("%j is refused", async (text, message) => {
    await expect(parseBaseline("b.json", text)).rejects.toThrow(message);
  });

  it("that is missing, a folder or a link is refused", async () => {
    const dir = folder();
    await expect(readBaseline(join(dir, "none.json"), "none.json")).rejects.toThrow("there is no baseline none.json");
    await expect(readBaseline(dir, "dir")).rejects.toThrow("dir is no plain file");
    symlinkSync("/dev/zero", join(dir, "link.json"));
    await expect(readBaseline(join(dir, "link.json"), "link.json")).rejects.toThrow("link.json is no plain file");
  });
});

describe("a file is written whole or not at all", () => {
  it("keeps its mode, and gets 0600 where it holds secrets", () => {
    const path = join(folder(), "f");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    writeWhole(path, "new");
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["new", 0o640]);
    writeWhole(path, "secret", { mode: 0o600, keepMode: false });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("leaves a link and its target alone", () => {
    const dir = folder();
    writeFileSync(join(dir, "target"), "old");
    symlinkSync("target", join(dir, "link"));
    expect(() => writeWhole(join(dir, "link"), "new")).toThrow("is no plain file");
    expect(readFileSync(join(dir, "target"), "utf8")).toBe("old");
  });

  it("says why it cannot, and leaves nothing behind", () => {
    const dir = folder();
    expect(() => writeWhole(join(dir, "no/such/folder"), "x")).toThrow(/cannot write .*: no such file or directory/);
    expect(readdirSync(dir)).toEqual([]);
  });
});
