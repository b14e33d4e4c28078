import { AwsFault } from "../aws-fault.ts";
import type { Service } from "../call.ts";
import { decodeQuery, type WireRequest } from "../wire.ts";
import { renderXml } from "../xml.ts";
import { bucketOperations, type S3Operation } from "./buckets.ts";
import { multipartOperations } from "./multipart.ts";
import { objectOperations } from "./objects.ts";
import { addressOf } from "./s3-call.ts";

const operations: Record<string, S3Operation> = { ...bucketOperations, ...objectOperations, ...multipartOperations };

/** Sub-resources of a bucket, and the noun that stands in the operations' names. */
const bucketSubresources: Record<string, string> = {
  location: "BucketLocation",
  policy: "BucketPolicy",
  policyStatus: "BucketPolicyStatus",
  versioning: "BucketVersioning",
  encryption: "BucketEncryption",
  publicAccessBlock: "PublicAccessBlock",
  ownershipControls: "BucketOwnershipControls",
  requestPayment: "BucketRequestPayment",
  acl: "BucketAcl",
  tagging: "BucketTagging",
  cors: "BucketCors",
  logging: "BucketLogging",
  lifecycle: "BucketLifecycleConfiguration",
};

const verbs: Record<string, string> = { GET: "Get", PUT: "Put", DELETE: "Delete" };

function objectAction(request: WireRequest, query: ReadonlyMap<string, string>): string {
  if (query.has("uploadId")) {
    const actions: Record<string, string> = {
      PUT: "UploadPart",
      POST: "CompleteMultipartUpload",
      DELETE: "AbortMultipartUpload",
      GET: "ListParts",
    };
    return actions[request.method] ?? "";
  }
  if (request.method === "POST" && query.has("uploads")) return "CreateMultipartUpload";
  if (request.method === "PUT" && request.headers["x-amz-copy-source"]) return "CopyObject";
  if (query.has("acl")) return `${verbs[request.method]}ObjectAcl`;
  if (query.has("tagging")) return `${verbs[request.method]}ObjectTagging`;
  return request.method === "HEAD" ? "HeadObject" : `${verbs[request.method]}Object`;
}

function actionOf(request: WireRequest): string {
  const { bucket, key } = addressOf(request.rawPath);
  const query = decodeQuery(request.rawQuery);
  if (bucket === "") return "ListBuckets";
  if (key !== "") return objectAction(request, query);
  if (request.method === "HEAD") return "HeadBucket";
  if (request.method === "POST" && query.has("delete")) return "DeleteObjects";
  const subresource = Object.keys(bucketSubresources).find((name) => query.has(name));
  if (subresource) return `${verbs[request.method]}${bucketSubresources[subresource]}`;
  if (request.method === "PUT") return "CreateBucket";
  if (request.method === "DELETE") return "DeleteBucket";
  if (query.has("versions")) return "ListObjectVersions";
  if (query.has("uploads")) return "ListMultipartUploads";
  return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
}

export const s3: Service = {
  actionOf,
  paramsOf: (request) => decodeQuery(request.rawQuery),
  run(call) {
    const operation = operations[call.action];
    if (!operation)
      throw new AwsFault(
        "NotImplemented",
        501,
        `A header you provided implies functionality that is not implemented: ${call.action}`,
      );
    const response = operation(call);
    return { ...response, headers: { "x-amz-request-id": call.requestId, ...response.headers } };
  },
  refuse(fault, request, requestId) {
    const error = {
      Code: fault.code,
      Message: fault.message,
      ...fault.details,
      RequestId: requestId,
      HostId: requestId,
    };
    // HEAD has no body, so that its caller sees nothing but the status.
    const body =
      request.method === "HEAD" ? "" : `<?xml version="1.0" encoding="UTF-8"?>\n${renderXml("Error", error)}`;
    return {
      status: fault.status,
      headers: { "content-type": "application/xml", "x-amz-request-id": requestId, ...fault.headers },
      body,
    };
  },
};
