import type { Secret } from "./secret.ts";

/** Why a call failed, in few words that hold nothing secret. */
export interface CloudFailure {
  readonly kind: "refused" | "throttled" | "broken" | "unreachable" | "slow" | "stopped" | "local";
  /** AWS's code, or the system's. */
  readonly code: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly message: string;
}

export interface CloudPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | null | undefined;
}

export interface CloudKey {
  readonly id: string;
  readonly status: "Active" | "Inactive";
  /** ISO 8601. */
  readonly created: string | null;
}

/** What is done with one pair's own rights. Every call may throw; `Cloud.failureOf` says why. */
export interface CloudSeat {
  identity(): Promise<{ readonly arn: string; readonly account: string }>;
  /** Writes a new object and never over one. */
  put(key: string, body: string): Promise<void>;
  /** Keys below a prefix. */
  list(prefix: string): Promise<readonly string[]>;
  head(key: string): Promise<void>;
  get(key: string, bucket?: string): Promise<string>;
  remove(key: string): Promise<void>;
  listBuckets(): Promise<void>;
  listOwnKeys(): Promise<void>;
  close(): void;
}

/**
 * What rotation asks of AWS, with an administrator's rights. Calls that may be repeated are, when AWS is slow or broken;
 * `createKey` never is: a lost answer would leave a key whose secret nobody has.
 */
export interface Cloud {
  failureOf(error: unknown): CloudFailure;
  /** How far AWS's clock is ahead of this machine's, in milliseconds, as its answers so far showed. */
  clockOffset(): Promise<number>;
  /** Null where there is no such user. */
  getUser(name: string): Promise<{ readonly arn: string; readonly tags: Readonly<Record<string, string>> } | null>;
  createUser(user: {
    readonly name: string;
    readonly path: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly boundary: string | null;
  }): Promise<"created" | "taken">;
  /** Makes sure that it is gone. */
  deleteUser(name: string): Promise<void>;
  putUserPolicy(user: string, name: string, document: string): Promise<void>;
  listUserPolicies(user: string): Promise<readonly string[]>;
  deleteUserPolicy(user: string, name: string): Promise<void>;
  /** Null where there is no such user. */
  listKeys(user: string): Promise<readonly CloudKey[] | null>;
  createKey(user: string): Promise<CloudPair>;
  deactivateKey(user: string, id: string): Promise<void>;
  /** Makes sure that it is gone. */
  deleteKey(user: string, id: string): Promise<void>;
  /** Takes every version of every object below a prefix away. */
  purgeObjects(bucket: string, region: string, prefix: string): Promise<void>;
  /** The same AWS seen with another pair, at one bucket. Nothing is repeated: the caller waits as it sees fit. */
  as(pair: CloudPair, bucket: string, region: string): CloudSeat;
  close(): void;
}
