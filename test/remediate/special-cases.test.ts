import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runPlan } from "../../src/remediate/run-plan.ts";
import { runCommand } from "../aws/run-command.ts";
import type { PolicyInput } from "../support/aws/scene.ts";
import { Lives } from "./interruptions.ts";
import { type RotationScene, setRotationScene } from "./rotation-scene.ts";

let scene: RotationScene;
beforeEach(async () => {
  scene = await setRotationScene();
});
afterEach(() => scene.close());

const rotate = (...args: string[]) =>
  runCommand(["rotate", ...args, "--admin-profile", "admin", "--yes"], { cwd: scene.home, env: scene.env });
const changes = () => scene.aws.actions.filter((one) => /:(Create|Put|Delete|Update|Attach|Tag)/.test(one));
const made = () => Object.values(scene.account.iam.users).filter(({ path }) => path === "/keyguard/");

describe("what a rotation refuses, with what to do instead and nothing changed", () => {
  const table: Readonly<Record<string, { key: () => string; says: RegExp; hint: RegExp }>> = {
    "a key of root": {
      key: () => scene.aws.createKey(scene.account, "root").id,
      says: /belongs to the account's root/,
      hint: /sign in as root/,
    },
    "a key of another account": {
      key: () => {
        const other = scene.aws.createAccount("444455556666");
        return scene.aws.createKey(other, scene.aws.createUser(other, "eve")).id;
      },
      says: /belongs to account 444455556666/,
      hint: /administrator of that account/,
    },
    "a temporary key": {
      key: () => scene.aws.createSession(scene.account, scene.pipeline).id,
      says: /temporary key/,
      hint: /Revoke active sessions/,
    },
    "a key of a user that is gone": {
      key: () => {
        scene.aws.deleteUser(scene.account, "pipeline");
        return scene.old.id;
      },
      says: /deleted/,
      hint: /nothing to rotate/,
    },
    "the administrator's own key": {
      key: () => scene.admin.id,
      says: /is the leaked one/,
      hint: /--self --order replace-first/,
    },
  };
  it.each(Object.entries(table))("%s", async (_name, { key, says, hint }) => {
    const ran = await rotate(key());
    expect(ran).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(says) });
    expect(ran.stderr).toMatch(hint);
    expect(changes()).toEqual([]);
  });

  it("a canary, without a call to anyone", async () => {
    const canary = scene.aws.world.ids.accessKeyId("AKIA", "534261010715");
    const ran = await rotate(canary);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining("canary") });
    expect(scene.aws.calls).toEqual([]);
  });

  it("a second key on a quarantined user; a new user works there", async () => {
    scene.pipeline.attached.push("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3");
    expect(await rotate(scene.old.id, "--same-user")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("quarantined"),
    });
    expect(changes()).toEqual([]);
    expect(await rotate(scene.old.id, "--read-write", "--bucket", "lab-volumes")).toMatchObject({ code: 0 });
  });

  it("a bucket that nobody named, of several", async () => {
    scene.pipeline.inline.volumes = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "s3:GetObject",
          Resource: ["arn:aws:s3:::lab-volumes/*", "arn:aws:s3:::lab-private/*"],
        },
      ],
    });
    const ran = await rotate(scene.old.id);
    expect(ran).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--bucket with one of lab-private, lab-volumes"),
    });
    expect(changes()).toEqual([]);
  });
});

