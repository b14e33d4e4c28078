import type { WireRequest } from "../wire.ts";

/**
 * The bytes of a request's body: SDKs may send it in chunks with a checksum behind them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function payloadOf(request: WireRequest): Buffer {
  if (!request.headers["x-amz-content-sha256"]?.startsWith("STREAMING-")) return request.body;
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = request.body.indexOf("\r\n", at);
    const size = lineEnd < 0 ? 0 : Number.parseInt(request.body.subarray(at, lineEnd).toString("latin1"), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(request.body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
