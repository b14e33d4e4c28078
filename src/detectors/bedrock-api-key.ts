import { assembled, type Detector, type Match } from "./detector.ts";
import { entropy } from "./token-shape.ts";

/** Long-lived: `ABSK` and base64 of `BedrockAPIKey-…:…`, 109 characters or more of it. */
const longLived = /(?<![A-Za-z0-9+/])ABSK[A-Za-z0-9+/]{109,269}={0,2}(?![A-Za-z0-9+/])/g;

/** Short-lived: base64 of `bedrock.amazonaws.com/?Action=…` and the query of a presigned request. */
const shortLived = /bedrock-api-key-(YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/]{40,}={0,2})/g;

export const bedrockApiKey: Detector = {
  id: "bedrock-api-key",
  kind: "aws-bedrock-api-key",
  about: "Amazon Bedrock API key, long-lived (ABSK…) or short-lived (bedrock-api-key-…)",
  references: ["https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html"],
  keywords: [{ text: "ABSK" }, { text: "bedrock-api-key-" }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(longLived)) {
      const span = { start: match.index, end: match.index + match[0].length };
      const made = entropy(match[0]) < 4 || /x{6}|X{6}|EXAMPLE/.test(match[0]);
      yield made ? { part: "value", span, clean: "too regular for a real key" } : { part: "value", span };
    }
    for (const match of view.matchAll(shortLived)) {
      const span = { start: match.index, end: match.index + match[0].length };
      const query = Buffer.from(match[1] ?? "", "base64").toString("latin1");
      if (/EXAMPLE/.test(query)) {
        yield { part: "value", span, clean: "an example" };
        continue;
      }
      const expires = expiryOf(query);
      yield expires === null ? { part: "value", span } : { part: "value", span, expires };
    }
  },
  examples: {
    finds: [
      `AWS_BEARER_TOKEN_BEDROCK=«${assembled("ABSK", "QmVkcm9ja0FQSUtleS1tYTl4LWF0LTYwOTYyOTA2NTMwODpxWjdUd1BrOHZSM24xSmRZNmhGNXNCMmdLOWxNNGNYMHRBZUV1T2lXckRzQ3lHZkhqVmJOYU1xUA==")}»`,
    ],
    ignores: [`ABSK${"A".repeat(120)}`, "ABSKI resort"],
  },
};

/** When a presigned query ends, ISO 8601, from `X-Amz-Date` and `X-Amz-Expires`; null when it does not say. */
export function expiryOf(query: string): string | null {
  const date = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/i.exec(query);
  const seconds = /X-Amz-Expires=(\d{1,9})/i.exec(query);
  if (date === null || seconds === null) return null;
  const [, year, month, day, hour, minute, second] = date.map(Number);
  const end =
    Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0) + Number(seconds[1]) * 1000;
  return new Date(end).toISOString();
}
