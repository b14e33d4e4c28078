/**
 * Reads what a value is called: the key, argument, column or sentence that introduces it, as people write them in
 * configuration, code, tables and prose. Works on any text, also on broken or embedded formats, where a parser gives up.
 */

/** How far back a label may stand, in characters: a YAML comment or a Kubernetes `name:`/`value:` pair fits easily. */
export const labelReach = 240;

/** How far above it a name may stand that a value is indented under, in characters. */
export const namesAboveReach = 2000;

/** What the words before a value say of it. */
export type LabelKind =
  /** Names an AWS secret access key, whatever stands around it. */
  | "aws-secret"
  /** A secret of something: AWS's when its surroundings are. */
  | "secret"
  /** Names an access key id. */
  | "key-id"
  /** Names a session token. */
  | "session-token"
  /** Names something that is no credential: a hash, a signature, an id. */
  | "other"
  | "none";

export interface Label {
  readonly kind: LabelKind;
  /** The words as they stand there; empty when there are none. */
  readonly words: string;
  /** Where they end in the text. */
  readonly end: number;
}

const none: Label = { kind: "none", words: "", end: 0 };

const awsSecretName = new RegExp(
  [
    // aws_secret_access_key, AwsSecretKey, AWS-SECRET, amazon.secret, fs.s3a.secret.key, s3.secret-key, s3cmd, iam secret
    String.raw`(?:aws|amazon|amz|s3[an]?|s3cmd|(?<![a-z])(?:iam|boto|ses|dynamo(?:db)?|sqs|sns|ec2|athena|glue|redshift)(?![a-z]))(?:[\w .:/[\]"'-]{0,24}?)secret(?:[ _.-]?(?:access[ _.-]?)?keys?)?`,
    // secret_access_key, SecretAccessKey, "secret access key", secretAccessKeyId's twin
    String.raw`secret[\w]{0,8}[ _.-]?access[ _.-]?key(?![ _.-]?id)`,
    "access[ _.-]?key[ _.-]?secret",
    "access[ _.-]?secret(?:[ _.-]?key)?",
    String.raw`aws[\w.-]{0,12}[_.-](?:sk|secret|pass(?:word|wd)?|private[_.-]?key|sec[_.-]?key)\b`,
    String.raw`secret[ _.-]?key[\w .-]{0,12}aws`,
    String.raw`secret[\w.-]{0,12}(?:aws|amazon|s3)`,
    String.raw`\baws[ _.-]?key[ _.-]?secret`,
  ].join("|"),
  "gi",
);
const secretName =
  /secret(?:[ _.-]?(?:key|access|token|value|string))?|passw(?:or)?d|passphrase|\bpwd\b|\bpass\b|\bsk\b|private[ _.-]?key|\bcreds?\b|credentials?\b|basicauth|with(?:Static)?Credentials/gi;
const keyIdName = /(?<!secret[ _.-]?)access[ _.-]?key(?:[ _.-]?id)?|\bkey[ _.-]?id\b|\bakid\b|\bak\b|access[ _.-]?id/gi;
const sessionTokenName = /(?:session|security|sts|aws)[\w .-]{0,8}token|x-amz-security-token/gi;
/** Names of what looks like a secret and is none. */
const otherName =
  /sha-?(?:1|224|256|384|512)?(?:sum)?|\bsri\b|integrity|\bhash(?:es)?|digest|checksum|\bcommit\b|revision|\brev\b|\bref\b|\bblob\b|\btree\b|\bparent\b|e-?tag|signature|\bsig\b|nonce|\buuid\b|\bguid\b|request[ _-]?id|trace[ _-]?id|span[ _-]?id|fingerprint|version[ _-]?id|upload[ _-]?id|cursor|continuation|next[ _-]?token|resolved|client[ _.-]?secret|webhook|csrf|xsrf|cookie|session[ _-]?(?:id|secret)|salt|django|flask|jwt|bearer|github|gitlab|slack|stripe|twilio|azure|gcp|google|firebase|facebook|twitter|oauth|consumer|encrypt(?:ed|ion)|cipher(?:text)?|public[ _-]?key|\bhost[ _-]?id\b|x-amz-id-2|deploy[ _-]?key|image[ _-]?id|app[ _-]?secret|signing|hmac|totp|npm|nuget|docker|sendgrid|mailgun|datadog|newrelic|sentry|heroku|algolia|cloudinary|minio|ceph|wasabi|backblaze|\bb2\b|digital[ _-]?ocean|spaces|linode|scaleway|\bgcs\b|aliyun|alibaba|tencent|cloudflare|\br2\b|token|idempotency|invite|licen[cs]e|verification|openai|anthropic|pusher|shopify|paypal|square|okta|auth0|keycloak|recaptcha|mapbox/gi;

/**
 * Names that may stand between a label and its value: the second half of `name: X, value: Y`, a type, a default, a call.
 */
const filler =
  /^(?:\w*(?:value|default|name|key|string|description)|no[_-]?echo|min[_-]?length|max[_-]?length|allowed\w+|constraint\w+|values?|val|string|str|text|content|default|defaultvalue|type|plain|literal|sensitive|static|const|let|var|final|public|private|readonly|export|set|setx|env|environ|getenv|environment|putenv|put|add|append|new|return|secure|securestring|none|null|optional|required|description|true|false|b|r|u|f|rb|br|s|is|was|the|for|of|a|to|key|id|char|std|nsstring|optional|some|to_string|tostring|into|from|aws|param|parameter|arg|property|code|td|th|tr|span|strong|em|dt|dd|li|p|pre|tt|big|small|div|option|class|name|version|label|input|i|k|v|nbsp|quot|amp)$/i;

