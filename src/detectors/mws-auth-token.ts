import { assembled, type Detector, type Match } from "./detector.ts";
import { entropy } from "./token-shape.ts";

const pattern = /amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])/g;

export const mwsAuthToken: Detector = {
  id: "mws-auth-token",
  kind: "aws-mws-auth-token",
  about: "Amazon Marketplace Web Service auth token",
  references: ["https://developer-docs.amazon.com/sp-api/docs/what-is-the-selling-partner-api"],
  keywords: [{ text: "amzn.mws." }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(pattern)) {
      const span = { start: match.index, end: match.index + match[0].length };
      const made = entropy(match[0].slice(9)) < 2.6 || /12345678-?1234|01234567/.test(match[0]);
      yield made ? { part: "value", span, clean: "too regular for a real token" } : { part: "value", span };
    }
  },
  examples: {
    finds: [`MWSAuthToken=«${assembled("amzn.mws.", "4ea38b7b-f563-7709-4bae-87aea7bf2c15")}»`],
    ignores: ["amzn.mws.00000000-0000-0000-0000-000000000000", "amzn.mws.client"],
  },
};
