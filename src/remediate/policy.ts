import { KeyguardError } from "../model/errors.ts";

/** What one may do to a bucket's objects; `list` is done to the bucket. */
export const abilities = ["list", "read", "write", "delete"] as const;
export type Ability = (typeof abilities)[number];

/** The three scopes that have a name. */
export const scopes = {
  "read-only": ["list", "read"],
  "read-write": ["list", "read", "write", "delete"],
  "write-only": ["write"],
} as const satisfies Readonly<Record<string, readonly Ability[]>>;
export type ScopeName = keyof typeof scopes;

/** What new credentials are for. */
export interface Scope {
  readonly bucket: string;
  readonly can: readonly Ability[];
  /** Where in the bucket, each with a `/` at its end; all of it where there is none. */
  readonly prefixes: readonly string[];
  /** The bucket's region, to which KMS grants are bound. */
  readonly region: string;
  /** As ARNs name it: `aws`, `aws-us-gov`, `aws-cn`. */
  readonly partition: string;
  /** ARNs of the KMS keys that encrypt the bucket. */
  readonly kmsKeys: readonly string[];
  /** CIDR ranges that requests must come from; anywhere where there is none. */
  readonly sourceIps: readonly string[];
  /**
   * Allows `x-amz-acl: bucket-owner-full-control` with a write, and no other ACL. cloud-files (CloudVolume) sends it
   * with every write and is refused without.
   */
  readonly ownerAcl: boolean;
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

/** AWS's limit on all inline policies of a user together, in characters without white space. */
export const inlinePolicyLimit = 2048;

/**
 * @throws KeyguardError `usage` for a name that is no bucket's: it goes into resource patterns.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function checkBucket(bucket: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes(".."))
    throw new KeyguardError("usage", "this is no name of a bucket", {
      hint: "3 to 63 lower-case letters, digits, dots and hyphens, without s3:// before it",
    });
  return bucket;
}

/**
 * @throws KeyguardError `usage` for a prefix that would match more than it says: `data` also matches `database/…`, and
 * `*`, `?` and `${` mean something else in a policy.
 */
export function checkPrefix(prefix: string): string {
  if (!prefix.endsWith("/") || prefix.startsWith("/"))
    throw new KeyguardError("usage", "a prefix ends with / and does not begin with one", {
      hint: `--prefix ${prefix.replace(/^\/+|\/+$/g, "")}/`,
    });
  if (/[*?]|\$\{/.test(prefix))
    throw new KeyguardError("usage", "a prefix cannot hold *, ? or ${, which are patterns in a policy", {
      hint: "name a folder above it",
    });
  return prefix;
}

/** @throws KeyguardError `usage` for what is no address range. */
export function checkSourceIp(range: string): string {
  const four = /^(?:\d{1,3}\.){3}\d{1,3}(?:\/(?:[0-9]|[12]\d|3[0-2]))?$/;
  const six = /^[0-9a-f:]+:[0-9a-f:]*(?:\/\d{1,3})?$/i;
  if ((!four.test(range) && !six.test(range)) || range.split(/[./]/).some((part) => /^\d+$/.test(part) && +part > 255))
    throw new KeyguardError("usage", "this is no range of addresses", { hint: "--source-ip 203.0.113.0/24" });
  return range;
}

/** The name of a set of abilities, or the set itself in words. */
export function nameScope(can: readonly Ability[]): string {
  for (const [name, set] of Object.entries(scopes))
    if (set.length === can.length && set.every((one) => can.includes(one))) return name;
  return can.join(", ");
}

/**
 * The policy for a scope, and nothing beyond it: every action by its name, statements for the bucket apart from those
 * for its objects. Listing is bound to the prefixes; `GetBucketLocation` knows no prefix and is not.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
 */
export function buildPolicy(scope: Scope): PolicyDocument {
  const { can, prefixes, partition, region, sourceIps } = scope;
  const bucket = `arn:${partition}:s3:::${checkBucket(scope.bucket)}`;
  for (const prefix of prefixes) checkPrefix(prefix);
  for (const range of sourceIps) checkSourceIp(range);
  const has = (ability: Ability) => can.includes(ability);
  const from = sourceIps.length === 0 ? {} : { IpAddress: { "aws:SourceIp": [...sourceIps] } };
  const conditions = (more: NonNullable<Statement["Condition"]> = {}) => {
    const all = { ...from, ...more };
    return Object.keys(all).length === 0 ? {} : { Condition: all };
  };
  const within =
    prefixes.length === 0 ? {} : { StringLike: { "s3:prefix": prefixes.flatMap((one) => [one, `${one}*`]) } };
  const objects = prefixes.length === 0 ? [`${bucket}/*`] : prefixes.map((prefix) => `${bucket}/${prefix}*`);

  const objectActions = [
    ...(has("read") ? ["s3:GetObject"] : []),
    ...(has("write") ? ["s3:PutObject", "s3:AbortMultipartUpload"] : []),
    ...(has("read") && has("write") ? ["s3:ListMultipartUploadParts"] : []),
    ...(has("delete") ? ["s3:DeleteObject"] : []),
  ];
  const kmsActions = [
    ...(has("read") || has("write") ? ["kms:Decrypt"] : []),
    ...(has("write") ? ["kms:GenerateDataKey"] : []),
  ];
  const s3Host = `s3.${region}.${partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}`;
  const statements: Statement[] = [
    { Sid: "Where", Effect: "Allow", Action: ["s3:GetBucketLocation"], Resource: [bucket], ...conditions() },
    ...(has("list")
      ? [
          {
            Sid: "List",
            Effect: "Allow" as const,
            Action: ["s3:ListBucket"],
            Resource: [bucket],
            ...conditions(within),
          },
        ]
      : []),
    ...(objectActions.length > 0
      ? [{ Sid: "Objects", Effect: "Allow" as const, Action: objectActions, Resource: objects, ...conditions() }]
      : []),
    ...(scope.ownerAcl && has("write")
      ? [
          {
            Sid: "OwnerAcl",
            Effect: "Allow" as const,
            Action: ["s3:PutObjectAcl"],
            Resource: objects,
            ...conditions({ StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } }),
          },
        ]
      : []),
    // S3 asks KMS on the caller's behalf: its requests carry S3's address, so that the range does not belong here.
    ...(scope.kmsKeys.length > 0 && kmsActions.length > 0
      ? [
          {
            Sid: "Encryption",
            Effect: "Allow" as const,
            Action: kmsActions,
            Resource: [...scope.kmsKeys],
            Condition: { StringEquals: { "kms:ViaService": s3Host } },
          },
        ]
      : []),
  ];
  return { Version: "2012-10-17", Statement: statements };
}

/**
 * Ends what was begun with a key: everything is denied to sessions that were issued before a moment. Requests signed
 * with a long-lived key have no such time and are not meant.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
 */
export function denySessionsBefore(moment: Date): PolicyDocument {
  const Condition = { DateLessThan: { "aws:TokenIssueTime": moment.toISOString() } };
  return {
    Version: "2012-10-17",
    Statement: [{ Sid: "Sessions", Effect: "Deny", Action: "*", Resource: "*", Condition }],
  };
}

/** Denies everything, whatever it is signed with. */
export function denyEverything(): PolicyDocument {
  return { Version: "2012-10-17", Statement: [{ Sid: "Everything", Effect: "Deny", Action: "*", Resource: "*" }] };
}

/** A policy's size as AWS counts it: white space is free. */
export function policySize(document: PolicyDocument): number {
  return JSON.stringify(document).length;
}
