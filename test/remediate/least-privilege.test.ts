import { CreateUserCommand, ListAccessKeysCommand } from "@aws-sdk/client-iam";
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPolicy, type Scope, scopes } from "../../src/remediate/policy.ts";
import { clientsFor, outcome } from "../aws/emulator/clients.ts";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";
import type { PolicyInput } from "../support/aws/scene.ts";
import type { Account, KmsKey } from "../support/aws/world.ts";

let aws: AwsEmulator;
let account: Account;
let kmsKey: KmsKey;

beforeAll(async () => {
  aws = await startAwsEmulator();
  account = aws.createAccount("111122223333");
  kmsKey = aws.createKmsKey(account, { region: "us-east-1" });
  const objects = { "data/1": "one", "database/2": "two", top: "three" };
  aws.createBucket(account, "lab-volumes", { objects });
  aws.createBucket(account, "lab-volumes-2", { objects });
  aws.createBucket(account, "lab-sealed", {
    encryption: { algorithm: "aws:kms", kmsKey: kmsKey.arn, bucketKey: false },
    objects,
  });
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::111122223333:root" }, Action: "sts:AssumeRole" }],
  };
  aws.createRole(account, "ops", trust as PolicyInput);
});
afterAll(() => aws.close());

const plain: Scope = {
  bucket: "lab-volumes",
  can: [],
  prefixes: [],
  region: "us-east-1",
  partition: "aws",
  kmsKeys: [],
  sourceIps: [],
  ownerAcl: false,
};

let made = 0;
function clientsWith(scope: Scope) {
  const user = aws.createUser(account, `kg-${++made}`, { policies: { only: buildPolicy(scope) as PolicyInput } });
  return clientsFor(aws, aws.createKey(account, user));
}

type S3 = ReturnType<typeof clientsFor>["s3"];
const put = (s3: S3, Bucket: string, Key: string, more = {}) =>
  outcome(s3.send(new PutObjectCommand({ Bucket, Key, Body: "x", ...more })));
const get = (s3: S3, Bucket: string, Key: string) => outcome(s3.send(new GetObjectCommand({ Bucket, Key })));

