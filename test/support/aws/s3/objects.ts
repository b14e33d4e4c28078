import { createHash } from "node:crypto";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import type { Bucket, ObjectVersion } from "../world.ts";
import { parseXml, Repeated, textAt, type XmlValue } from "../xml.ts";
import { payloadOf } from "./aws-chunked.ts";
import type { S3Operation } from "./buckets.ts";
import { allowKey, encryptionFor, encryptionHeaders } from "./encryption.ts";
import { addressOf, allowOn, bucketOf, mayOn, s3Date, xmlResponse } from "./s3-call.ts";

function httpDate(time: number): string {
  return new Date(time).toUTCString();
}

function md5(data: Buffer): string {
  return createHash("md5").update(data).digest("hex");
}

/** What S3 says of a key that is not there: only who may list may know. */
function missing(call: Call, bucket: Bucket, key: string): AwsFault {
  if (!mayOn(call, bucket, "s3:ListBucket")) return new AwsFault("AccessDenied", 403, "Access Denied");
  return new AwsFault("NoSuchKey", 404, "The specified key does not exist.", { details: { Key: key } });
}

/** Adds a version, as the bucket's versioning has it. */
export function store(
  call: Call,
  bucket: Bucket,
  key: string,
  version: Omit<ObjectVersion, "versionId" | "modified" | "owner">,
): ObjectVersion {
  const versionId = bucket.versioning === "Enabled" ? call.world.ids.hex(32) : "null";
  // With object ownership off, what another account writes stays that account's.
  const granted =
    call.request.headers["x-amz-acl"] === "bucket-owner-full-control" && bucket.ownership === "BucketOwnerPreferred";
  const owner = bucket.ownership === "BucketOwnerEnforced" || granted ? bucket.account : call.caller.account;
  const made: ObjectVersion = { ...version, versionId, owner, modified: call.world.clock.now() };
  const before = (bucket.objects.get(key) ?? []).filter(
    (one) => bucket.versioning !== null && one.versionId !== versionId,
  );
  bucket.objects.set(key, [...before, made]);
  return made;
}

function versionHeader(bucket: Bucket, version: ObjectVersion): Record<string, string> {
  return bucket.versioning === null ? {} : { "x-amz-version-id": version.versionId };
}

function metadataOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-")));
}

