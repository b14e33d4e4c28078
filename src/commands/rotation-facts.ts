import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describeFailure, whyUnknown } from "../aws/aws-failure.ts";
import { checkIdentity } from "../aws/check-identity.ts";
import { type Clients, type KeyPair, openClients } from "../aws/clients.ts";
import { describeKey, type KeyDescription, ownerOf } from "../aws/describe-key.ts";
import { loadIam, loadKms, loadS3 } from "../aws/load-sdk.ts";
import { partitionOf } from "../aws/partitions.ts";
import { globMatches } from "../aws/policy-reach.ts";
import type { ResolvedCredentials } from "../aws/resolve-credentials.ts";
import type { AwsSettings } from "../aws/settings.ts";
import { accountOf, isCanary } from "../detectors/account.ts";
import { findRepository } from "../git/repository.ts";
import { tryGit } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import { candidateFiles } from "../remediate/consumers/candidate-files.ts";
import { findKeyFile, type KeyFile } from "../remediate/consumers/key-file.ts";
import type { Facts } from "../remediate/plan.ts";
import { abilities, checkBucket } from "../remediate/policy.ts";
import type { Io } from "./command.ts";

export interface FactsRequest {
  readonly accessKeyId: string;
  /** The leaked pair where its secret was found. */
  readonly pair: KeyPair | null;
  readonly admin: ResolvedCredentials;
  readonly adminProfile: string | undefined;
  readonly self: boolean;
  readonly bucket: string | undefined;
  /** Files that a person named, besides the usual ones. */
  readonly files: readonly string[];
  readonly skipFiles: readonly string[];
  /** Files that the leak stands in, which may say which bucket it is for. */
  readonly leakedIn: readonly string[];
}

/**
 * Finds out whose key it is and all that a plan needs, changing nothing.
 *
 * @throws KeyguardError `refused` for keys that a rotation cannot help with, each with what to do instead.
 */
export async function gatherFacts(request: FactsRequest, settings: AwsSettings, io: Io): Promise<Facts> {
  const { accessKeyId, admin } = request;
  await refuseOffline(request, settings);
  const who = await checkIdentity(admin.pair, { settings });
  if (who.status !== "live")
    throw new KeyguardError(
      "aws",
      `the administrator's credentials do not work: ${who.status === "unchecked" ? "" : who.why}`,
      {
        hint: "keyguard whoami --profile NAME tells more; name one that works with --admin-profile",
      },
    );
  const account = accountOf(accessKeyId);
  if (account !== null && account !== who.account)
    throw new KeyguardError(
      "refused",
      `the key belongs to account ${account}, and the administrator to ${who.account}`,
      {
        hint: "name an administrator of that account with --admin-profile; if it is not yours, tell its owner, and AWS: trustandsafety@support.aws.com",
      },
    );
  const partition = partitionOf(who.arn);
  const clients = openClients(settings, admin.pair, { profile: request.adminProfile });
  try {
    const userName = await findOwner(clients, partition.region, request);
    const arn = await findUser(clients, partition.region, userName);
    const description = await describeKey({ clients, accessKeyId, owner: ownerOf(arn), withOwnKey: false });
    const keys = description.keys.seen ? description.keys.value : null;
    if (keys === null)
      throw new KeyguardError(
        "aws",
        `the keys of ${userName} cannot be listed: ${description.keys.seen ? "" : description.keys.why}`,
        {
          hint: "the administrator needs iam:ListAccessKeys; docs/rotation.md lists all that it needs",
        },
      );
    const key = keys.find(({ id }) => id === accessKeyId);
    if (key === undefined)
      throw new KeyguardError("refused", `${userName} no longer has this key: it was deleted`, {
        hint: "there is nothing to rotate; keyguard create BUCKET makes new credentials",
      });
    const { files, unwritable } = await findFiles(request, io);
    const bucketName = chooseBucket(request, description, files);
    const bucket = await describeBucket(clients, bucketName, arn, partition.region);
    const reached = (description.reach?.buckets ?? []).filter((one) => globMatches(one.bucket, bucketName));
    return {
      key: {
        id: accessKeyId,
        status: key.status === "Active" ? "Active" : "Inactive",
        lastUsed: description.lastUsed.seen ? description.lastUsed.value : null,
      },
      account: who.account,
      partition: partition.name,
      owner: { name: userName, arn },
      keys,
      can: abilities.filter((one) => reached.some(({ can }) => can.includes(one))),
      keyPatterns: reached.some(({ keys: patterns, can }) => patterns.length === 0 && can.some((one) => one !== "list"))
        ? []
        : [...new Set(reached.flatMap(({ keys: patterns }) => patterns))],
      conditional: reached.some(({ conditional }) => conditional),
      unseen: description.unseenPolicies,
      administrator: description.reach?.administrator ?? false,
      reachesOther: (description.reach?.buckets ?? [])
        .filter(({ bucket: name }) => name !== bucketName)
        .map(({ bucket: name }) => (name === "*" ? "every bucket" : `s3://${name}`)),
      quarantine: description.quarantine.seen ? description.quarantine.value : [],
      boundary: description.boundary.seen ? (description.boundary.value?.arn ?? null) : null,
      bucket,
      neighbour: await findNeighbour(clients, bucketName, bucket.region),
      files,
      unwritable,
    };
  } finally {
    clients.close();
  }
}

