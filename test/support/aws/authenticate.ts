import { AwsFault } from "./aws-fault.ts";
import type { Principal } from "./policy/principals.ts";
import { bodyMatches, isSignedWith, type Signature, signedAt } from "./sigv4.ts";
import type { WireRequest } from "./wire.ts";
import type { AccessKey, Account, Session, World } from "./world.ts";

/** Who sent a request, proved by its signature. */
export interface Caller extends Principal {
  /** Null for anonymous callers. */
  readonly accessKeyId: string | null;
  /** Null for long-lived keys. */
  readonly session: Session | null;
  /** User (or role) whose policies count; empty for root and anonymous callers. */
  readonly ownerName: string;
  /** `AIDA…`, `AROA…:session`, the account for root: GetCallerIdentity's UserId. */
  readonly userId: string;
}

export const anonymous: Caller = {
  kind: "anonymous",
  account: "",
  arn: "",
  behindArn: "",
  uniqueId: "",
  accessKeyId: null,
  session: null,
  ownerName: "",
  userId: "",
};

/** Each protocol has its own code for the same refusal. */
type Refusal = "unknown-key" | "wrong-signature" | "expired-token" | "skewed" | "expired-url" | "changed-body";

function refuse(reason: Refusal, service: string, details = ""): AwsFault {
  const s3 = service === "s3";
  const json = !s3 && service !== "sts" && service !== "iam";
  const signatureMessage =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
  switch (reason) {
    case "unknown-key":
      if (s3)
        return new AwsFault(
          "InvalidAccessKeyId",
          403,
          "The AWS Access Key Id you provided does not exist in our records.",
        );
      if (json)
        return new AwsFault(
          "UnrecognizedClientException",
          400,
          "The security token included in the request is invalid.",
        );
      return new AwsFault("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    case "wrong-signature":
      return json
        ? new AwsFault("InvalidSignatureException", 400, signatureMessage)
        : new AwsFault("SignatureDoesNotMatch", 403, signatureMessage);
    case "expired-token":
      if (s3) return new AwsFault("ExpiredToken", 400, "The provided token has expired.");
      if (json)
        return new AwsFault("ExpiredTokenException", 400, "The security token included in the request is expired");
      return new AwsFault("ExpiredToken", 403, "The security token included in the request is expired");
    case "skewed":
      if (s3)
        return new AwsFault(
          "RequestTimeTooSkewed",
          403,
          "The difference between the request time and the current time is too large.",
        );
      return new AwsFault(json ? "InvalidSignatureException" : "SignatureDoesNotMatch", json ? 400 : 403, details);
    case "expired-url":
      return new AwsFault("AccessDenied", 403, "Request has expired");
    case "changed-body":
      return s3
        ? new AwsFault(
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
          )
        : refuse("wrong-signature", service);
  }
}

/** AWS allows fifteen minutes for S3 and five for the others. */
function isSkewed(world: World, signature: Signature): boolean {
  const allowed = signature.service === "s3" ? 15 * 60_000 : 5 * 60_000;
  return !(Math.abs(world.clock.serverTime() - signedAt(signature)) <= allowed);
}

/** A region belongs to one partition, and a partition's keys are unknown to the others. */
export function partitionOf(region: string): "aws" | "aws-us-gov" | "aws-cn" {
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return region.startsWith("cn-") ? "aws-cn" : "aws";
}

interface LongLived {
  readonly account: Account;
  readonly key: AccessKey;
  /** Null for the account's root. */
  readonly userName: string | null;
}

/** The key of an id among all accounts, as the servers see it now. */
export function findKey(world: World, id: string, look: "seen" | "latest" = "seen"): LongLived | null {
  for (const account of world.accounts.values()) {
    const iam = look === "seen" ? world.seen(account, "keys") : account.iam;
    const rootKey = iam.rootKeys.find((key) => key.id === id);
    if (rootKey) return { account, key: rootKey, userName: null };
    for (const user of Object.values(iam.users)) {
      const key = user.keys.find((one) => one.id === id);
      if (key) return { account, key, userName: user.name };
    }
  }
  return null;
}

function longLivedCaller(world: World, found: LongLived): Caller | null {
  const { account, key, userName } = found;
  const common = { account: account.id, accessKeyId: key.id, session: null };
  if (userName === null) {
    const arn = `arn:${account.partition}:iam::${account.id}:root`;
    return { ...common, kind: "root", arn, behindArn: arn, uniqueId: account.id, ownerName: "", userId: account.id };
  }
  const user = world.seen(account, "keys").users[userName];
  if (!user) return null;
  return {
    ...common,
    kind: "user",
    arn: user.arn,
    behindArn: user.arn,
    uniqueId: user.uniqueId,
    ownerName: userName,
    userId: user.uniqueId,
  };
}

function sessionCaller(world: World, session: Session): Caller | null {
  const account = world.account(session.account);
  const prefix = `arn:${account.partition}`;
  const common = { account: account.id, accessKeyId: session.id, session, ownerName: session.owner };
  const iam = world.seen(account, "policies");
  if (session.kind === "assumed-role") {
    const role = iam.roles[session.owner];
    if (!role) return null;
    const arn = `${prefix}:sts::${account.id}:assumed-role/${role.name}/${session.name}`;
    const userId = `${role.uniqueId}:${session.name}`;
    return { ...common, kind: "assumed-role", arn, behindArn: role.arn, uniqueId: role.uniqueId, userId };
  }
  const rootArn = `${prefix}:iam::${account.id}:root`;
  const user = session.owner === "" ? null : iam.users[session.owner];
  if (user === undefined) return null;
  const behindArn = user?.arn ?? rootArn;
  const uniqueId = user?.uniqueId ?? account.id;
  if (session.kind === "federated-user") {
    const arn = `${prefix}:sts::${account.id}:federated-user/${session.name}`;
    return { ...common, kind: "federated-user", arn, behindArn, uniqueId, userId: `${account.id}:${session.name}` };
  }
  return { ...common, kind: user ? "user" : "root", arn: behindArn, behindArn, uniqueId, userId: uniqueId };
}

/**
 * Proves who sent a request, or refuses in the words of the service that was asked. Keys that are inactive, deleted,
 * not yet known or of another partition are all the same to a caller: unknown.
 */
export function authenticate(world: World, request: WireRequest, signature: Signature | null): Caller {
  if (!signature) return anonymous;
  const { service } = signature;
  let secret: string;
  let caller: Caller | null;
  if (signature.accessKeyId.startsWith("ASIA")) {
    const session = world.sessions.get(signature.accessKeyId);
    if (!session || partitionOf(signature.region) !== world.account(session.account).partition)
      throw refuse("unknown-key", service);
    if (signature.token !== session.token)
      throw service === "s3" && signature.token
        ? new AwsFault("InvalidToken", 400, "The provided token is malformed or otherwise invalid.")
        : refuse("unknown-key", service);
    if (session.expires <= world.clock.now()) throw refuse("expired-token", service);
    secret = session.secret;
    caller = sessionCaller(world, session);
  } else {
    const found = findKey(world, signature.accessKeyId);
    if (found?.key.status !== "Active" || partitionOf(signature.region) !== found.account.partition)
      throw refuse("unknown-key", service);
    if (signature.token) throw refuse("unknown-key", service);
    secret = found.key.secret;
    caller = longLivedCaller(world, found);
  }
  if (!caller) throw refuse("unknown-key", service);
  if (!isSignedWith(secret, request, signature)) throw refuse("wrong-signature", service);
  if (signature.presigned) {
    if (world.clock.now() > signedAt(signature) + signature.presigned.expires * 1000)
      throw refuse("expired-url", service);
  } else if (isSkewed(world, signature)) {
    const stamp = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");
    const late = signedAt(signature) < world.clock.serverTime();
    const bound = stamp(world.clock.serverTime() + (late ? -1 : 1) * 5 * 60_000);
    const what = late ? "Signature expired" : "Signature not yet current";
    const relation = late ? "earlier" : "still later";
    throw refuse("skewed", service, `${what}: ${signature.timestamp} is now ${relation} than ${bound}`);
  }
  if (!bodyMatches(request)) throw refuse("changed-body", service);
  return caller;
}
