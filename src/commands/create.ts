import { randomUUID } from "node:crypto";
import { describeFailure, whyUnknown } from "../aws/aws-failure.ts";
import { checkIdentity } from "../aws/check-identity.ts";
import { type Clients, openClients } from "../aws/clients.ts";
import { loadS3 } from "../aws/load-sdk.ts";
import { openCloud } from "../aws/open-cloud.ts";
import { partitionOf } from "../aws/partitions.ts";
import { resolveCredentials } from "../aws/resolve-credentials.ts";
import type { AwsSettings } from "../aws/settings.ts";
import { KeyguardError } from "../model/errors.ts";
import { readCredentialFormat } from "../remediate/credentials-text.ts";
import { describeStep, planCreation } from "../remediate/plan.ts";
import { checkBucket, scopes } from "../remediate/policy.ts";
import { rollBack } from "../remediate/roll-back.ts";
import { runPlan } from "../remediate/run-plan.ts";
import type { CommandModule, ExitCode, Io } from "./command.ts";
import { contextOf, journalFolder, readOwnPolicy } from "./rotate.ts";
import { describeBucket, findNeighbour } from "./rotation-facts.ts";
import { collect, readAbilities, readBounds, type ScopeOptions } from "./scope-options.ts";
import { loadSettings } from "./settings.ts";

const examples = `
Examples:
  keyguard create lab-volumes                       a key that reads and writes it
  keyguard create lab-volumes --read-only --prefix data/ --out aws-secret.json
  keyguard create lab-new --create-bucket --region eu-west-1
  keyguard create lab-volumes --format ini >> ~/.aws/credentials
  keyguard create lab-volumes --dry-run             the steps and the policy

A new user gets one narrow policy and one key, which is tried before it is handed over.
What it says goes to standard error, the credentials to standard output or to --out.

Exit codes: 0 the key works, 2 there is none: what was begun is taken back.`;

interface CreateOptions extends ScopeOptions {
  readonly ownerAcl?: true | undefined;
  readonly createBucket?: true | undefined;
  readonly region?: string | undefined;
  readonly permissionsBoundary?: string | undefined;
  readonly policy?: string | undefined;
  readonly name?: string | undefined;
  readonly format: string;
  readonly out?: string | undefined;
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly quiet?: true | undefined;
}

export const command: CommandModule = {
  define(create, io, exit) {
    create
      .argument("<bucket>", "the bucket's name")
      .option("--read-only", "list and get")
      .option("--read-write", "list, get, put and delete (the default)")
      .option("--write-only", "put, and nothing else")
      .option("--prefix <prefix>", "only below this folder, which ends with /; may be repeated", collect)
      .option("--kms-key <arn>", "a key that encrypts objects there; may be repeated", collect)
      .option("--source-ip <range>", "only from these addresses; may be repeated", collect)
      .option("--owner-acl", "allow writes with x-amz-acl: bucket-owner-full-control, as CloudVolume sends them")
      .option("--permissions-boundary <arn>", "the most that the new user may ever do")
      .option("--policy <file>", "a policy of your own in place of ours")
      .option("--name <user>", "the new user's name")
      .option("--create-bucket", "make the bucket too: encrypted, and closed to the public")
      .option("--region <region>", "where a new bucket is made (default: us-east-1)")
      .option("--format <format>", "json, ini, env, csv or process", "json")
      .option("--out <file>", "write the credentials into a new file, for its owner alone")
      .option("--profile <name>", "an administrator")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("--dry-run", "print the steps and the policy, and stop")
      .option("-q, --quiet", "no progress on standard error")
      .addHelpText("after", examples)
      .action(async (bucket, options) => exit(await run(checkBucket(bucket), options, io)));
  },
};

