import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";
import type { PolicyDocument } from "../support/aws/policy/policy-document.ts";
import type { AccessKey, Account, User } from "../support/aws/world.ts";

export const oldPolicy: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::lab-volumes" },
    {
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      Resource: "arn:aws:s3:::lab-volumes/*",
    },
    { Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" },
  ],
};

/** An account with a leaked key, an administrator, two buckets, and a home folder whose files hold the leaked key. */
export interface RotationScene {
  readonly aws: AwsEmulator;
  readonly account: Account;
  readonly pipeline: User;
  readonly old: AccessKey;
  readonly admin: AccessKey;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  write(path: string, text: string, mode?: number): string;
  read(path: string): string;
  close(): Promise<void>;
}

export async function setRotationScene(seed = "rotation"): Promise<RotationScene> {
  const aws = await startAwsEmulator(seed);
  const account = aws.createAccount("111122223333");
  const pipeline = aws.createUser(account, "pipeline", { policies: { volumes: oldPolicy } });
  const old = aws.createKey(account, pipeline);
  const admin = aws.createKey(account, aws.createUser(account, "ana", { attached: ["AdministratorAccess"] }));
  aws.createBucket(account, "lab-volumes", { objects: { "data/1": "one" } });
  aws.createBucket(account, "lab-private", { objects: { secret: "two" } });
  // In memory where there is such a folder: hundreds of cases wait for the disk at every line of their journals.
  const home = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "keyguard-rotate-"));
  const write = (path: string, text: string, mode = 0o600) => {
    const whole = join(home, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text, { mode });
    return whole;
  };
  const scene: RotationScene = {
    aws,
    account,
    pipeline,
    old,
    admin,
    home,
    env: { HOME: home, AWS_ENDPOINT_URL: aws.endpoint },
    write,
    read: (path) => readFileSync(join(home, path), "utf8"),
    async close() {
      await aws.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  write(
    ".aws/credentials",
    `# kept\n[admin]\naws_access_key_id = ${admin.id}\naws_secret_access_key = ${admin.secret}\n\n[lab]\naws_access_key_id=${old.id}\naws_secret_access_key=${old.secret}\n# end\n`,
  );
  write(
    ".cloudvolume/secrets/aws-secret.json",
    `${JSON.stringify({ AWS_ACCESS_KEY_ID: old.id, AWS_SECRET_ACCESS_KEY: old.secret }, null, 2)}\n`,
  );
  return scene;
}