describe("what happens while a rotation runs", () => {
  it("an attacker makes another key in the window: it is switched off and told", async () => {
    const lives = new Lives(scene);
    const plan = lives.plan();
    lives.begin(plan);
    const strangers: { status: string }[] = [];
    const after = () => void strangers.push(scene.aws.createKey(scene.account, scene.pipeline));
    scene.aws.fault({ service: "iam", action: "UpdateAccessKey", kind: { after } });
    await lives.live(plan.run, runPlan);
    expect(strangers.map(({ status }) => status)).toEqual(["Inactive"]);
    expect(lives.said).toContain("given another key during the rotation");
  });

  it("a squatted name is not taken over", async () => {
    const lives = new Lives(scene);
    const plan = lives.plan({ order: "replace-first" });
    scene.aws.createUser(scene.account, plan.user.name, { path: "/keyguard/" });
    lives.begin(plan);
    await expect(lives.live(plan.run, runPlan)).rejects.toThrow(/is there already and is not of this run/);
    expect(scene.account.iam.users[plan.user.name]?.keys).toEqual([]);
    expect(scene.old.status).toBe("Active");
  });

  it("a file that is edited meanwhile is left alone; --resume takes it as it is", async () => {
    const lives = new Lives(scene);
    const plan = lives.plan({ order: "replace-first" });
    lives.begin(plan);
    const edited = `${scene.read(".aws/credentials")}# another line\n`;
    writeFileSync(join(scene.home, ".aws/credentials"), edited);
    await expect(lives.live(plan.run, runPlan)).rejects.toThrow(/edited since the plan/);
    expect(scene.read(".aws/credentials")).toBe(edited);
    expect(scene.old.status).toBe("Active");
    await lives.live(plan.run, runPlan);
    expect(scene.read(".aws/credentials")).toMatch(/# another line\n$/);
    expect(scene.read(".aws/credentials")).not.toContain(scene.old.id);
    expect(made()[0]?.keys).toHaveLength(1);
  });

  it("a bucket policy that lets only the old user in is told in AWS's words, and nothing is lost", async () => {
    const bucket = scene.aws.world.buckets.get("lab-volumes");
    const only = {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*Object",
          Resource: "arn:aws:s3:::lab-volumes/*",
          Condition: { StringNotEquals: { "aws:PrincipalArn": scene.pipeline.arn } },
        },
      ],
    };
    if (bucket) bucket.policy = JSON.stringify(only);
    const lives = new Lives(scene);
    const plan = lives.plan({ order: "replace-first" });
    lives.begin(plan);
    await expect(lives.live(plan.run, runPlan)).rejects.toThrow(/does not work after a minute: put: AccessDenied/);
    expect(scene.old.status).toBe("Active");
    if (bucket) bucket.policy = null;
    await lives.live(plan.run, runPlan);
    expect(scene.old.status).toBe("Inactive");
    expect(made()[0]?.keys).toHaveLength(1);
  });

  it("IAM's lag is waited for, with keys and policies that flap", async () => {
    scene.aws.setLag({ keys: 10_000, policies: 4_000, flapping: true });
    const lives = new Lives(scene);
    const plan = lives.plan();
    lives.begin(plan);
    await lives.live(plan.run, runPlan);
    expect(made()[0]?.keys).toHaveLength(1);
  });

  it("a clock that is wrong by twenty minutes is corrected", async () => {
    scene.aws.clock.skew = 20 * 60_000;
    const lives = new Lives(scene);
    const plan = lives.plan();
    lives.begin(plan);
    await lives.live(plan.run, runPlan);
    expect(scene.old.status).toBe("Inactive");
  });

  it("a bucket with KMS and versions: the new key decrypts, and no version of a check is left", async () => {
    const kms = scene.aws.createKmsKey(scene.account);
    const bucket = scene.aws.createBucket(scene.account, "lab-sealed", {
      versioning: "Enabled",
      encryption: { algorithm: "aws:kms", kmsKey: kms.arn, bucketKey: true },
    });
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:*", Resource: ["arn:aws:s3:::lab-sealed", "arn:aws:s3:::lab-sealed/*"] },
        { Effect: "Allow", Action: "kms:*", Resource: kms.arn },
      ],
    };
    scene.pipeline.inline.volumes = JSON.stringify(policy satisfies PolicyInput | object);
    const ran = await rotate(scene.old.id, "--bucket", "lab-sealed");
    expect(ran).toMatchObject({ code: 0 });
    expect(Object.values(made()[0]?.inline ?? {}).join()).toContain(kms.arn);
    expect([...bucket.objects.values()].flat()).toEqual([]);
  });

  it("a folder with nothing to write gets the key on standard output, and the report apart", async () => {
    const ran = await rotate(
      scene.old.id,
      "--skip-file",
      ".aws/credentials",
      "--skip-file",
      ".cloudvolume/secrets/aws-secret.json",
    );
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual({
      AWS_ACCESS_KEY_ID: made()[0]?.keys[0]?.id,
      AWS_SECRET_ACCESS_KEY: made()[0]?.keys[0]?.secret,
    });
    expect(ran.stderr).not.toContain(JSON.parse(ran.stdout).AWS_SECRET_ACCESS_KEY);
  });

  it("the report names what the leaked key did, and what it made", async () => {
    scene.aws.recordEvent({
      name: "CreateUser",
      account: scene.account.id,
      accessKeyId: scene.old.id,
      source: "iam.amazonaws.com",
      resources: [{ type: "AWS::IAM::User", name: "eve" }],
    });
    const ran = await rotate(scene.old.id, "--json", "--delete-after", "--report", "incident.md");
    expect(ran.code).toBe(0);
    const incident = JSON.parse(ran.stdout);
    expect(incident).toMatchObject({ schema: "keyguard-incident/1", finished: true });
    expect(incident.madeByKey.join()).toContain("CreateUser eve");
    expect(incident.proof.newWorks).toContain("its own keys in IAM refused");
    expect(scene.read("incident.md")).toContain("## Made with the old key");
    expect(scene.pipeline.keys).toEqual([]);
    expect(readdirSync(join(scene.home, ".local/state/keyguard/rotations"))).toHaveLength(1);
  });
});
