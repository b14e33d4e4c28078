import { authorize } from "../authorize.ts";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import type { Bucket, Encryption, KmsKey } from "../world.ts";

/** How an object will be encrypted: as its request says, else as its bucket does. */
export function encryptionFor(call: Call, bucket: Bucket): Encryption {
  const { headers } = call.request;
  const algorithm = headers["x-amz-server-side-encryption"];
  if (algorithm === undefined) return bucket.encryption;
  if (algorithm === "AES256") return { algorithm, kmsKey: null, bucketKey: false };
  return {
    algorithm: "aws:kms",
    kmsKey: headers["x-amz-server-side-encryption-aws-kms-key-id"] ?? null,
    bucketKey: false,
  };
}

function keyOf(call: Call, bucket: Bucket, encryption: Encryption): KmsKey {
  const keys = [...call.world.kmsKeys.values()];
  const wanted = encryption.kmsKey;
  const found = wanted
    ? keys.find((key) => key.arn === wanted || key.id === wanted || key.aliases.some((alias) => wanted.endsWith(alias)))
    : keys.find((key) => key.account === bucket.account && key.aliases.includes("alias/aws/s3"));
  if (!found) throw new AwsFault("KMS.NotFoundException", 400, `Key '${wanted ?? "alias/aws/s3"}' does not exist`);
  return found;
}

/** Refuses unless the caller may use the key that an object is, or will be, encrypted with: S3 asks KMS in its name. */
export function allowKey(
  call: Call,
  bucket: Bucket,
  encryption: Encryption,
  action: "kms:Decrypt" | "kms:GenerateDataKey",
): void {
  if (encryption.algorithm === "AES256") return;
  const key = keyOf(call, bucket, encryption);
  if (key.state === "Disabled") throw new AwsFault("KMS.DisabledException", 400, `${key.arn} is disabled.`);
  if (key.state !== "Enabled")
    throw new AwsFault("KMS.KMSInvalidStateException", 400, `${key.arn} is pending deletion.`);
  const demand = {
    action,
    resource: key.arn,
    account: key.account,
    resourcePolicy: key.policy,
    resourcePolicyRequired: true,
    context: {
      "kms:ViaService": `s3.${bucket.region}.amazonaws.com`,
      "kms:CallerAccount": call.caller.account,
      "kms:EncryptionContext:aws:s3:arn": `arn:aws:s3:::${bucket.name}`,
    },
  };
  try {
    authorize(call.world, call.caller, demand, call.region);
  } catch (error) {
    // S3 hands KMS's sentence on, as its own AccessDenied.
    if (error instanceof AwsFault) throw new AwsFault("AccessDenied", 403, error.message);
    throw error;
  }
}

/** What a response says of an object's encryption. */
export function encryptionHeaders(call: Call, bucket: Bucket, encryption: Encryption): Record<string, string> {
  if (encryption.algorithm === "AES256") return { "x-amz-server-side-encryption": "AES256" };
  return {
    "x-amz-server-side-encryption": encryption.algorithm,
    "x-amz-server-side-encryption-aws-kms-key-id": keyOf(call, bucket, encryption).arn,
  };
}
