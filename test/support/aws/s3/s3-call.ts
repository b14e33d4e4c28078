import { authorize, decide } from "../authorize.ts";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import type { WireResponse } from "../wire.ts";
import type { Bucket } from "../world.ts";
import { renderXml, type XmlValue } from "../xml.ts";

/** Bucket and key of a path-style address; both empty for the service itself. */
export function addressOf(rawPath: string): { bucket: string; key: string } {
  const path = rawPath.startsWith("/") ? rawPath.slice(1) : rawPath;
  const slash = path.indexOf("/");
  if (slash < 0) return { bucket: decodeURIComponent(path), key: "" };
  return { bucket: decodeURIComponent(path.slice(0, slash)), key: decodeURIComponent(path.slice(slash + 1)) };
}

export function s3Arn(call: Call, bucket: string, key = ""): string {
  const owner = call.world.buckets.get(bucket)?.account ?? call.caller.account;
  const partition = call.world.accounts.get(owner)?.partition ?? "aws";
  return `arn:${partition}:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
}

export function xmlResponse(name: string, value: XmlValue, headers: Record<string, string> = {}): WireResponse {
  const body = renderXml(name, value).replace(`<${name}>`, `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`);
  return {
    status: 200,
    headers: { "content-type": "application/xml", ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

/** The bucket of a call, in its own region, or the refusal that tells where it is. */
export function bucketOf(call: Call): Bucket {
  const { bucket: name } = addressOf(call.request.rawPath);
  const bucket = call.world.buckets.get(name);
  if (!bucket)
    throw new AwsFault("NoSuchBucket", 404, "The specified bucket does not exist", { details: { BucketName: name } });
  // Region is in the signature, and nobody signs an anonymous call. GetBucketLocation answers everywhere.
  if (call.caller.kind !== "anonymous" && call.region !== bucket.region && call.action !== "GetBucketLocation")
    throw new AwsFault(
      "PermanentRedirect",
      301,
      "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
      {
        details: { Endpoint: `${name}.s3.${bucket.region}.amazonaws.com`, Bucket: name },
        headers: { "x-amz-bucket-region": bucket.region },
      },
    );
  return bucket;
}

/** Whether a bucket policy lets everyone in, as S3's public access block understands it. */
export function isPublicPolicy(policy: string): boolean {
  const document = JSON.parse(policy) as { Statement: unknown };
  const statements = (Array.isArray(document.Statement) ? document.Statement : [document.Statement]) as {
    Effect: string;
    Principal?: unknown;
    Condition?: unknown;
  }[];
  const everyone = (principal: unknown) =>
    principal === "*" ||
    (typeof principal === "object" && principal !== null && [Reflect.get(principal, "AWS")].flat().includes("*"));
  return statements.some(
    (statement) => statement.Effect === "Allow" && everyone(statement.Principal) && !statement.Condition,
  );
}

type Context = Record<string, string | undefined>;

function contextOf(call: Call): Context {
  const { headers } = call.request;
  return {
    "s3:authType": headers.authorization ? "REST-HEADER" : "REST-QUERY-STRING",
    "s3:signatureversion": "AWS4-HMAC-SHA256",
    "s3:prefix": call.params.get("prefix"),
    "s3:delimiter": call.params.get("delimiter"),
    "s3:max-keys": call.params.get("max-keys"),
    "s3:VersionId": call.params.get("versionId"),
    "s3:x-amz-acl": headers["x-amz-acl"],
    "s3:x-amz-server-side-encryption": headers["x-amz-server-side-encryption"],
    "s3:x-amz-server-side-encryption-aws-kms-key-id": headers["x-amz-server-side-encryption-aws-kms-key-id"],
    "s3:x-amz-storage-class": headers["x-amz-storage-class"],
  };
}

function demandOf(call: Call, bucket: Bucket, action: string, key: string) {
  const account = call.world.account(bucket.account);
  const restricted = (bucket.publicAccess?.RestrictPublicBuckets ?? false) || account.blockPublicAccess;
  const isPublic = bucket.policy !== null && isPublicPolicy(bucket.policy);
  // A public policy behind RestrictPublicBuckets serves the owner's account only.
  const shut = restricted && isPublic && call.caller.account !== bucket.account;
  return {
    action,
    resource: s3Arn(call, bucket.name, key),
    account: bucket.account,
    resourcePolicy: shut ? null : bucket.policy,
    context: { ...contextOf(call), "s3:ResourceAccount": bucket.account },
  };
}

/** Refuses unless the caller may do an S3 action to the bucket, or to a key in it. */
export function allowOn(call: Call, bucket: Bucket, action: string, key = ""): void {
  // Without this header somebody else would pay: S3 then refuses all but the owner.
  if (
    bucket.requesterPays &&
    call.caller.account !== bucket.account &&
    call.request.headers["x-amz-request-payer"] !== "requester"
  )
    throw new AwsFault("AccessDenied", 403, "Access Denied");
  const demand = demandOf(call, bucket, action, key);
  // The owner's root can always mend a policy that shuts everyone out.
  const mending = ["s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"].includes(action);
  const ownRoot = call.caller.kind === "root" && call.caller.account === bucket.account;
  authorize(call.world, call.caller, mending && ownRoot ? { ...demand, resourcePolicy: null } : demand, call.region);
}

/** Whether the caller may, without a refusal. */
export function mayOn(call: Call, bucket: Bucket, action: string, key = ""): boolean {
  return decide(call.world, call.caller, demandOf(call, bucket, action, key), call.region).allowed;
}

/** Milliseconds precision with zeros, as S3 writes dates in XML. */
export function s3Date(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, ".000Z");
}
