import type { Detector } from "../detectors/detector.ts";
import { secretAccessKey } from "../detectors/secret-access-key.ts";
import { sesSmtpPassword } from "../detectors/ses-smtp-password.ts";
import { sessionToken } from "../detectors/session-token.ts";
import { containerMagic, type Literal, prefilterLiterals } from "../scan/prefilter.ts";
import { defaultRules } from "../scan/rules.ts";

// What the front looks for. The build works these out once and bundles the result in place of this file, so that the hook
// loads no detector; it also writes them as patterns for grep. The prefilter of a scan may miss what only a slower look
// would show; a hook's front, which clears for good, may not: so it adds what the engine sees without any literal.

/** The detectors whose keywords, in either case, are labels: words that far more often stand there without a secret. */
const labelled: readonly Detector[] = [secretAccessKey, sessionToken, sesSmtpPassword];

/** A secret may stand without a label of its own beside the name of its id: `S3Connection(ACCESS_KEY_ID, "…")`. */
const namesOfIds = ["access_key", "access-key", "access.key", "access key", "accesskey"];

/** Words that only matter where something stands that can be a token; see token-suspects.ts. */
export const labels: readonly Literal[] = [
  ...labelled.flatMap(({ keywords }) =>
    keywords.filter(({ ignoreCase }) => ignoreCase === true).map(({ text }) => text.toLowerCase()),
  ),
  ...namesOfIds,
].map((bytes) => ({ bytes, ignoreCase: true }));

/** One of these, or a label, stands in every text that the built-in detectors can report on, but for the patterns below. */
export const literals: readonly Literal[] = [
  ...prefilterLiterals(defaultRules).filter(
    ({ bytes, ignoreCase }) => !(ignoreCase && labels.some((label) => label.bytes === bytes)),
  ),
  // gzip in base64
  { bytes: "H4sI", ignoreCase: false },
];

/** First bytes of what must be unpacked before anything can be said of it. */
export const magic = containerMagic;

/** Two hex digits of a letter, a digit, or one of `-._`: no writer needs to escape these, and keywords consist of them. */
const escaped = "(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF])";

/**
 * The other ways in which decoders reach a keyword, each as an extended regular expression of POSIX and of JavaScript
 * alike, with a text that it matches, on which a grep is tried. None of them matches across lines.
 */
const forms: Readonly<Record<string, { pattern: string; sample: string }>> = {
  // 16 characters in UTF-16 of either byte order; an access key id has 20.
  utf16: { pattern: "([ -~]\0){16}", sample: [..."Xy_9+/ aB=Z~.-,0"].join("\0").concat("\0") },
  // Six groups of base64 that are three ASCII characters each: the top bit of every byte is 0.
  base64: {
    pattern: "([CDI-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){6}",
    sample: Buffer.from("export NAME=id:9 xyz").toString("base64").slice(0, 24),
  },
  // The same of UTF-16, as PowerShell's -EncodedCommand takes it: every other byte is 0.
  wideBase64: {
    pattern: "(A[C-H][AEIMQUYcgkosw048]A[C-Za-f][AQgw][AB][A-Za-z0-9+/_-]){2}",
    sample: Buffer.from("$env:NAM", "utf16le").toString("base64").slice(4, 20),
  },
  // zlib's header in base64; gzip's is a literal.
  zlib: { pattern: "e(J[wxyz]|A[EFGH]|N[opqr])[A-Za-z0-9+/_-]{20}", sample: `eNq${"Zz9+/_-aB0".repeat(2)}` },
  hex: { pattern: "([2-7][0-9a-fA-F]){20}", sample: Buffer.from("name = id:+/9 ~_yz.,").toString("hex") },
  percent: { pattern: `%${escaped}`, sample: "%4b" },
  escape: { pattern: `\\\\([xX]|[uU]00|[uU][{]0*)${escaped}`, sample: "\\u{5A" },
  octal: { pattern: "\\\\(05[56]|06[0-7]|07[01]|1[0-7][0-7])", sample: "\\101" },
  entity: {
    pattern: `&#([xX]0*${escaped}|0*(4[5689]|5[0-7]|6[5-9]|[78][0-9]|9[05789]|1[01][0-9]|12[0-2]));`,
    sample: "&#0065;",
  },
};

export const patterns: readonly string[] = Object.values(forms).map(({ pattern }) => pattern);

/** The same, for the path of a small file: one that holds nothing but a token is labelled by its name. */
export const pathPattern =
  "([sS][eE][cC]|[aA][wW][sS]|[aA][mM][aA][zZ]|[sS]3|[kK][eE][yY]|[tT][oO][kK]|[cC][rR][eE][dD]|[pP][aA][sS][sS])";

/** What each of the patterns, and in the end the one of paths, matches. */
export const samples: readonly string[] = [...Object.values(forms).map(({ sample }) => sample), "run/Secrets/aws_sk"];

/** Bytes; a file with nothing but a token is far smaller. */
export const smallFile = 10_000;