/** Refuses an ACL where the bucket's owner owns everything. */
function refuseAcl(call: Call, bucket: Bucket): void {
  const acl = call.request.headers["x-amz-acl"];
  if (acl && acl !== "bucket-owner-full-control" && bucket.ownership === "BucketOwnerEnforced")
    throw new AwsFault("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
}

/** `If-Match` and `If-None-Match` of a write. */
function checkPreconditions(call: Call, current: ObjectVersion | undefined): void {
  const { "if-none-match": ifNone, "if-match": ifMatch } = call.request.headers;
  const there = current && !current.deleteMarker;
  if (ifNone === "*" && there)
    throw new AwsFault("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold", {
      details: { Condition: "If-None-Match" },
    });
  if (ifMatch !== undefined && (!there || ifMatch.replaceAll('"', "") !== current.etag))
    throw new AwsFault("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold", {
      details: { Condition: "If-Match" },
    });
}

function read(call: Call): { bucket: Bucket; version: ObjectVersion; key: string } {
  const bucket = bucketOf(call);
  const { key } = addressOf(call.request.rawPath);
  const wanted = call.params.get("versionId");
  allowOn(call, bucket, wanted === undefined ? "s3:GetObject" : "s3:GetObjectVersion", key);
  const versions = bucket.objects.get(key) ?? [];
  const version = wanted === undefined ? versions.at(-1) : versions.find((one) => one.versionId === wanted);
  if (!version && wanted !== undefined)
    throw new AwsFault("NoSuchVersion", 404, "The specified version does not exist.");
  if (!version || version.deleteMarker) {
    const fault = missing(call, bucket, key);
    throw version
      ? new AwsFault(fault.code, fault.status, fault.message, { headers: { "x-amz-delete-marker": "true" } })
      : fault;
  }
  // An object that another account wrote and kept is closed to the bucket's owner.
  if (version.owner !== call.caller.account && version.owner !== bucket.account)
    throw new AwsFault("AccessDenied", 403, "Access Denied");
  allowKey(call, bucket, version.encryption, "kms:Decrypt");
  return { bucket, version, key };
}

function headersOf(call: Call, bucket: Bucket, version: ObjectVersion): Record<string, string> {
  return {
    etag: `"${version.etag}"`,
    "last-modified": httpDate(version.modified),
    "content-type": version.contentType,
    "accept-ranges": "bytes",
    ...version.metadata,
    ...versionHeader(bucket, version),
    ...encryptionHeaders(call, bucket, version.encryption),
  };
}

/** Deletes one key or version; returns what the answer's headers say. */
function remove(call: Call, bucket: Bucket, key: string, versionId: string | undefined): Record<string, string> {
  allowOn(call, bucket, versionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion", key);
  if (bucket.mfaDelete && versionId !== undefined && !call.request.headers["x-amz-mfa"])
    throw new AwsFault("AccessDenied", 403, "Mfa Authentication must be used for this request");
  const versions = bucket.objects.get(key) ?? [];
  if (versionId !== undefined) {
    const gone = versions.find((version) => version.versionId === versionId);
    bucket.objects.set(
      key,
      versions.filter((version) => version !== gone),
    );
    return { "x-amz-version-id": versionId, ...(gone?.deleteMarker ? { "x-amz-delete-marker": "true" } : {}) };
  }
  if (bucket.versioning === null) {
    bucket.objects.delete(key);
    return {};
  }
  const empty = { body: Buffer.alloc(0), etag: "", contentType: "", metadata: {}, encryption: bucket.encryption };
  const marker = store(call, bucket, key, { ...empty, deleteMarker: true });
  return { "x-amz-version-id": marker.versionId, "x-amz-delete-marker": "true" };
}

/** A page of keys with their common prefixes, in the order of UTF-8 bytes. */
function list(call: Call, bucket: Bucket, after: string) {
  const prefix = call.params.get("prefix") ?? "";
  const delimiter = call.params.get("delimiter") ?? "";
  const most = Math.min(Number(call.params.get("max-keys") ?? "1000"), 1000);
  const keys = [...bucket.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const contents: { key: string; version: ObjectVersion }[] = [];
  const prefixes: string[] = [];
  let last = "";
  let truncated = false;
  for (const key of keys) {
    const version = bucket.objects.get(key)?.at(-1);
    if (!version || version.deleteMarker || !key.startsWith(prefix)) continue;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? null : key.slice(0, cut + delimiter.length);
    if ((common ?? key) <= after || (common !== null && prefixes.includes(common))) continue;
    if (contents.length + prefixes.length >= most) {
      truncated = true;
      break;
    }
    last = common ?? key;
    if (common === null) contents.push({ key, version });
    else prefixes.push(common);
  }
  const encode = call.params.get("encoding-type") === "url" ? encodeURIComponent : (text: string) => text;
  const listed = contents.map(({ key, version }) => ({
    Key: encode(key),
    LastModified: s3Date(version.modified),
    ETag: `"${version.etag}"`,
    Size: version.body.length,
    StorageClass: "STANDARD",
  }));
  const common: XmlValue = {
    Name: bucket.name,
    Prefix: encode(prefix),
    MaxKeys: most,
    Delimiter: delimiter === "" ? null : encode(delimiter),
    EncodingType: call.params.get("encoding-type"),
    IsTruncated: truncated,
    Contents: new Repeated(listed),
    CommonPrefixes: new Repeated(prefixes.map((one) => ({ Prefix: encode(one) }))),
  };
  return { common, last, truncated, count: listed.length + prefixes.length };
}

export const objectOperations: Record<string, S3Operation> = {
  PutObject(call) {
    const bucket = bucketOf(call);
    const { key } = addressOf(call.request.rawPath);
    allowOn(call, bucket, "s3:PutObject", key);
    if (call.request.headers["x-amz-acl"]) allowOn(call, bucket, "s3:PutObjectAcl", key);
    refuseAcl(call, bucket);
    checkPreconditions(call, bucket.objects.get(key)?.at(-1));
    const encryption = encryptionFor(call, bucket);
    allowKey(call, bucket, encryption, "kms:GenerateDataKey");
    const body = payloadOf(call.request);
    const version = store(call, bucket, key, {
      body,
      etag: md5(body),
      contentType: call.request.headers["content-type"] ?? "binary/octet-stream",
      metadata: metadataOf(call.request.headers),
      deleteMarker: false,
      encryption,
    });
    const headers = {
      etag: `"${version.etag}"`,
      ...versionHeader(bucket, version),
      ...encryptionHeaders(call, bucket, encryption),
    };
    return { status: 200, headers };
  },

  CopyObject(call) {
    const bucket = bucketOf(call);
    const { key } = addressOf(call.request.rawPath);
    const [path = "", query = ""] = (call.request.headers["x-amz-copy-source"] ?? "").split("?versionId=");
    const params = new Map(query === "" ? [] : [["versionId", query]]);
    const rawPath = path.startsWith("/") ? path : `/${path}`;
    const source = read({ ...call, action: "GetObject", params, request: { ...call.request, rawPath } });
    allowOn(call, bucket, "s3:PutObject", key);
    const encryption = encryptionFor(call, bucket);
    allowKey(call, bucket, encryption, "kms:GenerateDataKey");
    const { body, etag, contentType, metadata } = source.version;
    const version = store(call, bucket, key, { body, etag, contentType, metadata, deleteMarker: false, encryption });
    return xmlResponse(
      "CopyObjectResult",
      { LastModified: s3Date(version.modified), ETag: `"${etag}"` },
      versionHeader(bucket, version),
    );
  },

  GetObject(call) {
    const { bucket, version } = read(call);
    const headers = headersOf(call, bucket, version);
    if (call.request.headers["if-none-match"]?.replaceAll('"', "") === version.etag) return { status: 304, headers };
    const range = /^bytes=(\d*)-(\d*)$/.exec(call.request.headers.range ?? "");
    const size = version.body.length;
    if (!range || size === 0) return { status: 200, headers, body: version.body };
    const [, from = "", to = ""] = range;
    const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
    const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
    if (start >= size) throw new AwsFault("InvalidRange", 416, "The requested range is not satisfiable");
    return {
      status: 206,
      headers: { ...headers, "content-range": `bytes ${start}-${end}/${size}` },
      body: version.body.subarray(start, end + 1),
    };
  },

  HeadObject(call) {
    const { bucket, version } = read(call);
    return {
      status: 200,
      headers: { ...headersOf(call, bucket, version), "content-length": String(version.body.length) },
    };
  },

  DeleteObject(call) {
    const bucket = bucketOf(call);
    const { key } = addressOf(call.request.rawPath);
    return { status: 204, headers: remove(call, bucket, key, call.params.get("versionId")) };
  },

  DeleteObjects(call) {
    const bucket = bucketOf(call);
    const body = parseXml(payloadOf(call.request).toString("utf8"));
    const deleted: XmlValue[] = [];
    const errors: XmlValue[] = [];
    for (const object of body.children.filter((child) => child.name === "Object")) {
      const key = textAt(object, "Key") ?? "";
      const versionId = textAt(object, "VersionId");
      try {
        const headers = remove(call, bucket, key, versionId);
        deleted.push({ Key: key, VersionId: versionId, DeleteMarker: headers["x-amz-delete-marker"] });
      } catch (error) {
        if (!(error instanceof AwsFault)) throw error;
        errors.push({ Key: key, VersionId: versionId, Code: error.code, Message: error.message });
      }
    }
    const quiet = textAt(body, "Quiet") === "true";
    return xmlResponse("DeleteResult", { Deleted: new Repeated(quiet ? [] : deleted), Error: new Repeated(errors) });
  },

  ListObjectsV2(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:ListBucket");
    const token = call.params.get("continuation-token");
    const after =
      token === undefined ? (call.params.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
    const { common, last, truncated, count } = list(call, bucket, after);
    const next = truncated ? Buffer.from(last).toString("base64url") : null;
    return xmlResponse("ListBucketResult", {
      ...common,
      KeyCount: count,
      ContinuationToken: token,
      NextContinuationToken: next,
    });
  },

  ListObjects(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:ListBucket");
    const marker = call.params.get("marker") ?? "";
    const { common, last, truncated } = list(call, bucket, marker);
    return xmlResponse("ListBucketResult", { ...common, Marker: marker, NextMarker: truncated ? last : null });
  },

  ListObjectVersions(call) {
    const bucket = bucketOf(call);
    allowOn(call, bucket, "s3:ListBucketVersions");
    const prefix = call.params.get("prefix") ?? "";
    const versions: XmlValue[] = [];
    const markers: XmlValue[] = [];
    for (const [key, all] of [...bucket.objects].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const version of key.startsWith(prefix) ? [...all].reverse() : []) {
        const common = {
          Key: key,
          VersionId: version.versionId,
          IsLatest: version === all.at(-1),
          LastModified: s3Date(version.modified),
        };
        if (version.deleteMarker) markers.push(common);
        else
          versions.push({ ...common, ETag: `"${version.etag}"`, Size: version.body.length, StorageClass: "STANDARD" });
      }
    const common = { Name: bucket.name, Prefix: prefix, MaxKeys: 1000, IsTruncated: false };
    return xmlResponse("ListVersionsResult", {
      ...common,
      Version: new Repeated(versions),
      DeleteMarker: new Repeated(markers),
    });
  },
};
