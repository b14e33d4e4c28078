import { AwsFault } from "./aws-fault.ts";
import { Identifiers } from "./identifiers.ts";
import { managedPolicies } from "./managed-policies.ts";
import { VirtualClock } from "./virtual-clock.ts";

export type PartitionName = "aws" | "aws-us-gov" | "aws-cn";

/** Times are milliseconds since 1970 by the emulator's clock; policies are JSON text as they were given. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  status: "Active" | "Inactive";
  readonly created: number;
}

export interface User {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly uniqueId: string;
  readonly created: number;
  tags: Record<string, string>;
  /** Name → policy. */
  inline: Record<string, string>;
  attached: string[];
  groups: string[];
  boundary: string | null;
  keys: AccessKey[];
  loginProfile: { readonly created: number; readonly resetRequired: boolean } | null;
  /** Serial numbers. */
  mfaDevices: string[];
  sshKeys: { readonly id: string; readonly status: "Active" | "Inactive"; readonly uploaded: number }[];
  serviceCredentials: { readonly id: string; readonly service: string; readonly created: number }[];
}

export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly uniqueId: string;
  readonly created: number;
  inline: Record<string, string>;
  attached: string[];
}

export interface Role {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly uniqueId: string;
  readonly created: number;
  trust: string;
  tags: Record<string, string>;
  inline: Record<string, string>;
  attached: string[];
  boundary: string | null;
  /** Seconds. */
  maxSession: number;
}

export interface ManagedPolicy {
  readonly name: string;
  readonly arn: string;
  readonly uniqueId: string;
  readonly created: number;
  document: string;
}

/** What IAM holds of an account. Plain data, since copies of it are what IAM's lag is made of. */
export interface IamState {
  users: Record<string, User>;
  groups: Record<string, Group>;
  roles: Record<string, Role>;
  policies: Record<string, ManagedPolicy>;
  rootKeys: AccessKey[];
}

export interface Account {
  readonly id: string;
  readonly partition: PartitionName;
  readonly aliases: string[];
  /** As IAM's own API shows it, at once. */
  readonly iam: IamState;
  /** Service control policies of the organization; null where there is none. */
  servicePolicies: string[] | null;
  /** S3's public access block of the whole account. */
  blockPublicAccess: boolean;
  readonly history: { readonly at: number; readonly iam: IamState }[];
}

/** Temporary credentials. */
export interface Session {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly account: string;
  readonly issued: number;
  readonly expires: number;
  readonly kind: "assumed-role" | "federated-user" | "user-session" | "root-session";
  /** Of the role or user that it was made from; empty for root. */
  readonly owner: string;
  /** Session name of a role, name of a federated user. */
  readonly name: string;
  /** Null where the session takes nothing away. */
  readonly policies: string[] | null;
  readonly mfa: boolean;
}

export interface ObjectVersion {
  readonly versionId: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: number;
  readonly contentType: string;
  readonly metadata: Record<string, string>;
  readonly deleteMarker: boolean;
  /** The account that wrote it: with object ownership off, the bucket's owner cannot read it. */
  readonly owner: string;
  readonly encryption: Encryption;
}

export interface Encryption {
  readonly algorithm: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** ARN; null with `aws:kms` means the AWS-managed key aws/s3. */
  readonly kmsKey: string | null;
  readonly bucketKey: boolean;
}

export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean;
  readonly IgnorePublicAcls: boolean;
  readonly BlockPublicPolicy: boolean;
  readonly RestrictPublicBuckets: boolean;
}

export interface Bucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly created: number;
  policy: string | null;
  versioning: "Enabled" | "Suspended" | null;
  mfaDelete: boolean;
  encryption: Encryption;
  publicAccess: PublicAccessBlock | null;
  ownership: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";
  requesterPays: boolean;
  tags: Record<string, string>;
  /** Key → versions, the newest last. */
  readonly objects: Map<string, ObjectVersion[]>;
  readonly uploads: Map<
    string,
    { readonly key: string; readonly parts: Map<number, Buffer>; readonly headers: Record<string, string> }
  >;
}

