import { createHash } from "node:crypto";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import type { Bucket } from "../world.ts";
import { payloadOf } from "./aws-chunked.ts";
import type { S3Operation } from "./buckets.ts";
import { allowKey, encryptionFor } from "./encryption.ts";
import { store } from "./objects.ts";
import { addressOf, allowOn, bucketOf, xmlResponse } from "./s3-call.ts";

function uploadOf(call: Call, action: string) {
  const bucket = bucketOf(call);
  const { key } = addressOf(call.request.rawPath);
  allowOn(call, bucket, action, key);
  const id = call.params.get("uploadId") ?? "";
  const upload = bucket.uploads.get(id);
  if (upload?.key !== key) throw new AwsFault("NoSuchUpload", 404, "The specified multipart upload does not exist.");
  return { bucket, key, id, upload };
}

function md5(data: Buffer): Buffer {
  return createHash("md5").update(data).digest();
}

function created(call: Call, bucket: Bucket, key: string): string {
  const id = call.world.ids.hex(40);
  bucket.uploads.set(id, { key, parts: new Map(), headers: { ...call.request.headers } });
  return id;
}

export const multipartOperations: Record<string, S3Operation> = {
  CreateMultipartUpload(call) {
    const bucket = bucketOf(call);
    const { key } = addressOf(call.request.rawPath);
    allowOn(call, bucket, "s3:PutObject", key);
    allowKey(call, bucket, encryptionFor(call, bucket), "kms:GenerateDataKey");
    return xmlResponse("InitiateMultipartUploadResult", {
      Bucket: bucket.name,
      Key: key,
      UploadId: created(call, bucket, key),
    });
  },

  UploadPart(call) {
    const { upload } = uploadOf(call, "s3:PutObject");
    const body = payloadOf(call.request);
    upload.parts.set(Number(call.params.get("partNumber")), body);
    return { status: 200, headers: { etag: `"${md5(body).toString("hex")}"` } };
  },

  CompleteMultipartUpload(call) {
    const { bucket, key, id, upload } = uploadOf(call, "s3:PutObject");
    const encryption = encryptionFor({ ...call, request: { ...call.request, headers: upload.headers } }, bucket);
    allowKey(call, bucket, encryption, "kms:Decrypt");
    const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const etag = `${md5(Buffer.concat(parts.map(md5))).toString("hex")}-${parts.length}`;
    const contentType = upload.headers["content-type"] ?? "binary/octet-stream";
    store(call, bucket, key, {
      body: Buffer.concat(parts),
      etag,
      contentType,
      metadata: {},
      deleteMarker: false,
      encryption,
    });
    bucket.uploads.delete(id);
    return xmlResponse("CompleteMultipartUploadResult", { Bucket: bucket.name, Key: key, ETag: `"${etag}"` });
  },

  AbortMultipartUpload(call) {
    const { bucket, id } = uploadOf(call, "s3:AbortMultipartUpload");
    bucket.uploads.delete(id);
    return { status: 204 };
  },
};
