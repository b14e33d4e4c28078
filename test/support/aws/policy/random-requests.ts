import { seededRandom } from "../../fake-keys.ts";
import type { AccessRequest } from "./evaluate.ts";
import type { PolicyDocument, PrincipalElement, Statement } from "./policy-document.ts";
import type { Principal } from "./principals.ts";

const own = "111122223333";
const other = "444455556666";

const principals: readonly Principal[] = [own, other].flatMap((account): Principal[] => [
  {
    kind: "user",
    account,
    arn: `arn:aws:iam::${account}:user/team/ana`,
    behindArn: `arn:aws:iam::${account}:user/team/ana`,
    uniqueId: "AIDAANA",
  },
  {
    kind: "assumed-role",
    account,
    arn: `arn:aws:sts::${account}:assumed-role/loader/job-7`,
    behindArn: `arn:aws:iam::${account}:role/loader`,
    uniqueId: "AROALOADER",
  },
  {
    kind: "federated-user",
    account,
    arn: `arn:aws:sts::${account}:federated-user/guest`,
    behindArn: `arn:aws:iam::${account}:user/maker`,
    uniqueId: "AIDAMAKER",
  },
]);

/** Action, resource and the kind of policy that the resource has. */
const targets = [
  { action: "s3:GetObject", resource: "arn:aws:s3:::lab-volumes/data/a*b/1.bin", trust: false },
  { action: "s3:PutObject", resource: "arn:aws:s3:::lab-volumes/home/ana/notes.txt", trust: false },
  { action: "s3:ListBucket", resource: "arn:aws:s3:::lab-volumes", trust: false },
  { action: "s3:DeleteObject", resource: "arn:aws:s3:::database/x", trust: false },
  {
    action: "kms:Decrypt",
    resource: `arn:aws:kms:us-east-1:${own}:key/0f1e2d3c-0000-4000-8000-000000000001`,
    trust: true,
  },
] as const;

const contexts: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  "aws:SourceIp": ["203.0.113.10", "198.51.100.7", "2001:db8::7"],
  "aws:SecureTransport": ["true", "false"],
  "aws:CurrentTime": ["2026-11-22T12:00:00Z"],
  "aws:TokenIssueTime": ["2026-11-22T11:00:00Z", "2026-11-22T13:00:00Z"],
  "aws:EpochTime": ["1795348800"],
  "aws:MultiFactorAuthPresent": ["true", "false"],
  "aws:username": ["ana"],
  "aws:PrincipalTag/team": ["red", "blue"],
  "aws:TagKeys": [["team", "run"], ["team"], []],
  "s3:prefix": ["data/", "data/a", "home/ana/", ""],
  "s3:max-keys": ["10", "1000"],
  "s3:x-amz-acl": ["bucket-owner-full-control", "public-read"],
  "aws:PrincipalArn": [`arn:aws:iam::${own}:user/team/ana`, `arn:aws:iam::${own}:role/loader`],
};

