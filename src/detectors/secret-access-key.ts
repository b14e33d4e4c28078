import { assembled, type Detector, type Match } from "./detector.ts";
import { type Label, labelBefore, labelReach } from "./label.ts";
import { isEscapedPiece } from "./piece.ts";
import { tokenRuns } from "./token-runs.ts";
import { isDocumentedExample, whyNotSecret } from "./token-shape.ts";

/** `AKIA…:secret/path`: behind a key id the secret's end is known, whatever path follows it. */
const behindId = /(?:AKIA|ASIA)[A-Z2-7]{16}(?:%3A|[:|;, \t/]){1,3}([A-Za-z0-9+/]{40})(?=\/|[^A-Za-z0-9+/]|$)/g;

export const secretAccessKey: Detector = {
  id: "secret-access-key",
  kind: "aws-secret-access-key",
  about: "Secret access key: 40 characters, with a label that says so or beside its access key id",
  references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"],
  keywords: [
    { text: "secret", ignoreCase: true, encoded: "words" },
    // An argument behind an access key id needs no other label.
    { text: "access_key", ignoreCase: true },
  ],
  *find(view: string, path: string): Iterable<Match> {
    const seen = new Set<number>();
    // Exactly 40: `\b` at the edges would lose the keys that begin or end in `/` or `+`.
    for (const [start, end] of tokenRuns(view, 40)) {
      const exact = exactly40(view, start, end);
      if (exact < 0) continue;
      seen.add(exact);
      yield judge(view, exact, exact + 40, path);
    }
    for (const match of view.matchAll(behindId)) {
      const start = match.index + match[0].length - 40;
      // 44 characters behind an id are the password of an SMTP user.
      if (tokenRunEnd(view, start) - start !== 44 && !seen.has(start)) yield judge(view, start, start + 40, path);
    }
  },
  examples: {
    finds: [
      `aws_secret_access_key = «${assembled("mA9xP2", "kQzR7vB4nT8wL1cY6dF3gH5jS0+eU/oKiN")}»`,
      `"SecretAccessKey": "«${assembled("/A9xP2", "kQzR7vB4nT8wL1cY6dF3gH5jS0+eU/oKi+")}»"`,
    ],
    ignores: [
      "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      "secret_access_key: 356a192b7913b04c54574d18c28d46e6395428ab",
      `AWS_SECRET_ACCESS_KEY=${"x".repeat(40)}`,
    ],
  },
};

function tokenRunEnd(view: string, start: number): number {
  return start + (/^[A-Za-z0-9+/]*/.exec(view.slice(start, start + 80))?.[0].length ?? 0);
}

