import type { Consumer, KeySpans } from "./consumer.ts";

/**
 * ArcticDB's URIs, wherever they stand: `s3://host:bucket?access=…&secret=…`. ArcticDB takes the secret as it stands;
 * percent-encoded, its slashes would break the signature.
 * https://docs.arcticdb.io/latest/api/arctic_uri/
 */
export const arcticUri: Consumer = {
  kind: "ArcticDB URI",
  expects: () => false,
  find(text, accessKeyId) {
    const found: KeySpans[] = [];
    for (const match of text.matchAll(/s3s?:\/\/[^\s"'`<>]+\?[^\s"'`<>]+/g)) {
      const uri = match[0];
      const id = /[?&]access=([^&#]*)/.exec(uri);
      if (id?.[1] !== accessKeyId) continue;
      const secret = /[?&]secret=([^&#]*)/.exec(uri);
      const spanOf = (group: RegExpExecArray) => {
        const end = match.index + group.index + group[0].length;
        return { start: end - (group[1]?.length ?? 0), end };
      };
      found.push({ id: spanOf(id), secret: secret && spanOf(secret), token: null, name: "URI" });
    }
    return found;
  },
};
