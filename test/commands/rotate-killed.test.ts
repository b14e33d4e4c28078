import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RotationScene, setRotationScene } from "../remediate/rotation-scene.ts";
import { bundle } from "../support/run-keyguard.ts";

let scene: RotationScene;
beforeEach(async () => {
  scene = await setRotationScene("killed");
});
afterEach(() => scene.close());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real process, that a test can really kill. */
function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const env = { ...scene.env, PATH: process.env.PATH ?? "", AWS_EC2_METADATA_DISABLED: "true" };
  const child = spawn(process.execPath, [bundle, "rotate", ...args, "--admin-profile", "admin"], {
    cwd: scene.home,
    env,
  });
  child.stdin?.end();
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (bytes) => {
    stdout += bytes;
  });
  child.stderr?.on("data", (bytes) => {
    stderr += bytes;
  });
  return { child, ended: new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr }))) };
}

const made = () => Object.values(scene.account.iam.users).filter(({ path }) => path === "/keyguard/");

describe("keyguard rotate, killed as the system kills", () => {
  it("between CreateAccessKey and its answer: --resume makes the key anew, and the lock is no hindrance", async () => {
    const first = start(scene.old.id, "--yes", "--order", "replace-first");
    scene.aws.fault({
      service: "iam",
      action: "CreateAccessKey",
      kind: { after: () => void first.child.kill("SIGKILL") },
    });
    await first.ended;
    expect(made()[0]?.keys).toHaveLength(1);
    const lost = made()[0]?.keys[0]?.id;
    expect(scene.old.status).toBe("Active");

    const again = await start(scene.old.id, "--yes").ended;
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("keyguard rotate --resume") });
    const resumed = await start("--resume").ended;
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining("finished") });
    expect(made()[0]?.keys).toHaveLength(1);
    expect(made()[0]?.keys[0]?.id).not.toBe(lost);
    expect(scene.read(".aws/credentials")).toContain(made()[0]?.keys[0]?.secret);
    expect(scene.old.status).toBe("Inactive");
    expect(resumed.stdout + resumed.stderr).not.toContain(made()[0]?.keys[0]?.secret);
    expect(await start("--resume").ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no rotation is open"),
    });
  });

  it("after the first file was written: --rollback puts it back and leaves nothing of ours", async () => {
    const before = [".aws/credentials", ".cloudvolume/secrets/aws-secret.json"].map(scene.read);
    const first = start(scene.old.id, "--yes", "--order", "replace-first");
    // Files come before the old key is touched.
    scene.aws.fault({
      service: "iam",
      action: "UpdateAccessKey",
      kind: { before: () => void first.child.kill("SIGKILL") },
    });
    await first.ended;
    expect(scene.read(".aws/credentials")).not.toContain(scene.old.id);
    const back = await start("--rollback").ended;
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining("put back") });
    expect([".aws/credentials", ".cloudvolume/secrets/aws-secret.json"].map(scene.read)).toEqual(before);
    expect(made()).toEqual([]);
  });

  it("two at once: one does it, the other is refused", async () => {
    const both = [start(scene.old.id, "--yes"), start(scene.old.id, "--yes")];
    const codes = (await Promise.all(both.map(({ ended }) => ended))).map(({ code }) => code).sort();
    expect(codes).toEqual([0, 2]);
    expect(made()).toHaveLength(1);
    expect(made()[0]?.keys).toHaveLength(1);
  });
});