/** What is known of a key without asking whose it is. */
async function refuseOffline({ accessKeyId, pair, admin, self }: FactsRequest, settings: AwsSettings): Promise<void> {
  if (isCanary(accountOf(accessKeyId)))
    throw new KeyguardError("refused", "this key is a canary: a trip-wire that somebody laid out on purpose", {
      hint: "it opens nothing and needs no rotation; tell whoever laid it out that it was found",
    });
  if (accessKeyId.startsWith("ASIA")) {
    const verdict = pair?.sessionToken ? await checkIdentity(pair, { settings }) : null;
    const arn = verdict?.status === "live" ? verdict.arn : null;
    const role = arn === null ? null : ownerOf(arn).name;
    if (role?.startsWith("AWSReservedSSO_"))
      throw new KeyguardError(
        "refused",
        `this is a session of IAM Identity Center (${role}): it has no key to rotate`,
        {
          hint: "end it in Identity Center: the user's active sessions, Delete session; the role's sessions end by a deny on aws:TokenIssueTime",
        },
      );
    throw new KeyguardError(
      "refused",
      `this is a temporary key${role ? ` of the role ${role}` : ""}: it ends by itself, and cannot be rotated`,
      {
        hint: role
          ? `to end it now: IAM console, role ${role}, Revoke active sessions`
          : "to end it now, find its role in CloudTrail by this id, then IAM console, Revoke active sessions",
      },
    );
  }
  if (!/^AKIA[A-Z0-9]{12,124}$/.test(accessKeyId))
    throw new KeyguardError("usage", "this is no access key id of a user: one begins with AKIA");
  if (admin.pair.accessKeyId === accessKeyId && !self)
    throw new KeyguardError(
      "refused",
      "the administrator's key is the leaked one: whoever else has it can undo every step",
      {
        hint: "name another administrator with --admin-profile; if there is none, --self --order replace-first",
      },
    );
}

async function findOwner(clients: Clients, region: string, { accessKeyId }: FactsRequest): Promise<string> {
  const iam = await clients.iam(region);
  const sdk = await loadIam();
  let userName: string | undefined;
  try {
    userName = (await iam.send(new sdk.GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }))).UserName;
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.kind !== "refused")
      throw new KeyguardError("aws", `nothing was changed: ${whyUnknown(failure)}`, { cause: error });
    throw new KeyguardError(
      "refused",
      "IAM does not show this key: it was deleted, or the administrator may not see it",
      {
        cause: error,
        hint: "if it was deleted there is nothing to rotate; else give the administrator iam:GetAccessKeyLastUsed",
      },
    );
  }
  // Root is no user: its name is left out, or stands as the credential report has it.
  if (!userName || userName === "<root_account>")
    throw new KeyguardError("refused", "this key belongs to the account's root, which no user can rotate", {
      hint: "sign in as root, Security credentials, deactivate and delete the key, and make no other; for a member account sts:AssumeRoot; then keyguard create BUCKET",
    });
  return userName;
}

