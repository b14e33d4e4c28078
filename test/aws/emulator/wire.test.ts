import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
  paginateListUsers,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsEmulator, startAwsEmulator } from "../../support/aws/aws-emulator.ts";
import type { Account } from "../../support/aws/world.ts";
import { fakeSecret } from "../../support/fake-keys.ts";
import { clientsFor, type Keys, outcome } from "./clients.ts";

let aws: AwsEmulator;
let account: Account;
let key: Keys;

beforeEach(async () => {
  aws = await startAwsEmulator();
  account = aws.createAccount("111122223333");
  key = aws.createKey(account, aws.createUser(account, "admin", { attached: ["AdministratorAccess"] }));
});
afterEach(() => aws.close());

describe("signatures in the emulator", () => {
  it("hold for keys and prefixes that must be encoded, in every way an SDK encodes", async () => {
    aws.createBucket(account, "lab");
    const { s3 } = clientsFor(aws, key);
    const keys = ["a b/ü+x(1)*'!.txt", "data/%2F/..hidden", "q?x=1&y", "Ω/漢字 #.bin", "tilde~-_.", "a//b"];
    for (const Key of keys) {
      await s3.send(new PutObjectCommand({ Bucket: "lab", Key, Body: Key }));
      expect(await (await s3.send(new GetObjectCommand({ Bucket: "lab", Key }))).Body?.transformToString()).toBe(Key);
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: "lab", Prefix: Key, Delimiter: "|" }));
      expect(listed.Contents?.map((one) => one.Key)).toEqual([Key]);
    }
  });

  it("are refused when secret, body or token are others", async () => {
    const { sts, s3 } = clientsFor(aws, { ...key, secret: fakeSecret(1) });
    expect(await outcome(sts.send(new GetCallerIdentityCommand({})))).toBe("SignatureDoesNotMatch");
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: "lab", Key: "x" })))).toBe("SignatureDoesNotMatch");
    expect(
      await outcome(clientsFor(aws, { ...key, token: "nonsense" }).sts.send(new GetCallerIdentityCommand({}))),
    ).toBe("InvalidClientTokenId");
    const response = await fetch(`${aws.endpoint}/`, {
      method: "POST",
      body: "Action=GetCallerIdentity",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining("MissingAuthenticationToken"),
    ]);
  });

  it("are refused when the clocks are too far apart, and the SDK then corrects itself", async () => {
    aws.clock.skew = 20 * 60_000;
    expect(await outcome(clientsFor(aws, key).sts.send(new GetCallerIdentityCommand({})))).toBe(
      "SignatureDoesNotMatch",
    );
    expect(await outcome(clientsFor(aws, key, "us-east-1", 3).sts.send(new GetCallerIdentityCommand({})))).toBe(
      "allowed",
    );
  });

  it("with an empty id are said to be malformed", async () => {
    aws.createBucket(account, "lab");
    expect(
      await outcome(clientsFor(aws, { id: "", secret: "x" }).s3.send(new HeadBucketCommand({ Bucket: "lab" }))),
    ).not.toBe("allowed");
    const authorization =
      "AWS4-HMAC-SHA256 Credential=/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
    const response = await fetch(`${aws.endpoint}/lab`, { headers: { authorization } });
    expect(await response.text()).toContain("AuthorizationHeaderMalformed");
  });
});

