import type { Span } from "../../model/span.ts";

/** Where one pair stands in a file's bytes, read as latin1: what to replace, and nothing around it. */
export interface KeySpans {
  readonly id: Span;
  /** Null where the id stands without its secret: such a place is not written. */
  readonly secret: Span | null;
  /** A session token that belongs to the pair and must go when the new pair has none. */
  readonly token: Span | null;
  /** What a person calls the place: `[lab]`, `AWS_ACCESS_KEY_ID`. */
  readonly name: string;
}

/** A kind of file that holds keys. */
export interface Consumer {
  readonly kind: string;
  /** Whether a path looks like this kind. */
  expects(path: string): boolean;
  /** Every place of a key id, with the secret that belongs to it. Text is latin1. */
  find(text: string, accessKeyId: string): KeySpans[];
}

export interface NewPair {
  readonly accessKeyId: string;
  /** Raw: what is written must be. */
  readonly secretAccessKey: string;
}

/** The text with the pairs replaced; every other byte stays as it is. */
export function replaceKeys(text: string, places: readonly KeySpans[], pair: NewPair): string {
  const edits = places.flatMap(({ id, secret, token }) => [
    { span: id, by: pair.accessKeyId },
    ...(secret === null ? [] : [{ span: secret, by: pair.secretAccessKey }]),
    ...(token === null ? [] : [{ span: token, by: "" }]),
  ]);
  edits.sort((a, b) => b.span.start - a.span.start);
  let result = text;
  for (const { span, by } of edits) result = result.slice(0, span.start) + by + result.slice(span.end);
  return result;
}