async function findUser(clients: Clients, region: string, name: string): Promise<string> {
  const iam = await clients.iam(region);
  const sdk = await loadIam();
  try {
    return (await iam.send(new sdk.GetUserCommand({ UserName: name }))).User?.Arn ?? "";
  } catch (error) {
    const failure = describeFailure(error);
    if (/^NoSuchEntity/.test(failure.code))
      throw new KeyguardError("refused", `the user ${name} of this key is gone, and the key with it`, {
        cause: error,
        hint: "there is nothing to rotate; keyguard create BUCKET makes new credentials",
      });
    throw new KeyguardError(
      "aws",
      `nothing was changed: ${failure.kind === "refused" ? `AWS refuses iam:GetUser (${failure.code})` : whyUnknown(failure)}`,
      {
        cause: error,
        hint: "docs/rotation.md lists what an administrator needs",
      },
    );
  }
}

/** Buckets that a text speaks of, as s3://name. */
function bucketsIn(text: string): string[] {
  return [...text.matchAll(/s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?=[/"'\s]|$)/g)].map(([, name = ""]) => name);
}

function chooseBucket(request: FactsRequest, { reach }: KeyDescription, files: readonly KeyFile[]): string {
  if (request.bucket !== undefined) return checkBucket(request.bucket.replace(/^s3:\/\//, "").replace(/\/$/, ""));
  const exact = (reach?.buckets ?? []).map(({ bucket }) => bucket).filter((bucket) => !/[*?$]/.test(bucket));
  if (exact.length === 1 && exact[0] !== undefined) return exact[0];
  const hints = new Set<string>();
  for (const path of [...request.leakedIn, ...files.map((file) => file.path)])
    try {
      for (const bucket of bucketsIn(readFileSync(path, "latin1"))) hints.add(bucket);
    } catch {
      // A file that is gone says nothing.
    }
  const known = exact.length === 0 ? [...hints] : exact.filter((bucket) => hints.has(bucket));
  if (known.length === 1 && known[0] !== undefined) return known[0];
  const candidates = exact.length > 0 ? exact : [...hints];
  throw new KeyguardError("usage", "it is not clear which bucket the new key is for", {
    hint: candidates.length > 0 ? `--bucket with one of ${candidates.slice(0, 8).join(", ")}` : "name it with --bucket",
  });
}

/** What may be refused without harm; anything else stops while nothing is changed. */
async function look<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.kind === "refused") return otherwise;
    throw new KeyguardError("aws", `nothing was changed: ${whyUnknown(failure)}`, { cause: error });
  }
}

export async function describeBucket(
  clients: Clients,
  name: string,
  ownerArn: string,
  home: string,
): Promise<Facts["bucket"]> {
  const sdk = await loadS3();
  const first = await clients.s3(home);
  let region: string;
  try {
    const { LocationConstraint } = await first.send(new sdk.GetBucketLocationCommand({ Bucket: name }));
    region = (LocationConstraint as string | undefined) === "EU" ? "eu-west-1" : (LocationConstraint ?? "us-east-1");
  } catch (error) {
    const failure = describeFailure(error);
    throw new KeyguardError(
      "aws",
      `nothing was changed: s3://${name} cannot be looked at: ${failure.kind === "refused" ? failure.code : whyUnknown(failure)}`,
      {
        cause: error,
        hint:
          failure.status === 404
            ? "name another bucket with --bucket"
            : "the administrator needs s3:GetBucketLocation on it",
      },
    );
  }
  const s3 = await clients.s3(region);
  const rule = await look(
    async () =>
      (await s3.send(new sdk.GetBucketEncryptionCommand({ Bucket: name }))).ServerSideEncryptionConfiguration
        ?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
    undefined,
  );
  const versioning = await look(
    async () => (await s3.send(new sdk.GetBucketVersioningCommand({ Bucket: name }))).Status,
    undefined,
  );
  const policy = await look(
    async () => (await s3.send(new sdk.GetBucketPolicyCommand({ Bucket: name }))).Policy ?? "",
    "",
  );
  const kmsKey = rule?.SSEAlgorithm?.startsWith("aws:kms") ? rule.KMSMasterKeyID : undefined;
  return {
    name,
    region,
    kmsKeys: kmsKey === undefined ? [] : [await resolveKmsKey(clients, region, kmsKey)],
    versioned: versioning !== undefined,
    policyNamesOwner: policy.includes(ownerArn),
  };
}

async function resolveKmsKey(clients: Clients, region: string, id: string): Promise<string> {
  if (/^arn:[^:]+:kms:[^:]+:\d{12}:key\//.test(id)) return id;
  const kms = await clients.kms(region);
  const { DescribeKeyCommand } = await loadKms();
  const arn = await look(
    async () => (await kms.send(new DescribeKeyCommand({ KeyId: id }))).KeyMetadata?.Arn,
    undefined,
  );
  if (arn === undefined)
    throw new KeyguardError("aws", "the KMS key that encrypts the bucket cannot be looked at", {
      hint: "the administrator needs kms:DescribeKey on it, or name its ARN with --kms-key",
    });
  return arn;
}

/** A bucket of the same region, against which the new key is tried: it must not get in. */
export async function findNeighbour(clients: Clients, bucket: string, region: string): Promise<string | null> {
  const sdk = await loadS3();
  const s3 = await clients.s3(region);
  const names = await look(
    async () => ((await s3.send(new sdk.ListBucketsCommand({}))).Buckets ?? []).map(({ Name = "" }) => Name),
    [],
  );
  for (const name of names.filter((one) => one !== bucket).slice(0, 3)) {
    const where = await look(
      async () => (await s3.send(new sdk.GetBucketLocationCommand({ Bucket: name }))).LocationConstraint ?? "us-east-1",
      "",
    );
    if (where === region) return name;
  }
  return null;
}

async function isTracked(path: string, io: Io): Promise<boolean> {
  const dir = path.slice(0, Math.max(path.lastIndexOf("/"), 1));
  const place = { dir, env: io.env };
  const repository = await findRepository(place).catch(() => null);
  if (repository?.top === null || repository === null) return false;
  const { status } = await tryGit(place, ["ls-files", "--error-unmatch", "--", path]);
  return status === 0;
}

async function findFiles(
  request: FactsRequest,
  io: Io,
): Promise<{ files: KeyFile[]; unwritable: { path: string; why: string }[] }> {
  const files: KeyFile[] = [];
  const unwritable: { path: string; why: string }[] = [];
  for (const path of new Set([...request.files, ...candidateFiles(io.env, io.cwd)])) {
    if (request.skipFiles.includes(path)) continue;
    try {
      const found = findKeyFile(path, request.accessKeyId);
      if (found === null) {
        if (request.files.includes(path))
          throw new KeyguardError("usage", `${relative(io.cwd, path) || path} does not hold this key`);
        continue;
      }
      if (await isTracked(path, io))
        unwritable.push({
          path,
          why: "it is in the repository, where a new key would leak again: git rm it and ignore it",
        });
      else files.push(found);
    } catch (error) {
      if (!(error instanceof KeyguardError) || error.code === "usage") throw error;
      unwritable.push({ path, why: error.message.replace(`${path} `, "") });
    }
  }
  return { files, unwritable };
}