describe("IAM in the emulator", () => {
  it("makes two keys for a user and no third", async () => {
    const { iam } = clientsFor(aws, key);
    await iam.send(new CreateUserCommand({ UserName: "ana", Path: "/keyguard/", Tags: [{ Key: "run", Value: "1" }] }));
    const first = await iam.send(new CreateAccessKeyCommand({ UserName: "ana" }));
    await iam.send(new CreateAccessKeyCommand({ UserName: "ana" }));
    expect(await outcome(iam.send(new CreateAccessKeyCommand({ UserName: "ana" })))).toBe("LimitExceededException");
    const AccessKeyId = first.AccessKey?.AccessKeyId ?? "";
    await iam.send(new UpdateAccessKeyCommand({ UserName: "ana", AccessKeyId, Status: "Inactive" }));
    expect(await outcome(iam.send(new CreateAccessKeyCommand({ UserName: "ana" }))), "inactive keys count").toBe(
      "LimitExceededException",
    );
    expect(
      (await iam.send(new ListAccessKeysCommand({ UserName: "ana" }))).AccessKeyMetadata?.map((one) => one.Status),
    ).toEqual(["Inactive", "Active"]);
    await iam.send(new DeleteAccessKeyCommand({ UserName: "ana", AccessKeyId }));
    expect(await outcome(iam.send(new CreateAccessKeyCommand({ UserName: "ana" })))).toBe("allowed");
  });

  it("refuses squatted names, names that are too long, and to delete what is in use", async () => {
    const { iam } = clientsFor(aws, key);
    await iam.send(new CreateUserCommand({ UserName: "ana" }));
    expect(await outcome(iam.send(new CreateUserCommand({ UserName: "ANA" })))).toBe("EntityAlreadyExistsException");
    expect(await outcome(iam.send(new CreateUserCommand({ UserName: "a".repeat(65) })))).toBe("ValidationError");
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "ana",
        PolicyName: "p",
        PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
      }),
    );
    expect(await outcome(iam.send(new DeleteUserCommand({ UserName: "ana" })))).toBe("DeleteConflictException");
    expect(
      await outcome(iam.send(new PutUserPolicyCommand({ UserName: "ana", PolicyName: "p", PolicyDocument: "{" }))),
    ).toBe("MalformedPolicyDocumentException");
    expect(await outcome(iam.send(new DeleteUserCommand({ UserName: "nobody" })))).toBe("NoSuchEntityException");
  });

  it("tells when and for what a key was last used, and nothing of other accounts' keys", async () => {
    const { iam } = clientsFor(aws, key);
    const user = aws.createUser(account, "ana");
    const own = aws.createKey(account, user);
    const ask = (AccessKeyId: string) => iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
    expect((await ask(own.id)).AccessKeyLastUsed).toEqual({ ServiceName: "N/A", Region: "N/A" });
    await outcome(clientsFor(aws, own, "eu-west-1").s3.send(new HeadBucketCommand({ Bucket: "lab" })));
    expect(await ask(own.id)).toMatchObject({
      UserName: "ana",
      AccessKeyLastUsed: { ServiceName: "s3", Region: "eu-west-1", LastUsedDate: expect.any(Date) },
    });
    const other = aws.createAccount("444455556666");
    expect(await outcome(ask(aws.createKey(other, aws.createUser(other, "x")).id))).toBe("AccessDenied");
  });

  it("gives long lists in pages", async () => {
    for (let index = 0; index < 7; index++) aws.createUser(account, `user-${index}`);
    const { iam } = clientsFor(aws, key);
    const names: (string | undefined)[] = [];
    for await (const page of paginateListUsers({ client: iam, pageSize: 3 }, {}))
      names.push(...(page.Users ?? []).map((user) => user.UserName));
    expect(names).toHaveLength(8);
    expect(aws.calls).toHaveLength(3);
  });

  it("writes its calls into CloudTrail, those on objects not", async () => {
    aws.createBucket(account, "lab", { objects: { a: "1" } });
    const { iam, s3 } = clientsFor(aws, key);
    await iam.send(new CreateUserCommand({ UserName: "eve" }));
    await s3.send(new GetObjectCommand({ Bucket: "lab", Key: "a" }));
    const trail = new CloudTrailClient({
      region: "us-east-1",
      endpoint: aws.endpoint,
      credentials: { accessKeyId: key.id, secretAccessKey: key.secret },
    });
    const { Events } = await trail.send(
      new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: "AccessKeyId", AttributeValue: key.id }] }),
    );
    expect(Events?.map((event) => event.EventName)).toEqual(["CreateUser"]);
    expect(JSON.parse(Events?.[0]?.CloudTrailEvent ?? "{}")).toMatchObject({
      requestParameters: { UserName: "eve" },
      sourceIPAddress: "203.0.113.10",
    });
  });
});

