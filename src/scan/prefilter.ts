import type { Keyword } from "../detectors/detector.ts";
import type { Rules } from "./rules.ts";

/** A byte string, written as latin1, one of which stands in every text that the engine can report on. */
export interface Literal {
  readonly bytes: string;
  readonly ignoreCase: boolean;
}

/** First bytes of a container whose content must be unpacked before it can be searched, with their offset. */
export interface Magic {
  readonly bytes: string;
  readonly offset: number;
}

/**
 * What tells a container that the engine opens: zip (jar, whl, docx …), gzip, tar. A text that begins so goes to the
 * engine whatever literals it holds; an empty zip, which begins with its directory's end, need not.
 */
export const containerMagic: readonly Magic[] = [
  { bytes: "PK\x03\x04", offset: 0 },
  { bytes: "\x1f\x8b\x08", offset: 0 },
  { bytes: "ustar", offset: 257 },
];

const known = new WeakMap<Rules["detectors"], readonly Literal[]>();

/** The keywords of the detectors, plain and in every form that a decoder turns back into them. */
export function prefilterLiterals(rules: Rules): readonly Literal[] {
  const before = known.get(rules.detectors);
  if (before !== undefined) return before;
  const literals = new Map<string, Literal>();
  const add = (bytes: string, ignoreCase = false): void => {
    const key = ignoreCase ? bytes.toLowerCase() : bytes;
    literals.set(`${ignoreCase}:${key}`, { bytes: key, ignoreCase });
  };
  for (const detector of rules.detectors) {
    for (const keyword of detector.keywords) {
      const plain = Buffer.from(keyword.text, "utf8").toString("latin1");
      add(plain, keyword.ignoreCase);
      for (const form of encodedForms(plain, keyword)) add(form.bytes, form.ignoreCase);
    }
  }
  // The first bytes of gzip in base64, as user data and Helm releases have it.
  add("H4sI");
  const result = withoutImplied([...literals.values()]);
  known.set(rules.detectors, result);
  return result;
}

/** A literal that contains another one adds nothing: whoever holds it holds the shorter one too. */
function withoutImplied(literals: readonly Literal[]): Literal[] {
  return literals.filter(
    (long) =>
      !literals.some(
        (short) =>
          short !== long &&
          short.bytes.length < long.bytes.length &&
          (short.ignoreCase
            ? long.bytes.toLowerCase().includes(short.bytes)
            : !long.ignoreCase && long.bytes.includes(short.bytes)),
      ),
  );
}

/** The forms in which a decoder would find the keyword: UTF-16, base64 at its three alignments, escapes, hex. */
function encodedForms(plain: string, keyword: Keyword): Literal[] {
  const forms: Literal[] = [];
  if (keyword.encoded === undefined) return forms;
  const spellings = keyword.ignoreCase
    ? [plain.toLowerCase(), plain.toUpperCase(), plain.charAt(0).toUpperCase() + plain.slice(1).toLowerCase()]
    : [plain];
  for (const spelling of spellings) {
    forms.push({ bytes: [...spelling].join("\0"), ignoreCase: false });
    for (const bytes of base64Alignments(spelling)) forms.push({ bytes, ignoreCase: false });
    // PowerShell's encoded commands, and a Secret in a Secret: UTF-16 and base64 in base64.
    for (const bytes of base64Alignments(`${[...spelling].join("\0")}\0`)) forms.push({ bytes, ignoreCase: false });
    if (keyword.encoded === "words") continue;
    for (const inner of base64Alignments(spelling)) {
      for (const bytes of base64Alignments(inner)) forms.push({ bytes, ignoreCase: false });
    }
    const codes = [...spelling].map((letter) => letter.charCodeAt(0));
    const hex = codes.map((code) => code.toString(16).padStart(2, "0"));
    forms.push({ bytes: hex.map((pair) => `\\x${pair}`).join(""), ignoreCase: true });
    forms.push({ bytes: hex.map((pair) => `\\u00${pair}`).join(""), ignoreCase: true });
    forms.push({ bytes: hex.map((pair) => `%${pair}`).join(""), ignoreCase: true });
    forms.push({ bytes: codes.map((code) => `&#${code};`).join(""), ignoreCase: false });
    forms.push({ bytes: hex.map((pair) => `&#x${pair};`).join(""), ignoreCase: true });
    forms.push({ bytes: hex.join(""), ignoreCase: true });
  }
  return forms;
}

/** The characters of base64 that depend on the keyword alone, for each of its three positions in a group of three. */
function base64Alignments(plain: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from("\0".repeat(before) + plain, "latin1")
      .toString("base64")
      .replaceAll("=", "");
    const first = Math.ceil((before * 8) / 6);
    const whole = Math.floor(((before + plain.length) * 8) / 6);
    return encoded.slice(first, whole);
  });
}
