import { assembled, type Detector, type Match } from "./detector.ts";
import { labelBefore } from "./label.ts";
import { isDoubtfulId, whyNotAccessKeyId } from "./token-shape.ts";

/** 4 letters that say the kind, 16 of base32's alphabet; the neighbours are looked at apart. */
const pattern = /(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}/g;

const tokenCharacter = /[A-Za-z0-9+]/;

export const accessKeyId: Detector = {
  id: "access-key-id",
  kind: "aws-access-key-id",
  about: "Access key id: long-lived (AKIA), temporary (ASIA), service bearer (ABIA), context-specific (ACCA)",
  references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"],
  keywords: [
    { text: "AKIA", encoded: "value" },
    { text: "ASIA", encoded: "value" },
    { text: "ABIA" },
    { text: "ACCA" },
  ],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(pattern)) {
      const span = { start: match.index, end: match.index + match[0].length };
      if (!standsAlone(view, span.start, span.end)) continue;
      const clean = whyNotAccessKeyId(match[0]);
      if (clean !== null) yield { part: "accessKeyId", span, clean };
      // Twenty capitals that are words are a name; beside a secret, or called an id, they are one by bad luck.
      else if (isDoubtfulId(match[0]) && labelBefore(view, span.start).kind !== "key-id")
        yield { part: "accessKeyId", span, weak: true };
      else yield { part: "accessKeyId", span };
    }
  },
  examples: {
    finds: [
      `aws_access_key_id = «${assembled("AKIA", "Y34FZKBOKMUTVV7A")}»`,
      `https://bucket.example/${"?"}id=«${assembled("ASIA", "QNZGKIQY56JQ7WML")}»&x=1`,
      `"«${assembled("ABIA", "2ZQWNBJKKT3TLPOM")}»"`,
    ],
    ignores: [
      "AKIAIOSFODNN7EXAMPLE",
      "AKIAXXXXXXXXXXXXXXXX",
      `TODAYIN${assembled("ASIA", "ASACKOFRICEFELLOVER")}`,
      `${assembled("AROA", "Y34FZKBOKMUTVV7A")}`,
    ],
  },
};

/**
 * Not within a longer token. A `/` is a neighbour of paths (`…/AKIA…/2026`) and of base64 alike: beside one, what
 * follows up to the next `/` must not be a long run of base64.
 */
function standsAlone(view: string, start: number, end: number): boolean {
  const before = view.charAt(start - 1);
  const after = view.charAt(end);
  // Serialised strings have their length in the byte before them: 20 is no printable character, and what follows is not theirs.
  if (before === "\x14") return true;
  const opened = !tokenCharacter.test(before) || isEscape(view, start) || isAddedLine(view, start);
  const closed = !tokenCharacter.test(after) || (after === "+" && view.charAt(end + 1) === "}");
  if (!opened || !closed) return false;
  if (after === "=" && view.charAt(end + 1) === "=") return false;
  if (before !== "/" && after !== "/") return true;
  const run = /[A-Za-z0-9+/]*$/.exec(view.slice(Math.max(0, start - 200), start))?.[0].length ?? 0;
  const rest = /^[A-Za-z0-9+/]*/.exec(view.slice(end, end + 200))?.[0].length ?? 0;
  return run + rest < 120;
}

/** `\nAKIA…` inside a string of source code: the letter belongs to the escape. */
function isEscape(view: string, start: number): boolean {
  return /(?:^|[^\\])\\[nrt]$/.test(view.slice(Math.max(0, start - 3), start));
}

/** The mark of an added line of a diff, or of an added word of a word diff. */
function isAddedLine(view: string, start: number): boolean {
  return view.charAt(start - 1) === "+" && (start === 1 || /[\n{]/.test(view.charAt(start - 2)));
}
