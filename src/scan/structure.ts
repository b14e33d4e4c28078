import type { Span } from "../model/span.ts";

/**
 * Where a value stands in the structure of a text, for any format: the brackets and the indentation around it, the
 * section and the paragraph it is in, and the names that lead to it. Pairing goes by this before it goes by distance.
 * It is read off the layout rather than by a parser, because what is scanned is often broken, embedded in something
 * else, or decoded from it.
 */
export interface Spot {
  readonly start: number;
  readonly end: number;
  /** Counted from 0. */
  readonly line: number;
  /** Offsets of the brackets that are open here, outermost first. */
  readonly brackets: readonly number[];
  /** The line that opens the block in which it is indented, counted from 0; -1 at the left edge. */
  readonly block: number;
  /** How many section headers (`[profile]`) stand before it. */
  readonly section: number;
  /** How many lines between documents (`---`, `===`) stand before it. */
  readonly documents: number;
  /** How many headings and lines of comment stand before it. */
  readonly headings: number;
  /** How many blank lines stand before it. */
  readonly blanks: number;
  /** The words of the names that lead to it, lower case, its own first: `prod`, `aws`, `secret`, … */
  readonly words: ReadonlySet<string>;
}

const sectionHeader =
  /^[ \t]*[#;]?[ \t]*(?:\[{1,2}[^\][\n"'=]{1,80}\]{1,2}[ \t]*(?:[#;].*)?|<\/?(?:profile|server|account)\b.*)\r?$/;
const betweenDocuments = /^[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,})[ \t]*\r?$/;
const heading =
  /^[ \t]*(?:#{1,6}[ \t]+[^=:"'(){}[\]]{1,100}|={2,}[ \t]*[^=]{1,80}?[ \t]*=*|-{2,}[ \t]*[^-]{1,80}?-*|(?:\/\/|;|--|rem|REM)[ \t]+[^=:"'(){}[\]]{1,100})\r?$/;
/** What the first character of such a line can be, white space aside. */
const headerStart = /^[ \t]*[#;[\-=*_</rR]/;

/** How many lines up a name may stand under which a value is indented. */
const climb = 60;

/**
 * Reads the structure around each of the spans, which must be sorted by their start. Takes one pass over the text. Spans
 * on one line are values of one another's row, and no names, unless `each alone` asks for each as if it were the only one.
 */
export function readSpots(
  text: string,
  spans: readonly Span[],
  neighbours: "values" | "each alone" = "values",
): Spot[] {
  const spots: Spot[] = [];
  const open: number[] = [];
  const lineStarts: number[] = [0];
  let section = 0;
  let headings = 0;
  let documents = 0;
  let title = "";
  let blanks = 0;
  let next = 0;
  let at = 0;
  while (at <= text.length && next < spans.length) {
    let lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0) lineEnd = text.length;
    const length = lineEnd - at;
    if (length <= 1 && text.slice(at, lineEnd).trim() === "") blanks++;
    else if (length < 200) {
      const line = text.slice(at, lineEnd);
      if (headerStart.test(line)) {
        if (sectionHeader.test(line)) {
          section++;
          title = line;
        } else if (betweenDocuments.test(line)) {
          documents++;
        } else if (heading.test(line)) {
          headings++;
          title = line;
        }
      } else if (line.trim() === "") blanks++;
    }
    for (let i = at; i <= lineEnd; i++) {
      while (next < spans.length && spans[next]!.start === i) {
        const span = spans[next]!;
        spots.push({
          ...span,
          line: lineStarts.length - 1,
          brackets: [...open],
          section,
          documents,
          headings,
          blanks,
          ...namesOf(text, span.start, lineStarts, neighbours === "values" ? spots : [], title),
        });
        next++;
      }
      const code = text.charCodeAt(i);
      if (code === 40 || code === 91 || code === 123) open.push(i);
      else if (code === 41 || code === 93 || code === 125) close(text, open, code);
    }
    at = lineEnd + 1;
    lineStarts.push(at);
  }
  return spots;
}

/** Closes the innermost bracket of that kind, when it is near; a stray one is taken for punctuation. */
function close(text: string, open: number[], code: number): void {
  const opener = code === 41 ? 40 : code - 2;
  for (let depth = open.length - 1; depth >= 0 && depth >= open.length - 6; depth--) {
    if (text.charCodeAt(open[depth]!) === opener) {
      open.length = depth;
      return;
    }
  }
}

/** The words of a value's own name, of the names above it that it is indented under, else of the title it stands under. */
function namesOf(
  text: string,
  start: number,
  lineStarts: readonly number[],
  before: readonly Spot[],
  title: string,
): Pick<Spot, "words" | "block"> {
  const words = new Set<string>();
  const own = lineStarts[lineStarts.length - 1]!;
  let from = Math.max(own, start - 160);
  // Values on the same line are no names; what stands between them may be one.
  for (const spot of before.slice(-6)) {
    if (spot.end <= from) continue;
    if (spot.start > from) addWords(words, text.slice(from, spot.start));
    from = Math.max(from, spot.end);
  }
  addWords(words, text.slice(from, start));
  let indent = indentOf(text, own);
  let block = -1;
  for (let line = lineStarts.length - 2, left = climb; line >= 0 && left > 0 && indent > 0; line--, left--) {
    const begin = lineStarts[line]!;
    const end = lineStarts[line + 1]! - 1;
    if (end - begin > 300) continue;
    const content = text.slice(begin, end);
    if (content.trim() === "") continue;
    const depth = indentOf(text, begin);
    if (depth >= indent) continue;
    indent = depth;
    if (block < 0) block = line;
    // A line that opens a block: `prod:`, `"prod": {`, `provider "aws" {`, `[prod]`, `new Client(`.
    if (/[:{[(=>]\s*$|^\s*-\s/.test(content.trimEnd())) addWords(words, content);
  }
  if (words.size === 0) addWords(words, title);
  return { words, block };
}

function indentOf(text: string, from: number): number {
  let indent = 0;
  while (text.charCodeAt(from + indent) === 32 || text.charCodeAt(from + indent) === 9) indent++;
  return indent;
}

/** Words that say which part of a credential a value is, or nothing at all: they never say whose it is. */
const generic = new Set(
  (
    "aws amazon s3 access key keys id ids secret secrets token tokens session value values name names type string str text " +
    "default credential credentials creds cred password pass pwd user username env environment export set const let var " +
    "final static public private true false null none the a an is of for and to in with as new return https http com " +
    "data param parameter parameters config configuration settings options props property entry item"
  ).split(" "),
);

/** Splits names into words at punctuation, capitals and digits: `prodAwsKey2` gives prod, aws, key, 2. */
function addWords(words: Set<string>, text: string): void {
  // Long tokens are values, and may be secrets, of which nothing may be kept.
  for (const name of text.replace(/[A-Za-z0-9+/=]{24,}/g, " ").match(/[A-Za-z0-9]+/g) ?? []) {
    for (const word of name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? []) {
      const lower = word.toLowerCase();
      if (!generic.has(lower)) words.add(lower);
    }
  }
}
