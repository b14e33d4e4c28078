import type { Span } from "../model/span.ts";

/** From `at` on, the view's characters come from the parent's `from` on, `scale` of the parent's a character. */
interface Segment {
  readonly at: number;
  readonly from: number;
  readonly scale: number;
}

/**
 * A text as some decoder reads it, with the way back: every span of a view maps to the bytes that it was read from.
 * Views stack: the parent of a percent-decoded view may be the unescaped one.
 */
export class View {
  readonly text: string;
  /** The decoders that led here, outermost first; empty for the bytes themselves. */
  readonly via: readonly string[];
  readonly #parent: View | null;
  readonly #segments: readonly Segment[];

  constructor(
    text: string,
    parent: View | null = null,
    segments: readonly Segment[] = [],
    via: readonly string[] = [],
  ) {
    this.text = text;
    this.#parent = parent;
    this.#segments = segments;
    this.via = via;
  }

  /** The bytes of the original text that a span of this view was read from. */
  spanOf(start: number, end: number): Span {
    if (this.#parent === null) return { start, end };
    const first = this.#segmentAt(start);
    const last = this.#segmentAt(Math.max(start, end - 1));
    const from = Math.floor(first.from + (start - first.at) * first.scale);
    const to = Math.ceil(last.from + (end - last.at) * last.scale);
    return this.#parent.spanOf(from, Math.max(from, to));
  }

  #segmentAt(position: number): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle]?.at ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low] ?? { at: 0, from: 0, scale: 1 };
  }
}

/**
 * The view in which every match of `pattern` is replaced by what `decode` gives for it; null where nothing changes.
 * `decode` returns null to leave a match as it is.
 */
export function substitute(
  parent: View,
  pattern: RegExp,
  via: string,
  decode: (match: RegExpExecArray) => string | null,
): View | null {
  return replaceSpans(parent, via, replacements());
  function* replacements(): Iterable<Replacement> {
    for (const match of parent.text.matchAll(pattern)) {
      const value = decode(match);
      if (value !== null) yield { start: match.index, end: match.index + match[0].length, value };
    }
  }
}

/** A span of the parent and what a view has in its place. */
export interface Replacement extends Span {
  readonly value: string;
}

/** The view with these spans of the parent replaced, which come in ascending order and apart; null when there are none. */
export function replaceSpans(parent: View, via: string, replacements: Iterable<Replacement>): View | null {
  const segments: Segment[] = [];
  const pieces: string[] = [];
  let length = 0;
  let copied = 0;
  let replaced = 0;
  for (const { start, end, value } of replacements) {
    if (start < copied) continue;
    replaced++;
    if (start > copied) {
      segments.push({ at: length, from: copied, scale: 1 });
      pieces.push(parent.text.slice(copied, start));
      length += start - copied;
    }
    if (value.length > 0) {
      segments.push({ at: length, from: start, scale: (end - start) / value.length });
      pieces.push(value);
      length += value.length;
    }
    copied = end;
  }
  if (replaced === 0) return null;
  if (copied < parent.text.length || segments.length === 0) {
    segments.push({ at: length, from: copied, scale: 1 });
    pieces.push(parent.text.slice(copied));
  }
  return new View(pieces.join(""), parent, segments, [...parent.via, via]);
}
