import { createHash } from "node:crypto";
import type { PolicyDocument } from "./policy/policy-document.ts";
import { forgetPrincipal, newBucket } from "./s3/buckets.ts";
import type {
  AccessKey,
  Account,
  Bucket,
  IamLag,
  KmsKey,
  ManagedPolicy,
  PartitionName,
  Role,
  Session,
  TrailEvent,
  User,
  World,
} from "./world.ts";

/** Policies may be given as documents or as JSON. */
export type PolicyInput = PolicyDocument | string;

function textOf(policy: PolicyInput): string {
  return typeof policy === "string" ? policy : JSON.stringify(policy);
}

export interface UserOptions {
  readonly path?: string;
  readonly tags?: Record<string, string>;
  /** Inline policies by name. */
  readonly policies?: Record<string, PolicyInput>;
  /** ARNs, or names of AWS's own policies: `AdministratorAccess`. */
  readonly attached?: readonly string[];
  readonly groups?: readonly string[];
  readonly boundary?: string;
  /** How long ago it was made, in milliseconds. */
  readonly age?: number;
  readonly password?: boolean;
  readonly mfa?: boolean;
}

export interface BucketOptions
  extends Partial<
    Pick<Bucket, "versioning" | "mfaDelete" | "encryption" | "publicAccess" | "ownership" | "requesterPays">
  > {
  readonly region?: string;
  readonly policy?: PolicyInput;
  /** Keys and contents to begin with. */
  readonly objects?: Record<string, string | Buffer>;
}

/**
 * Sets scenes: accounts, users, keys, buckets and what else a test begins with. What stands before `setLag` is known
 * everywhere; what is set later takes its time as if it had been changed through the API.
 */
export class Scene {
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  get clock() {
    return this.world.clock;
  }

  /** How long IAM's changes take from now on, in milliseconds by the emulator's clock: `keys`, `policies`, or both. */
  setLag(lag: number | Partial<IamLag>): void {
    this.settle();
    Object.assign(this.world.lag, typeof lag === "number" ? { keys: lag, policies: lag } : lag);
  }

  /** Makes everything that was changed so far known everywhere, without time going by. */
  settle(): void {
    this.world.settle();
  }

  createAccount(
    id = "111122223333",
    options: { partition?: PartitionName; alias?: string; servicePolicies?: readonly PolicyInput[] } = {},
  ): Account {
    const account = this.world.createAccount(id, options.partition ?? "aws");
    if (options.alias) account.aliases.push(options.alias);
    if (options.servicePolicies) account.servicePolicies = options.servicePolicies.map(textOf);
    return account;
  }

