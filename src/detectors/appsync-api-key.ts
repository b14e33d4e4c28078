import { assembled, type Detector, type Match } from "./detector.ts";
import { entropy } from "./token-shape.ts";

const pattern = /(?<![A-Za-z0-9_-])da2-[a-z0-9]{26}(?![A-Za-z0-9_-])/g;

export const appsyncApiKey: Detector = {
  id: "appsync-api-key",
  kind: "aws-appsync-api-key",
  about: "AWS AppSync API key",
  references: ["https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html"],
  keywords: [{ text: "da2-" }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(pattern)) {
      const span = { start: match.index, end: match.index + match[0].length };
      const clean = entropy(match[0].slice(4)) < 3 || /example|xxxx|fake|123456789/.test(match[0]);
      yield clean ? { part: "value", span, clean: "too regular for a real key" } : { part: "value", span };
    }
  },
  examples: {
    finds: [`aws_appsync_apiKey: "«${assembled("da2-", "k3x7qz5vbnh2mtrw6ycpl4sdga")}»"`],
    ignores: ["da2-xxxxxxxxxxxxxxxxxxxxxxxxxx", "lambda2-k3x7qz5vbnh2mtrw6ycpl4sdga"],
  },
};
