import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findConfig, loadConfigFile } from "../../src/config/find-config.ts";
import { makeFolder, takeReadPermission } from "../support/temp-repo.ts";

function folder(files: Readonly<Record<string, string>> = {}): string {
  const { dir, cleanup } = makeFolder("keyguard-config-");
  onTestFinished(cleanup);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

describe("the configuration of a folder", () => {
  it.each([
    [".keyguardrc", "failOn: high"],
    [".keyguardrc", '{"failOn": "high"}'],
    [".keyguardrc.json", '{"failOn": "high"}'],
    [".keyguardrc.yaml", "failOn: high"],
    ["keyguard.config.json", '{"failOn": "high"}'],
    ["keyguard.config.yaml", "failOn: high"],
    ["keyguard.config.yml", "failOn: high"],
    ["package.json", '{"name": "x", "keyguard": {"failOn": "high"}}'],
  ])("is %s", async (name, text) => {
    const config = await findConfig(folder({ [name]: text }));
    expect(config).toMatchObject({ failOn: "high", source: name });
  });

  it("is the defaults where there is none, an empty one, or a package.json of others", async () => {
    expect(await findConfig(folder())).toMatchObject({ failOn: "medium", source: null });
    expect(await findConfig(folder({ ".keyguardrc": "\n" }))).toMatchObject({
      failOn: "medium",
      source: ".keyguardrc",
    });
    expect(await findConfig(folder({ "package.json": '{"keywords": ["keyguard"]}' }))).toMatchObject({ source: null });
    expect(await findConfig(folder({ "package.json": 'not JSON, but it says "keyguard"' }))).toMatchObject({
      source: null,
    });
  });

  it("is not looked for above or below", async () => {
    const dir = folder({ ".keyguardrc": "failOn: low", "below/x": "", "below/.config/keyguard.json": "{}" });
    expect((await findConfig(join(dir, "below"))).source).toBeNull();
  });

  it("is one: two of them are refused", async () => {
    await expect(findConfig(folder({ ".keyguardrc": "", "keyguard.config.json": "{}" }))).rejects.toThrow(
      "two configurations: .keyguardrc and keyguard.config.json",
    );
  });
});

describe("a hostile repository", () => {
  // Each of these leaves a file behind when it is run.
  const trap = (dir: string, form: "cjs" | "mjs") =>
    `${form === "cjs" ? 'const fs = require("node:fs");' : 'import fs from "node:fs";'}\n` +
    `fs.writeFileSync(${JSON.stringify(join(dir, "RAN"))}, "x");\n` +
    (form === "cjs" ? "module.exports = {};\n" : "export default {};\n");

  const baits = ["js", "cjs", "mjs", "ts"].flatMap((extension) => [
    `.config/config.${extension}`,
    `.config/keyguardrc.${extension}`,
    `.keyguardrc.${extension}`,
    `keyguard.config.${extension}`,
  ]);

  it.each(baits)("does not get %s run, beside a configuration or without", async (bait) => {
    for (const real of [{ ".keyguardrc": "failOn: high" }, {}]) {
      const dir = folder(real);
      mkdirSync(join(dir, ".config"), { recursive: true });
      writeFileSync(join(dir, bait), trap(dir, bait.endsWith(".cjs") || bait.endsWith(".js") ? "cjs" : "mjs"));
      const before = process.cwd();
      process.chdir(dir); // Cosmiconfig looks for its own configuration in the working directory.
      try {
        const config = await findConfig(dir);
        expect(config.failOn).toBe(".keyguardrc" in real ? "high" : "medium");
        expect(process.cwd()).toBe(execFileSync("pwd", ["-P"], { cwd: dir, encoding: "utf8" }).trim());
      } finally {
        process.chdir(before);
      }
      expect(existsSync(join(dir, "RAN"))).toBe(false);
    }
  });

  it("cannot redirect the search by cosmiconfig's own configuration", async () => {
    const dir = folder({
      ".config/config.json": '{"cosmiconfig": {"searchPlaces": ["evil.json"]}}',
      ".config/config.yaml": "cosmiconfig:\n  searchPlaces: [evil.json]\n",
      "package.json": '{"cosmiconfig": {"searchPlaces": ["evil.json"]}, "keyguard": {"failOn": "low"}}',
      "evil.json": '{"failOn": "critical"}',
    });
    const before = process.cwd();
    process.chdir(dir);
    try {
      expect((await findConfig(dir)).failOn).toBe("low");
    } finally {
      process.chdir(before);
    }
  });

  it.each(["./trap.cjs", "../trap.cjs", "./other.json"])("cannot import %s from its configuration", async (target) => {
    const dir = folder({ "other.json": '{"failOn": "critical"}' });
    writeFileSync(join(dir, "trap.cjs"), trap(dir, "cjs"));
    writeFileSync(join(dir, ".keyguardrc"), `$import: ${target}\n`);
    await expect(findConfig(dir)).rejects.toThrow(".keyguardrc:1:1: $import is not known");
    writeFileSync(join(dir, ".keyguardrc"), "");
    writeFileSync(join(dir, "package.json"), JSON.stringify({ $import: target, keyguard: { $import: target } }));
    writeFileSync(join(dir, ".keyguardrc"), "");
    await expect(findConfig(dir)).rejects.toThrow("two configurations");
    expect(existsSync(join(dir, "RAN"))).toBe(false);
  });

  it("cannot make it read a link, a device or a pipe", async () => {
    for (const target of ["/dev/zero", "/dev/stdin", "/etc/passwd", "nowhere"]) {
      const dir = folder();
      symlinkSync(target, join(dir, ".keyguardrc"));
      await expect(findConfig(dir)).rejects.toThrow(".keyguardrc is no plain file");
    }
    const dir = folder();
    execFileSync("mkfifo", [join(dir, ".keyguardrc")]);
    await expect(findConfig(dir)).rejects.toThrow(".keyguardrc is no plain file");
  });

  it("cannot hide its configuration by permissions", async () => {
    const dir = folder({ ".keyguardrc": "failOn: high" });
    if (!takeReadPermission(join(dir, ".keyguardrc"))) return;
    await expect(findConfig(dir)).rejects.toThrow(".keyguardrc cannot be read");
  });
});

describe("a configuration that is named", () => {
  it("is read wherever it lies", async () => {
    const dir = folder({ "ci/strict.yaml": "failOn: low" });
    expect(await loadConfigFile("ci/strict.yaml", dir)).toMatchObject({ failOn: "low", source: "ci/strict.yaml" });
    expect(await loadConfigFile(join(dir, "ci/strict.yaml"), "/")).toMatchObject({ failOn: "low" });
  });

  it("is refused when it is code, missing, or a folder", async () => {
    const dir = folder({ "a.cjs": "" });
    await expect(loadConfigFile("a.cjs", dir)).rejects.toThrow("a.cjs is code");
    await expect(loadConfigFile("none.yaml", dir)).rejects.toThrow("none.yaml cannot be read");
    await expect(loadConfigFile(".", dir)).rejects.toThrow("is no plain file");
  });
});