  #policyArn(account: Account, nameOrArn: string): string {
    return nameOrArn.startsWith("arn:") ? nameOrArn : `arn:${account.partition}:iam::aws:policy/${nameOrArn}`;
  }

  createUser(account: Account, name: string, options: UserOptions = {}): User {
    const path = options.path ?? "/";
    const created = this.clock.now() - (options.age ?? 30 * 24 * 3600_000);
    const user: User = {
      name,
      path,
      arn: `arn:${account.partition}:iam::${account.id}:user${path}${name}`,
      uniqueId: this.world.ids.uniqueId("AIDA"),
      created,
      tags: { ...options.tags },
      inline: Object.fromEntries(
        Object.entries(options.policies ?? {}).map(([policy, text]) => [policy, textOf(text)]),
      ),
      attached: (options.attached ?? []).map((policy) => this.#policyArn(account, policy)),
      groups: [...(options.groups ?? [])],
      boundary: options.boundary === undefined ? null : this.#policyArn(account, options.boundary),
      keys: [],
      loginProfile: options.password ? { created, resetRequired: false } : null,
      mfaDevices: options.mfa ? [`arn:${account.partition}:iam::${account.id}:mfa/${name}`] : [],
      sshKeys: [],
      serviceCredentials: [],
    };
    account.iam.users[name] = user;
    this.world.publish(account);
    return user;
  }

  /** An access key of a user, or of the account's root. */
  createKey(
    account: Account,
    owner: User | "root",
    options: { status?: AccessKey["status"]; age?: number } = {},
  ): AccessKey {
    const key: AccessKey = {
      id: this.world.ids.accessKeyId("AKIA", account.id),
      secret: this.world.ids.secretAccessKey(),
      status: options.status ?? "Active",
      created: this.clock.now() - (options.age ?? 24 * 3600_000),
    };
    (owner === "root" ? account.iam.rootKeys : owner.keys).push(key);
    this.world.publish(account);
    return key;
  }

  createGroup(account: Account, name: string, options: Pick<UserOptions, "policies" | "attached"> = {}): void {
    account.iam.groups[name] = {
      name,
      arn: `arn:${account.partition}:iam::${account.id}:group/${name}`,
      uniqueId: this.world.ids.uniqueId("AGPA"),
      created: this.clock.now(),
      inline: Object.fromEntries(
        Object.entries(options.policies ?? {}).map(([policy, text]) => [policy, textOf(text)]),
      ),
      attached: (options.attached ?? []).map((policy) => this.#policyArn(account, policy)),
    };
    this.world.publish(account);
  }

  createRole(
    account: Account,
    name: string,
    trust: PolicyInput,
    options: Omit<UserOptions, "groups" | "password" | "mfa"> & { maxSession?: number } = {},
  ): Role {
    const path = options.path ?? "/";
    const role: Role = {
      name,
      path,
      arn: `arn:${account.partition}:iam::${account.id}:role${path}${name}`,
      uniqueId: this.world.ids.uniqueId("AROA"),
      created: this.clock.now() - (options.age ?? 0),
      trust: textOf(trust),
      tags: { ...options.tags },
      inline: Object.fromEntries(
        Object.entries(options.policies ?? {}).map(([policy, text]) => [policy, textOf(text)]),
      ),
      attached: (options.attached ?? []).map((policy) => this.#policyArn(account, policy)),
      boundary: options.boundary === undefined ? null : this.#policyArn(account, options.boundary),
      maxSession: options.maxSession ?? 3600,
    };
    account.iam.roles[name] = role;
    this.world.publish(account);
    return role;
  }

  createPolicy(account: Account, name: string, document: PolicyInput): ManagedPolicy {
    const arn = `arn:${account.partition}:iam::${account.id}:policy/${name}`;
    const policy = {
      name,
      arn,
      uniqueId: this.world.ids.uniqueId("ANPA"),
      created: this.clock.now(),
      document: textOf(document),
    };
    account.iam.policies[arn] = policy;
    this.world.publish(account);
    return policy;
  }

  /** Temporary credentials as STS would hand them out, without a call. */
  createSession(
    account: Account,
    owner: User | Role,
    options: {
      seconds?: number;
      name?: string;
      policies?: readonly PolicyInput[];
      federated?: boolean;
      mfa?: boolean;
    } = {},
  ): Session {
    const issued = this.clock.now();
    const isRole = "trust" in owner;
    const session: Session = {
      id: this.world.ids.accessKeyId("ASIA", account.id),
      secret: this.world.ids.secretAccessKey(),
      token: this.world.ids.sessionToken(),
      account: account.id,
      issued,
      expires: issued + (options.seconds ?? 3600) * 1000,
      kind: isRole ? "assumed-role" : options.federated ? "federated-user" : "user-session",
      owner: owner.name,
      name: options.name ?? "session",
      policies: options.policies?.map(textOf) ?? (options.federated ? [] : null),
      mfa: options.mfa ?? false,
    };
    this.world.sessions.set(session.id, session);
    return session;
  }

  createBucket(account: Account, name: string, options: BucketOptions = {}): Bucket {
    const { region = "us-east-1", policy, objects = {}, ...settings } = options;
    const bucket = { ...newBucket(name, account.id, region, this.clock.now()), ...settings };
    if (policy !== undefined) bucket.policy = textOf(policy);
    this.world.buckets.set(name, bucket);
    for (const [key, content] of Object.entries(objects)) this.putObject(bucket, key, content);
    return bucket;
  }

  /** Puts an object there as the bucket's owner would. */
  putObject(bucket: Bucket, key: string, content: string | Buffer): void {
    const body = Buffer.from(content);
    const version = {
      versionId: bucket.versioning === "Enabled" ? this.world.ids.hex(32) : "null",
      body,
      etag: createHash("md5").update(body).digest("hex"),
      modified: this.clock.now(),
      contentType: "binary/octet-stream",
      metadata: {},
      deleteMarker: false,
      owner: bucket.account,
      encryption: bucket.encryption,
    };
    bucket.objects.set(key, [...(bucket.versioning === null ? [] : (bucket.objects.get(key) ?? [])), version]);
  }

  /** The contents of an object, or null where there is none. */
  readObject(bucketName: string, key: string): string | null {
    const version = this.world.buckets.get(bucketName)?.objects.get(key)?.at(-1);
    return !version || version.deleteMarker ? null : version.body.toString("utf8");
  }

  /** A KMS key whose policy hands over to its account, unless another is given. */
  createKmsKey(
    account: Account,
    options: {
      region?: string;
      alias?: string;
      policy?: PolicyInput;
      manager?: KmsKey["manager"];
      state?: KmsKey["state"];
    } = {},
  ): KmsKey {
    const id = this.world.ids.uuid();
    const region = options.region ?? "us-east-1";
    const root = `arn:${account.partition}:iam::${account.id}:root`;
    const handOver = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }],
    };
    const key: KmsKey = {
      id,
      arn: `arn:${account.partition}:kms:${region}:${account.id}:key/${id}`,
      account: account.id,
      region,
      manager: options.manager ?? "CUSTOMER",
      aliases: options.alias ? [options.alias] : [],
      policy: textOf(options.policy ?? (handOver as PolicyDocument)),
      state: options.state ?? "Enabled",
    };
    this.world.kmsKeys.set(key.id, key);
    return key;
  }

  /** The key that AWS manages for S3 in an account: whoever S3 acts for may use it, within that account only. */
  createManagedS3Key(account: Account, region = "us-east-1"): KmsKey {
    const policy = {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "*" },
          Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
          Resource: "*",
          Condition: {
            StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com`, "kms:CallerAccount": account.id },
          },
        },
        {
          Effect: "Allow",
          Principal: { AWS: `arn:${account.partition}:iam::${account.id}:root` },
          Action: ["kms:Describe*", "kms:Get*", "kms:List*"],
          Resource: "*",
        },
      ],
    } satisfies PolicyDocument;
    return this.createKmsKey(account, { region, alias: "alias/aws/s3", manager: "AWS", policy });
  }

  /** An event in CloudTrail's history that no call of the test made. */
  recordEvent(event: Pick<TrailEvent, "name" | "account" | "accessKeyId"> & Partial<TrailEvent>): void {
    this.world.trail.push({
      id: this.world.ids.uuid(),
      source: "s3.amazonaws.com",
      time: this.clock.now() - 60_000,
      region: "us-east-1",
      userName: "",
      sourceIp: "198.51.100.7",
      errorCode: null,
      resources: [],
      requestParameters: {},
      ...event,
    });
  }

  /** Deletes a user with all it has, as an administrator in the console would; policies that named it name nobody now. */
  deleteUser(account: Account, name: string): void {
    const user = account.iam.users[name];
    if (!user) return;
    delete account.iam.users[name];
    for (const bucket of this.world.buckets.values())
      if (bucket.policy) bucket.policy = forgetPrincipal(bucket.policy, user.arn, user.uniqueId);
    this.world.publish(account);
  }
}
