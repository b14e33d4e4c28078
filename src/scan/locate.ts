import type { Span } from "../model/span.ts";

/** Where a span begins and ends, as people count: lines and columns from 1, columns in characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Finds lines and columns in one text; made when its first finding is placed, since most texts have none. */
export class LineIndex {
  readonly #text: string;
  readonly #starts: number[] = [0];
  readonly #width: 1 | 2;
  #counted = { line: -1, offset: 0, column: 1 };

  /** `text` is the latin1 view of the bytes; `wide` says that it is UTF-16, where a character has two. */
  constructor(text: string, wide = false) {
    this.#text = text;
    this.#width = wide ? 2 : 1;
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) {
      if (wide && text.charCodeAt(i - 1) !== 0 && text.charCodeAt(i + 1) !== 0) continue;
      this.#starts.push(wide && text.charCodeAt(i + 1) === 0 ? i + 2 : i + 1);
    }
  }

  /** The line, counted from 0, in which a byte stands. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The bytes of a line, counted from 0, without its line end. Empty beyond the text. */
  lineSpan(line: number): Span {
    if (line < 0 || line >= this.#starts.length) return { start: 0, end: 0 };
    const start = this.#starts[line]!;
    let end = this.#starts[line + 1] ?? this.#text.length;
    while (end > start && /[\n\r\0]/.test(this.#text.charAt(end - 1))) end--;
    return { start, end };
  }

  position(span: Span): Position {
    const first = this.lineOf(span.start);
    const last = this.lineOf(Math.max(span.start, span.end - 1));
    return {
      line: first + 1,
      column: this.#column(first, span.start),
      endLine: last + 1,
      endColumn: this.#column(last, span.end),
    };
  }

  #column(line: number, offset: number): number {
    const start = this.#starts[line]!;
    if (this.#width === 2) return Math.floor((offset - start) / 2) + 1;
    // Places are asked for in the order of the text: on one long line the count goes on from the place before.
    const from =
      this.#counted.line === line && this.#counted.offset <= offset ? this.#counted : { offset: start, column: 1 };
    let { column } = from;
    for (let i = from.offset; i < offset; i++) if (this.#beginsCharacter(i)) column++;
    this.#counted = { line, offset, column };
    return column;
  }

  /** Bytes that continue a UTF-8 character do not, nor do a byte order mark and the second bytes of UTF-16 among other bytes. */
  #beginsCharacter(at: number): boolean {
    const text = this.#text;
    const code = text.charCodeAt(at);
    if (code === 0) {
      const lone = text.charCodeAt(at - 1) !== 0 && text.charCodeAt(at + 1) !== 0;
      return !(lone && (text.charCodeAt(at - 2) === 0 || text.charCodeAt(at + 2) === 0));
    }
    return (code & 0xc0) !== 0x80 && !(at === 0 && code === 0xef && text.charCodeAt(1) === 0xbb);
  }
}