/**
 * Whether what stands between a label and a value joins them: punctuation, types and fillers do; another name with a
 * value of its own does not.
 */
function joins(between: string): boolean {
  if (between.length > 200) return false;
  const lines = between.split("\n");
  if (lines.length > 7) return false;
  // What a plan says is changed: `"old" -> "new"`.
  const joint = between.replace(/(["'`])[^"'`\n]{0,120}\1\s{0,4}->\s{0,4}["'`]?$/, "");
  // A finished value (`secret = "x"`, then something else) ends the label's reach, an empty one too.
  for (const value of joint.matchAll(/(?::=|=>|[:=,])\s{0,8}(["'`])([^"'`\n]{0,120})\1/g)) {
    if (!filler.test(value[2] ?? "")) return false;
  }
  // In prose the label's sentence is its reach.
  if (/[.!?]\s+[A-Z`"']/.test(between) && /\w+ \w+ \w+/.test(between)) return false;
  for (const word of between.matchAll(/[A-Za-z_][\w-]*(?=["'`]?\s*[:=](?!:))/g))
    if (!filler.test(word[0])) return false;
  return true;
}

/** What is believed when one name says several things: `AWS_SECRET_GITHUB_CI` is AWS's, `client_secret` is not. */
const byTrust = [
  ["aws-secret", awsSecretName],
  ["session-token", sessionTokenName],
  ["other", otherName],
  ["key-id", keyIdName],
  ["secret", secretName],
] as const;

/** `secretAccessKeyFingerprint`, `secret_key_version`: said of a secret, never the secret itself. */
const aboutSecret =
  /secret.*(?:finger[_-]?print|hash|sha[_-]?\d*|md5|checksum|digest|arn|version|name|path|file(?:name)?|length|regex|pattern|url|uri|prefix|suffix|expir\w*|date|time|count|ttl|hint|etag|rotation|key[_-]?id|policy|role|status|enabled?)$/i;

/**
 * What the words before `at` say of the value that begins there. `from` bounds how far back they may stand. Where its
 * own name says nothing (`prod: …`), the names above it that it is indented under are asked.
 */
export function labelBefore(text: string, at: number, from = 0): Label {
  const own = nearestLabel(text, at, from);
  if (own.kind !== "none") return own;
  // A name and its indent are short: a longer line is no line of a block.
  const line = text.slice(Math.max(0, at - labelReach), at);
  const lineStart = at - line.length + line.lastIndexOf("\n") + 1;
  if (
    lineStart < from ||
    !/^[ \t]*(?:-[ \t]+)?["']?[\w.-]{1,60}["']?[ \t]{0,10}[:=][ \t]*["']?$/.test(text.slice(lineStart, at))
  )
    return none;
  let indent = indentAt(text, lineStart);
  let next = lineStart;
  for (let lines = 0; lines < 40 && indent > 0 && next > from && lineStart - next < namesAboveReach; lines++) {
    const end = next - 1;
    if (end <= 0) return none;
    const above = text.slice(Math.max(0, end - 400), end);
    if (above.length === 400 && !above.includes("\n")) return none;
    next = end - above.length + above.lastIndexOf("\n") + 1;
    const depth = indentAt(text, next);
    if (end - next > 200 || text.slice(next, end).trim() === "" || depth >= indent) continue;
    indent = depth;
    const opening = text.slice(next, end);
    if (!/[:={[(]\s*$/.test(opening)) return none;
    const label = nearestLabel(opening, opening.length, 0);
    if (label.kind !== "none") return label;
  }
  return none;
}

function indentAt(text: string, lineStart: number): number {
  let indent = 0;
  while (text.charCodeAt(lineStart + indent) === 32 || text.charCodeAt(lineStart + indent) === 9) indent++;
  return indent;
}

function nearestLabel(text: string, at: number, from: number): Label {
  const start = Math.max(from, at - labelReach, 0);
  // A random token may hold `r2` or `sha`; it names nothing.
  const before = text
    .slice(start, at)
    .replace(/[A-Za-z0-9+/]{32,}/g, (run) => (/[0-9]/.test(run) ? " ".repeat(run.length) : run));
  const matches: { kind: LabelKind; start: number; end: number }[] = [];
  for (const [kind, pattern] of byTrust) {
    for (const match of before.matchAll(pattern)) {
      const word = wholeWord(before, match.index, match.index + match[0].length);
      if (joins(before.slice(word.end))) matches.push({ kind, ...word });
    }
  }
  const nearest = matches.reduce((end, match) => Math.max(end, match.end), -1);
  if (nearest < 0) return none;
  const said = matches.filter((match) => match.end === nearest);
  const best = byTrust.map(([kind]) => said.find((match) => match.kind === kind)).find((match) => match !== undefined);
  if (best === undefined) return none;
  const words = before.slice(best.start, best.end);
  return { kind: aboutSecret.test(words) ? "other" : best.kind, words, end: start + best.end };
}

/** Widens a match to the whole name it is part of. */
function wholeWord(text: string, start: number, end: number): { start: number; end: number } {
  let from = start;
  let to = end;
  while (from > 0 && /[\w.-]/.test(text.charAt(from - 1))) from--;
  while (to < text.length && /[\w-]/.test(text.charAt(to))) to++;
  return { start: from, end: to };
}
