import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientsFor, outcome } from "../aws/emulator/clients.ts";
import { runCommand } from "../aws/run-command.ts";
import { type RotationScene, setRotationScene } from "../remediate/rotation-scene.ts";

let scene: RotationScene;
let cwd: string;

beforeEach(async () => {
  scene = await setRotationScene();
  cwd = join(scene.home, "work");
  mkdirSync(cwd);
});
afterEach(() => scene.close());

const keyguard = (...args: string[]) => runCommand([...args, "--profile", "admin"], { cwd, env: scene.env });

describe("keyguard create", () => {
  it("prints a key that reads and writes the bucket and nothing else", async () => {
    const ran = await keyguard("create", "lab-volumes", "--format", "process");
    expect(ran.code).toBe(0);
    const given = JSON.parse(ran.stdout);
    expect(ran.stderr).not.toContain(given.SecretAccessKey);
    const { s3 } = clientsFor(scene.aws, { id: given.AccessKeyId, secret: given.SecretAccessKey });
    expect(await outcome(s3.send(new PutObjectCommand({ Bucket: "lab-volumes", Key: "x", Body: "y" })))).toBe(
      "allowed",
    );
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: "lab-private", Key: "secret" })))).toBe("AccessDenied");
    expect(await outcome(s3.send(new ListBucketsCommand({})))).toBe("AccessDenied");
  });

  it("makes the bucket, closed and encrypted, and writes the key for its owner alone", async () => {
    const ran = await keyguard(
      "create",
      "lab-new",
      "--create-bucket",
      "--region",
      "eu-west-1",
      "--out",
      "aws-secret.json",
    );
    expect(ran).toMatchObject({ code: 0, stdout: "" });
    expect(statSync(join(cwd, "aws-secret.json")).mode & 0o777).toBe(0o600);
    const bucket = scene.aws.world.buckets.get("lab-new");
    expect(bucket?.region).toBe("eu-west-1");
    expect(bucket?.publicAccess).toMatchObject({ BlockPublicPolicy: true });
  });

  it("leaves nothing behind where the key never works", async () => {
    scene.aws.fault({
      service: "iam",
      action: "PutUserPolicy",
      kind: "access-denied",
      times: Number.POSITIVE_INFINITY,
    });
    const ran = await keyguard("create", "lab-volumes");
    expect(ran).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("taken back") });
    expect(Object.keys(scene.account.iam.users).sort()).toEqual(["ana", "pipeline"]);
  });

  it("shows steps and policy on a dry run and changes nothing", async () => {
    const ran = await keyguard("create", "lab-volumes", "--read-only", "--dry-run");
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("s3:GetObject") });
    expect(scene.aws.actions.filter((one) => /:(Create|Put|Delete)/.test(one))).toEqual([]);
  });
});

describe("the commands that look at an account", () => {
  it("list users, keys with age and last use, policies and buckets", async () => {
    expect((await keyguard("list-users")).stdout).toMatch(/ana[\s\S]*pipeline/);
    const keys = JSON.parse((await keyguard("list-keys", "--json")).stdout);
    expect(keys).toContainEqual(
      expect.objectContaining({ id: scene.old.id, user: "pipeline", status: "Active", ageDays: 1 }),
    );
    const policies = JSON.parse((await keyguard("list-user-policies", "pipeline")).stdout);
    expect(policies.pipeline.inline.volumes.Statement).toHaveLength(3);
    expect((await keyguard("list-buckets")).stdout).toMatch(/lab-private[\s\S]*lab-volumes/);
    expect(await keyguard("list-keys", "nobody")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("NoSuchEntity"),
    });
  });

  it("delete a user that keyguard made, and no other unless told to", async () => {
    await keyguard("create", "lab-volumes", "--name", "kg-mine");
    expect(await keyguard("delete-user", "kg-mine")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("would delete"),
    });
    expect(scene.account.iam.users["kg-mine"]).toBeDefined();
    expect(await keyguard("delete-user", "kg-mine", "--yes")).toMatchObject({ code: 0 });
    expect(scene.account.iam.users["kg-mine"]).toBeUndefined();
    expect(await keyguard("delete-user", "pipeline", "--yes")).toMatchObject({ code: 2 });
    expect(scene.account.iam.users.pipeline).toBeDefined();
  });
});
