import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfigText } from "../../src/config/load-config.ts";
import { schemaErrors } from "../support/validate-schema.ts";

const root = join(import.meta.dirname, "../..");
const configSchemaFile = join(root, "schema/keyguardrc.schema.json");

describe("what is derived from the source", () => {
  it("is not stale: npm run docs writes it", () => {
    const run = spawnSync(process.execPath, ["scripts/generate-docs.mjs", "--check"], { cwd: root, encoding: "utf8" });
    expect([run.status, run.stderr]).toEqual([0, ""]);
  });
});

describe("the example configuration", () => {
  it("loads, and shows every key", async () => {
    const config = await loadConfigText(".keyguardrc", readFileSync(join(root, ".keyguardrc.example"), "utf8"));
    expect(config.allow).toHaveLength(2);
    expect(config.detectors.map(({ id }) => id)).toEqual(["acme-token"]);
  });
});

describe("the configuration's JSON Schema", () => {
  it.each([
    [{}, true],
    [{ exclude: ["a"], failOn: "high", accounts: { "123456789012": "x" } }, true],
    [{ allow: [{ path: "x", reason: "long enough" }] }, true],
    [{ allow: [{ path: "x", reason: "short" }] }, false],
    [{ alow: [] }, false],
    [{ failOn: "none" }, false],
    [{ accounts: { "12": "x" } }, false],
    [{ detectors: [{ id: "x" }] }, false],
  ])("says of %j: %s, as loading it does", async (config, good) => {
    expect(schemaErrors(configSchemaFile, config).length === 0).toBe(good);
    const loaded = loadConfigText("x.json", JSON.stringify(config));
    if (good) await expect(loaded).resolves.toBeDefined();
    else await expect(loaded).rejects.toThrow(/^x\.json:1:/);
  });
});
