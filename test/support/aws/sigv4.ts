import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AwsFault } from "./aws-fault.ts";
import { rawPairs, type WireRequest } from "./wire.ts";

/** What a request says of who signed it, and how. */
export interface Signature {
  readonly accessKeyId: string;
  /** Session token that was sent along, if any. */
  readonly token: string | null;
  readonly region: string;
  readonly service: string;
  /** `20260301T120000Z`. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly value: string;
  readonly presigned: { readonly expires: number } | null;
}

function malformed(message: string): AwsFault {
  return new AwsFault("AuthorizationHeaderMalformed", 400, `The authorization header is malformed; ${message}`);
}

function parseScope(credential: string): Pick<Signature, "accessKeyId" | "region" | "service"> {
  const parts = credential.split("/");
  if (parts.length < 5 || parts.at(-1) !== "aws4_request") throw malformed("the Credential is mal-formed");
  const [, region = "", service = ""] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join("/");
  if (accessKeyId === "") throw malformed("a non-empty Access Key (AKID) must be provided in the credential.");
  return { accessKeyId, region, service };
}

/** The signature of a request: from its header or its query, or null where it has none. */
export function readSignature(request: WireRequest): Signature | null {
  const header = request.headers.authorization;
  if (header?.startsWith("AWS4-HMAC-SHA256")) {
    const fields = new Map(
      header
        .slice("AWS4-HMAC-SHA256".length)
        .split(",")
        .map((field) => {
          const at = field.indexOf("=");
          return [field.slice(0, at).trim(), field.slice(at + 1).trim()];
        }),
    );
    return {
      ...parseScope(fields.get("Credential") ?? ""),
      token: request.headers["x-amz-security-token"] ?? null,
      timestamp: request.headers["x-amz-date"] ?? "",
      signedHeaders: (fields.get("SignedHeaders") ?? "").split(";"),
      value: fields.get("Signature") ?? "",
      presigned: null,
    };
  }
  const query = new Map(
    rawPairs(request.rawQuery).map(([name, value]) => [decodeURIComponent(name), decodeURIComponent(value)]),
  );
  if (query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") return null;
  return {
    ...parseScope(query.get("X-Amz-Credential") ?? ""),
    token: query.get("X-Amz-Security-Token") ?? null,
    timestamp: query.get("X-Amz-Date") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    value: query.get("X-Amz-Signature") ?? "",
    presigned: { expires: Number(query.get("X-Amz-Expires") ?? "0") },
  };
}

/** RFC 3986: everything but letters, digits and `-._~` is encoded. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalPath(rawPath: string, service: string): string {
  const decoded = rawPath.split("/").map((segment) => decodeURIComponent(segment));
  const once = decoded.map(encodeStrictly);
  // S3 encodes once, all others twice.
  return (service === "s3" ? once : once.map(encodeStrictly)).join("/") || "/";
}

function canonicalQuery(rawQuery: string): string {
  return rawPairs(rawQuery)
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) =>
      [name, value].map((text) => encodeStrictly(decodeURIComponent(text.replaceAll("+", "%20")))),
    )
    .sort(([a = "", x = ""], [b = "", y = ""]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map((pair) => pair.join("="))
    .join("&");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

export function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Milliseconds since 1970 of a signature's timestamp, or NaN. */
export function signedAt(signature: Signature): number {
  return Date.parse(signature.timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/**
 * Whether the secret makes the signature that was sent.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function isSignedWith(secret: string, request: WireRequest, signature: Signature): boolean {
  const declared = request.headers["x-amz-content-sha256"];
  const payload = signature.presigned ? (declared ?? "UNSIGNED-PAYLOAD") : (declared ?? sha256(request.body));
  const headers = signature.signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`,
  );
  const canonical = [
    request.method,
    canonicalPath(request.rawPath, signature.service),
    canonicalQuery(request.rawQuery),
    headers.join(""),
    signature.signedHeaders.join(";"),
    payload,
  ].join("\n");
  const day = signature.timestamp.slice(0, 8);
  const scope = `${day}/${signature.region}/${signature.service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${signature.timestamp}\n${scope}\n${sha256(canonical)}`;
  const key = [signature.region, signature.service, "aws4_request"].reduce<Buffer>(hmac, hmac(`AWS4${secret}`, day));
  const expected = Buffer.from(hmac(key, toSign).toString("hex"));
  const given = Buffer.from(signature.value);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** Whether the body is the one that was signed; an unsigned or streamed body is taken as it is. */
export function bodyMatches(request: WireRequest): boolean {
  const declared = request.headers["x-amz-content-sha256"];
  return declared === undefined || !/^[0-9a-f]{64}$/.test(declared) || declared === sha256(request.body);
}
