import type { Cloud, CloudFailure, CloudSeat } from "../model/cloud.ts";
import { Secret } from "../model/secret.ts";
import { describeFailure } from "./aws-failure.ts";
import { type Clients, type CredentialSource, openClients } from "./clients.ts";
import { loadIam, loadS3, loadSts } from "./load-sdk.ts";
import { partitionOf } from "./partitions.ts";
import { type AwsSettings, pause } from "./settings.ts";

/** How often a call is made that may be repeated, and the first wait between two, in milliseconds; it doubles. */
const patience = { attempts: 5, wait: 500 };

const missing = /^NoSuch(Entity|EntityException|Key|Bucket|Version)$/;

function isMissing(error: unknown): boolean {
  return missing.test(describeFailure(error).code);
}

/** Repeats a call while AWS is slow, broken or out of reach; what AWS refuses is thrown at once. */
async function persist<T>(settings: AwsSettings, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const { kind, code, message } = describeFailure(error);
      // The SDK has set its clock by the answer; the next signature is good.
      const skewed = /TooSkewed|SignatureDoesNotMatch/.test(code) && /expired|not yet current|skew/i.test(message);
      if (skewed && attempt === 1) continue;
      const passing = kind === "throttled" || kind === "broken" || kind === "unreachable" || kind === "slow";
      if (!passing || attempt >= patience.attempts) throw error;
      await pause(settings, patience.wait * 2 ** (attempt - 1));
    }
  }
}