/** Every operation, by name, on this bucket, its neighbour whose name begins alike, prefixes and IAM itself. */
const operations: Readonly<Record<string, (clients: ReturnType<typeof clientsFor>) => Promise<string>>> = {
  list: ({ s3 }) => outcome(s3.send(new ListObjectsV2Command({ Bucket: "lab-volumes" }))),
  "list data/": ({ s3 }) => outcome(s3.send(new ListObjectsV2Command({ Bucket: "lab-volumes", Prefix: "data/" }))),
  "list data": ({ s3 }) => outcome(s3.send(new ListObjectsV2Command({ Bucket: "lab-volumes", Prefix: "data" }))),
  "list database/": ({ s3 }) =>
    outcome(s3.send(new ListObjectsV2Command({ Bucket: "lab-volumes", Prefix: "database/" }))),
  "get data/1": ({ s3 }) => get(s3, "lab-volumes", "data/1"),
  "head data/1": ({ s3 }) => outcome(s3.send(new HeadObjectCommand({ Bucket: "lab-volumes", Key: "data/1" }))),
  "get database/2": ({ s3 }) => get(s3, "lab-volumes", "database/2"),
  "get top": ({ s3 }) => get(s3, "lab-volumes", "top"),
  "put data/new": ({ s3 }) => put(s3, "lab-volumes", "data/new"),
  "put database/new": ({ s3 }) => put(s3, "lab-volumes", "database/new"),
  "delete data/new": ({ s3 }) => outcome(s3.send(new DeleteObjectCommand({ Bucket: "lab-volumes", Key: "data/new" }))),
  "delete database/new": ({ s3 }) =>
    outcome(s3.send(new DeleteObjectCommand({ Bucket: "lab-volumes", Key: "database/new" }))),
  "put owner acl": ({ s3 }) => put(s3, "lab-volumes", "data/acl", { ACL: "bucket-owner-full-control" }),
  "put public": ({ s3 }) => put(s3, "lab-volumes", "data/acl", { ACL: "public-read" }),
  location: ({ s3 }) => outcome(s3.send(new GetBucketLocationCommand({ Bucket: "lab-volumes" }))),
  "bucket policy": ({ s3 }) => outcome(s3.send(new PutBucketPolicyCommand({ Bucket: "lab-volumes", Policy: "{}" }))),
  "delete bucket": ({ s3 }) => outcome(s3.send(new DeleteBucketCommand({ Bucket: "lab-volumes" }))),
  "neighbour list": ({ s3 }) => outcome(s3.send(new ListObjectsV2Command({ Bucket: "lab-volumes-2" }))),
  "neighbour get": ({ s3 }) => get(s3, "lab-volumes-2", "data/1"),
  "neighbour put": ({ s3 }) => put(s3, "lab-volumes-2", "data/1"),
  "sealed get": ({ s3 }) => get(s3, "lab-sealed", "data/1"),
  "list buckets": ({ s3 }) => outcome(s3.send(new ListBucketsCommand({}))),
  "create user": ({ iam }) => outcome(iam.send(new CreateUserCommand({ UserName: "eve" }))),
  "own keys": ({ iam }) => outcome(iam.send(new ListAccessKeysCommand({}))),
  "assume role": ({ sts }) =>
    outcome(
      sts.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account.id}:role/ops`, RoleSessionName: "eve" })),
    ),
};

async function allowedBy(scope: Scope): Promise<string[]> {
  const clients = clientsWith(scope);
  const allowed: string[] = [];
  for (const [name, run] of Object.entries(operations)) {
    const result = await run(clients);
    expect(["allowed", "AccessDenied", "403"], `${name}: ${result}`).toContain(result);
    if (result === "allowed") allowed.push(name);
  }
  for (const client of Object.values(clients)) client.destroy();
  return allowed;
}

describe("what a policy lets one do, tried and not read", () => {
  const within = { prefixes: ["data/"] };
  const table: Readonly<Record<string, { scope: Partial<Scope>; allowed: readonly string[] }>> = {
    "read-only": {
      scope: { can: scopes["read-only"] },
      allowed: [
        "list",
        "list data/",
        "list data",
        "list database/",
        "get data/1",
        "head data/1",
        "get database/2",
        "get top",
        "location",
      ],
    },
    "read-write": {
      scope: { can: scopes["read-write"] },
      allowed: [
        "list",
        "list data/",
        "list data",
        "list database/",
        "get data/1",
        "head data/1",
        "get database/2",
        "get top",
        "put data/new",
        "put database/new",
        "delete data/new",
        "delete database/new",
        "location",
      ],
    },
    "write-only": { scope: { can: scopes["write-only"] }, allowed: ["put data/new", "put database/new", "location"] },
    "read-only below data/": {
      scope: { can: scopes["read-only"], ...within },
      allowed: ["list data/", "get data/1", "head data/1", "location"],
    },
    "read-write below data/": {
      scope: { can: scopes["read-write"], ...within },
      allowed: ["list data/", "get data/1", "head data/1", "put data/new", "delete data/new", "location"],
    },
    "write-only below data/": {
      scope: { can: scopes["write-only"], ...within },
      allowed: ["put data/new", "location"],
    },
    "write-only below data/ with the owner's ACL": {
      scope: { can: scopes["write-only"], ...within, ownerAcl: true },
      allowed: ["put data/new", "put owner acl", "location"],
    },
    "put and delete, without reading": {
      scope: { can: ["write", "delete"], ...within },
      allowed: ["put data/new", "delete data/new", "location"],
    },
    "read-write from elsewhere": { scope: { can: scopes["read-write"], sourceIps: ["198.51.100.0/24"] }, allowed: [] },
  };
  it.each(Object.entries(table))("%s", async (_name, { scope, allowed }) => {
    expect(await allowedBy({ ...plain, ...scope })).toEqual(allowed);
  });

  it("read-write from the right place", async () => {
    const scope = { ...plain, can: scopes["read-write"], sourceIps: [`${aws.world.sourceIp}/32`] };
    expect(await allowedBy(scope)).toEqual(await allowedBy({ ...plain, can: scopes["read-write"] }));
  });

  it("a bucket that KMS encrypts needs its key, and only through S3", async () => {
    const sealed = { ...plain, bucket: "lab-sealed", can: scopes["read-write"] };
    const without = clientsWith(sealed).s3;
    expect([await put(without, "lab-sealed", "data/k"), await get(without, "lab-sealed", "data/1")]).toEqual([
      "AccessDenied",
      "AccessDenied",
    ]);
    const { s3 } = clientsWith({ ...sealed, kmsKeys: [kmsKey.arn] });
    expect([await put(s3, "lab-sealed", "data/k"), await get(s3, "lab-sealed", "data/k")]).toEqual([
      "allowed",
      "allowed",
    ]);
  });
});

describe("the policy's text", () => {
  it("names every action, and keeps bucket and objects apart", () => {
    for (const can of Object.values(scopes)) {
      const { Statement } = buildPolicy({ ...plain, can, prefixes: ["data/", "raw/"], ownerAcl: true });
      for (const { Action, Resource } of Statement) {
        expect([Action].flat().join()).not.toContain("*");
        const onObjects = [Resource].flat().map((one) => one.includes("/"));
        expect(new Set(onObjects).size).toBe(1);
      }
    }
  });

  it.each([["data"], ["/data/"], ["da*/"], ["${aws:username}/"], [""]])("refuses the prefix %j", (prefix) => {
    expect(() => buildPolicy({ ...plain, can: ["read"], prefixes: [prefix] })).toThrow(/prefix/);
  });

  it.each([["*"], ["Lab"], ["s3://lab"], ["lab/*"], ["ab"]])("refuses the bucket %j", (bucket) => {
    expect(() => buildPolicy({ ...plain, bucket, can: ["read"] })).toThrow(/bucket/);
  });

  it.each([["anywhere"], ["300.1.1.1/8"], ["10.0.0.0/33"]])("refuses the range %j", (range) => {
    expect(() => buildPolicy({ ...plain, can: ["read"], sourceIps: [range] })).toThrow(/range/);
  });
});