describe("S3 in the emulator", () => {
  it("keeps versions, hides deleted objects behind markers, and deletes by version", async () => {
    aws.createBucket(account, "lab");
    const { s3 } = clientsFor(aws, key);
    await s3.send(new PutBucketVersioningCommand({ Bucket: "lab", VersioningConfiguration: { Status: "Enabled" } }));
    const put = async (Body: string) =>
      (await s3.send(new PutObjectCommand({ Bucket: "lab", Key: "k", Body }))).VersionId;
    const first = await put("1");
    await put("2");
    const { DeleteMarker, VersionId } = await s3.send(new DeleteObjectCommand({ Bucket: "lab", Key: "k" }));
    expect(DeleteMarker).toBe(true);
    expect(await outcome(s3.send(new HeadObjectCommand({ Bucket: "lab", Key: "k" })))).toBe("NotFound");
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket: "lab" }));
    expect([versions.Versions?.length, versions.DeleteMarkers?.length]).toEqual([2, 1]);
    await s3.send(new DeleteObjectCommand({ Bucket: "lab", Key: "k", VersionId }));
    expect(await (await s3.send(new GetObjectCommand({ Bucket: "lab", Key: "k" }))).Body?.transformToString()).toBe(
      "2",
    );
    expect(
      await (
        await s3.send(new GetObjectCommand({ Bucket: "lab", Key: "k", VersionId: first }))
      ).Body?.transformToString(),
    ).toBe("1");
  });

  it("overwrites nothing when it is asked not to", async () => {
    aws.createBucket(account, "lab", { objects: { k: "there" } });
    const { s3 } = clientsFor(aws, key);
    expect(await outcome(s3.send(new PutObjectCommand({ Bucket: "lab", Key: "k", Body: "x", IfNoneMatch: "*" })))).toBe(
      "PreconditionFailed",
    );
    expect(aws.readObject("lab", "k")).toBe("there");
  });

  it("sends callers to the bucket's region, and tells it to those who may not even look", async () => {
    aws.createBucket(account, "far", { region: "eu-central-1" });
    const { s3 } = clientsFor(aws, key);
    expect(await outcome(s3.send(new ListObjectsV2Command({ Bucket: "far" })))).toBe("PermanentRedirect");
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: "far" }))).LocationConstraint).toBe("eu-central-1");
    const anonymous = await fetch(`${aws.endpoint}/far`, { method: "HEAD" });
    expect([anonymous.status, anonymous.headers.get("x-amz-bucket-region")]).toEqual([403, "eu-central-1"]);
    expect((await fetch(`${aws.endpoint}/nowhere`, { method: "HEAD" })).status).toBe(404);
    expect(await outcome(clientsFor(aws, key, "eu-central-1").s3.send(new HeadBucketCommand({ Bucket: "far" })))).toBe(
      "allowed",
    );
  });

  it("lists in pages with prefixes, and deletes many at once", async () => {
    const objects = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`d${index % 3}/k${index}`, "x"]));
    aws.createBucket(account, "lab", { objects });
    const { s3 } = clientsFor(aws, key);
    const found: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 10 }, { Bucket: "lab" }))
      found.push(...(page.Contents ?? []).map((one) => one.Key));
    expect(found.sort()).toEqual(Object.keys(objects).sort());
    const top = await s3.send(new ListObjectsV2Command({ Bucket: "lab", Delimiter: "/" }));
    expect(top.CommonPrefixes?.map((one) => one.Prefix)).toEqual(["d0/", "d1/", "d2/"]);
    const deleted = await s3.send(
      new DeleteObjectsCommand({ Bucket: "lab", Delete: { Objects: [{ Key: "d0/k0" }, { Key: "d1/k1" }] } }),
    );
    expect(deleted.Deleted).toHaveLength(2);
    expect(aws.readObject("lab", "d0/k0")).toBeNull();
  });

  it("makes buckets closed, refuses public policies and policies that name nobody", async () => {
    const { s3 } = clientsFor(aws, key);
    await s3.send(new CreateBucketCommand({ Bucket: "fresh" }));
    const put = (Principal: unknown) =>
      outcome(
        s3.send(
          new PutBucketPolicyCommand({
            Bucket: "fresh",
            Policy: JSON.stringify({
              Version: "2012-10-17",
              Statement: [{ Effect: "Allow", Principal, Action: "s3:GetObject", Resource: "arn:aws:s3:::fresh/*" }],
            }),
          }),
        ),
      );
    expect(await put("*")).toBe("AccessDenied");
    expect(await put({ AWS: "arn:aws:iam::111122223333:user/nobody" })).toBe("MalformedPolicy");
    expect(await put({ AWS: "arn:aws:iam::111122223333:user/admin" })).toBe("allowed");
  });

  it("with requester pays serves others only when they say that they pay", async () => {
    const other = aws.createAccount("444455556666");
    const guest = aws.createUser(other, "guest", { attached: ["AmazonS3FullAccess"] });
    aws.createBucket(account, "paid", {
      requesterPays: true,
      objects: { k: "x" },
      policy: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { AWS: guest.arn }, Action: "s3:GetObject", Resource: "arn:aws:s3:::paid/*" },
        ],
      },
    });
    const { s3 } = clientsFor(aws, aws.createKey(other, guest));
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: "paid", Key: "k" })))).toBe("AccessDenied");
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: "paid", Key: "k", RequestPayer: "requester" })))).toBe(
      "allowed",
    );
  });

  it("leaves objects to the account that wrote them where ownership is off", async () => {
    const other = aws.createAccount("444455556666");
    const guest = aws.createUser(other, "guest", { attached: ["AmazonS3FullAccess"] });
    aws.createBucket(account, "old", {
      ownership: "ObjectWriter",
      policy: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { AWS: guest.arn }, Action: "s3:*", Resource: "arn:aws:s3:::old/*" }],
      },
    });
    await clientsFor(aws, aws.createKey(other, guest)).s3.send(
      new PutObjectCommand({ Bucket: "old", Key: "k", Body: "x" }),
    );
    expect(await outcome(clientsFor(aws, key).s3.send(new GetObjectCommand({ Bucket: "old", Key: "k" })))).toBe(
      "AccessDenied",
    );
  });
});

