import {
  CreateUserCommand,
  GetUserCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from "@aws-sdk/client-iam";
import { DescribeKeyCommand } from "@aws-sdk/client-kms";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
} from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsEmulator, startAwsEmulator } from "../../support/aws/aws-emulator.ts";
import type { Statement } from "../../support/aws/policy/policy-document.ts";
import type { Account, User } from "../../support/aws/world.ts";
import { clientsFor, type Keys, outcome } from "./clients.ts";

let aws: AwsEmulator;
let account: Account;
let user: User;
let key: Keys;

beforeEach(async () => {
  aws = await startAwsEmulator();
  account = aws.createAccount("111122223333");
  user = aws.createUser(account, "ana");
  key = aws.createKey(account, user);
  aws.createBucket(account, "lab-volumes", { objects: { "data/1": "one", "database/2": "two", "home/ana/x": "mine" } });
});
afterEach(() => aws.close());

function policy(...statements: Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
const everything: Statement = { Effect: "Allow", Action: "*", Resource: "*" };
const get = (s3: S3Client, Key = "data/1", Bucket = "lab-volumes") =>
  outcome(s3.send(new GetObjectCommand({ Bucket, Key })));
const put = (s3: S3Client, Key = "data/new", Bucket = "lab-volumes") =>
  outcome(s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" })));
const list = (s3: S3Client, Prefix?: string) =>
  outcome(s3.send(new ListObjectsV2Command({ Bucket: "lab-volumes", ...(Prefix === undefined ? {} : { Prefix }) })));
const keysOf = ({
  Credentials,
}: {
  Credentials?:
    | { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined }
    | undefined;
}): Keys => ({
  id: Credentials?.AccessKeyId ?? "",
  secret: Credentials?.SecretAccessKey ?? "",
  token: Credentials?.SessionToken ?? "",
});

describe("identity policies in the emulator", () => {
  it("allow nothing by themselves, and what they name when they are there: inline, attached, of a group", async () => {
    const { s3 } = clientsFor(aws, key);
    expect(await get(s3)).toBe("AccessDenied");
    user.inline.read = policy({ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::lab-volumes/data/*" });
    expect([await get(s3), await get(s3, "database/2"), await put(s3)]).toEqual([
      "allowed",
      "AccessDenied",
      "AccessDenied",
    ]);
    user.attached.push("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");
    expect([await get(s3, "database/2"), await put(s3)]).toEqual(["allowed", "AccessDenied"]);
    aws.createGroup(account, "writers", {
      policies: { write: policy({ Effect: "Allow", Action: "s3:PutObject", Resource: "*" }) },
    });
    user.groups.push("writers");
    expect(await put(s3)).toBe("allowed");
  });

  it("lose against any denial, and a quarantine policy is one", async () => {
    user.inline.all = policy(everything);
    const { s3, iam } = clientsFor(aws, key);
    expect(await get(s3)).toBe("allowed");
    user.attached.push("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3");
    expect([await get(s3), await put(s3)]).toEqual(["AccessDenied", "allowed"]);
    expect(await outcome(iam.send(new CreateUserCommand({ UserName: "eve" })))).toBe("AccessDenied");
  });

  it("hold under their conditions: s3:prefix, source address, time, variables", async () => {
    user.inline.list = policy({
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: "arn:aws:s3:::lab-volumes",
      Condition: { StringLike: { "s3:prefix": ["data/*"] } },
    });
    user.inline.home = policy({
      Effect: "Allow",
      Action: "s3:GetObject",
      Resource: "arn:aws:s3:::lab-volumes/home/${aws:username}/*",
      Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } },
    });
    const { s3 } = clientsFor(aws, key);
    expect([await list(s3, "data/"), await list(s3, "data"), await list(s3)]).toEqual([
      "allowed",
      "AccessDenied",
      "AccessDenied",
    ]);
    expect(await get(s3, "home/ana/x")).toBe("allowed");
    aws.world.sourceIp = "198.51.100.1";
    expect(await get(s3, "home/ana/x")).toBe("AccessDenied");
  });

  it("speak of IAM's own resources too", async () => {
    user.inline.iam = policy({
      Effect: "Allow",
      Action: "iam:GetUser",
      Resource: "arn:aws:iam::111122223333:user/${aws:username}",
    });
    aws.createUser(account, "ben");
    const { iam } = clientsFor(aws, key);
    expect(await outcome(iam.send(new GetUserCommand({})))).toBe("allowed");
    expect(await outcome(iam.send(new GetUserCommand({ UserName: "ben" })))).toBe("AccessDenied");
    expect(await outcome(iam.send(new ListUsersCommand({})))).toBe("AccessDenied");
  });

  it("say in AWS's words what refused", async () => {
    const { s3 } = clientsFor(aws, key);
    const text = async () =>
      s3.send(new GetObjectCommand({ Bucket: "lab-volumes", Key: "data/1" })).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await text()).toBe(
      'User: arn:aws:iam::111122223333:user/ana is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::lab-volumes/data/1" because no identity-based policy allows the s3:GetObject action',
    );
    user.inline.no = policy({ Effect: "Deny", Action: "s3:*", Resource: "*" });
    expect(await text()).toMatch(/with an explicit deny in an identity-based policy$/);
  });
});

describe("boundaries and session policies in the emulator", () => {
  it("a boundary takes away and never gives: AmazonS3FullAccess denies KMS", async () => {
    const kmsKey = aws.createKmsKey(account);
    user.inline.all = policy(everything);
    user.boundary = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    const { s3, kms } = clientsFor(aws, key);
    expect(await get(s3)).toBe("allowed");
    expect(await outcome(kms.send(new DescribeKeyCommand({ KeyId: kmsKey.id })))).toBe("AccessDeniedException");
    user.boundary = null;
    expect(await outcome(kms.send(new DescribeKeyCommand({ KeyId: kmsKey.id })))).toBe("allowed");
  });

  it("a role's session has what role and session policy both allow", async () => {
    const role = aws.createRole(
      account,
      "loader",
      policy({ Effect: "Allow", Principal: { AWS: user.arn }, Action: "sts:AssumeRole" }),
      { policies: { all: policy(everything) } },
    );
    const { sts } = clientsFor(aws, key);
    const Policy = policy({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" });
    const assumed = await sts.send(
      new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: "job-1", DurationSeconds: 900, Policy }),
    );
    const { s3 } = clientsFor(aws, keysOf(assumed));
    expect([await get(s3), await put(s3)]).toEqual(["allowed", "AccessDenied"]);
  });

  it("a federated user has what user and session policy both allow, and no IAM", async () => {
    user.inline.all = policy(everything);
    const { sts } = clientsFor(aws, key);
    const bare = clientsFor(aws, keysOf(await sts.send(new GetFederationTokenCommand({ Name: "guest" }))));
    expect(await get(bare.s3)).toBe("AccessDenied");
    const full = clientsFor(
      aws,
      keysOf(await sts.send(new GetFederationTokenCommand({ Name: "guest", Policy: policy(everything) }))),
    );
    expect(await get(full.s3)).toBe("allowed");
    expect(await outcome(full.iam.send(new ListUsersCommand({})))).toBe("InvalidClientTokenId");
    expect((await full.sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(
      "arn:aws:sts::111122223333:federated-user/guest",
    );
  });

  it("deactivating a key ends no session made from it; a deny on aws:TokenIssueTime does", async () => {
    user.inline.s3 = policy({ Effect: "Allow", Action: ["s3:*", "sts:GetSessionToken"], Resource: "*" });
    const session = clientsFor(aws, keysOf(await clientsFor(aws, key).sts.send(new GetSessionTokenCommand({}))));
    const longLived = user.keys[0];
    if (longLived) longLived.status = "Inactive";
    expect(await get(clientsFor(aws, key).s3)).toBe("InvalidAccessKeyId");
    expect(await get(session.s3)).toBe("allowed");
    const now = new Date(aws.clock.now() + 1).toISOString();
    user.inline.revoke = policy({
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { DateLessThan: { "aws:TokenIssueTime": now } },
    });
    expect(await get(session.s3)).toBe("AccessDenied");
    // A long-lived key has no issue time: the same statement leaves it alone.
    const fresh = aws.createKey(account, user);
    expect(await get(clientsFor(aws, fresh).s3)).toBe("allowed");
  });

  it("sessions end on time", async () => {
    user.inline.s3 = policy({ Effect: "Allow", Action: ["s3:*", "sts:*"], Resource: "*" });
    const { sts } = clientsFor(aws, key);
    const { s3 } = clientsFor(aws, keysOf(await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))));
    aws.clock.advance(899_000);
    expect(await get(s3)).toBe("allowed");
    aws.clock.advance(2_000);
    expect(await get(s3)).toBe("ExpiredToken");
  });
});

describe("trust policies in the emulator", () => {
  const assume = (
    keys: Keys,
    RoleArn: string,
    more: { ExternalId?: string; SerialNumber?: string; TokenCode?: string } = {},
  ) => outcome(clientsFor(aws, keys).sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "job", ...more })));

  it("let in whom they name; one that names the account leaves it to identity policies", async () => {
    const direct = aws.createRole(
      account,
      "direct",
      policy({ Effect: "Allow", Principal: { AWS: user.arn }, Action: "sts:AssumeRole" }),
    );
    const viaAccount = aws.createRole(
      account,
      "via-account",
      policy({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::111122223333:root" }, Action: "sts:AssumeRole" }),
    );
    expect(await assume(key, direct.arn)).toBe("allowed");
    expect(await assume(key, viaAccount.arn)).toBe("AccessDenied");
    user.inline.assume = policy({ Effect: "Allow", Action: "sts:AssumeRole", Resource: viaAccount.arn });
    expect(await assume(key, viaAccount.arn)).toBe("allowed");
    expect(await assume(key, "arn:aws:iam::111122223333:role/nowhere")).toBe("AccessDenied");
  });

  it("across accounts both sides must agree, and an external id or second factor can be asked for", async () => {
    const other = aws.createAccount("444455556666");
    const trust = policy({
      Effect: "Allow",
      Principal: { AWS: "111122223333" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "sts:ExternalId": "x-42" } },
    });
    const role = aws.createRole(other, "shared", trust);
    expect(await assume(key, role.arn, { ExternalId: "x-42" })).toBe("AccessDenied");
    user.inline.assume = policy({ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" });
    expect(await assume(key, role.arn)).toBe("AccessDenied");
    expect(await assume(key, role.arn, { ExternalId: "x-42" })).toBe("allowed");
    role.trust = policy({
      Effect: "Allow",
      Principal: { AWS: user.arn },
      Action: "sts:AssumeRole",
      Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } },
    });
    user.mfaDevices.push("arn:aws:iam::111122223333:mfa/ana");
    expect(await assume(key, role.arn)).toBe("AccessDenied");
    expect(
      await assume(key, role.arn, { SerialNumber: "arn:aws:iam::111122223333:mfa/ana", TokenCode: "123456" }),
    ).toBe("allowed");
  });

  it("root assumes no roles", async () => {
    const role = aws.createRole(
      account,
      "open",
      policy({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }),
    );
    expect(await assume(aws.createKey(account, "root"), role.arn)).toBe("AccessDenied");
  });
});

describe("bucket and key policies in the emulator", () => {
  it("grant within the account by themselves; across accounts the caller's own policies must agree", async () => {
    const other = aws.createAccount("444455556666");
    const guest = aws.createUser(other, "guest");
    const guestKey = aws.createKey(other, guest);
    const bucket = aws.world.buckets.get("lab-volumes");
    if (!bucket) throw new Error("no bucket");
    const { s3: own } = clientsFor(aws, key);
    const { s3: foreign } = clientsFor(aws, guestKey);
    bucket.policy = policy({
      Effect: "Allow",
      Principal: { AWS: [user.arn, guest.arn] },
      Action: "s3:GetObject",
      Resource: "arn:aws:s3:::lab-volumes/*",
    });
    expect([await get(own), await get(foreign)]).toEqual(["allowed", "AccessDenied"]);
    guest.inline.read = policy({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" });
    expect(await get(foreign)).toBe("allowed");
    bucket.policy = policy({
      Effect: "Allow",
      Principal: { AWS: guest.arn },
      Action: "s3:GetObject",
      Resource: "arn:aws:s3:::lab-volumes",
    });
    expect(await get(foreign), "without /* the objects are not meant").toBe("AccessDenied");
  });

  it("deny everyone but those whom NotPrincipal and conditions except", async () => {
    user.inline.all = policy(everything);
    const bucket = aws.world.buckets.get("lab-volumes");
    if (!bucket) throw new Error("no bucket");
    const { s3 } = clientsFor(aws, key);
    const except = (...AWS: string[]) =>
      policy({ Effect: "Deny", NotPrincipal: { AWS }, Action: "s3:*", Resource: "*" });
    bucket.policy = except("arn:aws:iam::111122223333:user/else", "arn:aws:iam::111122223333:root");
    expect(await get(s3)).toBe("AccessDenied");
    bucket.policy = except(user.arn, "arn:aws:iam::111122223333:root");
    expect(await get(s3)).toBe("allowed");
    bucket.policy = policy({
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: "*",
      Condition: { NotIpAddress: { "aws:SourceIp": "198.51.100.0/24" } },
    });
    expect(await get(s3)).toBe("AccessDenied");
  });

  it("a KMS-encrypted object needs the key as well; AWS's own key serves its account only", async () => {
    const other = aws.createAccount("444455556666");
    const guest = aws.createUser(other, "guest", { policies: { all: policy(everything) } });
    const guestKey = aws.createKey(other, guest);
    aws.createManagedS3Key(account);
    const own = aws.createKmsKey(account);
    for (const [name, kmsKey] of [
      ["managed", null],
      ["customer", own.arn],
    ] as const)
      aws.createBucket(account, `lab-${name}`, {
        encryption: { algorithm: "aws:kms", kmsKey, bucketKey: true },
        policy: policy({
          Effect: "Allow",
          Principal: { AWS: guest.arn },
          Action: "s3:*",
          Resource: `arn:aws:s3:::lab-${name}/*`,
        }),
      });
    user.inline.s3 = policy({ Effect: "Allow", Action: "s3:*", Resource: "*" });
    const { s3 } = clientsFor(aws, key);
    expect([await put(s3, "k", "lab-managed"), await put(s3, "k", "lab-customer")]).toEqual([
      "allowed",
      "AccessDenied",
    ]);
    user.inline.kms = policy({ Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: own.arn });
    expect([await put(s3, "k", "lab-customer"), await get(s3, "k", "lab-customer")]).toEqual(["allowed", "allowed"]);
    const { s3: foreign } = clientsFor(aws, guestKey);
    expect([await get(foreign, "k", "lab-managed"), await get(foreign, "k", "lab-customer")]).toEqual([
      "AccessDenied",
      "AccessDenied",
    ]);
    own.policy = policy(
      { Effect: "Allow", Principal: { AWS: "arn:aws:iam::111122223333:root" }, Action: "kms:*", Resource: "*" },
      { Effect: "Allow", Principal: { AWS: guest.arn }, Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: "*" },
    );
    expect(await get(foreign, "k", "lab-customer")).toBe("allowed");
  });
});

describe("accounts in the emulator", () => {
  it("root may do everything in its own, and nothing elsewhere", async () => {
    const other = aws.createAccount("444455556666");
    const { s3, iam } = clientsFor(aws, aws.createKey(account, "root"));
    expect([await get(s3), await outcome(iam.send(new ListUsersCommand({})))]).toEqual(["allowed", "allowed"]);
    expect(await get(clientsFor(aws, aws.createKey(other, "root")).s3)).toBe("AccessDenied");
  });

  it("a service control policy binds everyone but cannot give", async () => {
    user.inline.all = policy(everything);
    account.servicePolicies = [policy({ Effect: "Allow", Action: "s3:*", Resource: "*" })];
    const { s3, iam } = clientsFor(aws, key);
    expect([await get(s3), await outcome(iam.send(new ListUsersCommand({})))]).toEqual(["allowed", "AccessDenied"]);
  });

  it("only who may list a bucket learns that a key is not there", async () => {
    user.inline.read = policy({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" });
    const { s3 } = clientsFor(aws, key);
    expect(await get(s3, "nothing")).toBe("AccessDenied");
    expect(await outcome(s3.send(new HeadObjectCommand({ Bucket: "lab-volumes", Key: "nothing" })))).toBe("403");
    user.inline.list = policy({ Effect: "Allow", Action: "s3:ListBucket", Resource: "*" });
    expect(await get(s3, "nothing")).toBe("NoSuchKey");
    expect(await outcome(s3.send(new HeadObjectCommand({ Bucket: "lab-volumes", Key: "nothing" })))).toBe("NotFound");
  });

  it("simulates what it would decide", async () => {
    const admin = clientsFor(
      aws,
      aws.createKey(account, aws.createUser(account, "admin", { attached: ["AdministratorAccess"] })),
    );
    await admin.iam.send(
      new PutUserPolicyCommand({
        UserName: "ana",
        PolicyName: "p",
        PolicyDocument: policy(
          { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::lab-volumes/data/*" },
          { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" },
        ),
      }),
    );
    const simulated = await admin.iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: user.arn,
        ActionNames: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        ResourceArns: ["arn:aws:s3:::lab-volumes/data/1"],
      }),
    );
    expect(simulated.EvaluationResults?.map((one) => one.EvalDecision)).toEqual([
      "allowed",
      "implicitDeny",
      "explicitDeny",
    ]);
    const { s3 } = clientsFor(aws, key);
    const done = [
      await get(s3),
      await put(s3, "data/1"),
      await outcome(s3.send(new DeleteObjectCommand({ Bucket: "lab-volumes", Key: "data/1" }))),
    ];
    expect(done).toEqual(["allowed", "AccessDenied", "AccessDenied"]);
    expect(await outcome(s3.send(new ListBucketsCommand({})))).toBe("AccessDenied");
  });
});
