import { authorize } from "../authorize.ts";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import { asList, findPolicyMistake, parsePolicy } from "../policy/policy-document.ts";
import type { WireResponse } from "../wire.ts";
import type { Bucket, Encryption, PublicAccessBlock } from "../world.ts";
import { childOf, parseXml, Repeated, textAt, type XmlElement } from "../xml.ts";
import { addressOf, allowOn, bucketOf, isPublicPolicy, s3Arn, s3Date, xmlResponse } from "./s3-call.ts";

export type S3Operation = (call: Call) => WireResponse;

const publicAccessKeys = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;
const noContent: WireResponse = { status: 204 };

function bodyXml(call: Call): XmlElement {
  try {
    return parseXml(call.request.body.toString("utf8"));
  } catch {
    throw new AwsFault(
      "MalformedXML",
      400,
      "The XML you provided was not well-formed or did not validate against our published schema",
    );
  }
}

/** A bucket as S3 makes them since 2023: nothing public, encrypted, owned by its account. */
export function newBucket(name: string, account: string, region: string, created: number): Bucket {
  return {
    name,
    account,
    region,
    created,
    policy: null,
    versioning: null,
    mfaDelete: false,
    encryption: { algorithm: "AES256", kmsKey: null, bucketKey: false },
    publicAccess: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
    ownership: "BucketOwnerEnforced",
    requesterPays: false,
    tags: {},
    objects: new Map(),
    uploads: new Map(),
  };
}

function refuseMissingPrincipals(call: Call, policy: string): void {
  for (const statement of asList(parsePolicy(policy).Statement)) {
    const principal = statement.Principal ?? statement.NotPrincipal;
    if (!principal || typeof principal === "string") continue;
    for (const arn of asList(principal.AWS)) {
      const parts = /^arn:[a-z-]+:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn);
      const iam = call.world.accounts.get(parts?.[1] ?? "")?.iam;
      const known = parts?.[2] === "user" ? iam?.users[parts[3] ?? ""] : iam?.roles[parts?.[3] ?? ""];
      // Accounts that the emulator does not know are taken on trust.
      if (parts && iam && known?.arn !== arn)
        throw new AwsFault("MalformedPolicy", 400, "Invalid principal in policy", { details: { Detail: arn } });
    }
  }
}

/** A user or role that was deleted after a policy named it stands there as its id, and names nobody any more. */
export function forgetPrincipal(policy: string, arn: string, uniqueId: string): string {
  return policy.replaceAll(`"${arn}"`, `"${uniqueId}"`);
}

function readEncryption(rule: XmlElement | undefined): Encryption {
  const algorithm = textAt(rule, "ApplyServerSideEncryptionByDefault", "SSEAlgorithm");
  return {
    algorithm: algorithm === "aws:kms" || algorithm === "aws:kms:dsse" ? algorithm : "AES256",
    kmsKey: textAt(rule, "ApplyServerSideEncryptionByDefault", "KMSMasterKeyID") ?? null,
    bucketKey: textAt(rule, "BucketKeyEnabled") === "true",
  };
}