async function run(bucket: string, options: CreateOptions, io: Io): Promise<ExitCode> {
  readCredentialFormat(options.format);
  const { root } = await loadSettings({ cwd: io.cwd, env: io.env, baseline: false });
  const settings: AwsSettings = { env: io.env, endpoint: options.endpoint, untrusted: root, signal: io.signal };
  const admin = await resolveCredentials(settings, { profile: options.profile });
  const who = await checkIdentity(admin.pair, { settings });
  if (who.status !== "live")
    throw new KeyguardError("aws", "the administrator's credentials do not work", {
      hint: "keyguard whoami --profile NAME tells more; name one that works with --profile",
    });
  const partition = partitionOf(who.arn);
  const clients = openClients(settings, admin.pair, { profile: options.profile });
  const cloud = openCloud(settings, admin.pair, { profile: options.profile, region: partition.region });
  try {
    const region = options.region ?? partition.region;
    const made =
      options.createBucket && !options.dryRun ? await createBucket(clients, bucket, region, options, io) : false;
    const found =
      options.createBucket && options.dryRun
        ? { region, kmsKeys: [], versioned: false }
        : await describeBucket(clients, bucket, who.arn, made ? region : partition.region);
    const bounds = readBounds(options);
    const plan = planCreation({
      run: randomUUID().replaceAll("-", "").slice(0, 12),
      account: who.account,
      scope: {
        bucket,
        can: readAbilities(options) ?? scopes["read-write"],
        ...bounds,
        kmsKeys: [...new Set([...found.kmsKeys, ...bounds.kmsKeys])],
        region: found.region,
        partition: partition.name,
        ownerAcl: options.ownerAcl === true,
      },
      versioned: found.versioned,
      neighbour: await findNeighbour(clients, bucket, found.region),
      name: options.name ?? null,
      boundary: options.permissionsBoundary ?? null,
      policy: readOwnPolicy(options.policy, io),
    });
    if (options.dryRun) {
      const first = options.createBucket
        ? [`make the bucket ${bucket} in ${region}, encrypted and closed to the public`]
        : [];
      const steps = [...first, ...plan.steps.map((step) => describeStep(step, plan))];
      io.stdout.write(steps.map((step, index) => `${String(index + 1).padStart(2)}  ${step}\n`).join(""));
      io.stdout.write(`${JSON.stringify(plan.policy.document, null, 2)}\n`);
      return 0;
    }
    const journal = journalFolder(io).begin(plan);
    const context = contextOf(journal, cloud, null, options, settings, io);
    try {
      await runPlan(context);
    } catch (error) {
      if (error instanceof KeyguardError) await takeBack(context, io);
      throw error;
    }
    return 0;
  } finally {
    clients.close();
    cloud.close();
  }
}

/** Nothing of what did not work is left; where that fails too, the person is told what to type. */
async function takeBack(context: Parameters<typeof rollBack>[0], io: Io): Promise<void> {
  try {
    const { deleted } = await rollBack(context);
    if (deleted.length > 0) io.stderr.write(`taken back: ${deleted.join(", ")}\n`);
  } catch {
    io.stderr.write(`something is left: keyguard rotate --rollback ${context.journal.run}\n`);
  }
}

/** Makes a bucket that is closed to the public and encrypted; one of one's own that is there already is left as it is. */
async function createBucket(
  clients: Clients,
  bucket: string,
  region: string,
  options: CreateOptions,
  io: Io,
): Promise<boolean> {
  const sdk = await loadS3();
  const s3 = await clients.s3(region);
  const Bucket = bucket;
  try {
    await s3.send(
      new sdk.CreateBucketCommand({
        Bucket,
        ...(region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } }),
      }),
    );
    await s3.send(
      new sdk.PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
      }),
    );
    await s3.send(
      new sdk.PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
        },
      }),
    );
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.code === "BucketAlreadyOwnedByYou") return false;
    throw new KeyguardError(
      "aws",
      `the bucket could not be made: ${failure.kind === "refused" ? `${failure.code}: ${failure.message}` : whyUnknown(failure)}`,
      {
        cause: error,
        hint:
          failure.code === "BucketAlreadyExists"
            ? "the name is taken by somebody else: choose another"
            : "the administrator needs s3:CreateBucket, PutBucketPublicAccessBlock and PutEncryptionConfiguration",
      },
    );
  }
  if (!options.quiet)
    io.stderr.write(`  ok      made the bucket ${bucket} in ${region}, encrypted and closed to the public\n`);
  return true;
}
