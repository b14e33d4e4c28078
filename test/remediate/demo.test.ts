import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tellStory } from "./demo-story.ts";

describe("the whole story, as npm run demo tells it", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "keyguard-story-"));
    execFileSync(process.execPath, ["scripts/build.mjs", join(folder, "dist")]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("goes from the leak to a job that runs on a narrower key, and an old key that opens nothing", async () => {
    const scenes = await tellStory({
      keyguard: join(folder, "dist", "keyguard.js"),
      project: process.cwd(),
      show: () => undefined,
    });
    const told = scenes.map(({ typed, code, output }) => [typed.split(" ").slice(0, 2).join(" "), code, output]);
    expect(told).toEqual([
      ["keyguard scan", 1, expect.stringContaining("aws-secret.json:2")],
      ["keyguard validate", 1, expect.stringContaining("LIVE")],
      ["node job.mjs", 0, expect.stringContaining("wrote and read 42")],
      ["keyguard rotate", 0, expect.stringContaining("s3://lab-private refused")],
      ["node job.mjs", 0, expect.stringContaining("wrote and read 42")],
      ["keyguard scan", 0, expect.stringContaining("no credentials")],
      ["git show", 0, expect.stringContaining("dead")],
    ]);
  });
});