/** `AKIA…:`, `AKIA…", "`: what comes right behind an id is its secret. */
const idRightBefore =
  /(?:AKIA|ASIA)[A-Z2-7]{16}["'`]?[\s:,|;/]{1,4}(?:["']?[\w-]{1,30}["']?\s{0,4}[:=]\s{0,4})?["'`]?$/;

/** A file that holds a secret and nothing else is no longer than this, in bytes: a line end, a mark of UTF-8, some space. */
export const secretFileSize = 120;

/** Where 40 characters of a run are a token by themselves, or -1. */
function exactly40(view: string, start: number, end: number): number {
  if (end - start === 40) return start;
  const before = view.charCodeAt(start - 1);
  // Serialised strings have their length in the byte before them: 40 is `(`, and what follows is no part of them.
  if (before === 40 && /[\x00-\x08\x0e-\x1f\x7f-\xff]/.test(view.charAt(start - 2))) return start;
  // The signing key of Signature Version 4 is made of `AWS4` and the secret.
  if (end - start === 44 && view.startsWith("AWS4", start)) return start + 4;
  // The mark of an added line of a diff.
  if (end - start === 41 && view.charCodeAt(start) === 43 && (start === 0 || before === 10)) return start + 1;
  return -1;
}

function judge(view: string, start: number, end: number, path: string): Match {
  const span = { start, end };
  const token = view.slice(start, end);
  if (/^[0-9a-f]+$/i.test(token)) return { part: "secretAccessKey", span, clean: "hexadecimal: a hash or a commit id" };
  const label = isAlone(view, start, end) ? labelOfFile(path) : labelBefore(view, start, endOfIdBefore(view, start));
  const named = { part: "secretAccessKey", span, ...(label.words === "" ? {} : { label: label.words }) } as const;
  // The argument behind an access key id is its secret, whatever the id's argument is.
  const vouched =
    label.kind === "aws-secret" ||
    (label.kind === "key-id" && /^[\w"'`\])}.]*\s{0,20},\s{0,40}["'`]$/.test(view.slice(label.end, start)));
  const clean =
    whyNotSecret(
      token,
      !vouched && label.kind !== "secret" && !idRightBefore.test(view.slice(Math.max(0, start - 30), start)),
    ) ?? whyNotHere(view, start, end, vouched);
  if (clean !== null) return { ...named, clean };
  if (vouched) return named;
  // What signs a request is the secret, however the signature is called.
  if (signingKey.test(view.slice(Math.max(0, start - 40), start))) return { part: "secretAccessKey", span, weak: true };
  if (/^["']?secret[_-]?key$/i.test(label.words) && secretFromElsewhere.test(around(view, start, end)))
    return {
      ...named,
      clean: "the secret access key comes from somewhere else; this is a secret key of something else",
    };
  if (label.kind === "secret" || label.kind === "none" || label.kind === "key-id") return { ...named, weak: true };
  return {
    ...named,
    clean: isDocumentedExample(token) ? "an example" : `named ${label.words}: something else than a secret access key`,
  };
}

/** Whether the file holds nothing else: then its name is the label, as for secrets mounted into a container. */
function isAlone(view: string, start: number, end: number): boolean {
  return view.length <= secretFileSize && view.slice(0, start).trim() === "" && view.slice(end).trim() === "";
}

function labelOfFile(path: string): Label {
  const name = path.slice(path.search(/[^/!]*$/)).replace(/\.(?:txt|key|secret|conf|dat|token)$/i, "");
  return labelBefore(`${name} = `, name.length + 3);
}

/** A secret access key that is read from the environment, a vault or a setting: a bare `SECRET_KEY` beside it is not AWS's. */
const secretFromElsewhere =
  /(?:aws[\w.-]{0,20}secret[\w.-]{0,20}|secret[_-]?access[_-]?key)["'\]]{0,3}\s{0,8}[:=]\s{0,8}["']?(?:os\.(?:environ|getenv)|getenv|env[.("[]|process\.env|ENV\[|\$\{?|config[.("]|settings\.|secrets?[.(]|vault)/i;

function around(view: string, start: number, end: number): string {
  return view.slice(Math.max(0, start - 2000), end + 2000);
}

const signingKey = /hmac\w{0,12}(?:\.new)?\(\s{0,4}(?:\[\]byte\()?[bu]?["'`](?:AWS4)?$/i;

/** Where the last key id before `at` ends: what is said before the id is said of the id. */
function endOfIdBefore(view: string, at: number): number {
  const from = Math.max(0, at - labelReach);
  let end = 0;
  for (const match of view.slice(from, at).matchAll(/(?:AKIA|ASIA)[A-Z2-7]{16}/g))
    end = from + match.index + match[0].length;
  return end;
}

/** What stands next to a token and makes it a piece of something longer: url-safe base64, a JWT, a percent escape. */
function whyNotHere(view: string, start: number, end: number, vouched: boolean): string | null {
  const before = view.charAt(start - 1);
  const after = view.charAt(end);
  if (after === "=") return "a piece of padded base64";
  if (isEscapedPiece(view, start, end)) return "a piece of a value with escapes in it";
  const dashed = before === "-" || before === "_" || after === "-" || after === "_";
  // `_secret_` is emphasis; `…-secret-…` goes on to both sides.
  const emphasised =
    before === after && !/[A-Za-z0-9]/.test(view.charAt(start - 2)) && !/[A-Za-z0-9]/.test(view.charAt(end + 1));
  if (dashed && !emphasised && !vouched) return "a piece of url-safe base64";
  if (after === "." && /[A-Za-z0-9_-]/.test(view.charAt(end + 1))) return "a piece of a dotted token";
  if (before === "." && /[A-Za-z0-9_-]/.test(view.charAt(start - 2)) && !vouched) return "a piece of a dotted token";
  if (before === "$" && /\$[\w./-]*\$$/.test(view.slice(Math.max(0, start - 60), start))) return "a password hash";
  if (/ENC\[[\w,:]*$/.test(view.slice(Math.max(0, start - 40), start))) return "encrypted (SOPS)";
  return null;
}