describe("faults and lag in the emulator", () => {
  const create = (iam: ReturnType<typeof clientsFor>["iam"]) =>
    iam.send(new CreateAccessKeyCommand({ UserName: "ana" }));

  it("a response that is lost after the effect leaves a key behind, and the SDK's retry makes another", async () => {
    const user = aws.createUser(account, "ana");
    aws.fault({ action: "CreateAccessKey", kind: "reset-after" });
    await create(clientsFor(aws, key, "us-east-1", 3).iam);
    expect(user.keys).toHaveLength(2);
  });

  it.each([
    ["access-denied", "AccessDenied", 0],
    ["throttle", "Throttling", 0],
    ["internal-error", "ServiceFailureException", 0],
    ["unavailable", "ServiceUnavailable", 0],
    ["error-after", "ServiceFailureException", 1],
    [{ error: "LimitExceeded", status: 409 }, "LimitExceededException", 0],
  ] as const)("%o shows as %s, with %i keys made", async (kind, name, made) => {
    const user = aws.createUser(account, "ana");
    aws.fault({ action: "CreateAccessKey", kind });
    expect(await outcome(create(clientsFor(aws, key).iam))).toBe(name);
    expect(user.keys).toHaveLength(made);
  });

  it("counts calls: the second fails, twice, and then no more", async () => {
    aws.fault({ service: "iam", action: "ListUsers", nth: 2, times: 2, kind: "access-denied" });
    const { iam } = clientsFor(aws, key);
    const outcomes: string[] = [];
    for (let index = 0; index < 4; index++) outcomes.push(await outcome(iam.send(new ListUsersCommand({}))));
    expect(outcomes).toEqual(["allowed", "AccessDenied", "AccessDenied", "allowed"]);
  });

  it("runs what a test wants to happen before or after an effect", async () => {
    const user = aws.createUser(account, "ana");
    const seen: number[] = [];
    aws.fault({ action: "CreateAccessKey", kind: { before: () => void seen.push(user.keys.length) } });
    aws.fault({ action: "CreateAccessKey", kind: { after: () => void seen.push(user.keys.length) } });
    await create(clientsFor(aws, key).iam);
    expect(seen).toEqual([0, 1]);
  });

  it("new keys and changed policies are seen late, and IAM's own API shows them at once", async () => {
    aws.createUser(account, "ana");
    aws.setLag({ keys: 10_000, policies: 4_000 });
    const { iam } = clientsFor(aws, key);
    const made = (await create(iam)).AccessKey;
    const keys = { id: made?.AccessKeyId ?? "", secret: made?.SecretAccessKey ?? "" };
    const { sts, s3 } = clientsFor(aws, keys);
    const who = () => outcome(sts.send(new GetCallerIdentityCommand({})));
    expect((await iam.send(new ListAccessKeysCommand({ UserName: "ana" }))).AccessKeyMetadata).toHaveLength(1);
    expect(await who()).toBe("InvalidClientTokenId");
    aws.clock.advance(10_001);
    expect(await who()).toBe("allowed");
    aws.createBucket(account, "lab", { objects: { k: "x" } });
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "ana",
        PolicyName: "p",
        PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
      }),
    );
    const get = () => outcome(s3.send(new GetObjectCommand({ Bucket: "lab", Key: "k" })));
    expect(await get()).toBe("AccessDenied");
    aws.clock.advance(4_001);
    expect(await get()).toBe("allowed");
    await iam.send(new UpdateAccessKeyCommand({ UserName: "ana", AccessKeyId: keys.id, Status: "Inactive" }));
    expect(await who(), "a deactivated key still works for a while").toBe("allowed");
    aws.clock.advance(10_001);
    expect(await who()).toBe("InvalidClientTokenId");
  });

  it("while a change travels, one success proves nothing", async () => {
    aws.createUser(account, "ana");
    aws.setLag({ keys: 10_000, flapping: true });
    const made = (await create(clientsFor(aws, key).iam)).AccessKey;
    const { sts } = clientsFor(aws, { id: made?.AccessKeyId ?? "", secret: made?.SecretAccessKey ?? "" });
    aws.clock.advance(6_000);
    const outcomes = new Set<string>();
    for (let index = 0; index < 4; index++) outcomes.add(await outcome(sts.send(new GetCallerIdentityCommand({}))));
    expect(outcomes).toEqual(new Set(["allowed", "InvalidClientTokenId"]));
  });

  it("keeps no secret in its log of calls", async () => {
    const { iam } = clientsFor(aws, key);
    aws.createUser(account, "ana");
    const made = await create(iam);
    const log = JSON.stringify(aws.calls.map((call) => [call, ...call.params]));
    expect(log).not.toContain(made.AccessKey?.SecretAccessKey);
    expect(log).not.toContain(key.secret);
  });
});
