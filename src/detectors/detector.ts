import type { CredentialKind, Part } from "../model/finding.ts";
import type { Span } from "../model/span.ts";

/** What a detector saw: a value, where it stands in the view that was searched, and what part of a credential it is. */
export interface Match {
  readonly part: Part;
  /** Of the value alone, never of its label, in the searched view. */
  readonly span: Span;
  /** The value where it is not what stands in the span to the letter: a PEM block without its line breaks. */
  readonly value?: string;
  /** The words that name the value (`aws_secret_access_key`), where it needed or had one. */
  readonly label?: string;
  /** When it ends or ended, ISO 8601, where the value itself says so. */
  readonly expires?: string;
  /** Why this match is clean after all; shown by `keyguard explain`, never reported. */
  readonly clean?: string;
  readonly note?: string;
  /** Too weak to be reported by itself: it counts only when it pairs with an access key id. */
  readonly weak?: true;
}

/** A literal that must stand in a text before a detector's pattern can match. */
export interface Keyword {
  readonly text: string;
  readonly ignoreCase?: boolean;
  /**
   * Also look for it as a decoder would find it: `words` in UTF-16 and base64 (a label in an encoded file), `value` in
   * string escapes, percent, entities and hex too (the value itself may be written so).
   */
  readonly encoded?: "words" | "value";
}

/**
 * One kind of secret, in one file: its pattern, why the pattern is as it is, and its examples. A detector is pure and
 * takes time linear in the view's length.
 */
export interface Detector {
  readonly id: string;
  readonly kind: CredentialKind;
  /** One line for people: shown in reports and in the README's table. */
  readonly about: string;
  readonly references: readonly string[];
  readonly keywords: readonly Keyword[];
  find(view: string, path: string): Iterable<Match>;
  /** The expected value of each `finds` is marked «so»; keys in them are assembled so that no scanner trips on ours. */
  readonly examples: { readonly finds: readonly string[]; readonly ignores: readonly string[] };
}

/**
 * Puts an example's key together where it is used, so that neither this file nor the bundle holds one in a piece: push
 * protection and keyguard's own scan would trip on it.
 */
export function assembled(...pieces: readonly string[]): string {
  return pieces.join("");
}