async function ignoreMissing(settings: AwsSettings, call: () => Promise<unknown>): Promise<void> {
  try {
    await persist(settings, call);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

interface CloudOptions {
  /** The administrator's profile, whose configured endpoint counts. */
  readonly profile?: string | undefined;
  /** The partition's own region: where IAM is asked. */
  readonly region: string;
}

/** Opens what rotation needs of AWS with an administrator's credentials. Close it at the end. */
export function openCloud(settings: AwsSettings, admin: CredentialSource, options: CloudOptions): Cloud {
  // Every repetition is ours, so that a test can make it take no time and none happens behind our back.
  const once = { ...options, attempts: 1 };
  const clients = openClients(settings, admin, once);
  const home = partitionOf(options.region).region;
  const seats = new Set<Clients>();
  const again = <T>(call: () => Promise<T>) => persist(settings, call);
  const signal = settings.signal;
  const abort = signal ? { abortSignal: signal } : {};
  const iam = async () => ({ client: await clients.iam(home), sdk: await loadIam() });

  return {
    failureOf: (error): CloudFailure => describeFailure(error),

    async clockOffset() {
      const { client } = await iam();
      return client.config.systemClockOffset;
    },

    async getUser(name) {
      const { client, sdk } = await iam();
      try {
        const { User } = await again(() => client.send(new sdk.GetUserCommand({ UserName: name }), abort));
        const tags = Object.fromEntries((User?.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
        return { arn: User?.Arn ?? "", tags };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async createUser({ name, path, tags, boundary }) {
      const { client, sdk } = await iam();
      const input = {
        UserName: name,
        Path: path,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        ...(boundary === null ? {} : { PermissionsBoundary: boundary }),
      };
      try {
        await again(() => client.send(new sdk.CreateUserCommand(input), abort));
        return "created";
      } catch (error) {
        if (/^EntityAlreadyExists/.test(describeFailure(error).code)) return "taken";
        throw error;
      }
    },

    async deleteUser(name) {
      const { client, sdk } = await iam();
      await ignoreMissing(settings, () => client.send(new sdk.DeleteUserCommand({ UserName: name }), abort));
    },

    async putUserPolicy(user, name, document) {
      const { client, sdk } = await iam();
      const input = { UserName: user, PolicyName: name, PolicyDocument: document };
      await again(() => client.send(new sdk.PutUserPolicyCommand(input), abort));
    },

    async listUserPolicies(user) {
      const { client, sdk } = await iam();
      try {
        return await again(async () => {
          const names: string[] = [];
          for await (const page of sdk.paginateListUserPolicies({ client }, { UserName: user }))
            names.push(...(page.PolicyNames ?? []));
          return names;
        });
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },

    async deleteUserPolicy(user, name) {
      const { client, sdk } = await iam();
      const input = { UserName: user, PolicyName: name };
      await ignoreMissing(settings, () => client.send(new sdk.DeleteUserPolicyCommand(input), abort));
    },

    async listKeys(user) {
      const { client, sdk } = await iam();
      try {
        const listed = await again(() => client.send(new sdk.ListAccessKeysCommand({ UserName: user }), abort));
        return (listed.AccessKeyMetadata ?? []).map((key) => ({
          id: key.AccessKeyId ?? "",
          status: key.Status === "Active" ? ("Active" as const) : ("Inactive" as const),
          created: key.CreateDate?.toISOString() ?? null,
        }));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async createKey(user) {
      const { client, sdk } = await iam();
      const { AccessKey } = await client.send(new sdk.CreateAccessKeyCommand({ UserName: user }), abort);
      return {
        accessKeyId: AccessKey?.AccessKeyId ?? "",
        secretAccessKey: new Secret(AccessKey?.SecretAccessKey ?? ""),
      };
    },

    async deactivateKey(user, id) {
      const { client, sdk } = await iam();
      const input = { UserName: user, AccessKeyId: id, Status: "Inactive" as const };
      await again(() => client.send(new sdk.UpdateAccessKeyCommand(input), abort));
    },

    async deleteKey(user, id) {
      const { client, sdk } = await iam();
      const input = { UserName: user, AccessKeyId: id };
      await ignoreMissing(settings, () => client.send(new sdk.DeleteAccessKeyCommand(input), abort));
    },

    async purgeObjects(bucket, region, prefix) {
      const s3 = await clients.s3(region);
      const sdk = await loadS3();
      const listed = await again(() =>
        s3.send(new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }), abort),
      );
      for (const { Key, VersionId } of [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])]) {
        const input = { Bucket: bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) };
        await ignoreMissing(settings, () => s3.send(new sdk.DeleteObjectCommand(input), abort));
      }
    },

    as(pair, bucket, region) {
      const { accessKeyId, secretAccessKey, sessionToken = null } = pair;
      const own = openClients(settings, { accessKeyId, secretAccessKey, sessionToken }, { attempts: 1 });
      seats.add(own);
      return seatOf(own, bucket, region, home, abort);
    },

    close() {
      clients.close();
      for (const seat of seats) seat.close();
    },
  };
}

function seatOf(
  clients: Clients,
  bucket: string,
  region: string,
  home: string,
  abort: { abortSignal?: AbortSignal },
): CloudSeat {
  const s3 = async () => ({ client: await clients.s3(region), sdk: await loadS3() });
  return {
    async identity() {
      const { GetCallerIdentityCommand } = await loadSts();
      const { Arn = "", Account = "" } = await (await clients.sts(home)).send(new GetCallerIdentityCommand({}), abort);
      return { arn: Arn, account: Account };
    },
    async put(key, body) {
      const { client, sdk } = await s3();
      const input = { Bucket: bucket, Key: key, Body: body, IfNoneMatch: "*", ContentType: "text/plain" };
      await client.send(new sdk.PutObjectCommand(input), abort);
    },
    async list(prefix) {
      const { client, sdk } = await s3();
      const found = await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }), abort);
      return (found.Contents ?? []).map(({ Key }) => Key ?? "");
    },
    async head(key) {
      const { client, sdk } = await s3();
      await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), abort);
    },
    async get(key, other) {
      const { client, sdk } = await s3();
      const found = await client.send(new sdk.GetObjectCommand({ Bucket: other ?? bucket, Key: key }), abort);
      return (await found.Body?.transformToString()) ?? "";
    },
    async remove(key) {
      const { client, sdk } = await s3();
      await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }), abort);
    },
    async listBuckets() {
      const { client, sdk } = await s3();
      await client.send(new sdk.ListBucketsCommand({}), abort);
    },
    async listOwnKeys() {
      const { ListAccessKeysCommand } = await loadIam();
      await (await clients.iam(home)).send(new ListAccessKeysCommand({}), abort);
    },
    close: () => clients.close(),
  };
}
