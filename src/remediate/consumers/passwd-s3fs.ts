import type { Consumer, KeySpans } from "./consumer.ts";

/** `id:secret`, or `bucket:id:secret`, one a line. https://github.com/s3fs-fuse/s3fs-fuse/wiki/Fuse-Over-Amazon */
export const passwdS3fs: Consumer = {
  kind: "s3fs passwords",
  expects: (path) => /(?:^|[\\/])\.?passwd-s3fs$/.test(path),
  find(text, accessKeyId) {
    const found: KeySpans[] = [];
    for (const match of text.matchAll(/^([ \t]*(?:([a-z0-9.-]+):)?)([A-Z0-9]{16,128}):([^\s:]+)/gm)) {
      const [, before = "", bucket, id = "", secret = ""] = match;
      if (id !== accessKeyId) continue;
      const start = match.index + before.length;
      const after = start + id.length + 1;
      found.push({
        id: { start, end: start + id.length },
        secret: { start: after, end: after + secret.length },
        token: null,
        name: bucket ?? "every bucket",
      });
    }
    return found;
  },
};