export const bucketOperations: Record<string, S3Operation> = {
  ListBuckets(call) {
    if (call.caller.kind === "anonymous") throw new AwsFault("AccessDenied", 403, "Access Denied");
    authorize(call.world, call.caller, { action: "s3:ListAllMyBuckets", resource: s3Arn(call, "*") }, call.region);
    const own = [...call.world.buckets.values()].filter((bucket) => bucket.account === call.caller.account);
    own.sort((a, b) => (a.name < b.name ? -1 : 1));
    const listed = own.map((bucket) => ({
      Name: bucket.name,
      CreationDate: s3Date(bucket.created),
      BucketRegion: bucket.region,
    }));
    return xmlResponse("ListAllMyBucketsResult", {
      Owner: { ID: call.caller.account },
      Buckets: { Bucket: new Repeated(listed) },
    });
  },

  CreateBucket(call) {
    const { bucket: name } = addressOf(call.request.rawPath);
    authorize(call.world, call.caller, { action: "s3:CreateBucket", resource: s3Arn(call, name) }, call.region);
    if (!/^(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
      throw new AwsFault("InvalidBucketName", 400, "The specified bucket is not valid.");
    const taken = call.world.buckets.get(name);
    if (taken?.account === call.caller.account)
      throw new AwsFault(
        "BucketAlreadyOwnedByYou",
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
      );
    if (taken) throw new AwsFault("BucketAlreadyExists", 409, "The requested bucket name is not available.");
    const wanted = call.request.body.length > 0 ? textAt(bodyXml(call), "LocationConstraint") : undefined;
    const region = wanted ?? "us-east-1";
    if (region !== call.region)
      throw new AwsFault(
        "IllegalLocationConstraintException",
        400,
        `The ${region} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      );
    call.world.buckets.set(name, newBucket(name, call.caller.account, region, call.world.clock.now()));
    return { status: 200, headers: { location: `/${name}` } };
  },

  DeleteBucket(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:DeleteBucket");
    if ([...bucket.objects.values()].some((versions) => versions.length > 0))
      throw new AwsFault("BucketNotEmpty", 409, "The bucket you tried to delete is not empty");
    call.world.buckets.delete(bucket.name);
    return noContent;
  },

  HeadBucket(call) {
    const bucket = bucketOf(call);
    const region = { "x-amz-bucket-region": bucket.region };
    try {
      allowOn(call, bucket, "s3:ListBucket");
    } catch (error) {
      // Whoever may not see the bucket is still told where it is.
      throw error instanceof AwsFault
        ? new AwsFault(error.code, error.status, error.message, { headers: region })
        : error;
    }
    return { status: 200, headers: region };
  },

  GetBucketLocation(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketLocation");
    const inside = bucket.region === "us-east-1" ? "" : bucket.region;
    return xmlResponse("LocationConstraint", inside);
  },

  GetBucketPolicy(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketPolicy");
    if (call.caller.account !== bucket.account)
      throw new AwsFault("MethodNotAllowed", 405, "The specified method is not allowed against this resource.");
    if (bucket.policy === null)
      throw new AwsFault("NoSuchBucketPolicy", 404, "The bucket policy does not exist", {
        details: { BucketName: bucket.name },
      });
    return { status: 200, headers: { "content-type": "application/json" }, body: bucket.policy };
  },

  PutBucketPolicy(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketPolicy");
    const policy = call.request.body.toString("utf8");
    const mistake = findPolicyMistake(policy, "resource");
    if (mistake) throw new AwsFault("MalformedPolicy", 400, mistake);
    refuseMissingPrincipals(call, policy);
    if (
      isPublicPolicy(policy) &&
      (bucket.publicAccess?.BlockPublicPolicy || call.world.account(bucket.account).blockPublicAccess)
    )
      throw new AwsFault(
        "AccessDenied",
        403,
        "User is not authorized to put a public policy because public policies are blocked by the BlockPublicPolicy block public access setting.",
      );
    bucket.policy = policy;
    return noContent;
  },

  DeleteBucketPolicy(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:DeleteBucketPolicy");
    bucket.policy = null;
    return noContent;
  },

  GetBucketPolicyStatus(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketPolicyStatus");
    if (bucket.policy === null) throw new AwsFault("NoSuchBucketPolicy", 404, "The bucket policy does not exist");
    return xmlResponse("PolicyStatus", { IsPublic: isPublicPolicy(bucket.policy) });
  },

  GetBucketVersioning(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketVersioning");
    return xmlResponse("VersioningConfiguration", {
      Status: bucket.versioning,
      MfaDelete: bucket.mfaDelete ? "Enabled" : null,
    });
  },

  PutBucketVersioning(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketVersioning");
    bucket.versioning = textAt(bodyXml(call), "Status") === "Enabled" ? "Enabled" : "Suspended";
    return { status: 200 };
  },

  GetBucketEncryption(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetEncryptionConfiguration");
    const { algorithm, kmsKey, bucketKey } = bucket.encryption;
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKey },
      BucketKeyEnabled: bucketKey,
    };
    return xmlResponse("ServerSideEncryptionConfiguration", { Rule: rule });
  },

  PutBucketEncryption(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutEncryptionConfiguration");
    bucket.encryption = readEncryption(childOf(bodyXml(call), "Rule"));
    return { status: 200 };
  },

  GetPublicAccessBlock(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketPublicAccessBlock");
    if (!bucket.publicAccess)
      throw new AwsFault(
        "NoSuchPublicAccessBlockConfiguration",
        404,
        "The public access block configuration was not found",
      );
    return xmlResponse("PublicAccessBlockConfiguration", { ...bucket.publicAccess });
  },

  PutPublicAccessBlock(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketPublicAccessBlock");
    const body = bodyXml(call);
    bucket.publicAccess = Object.fromEntries(
      publicAccessKeys.map((key) => [key, textAt(body, key) === "true"]),
    ) as unknown as PublicAccessBlock;
    return { status: 200 };
  },

  DeletePublicAccessBlock(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketPublicAccessBlock");
    bucket.publicAccess = null;
    return noContent;
  },

  GetBucketOwnershipControls(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketOwnershipControls");
    return xmlResponse("OwnershipControls", { Rule: { ObjectOwnership: bucket.ownership } });
  },

  PutBucketOwnershipControls(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketOwnershipControls");
    const wanted = textAt(bodyXml(call), "Rule", "ObjectOwnership");
    bucket.ownership = wanted === "ObjectWriter" || wanted === "BucketOwnerPreferred" ? wanted : "BucketOwnerEnforced";
    return { status: 200 };
  },

  GetBucketRequestPayment(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketRequestPayment");
    return xmlResponse("RequestPaymentConfiguration", { Payer: bucket.requesterPays ? "Requester" : "BucketOwner" });
  },

  PutBucketRequestPayment(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketRequestPayment");
    bucket.requesterPays = textAt(bodyXml(call), "Payer") === "Requester";
    return { status: 200 };
  },

  GetBucketAcl(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketAcl");
    const grant = { Grantee: { ID: bucket.account }, Permission: "FULL_CONTROL" };
    return xmlResponse("AccessControlPolicy", { Owner: { ID: bucket.account }, AccessControlList: { Grant: grant } });
  },

  GetBucketTagging(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:GetBucketTagging");
    const tags = Object.entries(bucket.tags).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length === 0) throw new AwsFault("NoSuchTagSet", 404, "The TagSet does not exist");
    return xmlResponse("Tagging", { TagSet: { Tag: new Repeated(tags) } });
  },

  PutBucketTagging(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:PutBucketTagging");
    const set = childOf(bodyXml(call), "TagSet")?.children ?? [];
    bucket.tags = Object.fromEntries(set.map((tag) => [textAt(tag, "Key") ?? "", textAt(tag, "Value") ?? ""]));
    return noContent;
  },
};