const conditions: readonly NonNullable<Statement["Condition"]>[] = [
  { IpAddress: { "aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"] } },
  { NotIpAddress: { "aws:SourceIp": "203.0.113.0/28" } },
  { Bool: { "aws:SecureTransport": "false" } },
  { BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } },
  { Bool: { "aws:MultiFactorAuthPresent": "true" } },
  { DateLessThan: { "aws:TokenIssueTime": "2026-11-22T12:00:00Z" } },
  { DateGreaterThanEquals: { "aws:CurrentTime": "2026-11-22T12:00:00Z" } },
  { DateLessThanIfExists: { "aws:TokenIssueTime": "2026-11-22T12:00:00Z" } },
  { NumericLessThanEquals: { "s3:max-keys": "10" } },
  { NumericGreaterThanIfExists: { "s3:max-keys": "10" } },
  { StringEquals: { "s3:prefix": ["data/", ""] } },
  { StringLike: { "s3:prefix": ["data/*", "home/${aws:username}/*"] } },
  { StringNotLike: { "s3:prefix": "data/*" } },
  { StringNotEquals: { "aws:PrincipalTag/team": "red" } },
  { StringEqualsIgnoreCase: { "aws:PrincipalTag/team": "RED" } },
  { StringNotEqualsIgnoreCase: { "aws:PrincipalTag/team": ["RED", "green"] } },
  { StringEqualsIfExists: { "s3:x-amz-acl": "bucket-owner-full-control" } },
  { StringLikeIfExists: { "s3:x-amz-acl": "bucket-owner-*" } },
  { Null: { "aws:TokenIssueTime": "true" } },
  { Null: { "s3:x-amz-acl": "false" } },
  { "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } },
  { "ForAnyValue:StringEquals": { "aws:TagKeys": ["run", "cost"] } },
  { "ForAnyValue:StringLike": { "aws:TagKeys": "t*" } },
  { "ForAllValues:StringNotEquals": { "aws:TagKeys": "run" } },
  { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:user/team/*" } },
  { ArnEquals: { "aws:PrincipalArn": `arn:aws:iam::${own}:role/loader` } },
  { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/*" } },
  { StringEquals: { "aws:username": "ana" }, IpAddress: { "aws:SourceIp": "198.0.0.0/7" } },
];

const actions = [
  "*",
  "s3:*",
  "s3:Get*",
  "s3:?etObject",
  "S3:getobject",
  "s3:PutObject",
  "s3:ListBucket",
  "s3:DeleteObject",
  "kms:*",
  "kms:Decrypt",
  "iam:*",
];
const resources = [
  "*",
  "arn:aws:s3:::lab-volumes",
  "arn:aws:s3:::lab-volumes/*",
  "arn:aws:s3:::lab-volumes/data*",
  "arn:aws:s3:::lab-volumes/home/${aws:username}/*",
  "arn:aws:s3:::lab-volumes/${aws:PrincipalTag/team, 'none'}/*",
  "arn:aws:s3:::data*",
  "arn:aws:s3:::*/*.bin",
  "arn:aws:s3:::lab-volumes/data/a?b/?.bin",
  `arn:aws:kms:us-east-1:${own}:key/*`,
];

/** Not the sessions themselves: AWS says that such an Allow outruns session policies, and the oracle does not know it. */
const elements: readonly PrincipalElement[] = [
  "*",
  { AWS: "*" },
  { AWS: own },
  { AWS: `arn:aws:iam::${own}:root` },
  { AWS: [`arn:aws:iam::${other}:root`, `arn:aws:iam::${own}:user/team/ana`] },
  { AWS: `arn:aws:iam::${own}:user/team/ana` },
  { AWS: `arn:aws:iam::${own}:role/loader` },
  { AWS: `arn:aws:iam::${other}:role/loader` },
  { Service: "cloudtrail.amazonaws.com" },
];

/** Keys of S3 go with some of its actions only. */
function belongs(key: string, action: string): boolean {
  if (key === "s3:prefix" || key === "s3:max-keys") return action === "s3:ListBucket";
  return key !== "s3:x-amz-acl" || action === "s3:PutObject";
}

/**
 * Endless requests with random policies of every layer; equal seeds give equal ones. What AWS leaves open, and what the
 * oracle says of itself that it is not sure of, is not among them: NotPrincipal, variables in NotResource or in policies
 * of the version that has none.
 */
export function* randomRequests(seed: number | string): Generator<AccessRequest> {
  const random = seededRandom(`policies ${seed}`);
  const chance = (share: number) => random() < share;
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const some = <T>(list: readonly T[]): T[] => Array.from({ length: 1 + Math.floor(random() * 2) }, () => one(list));

  const statement = (kind: "identity" | "resource", generous: boolean): Statement => ({
    Effect: chance(generous ? 0.05 : 0.1) ? "Deny" : "Allow",
    ...(kind === "resource" ? { Principal: one(elements) } : {}),
    ...(chance(0.12)
      ? { NotAction: some(actions.slice(1)) }
      : { Action: generous && chance(0.6) ? "*" : some(chance(0.5) ? actions : ["*", "s3:*"]) }),
    ...(chance(0.1)
      ? { NotResource: some(resources.slice(1).filter((one) => !one.includes("${"))) }
      : { Resource: generous && chance(0.6) ? "*" : some(chance(0.5) ? resources : ["*", "arn:aws:s3:::*"]) }),
    ...(chance(0.35) ? { Condition: one(conditions) } : {}),
  });
  const document = (kind: "identity" | "resource", generous = false): PolicyDocument => ({
    Version: "2012-10-17",
    Statement: Array.from({ length: 1 + Math.floor(random() * 2) }, () => statement(kind, generous)),
  });

  for (;;) {
    const target = one(targets);
    const principal = one(principals);
    const context = new Map<string, string | readonly string[]>();
    for (const [key, values] of Object.entries(contexts))
      if (chance(0.6) && belongs(key, target.action)) context.set(key.toLowerCase(), one(values));
    yield {
      action: target.action,
      resource: target.resource,
      resourceAccount: own,
      principal,
      context,
      identity: Array.from({ length: Math.floor(random() * 3) }, () => document("identity")),
      boundary: principal.kind !== "federated-user" && chance(0.3) ? document("identity", true) : null,
      session:
        principal.kind !== "user" && (principal.kind === "federated-user" || chance(0.5))
          ? [document("identity", true)]
          : null,
      resourcePolicy: target.trust || chance(0.6) ? document("resource") : null,
      resourcePolicyRequired: target.trust,
      servicePolicies: chance(0.15) ? [document("identity", true)] : null,
    };
  }
}
