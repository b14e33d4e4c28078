import { expiryOf } from "./bedrock-api-key.ts";
import { assembled, type Detector, type Match } from "./detector.ts";

/** The query of a presigned request: whoever has it can send it until it ends. The signature is the secret. */
const pattern = /\?[^\s"'<>`\\]{0,4000}?X-Amz-Signature=([0-9a-f]{64})(?![0-9a-f])/gi;

export const presignedUrl: Detector = {
  id: "presigned-url",
  kind: "aws-presigned-url",
  about: "Presigned URL: works without credentials until it expires",
  references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"],
  keywords: [{ text: "X-Amz-Signature", ignoreCase: true }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(pattern)) {
      const end = match.index + match[0].length;
      const span = { start: end - 64, end };
      const query = decode(view.slice(match.index, Math.min(view.length, end + 2000)).replace(/[\s"'<>`].*/s, ""));
      if (/EXAMPLE|<your|AKIAXXXX/i.test(query))
        yield { part: "value", span, clean: "an example from AWS's documentation" };
      else if (/X-Amz-Credential=(?!A[KSBC][IC]A[A-Z2-7]{16}\/)/i.test(query))
        yield { part: "value", span, clean: "signed with a key that is not AWS's" };
      else if (/([0-9a-f])\1{7}/.test(match[1] ?? ""))
        yield { part: "value", span, clean: "too regular for a signature" };
      else {
        const expires = expiryOf(query);
        yield expires === null ? { part: "value", span } : { part: "value", span, expires };
      }
    }
  },
  examples: {
    finds: [
      `https://b.s3.amazonaws.com/k?X-Amz-Credential=${assembled("AKIA", "Y34FZKBOKMUTVV7A")}%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-Signature=«${assembled("8b5e0c1f", "a9d3746e2c7f1b0d5a8e93c46f7b2d1e0c5a9f8e7d6c3b4a19f0e2d5")}»`,
    ],
    ignores: [
      "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    ],
  },
};

function decode(query: string): string {
  return query
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll("&amp;", "&");
}
