import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ownHook } from "../../src/hook/install/own-hook.ts";
import type { Site } from "../../src/hook/install/site.ts";
import { KeyguardError } from "../../src/model/errors.ts";

test("a hook that cannot be written is not there by half, and the one before it is back", () => {
  const dir = mkdtempSync(join(tmpdir(), "keyguard-own-hook-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const before = "#!/bin/sh\nexit 1\n";
  writeFileSync(join(dir, "pre-commit"), before, { mode: 0o755 });
  // Writing beside the hook fails, as it does on a full disk.
  const inTheWay = `.pre-commit.${process.pid}.new`;
  writeFileSync(join(dir, inTheWay), "");
  const site = {
    bare: true,
    hooksDir: dir,
    hooksPath: null,
    keyguard: { home: "/k", node: "/n", version: "1", grep: null },
  } as unknown as Site;
  expect(() => ownHook.install(site, ["pre-commit"])).toThrow(KeyguardError);
  expect(readdirSync(dir).sort()).toEqual([inTheWay, "pre-commit"].sort());
  expect(readFileSync(join(dir, "pre-commit"), "utf8")).toBe(before);
});