export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly manager: "CUSTOMER" | "AWS";
  readonly aliases: string[];
  policy: string;
  state: "Enabled" | "Disabled" | "PendingDeletion";
}

export interface TrailEvent {
  readonly id: string;
  readonly name: string;
  /** `s3.amazonaws.com`. */
  readonly source: string;
  readonly time: number;
  readonly region: string;
  readonly account: string;
  readonly accessKeyId: string;
  readonly userName: string;
  readonly sourceIp: string;
  readonly errorCode: string | null;
  readonly resources: readonly { readonly type: string; readonly name: string }[];
  readonly requestParameters: Readonly<Record<string, string>>;
}

/** How IAM's changes become known to those who decide, in milliseconds by the emulator's clock. */
export interface IamLag {
  /** Until new, changed or deleted keys are seen. */
  keys: number;
  /** Until policies, users, groups and roles are seen. */
  policies: number;
  /** In the second half of that time, every other request already sees the new state: one success proves nothing. */
  flapping: boolean;
}

function copyOf(iam: IamState): IamState {
  return structuredClone(iam);
}

/** Everything that exists in the emulated AWS. */
export class World {
  readonly clock = new VirtualClock();
  readonly ids: Identifiers;
  readonly accounts = new Map<string, Account>();
  readonly sessions = new Map<string, Session>();
  readonly buckets = new Map<string, Bucket>();
  readonly kmsKeys = new Map<string, KmsKey>();
  readonly trail: TrailEvent[] = [];
  readonly lastUsed = new Map<string, { readonly at: number; readonly service: string; readonly region: string }>();
  readonly lag: IamLag = { keys: 0, policies: 0, flapping: false };
  /** Where calls seem to come from; `aws:SourceIp` of the conditions. */
  sourceIp = "203.0.113.10";
  /** `aws:SecureTransport`: the emulator speaks plain HTTP and plays HTTPS. */
  secureTransport = true;
  #requests = 0;

  constructor(seed: string) {
    this.ids = new Identifiers(seed);
  }

  account(id: string): Account {
    const account = this.accounts.get(id);
    if (!account) throw new AwsFault("NoSuchEntity", 404, `The account ${id} does not exist.`);
    return account;
  }

  createAccount(id: string, partition: PartitionName): Account {
    const iam: IamState = { users: {}, groups: {}, roles: {}, policies: {}, rootKeys: [] };
    const account: Account = {
      id,
      partition,
      aliases: [],
      iam,
      servicePolicies: null,
      blockPublicAccess: false,
      history: [{ at: Number.NEGATIVE_INFINITY, iam: copyOf(iam) }],
    };
    this.accounts.set(id, account);
    return account;
  }

  /** Must follow every change of an account's IAM state: from here the change travels. */
  publish(account: Account): void {
    const now = this.clock.now();
    account.history.push({ at: now, iam: copyOf(account.iam) });
    const oldest = account.history.findLastIndex((entry) => entry.at <= now - 600_000);
    if (oldest > 0) account.history.splice(0, oldest);
  }

  /** Takes everything that was changed so far as known everywhere: for setting a scene before a test begins. */
  settle(): void {
    for (const account of this.accounts.values())
      account.history.splice(0, account.history.length, { at: Number.NEGATIVE_INFINITY, iam: copyOf(account.iam) });
  }

  /** To be called once a request: which of the servers answers it. */
  nextRequest(): number {
    return ++this.#requests;
  }

  /** An account's IAM state as those who decide about keys (or policies) see it now. */
  seen(account: Account, what: "keys" | "policies"): IamState {
    const lag = this.lag[what];
    if (lag === 0) return account.iam;
    const delay = this.lag.flapping && this.#requests % 2 === 0 ? lag / 2 : lag;
    const known = this.clock.now() - delay;
    return account.history.findLast((entry) => entry.at <= known)?.iam ?? account.history[0]?.iam ?? account.iam;
  }

  /** The text of a managed policy, the account's own or AWS's. */
  managedPolicy(account: Account, arn: string, iam: IamState = account.iam): string | null {
    return iam.policies[arn]?.document ?? managedPolicies.get(arn.replace(/^arn:[a-z-]+:/, "arn:aws:")) ?? null;
  }
}
