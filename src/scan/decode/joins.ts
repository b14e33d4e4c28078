import type { Span } from "../../model/span.ts";
import { replaceSpans, substitute, type View } from "../view.ts";

const newline = String.raw`(?:[\\_]?\r?\n[ \t]{0,40}(?:(?://|#|--|\*)[^\n]{0,200}\r?\n[ \t]{0,40})?(?:>[ \t]{0,40})?)`;
/** What joins two string literals: nothing (C, Python, shells), or the operator of some language. */
const operator = String.raw`(?:\+{1,2}|,?[ \t]{0,8}\.{3}|\.{1,2}|//|&{1,2}|~|<>|\|\||\^|\*|,|\\|_|\|>|<<|-join)`;
const comment = String.raw`(?:/\*[^*\n]{0,120}\*/|(?://|#|--)[^\n"'\x60]{0,120}(?=\r?\n))`;

/** From the end of one string literal to the begin of the next. */
const betweenLiterals = new RegExp(
  String.raw`["'\x60]\)?[ \t]{0,40}${comment}?[ \t]{0,8}${newline}?(?:${operator}[ \t]{0,40}${newline}?)?[\[(]?(?:[rRbBuUfFL@$]{1,2})?["'\x60](?=[A-Za-z0-9+/])`,
  "g",
);
/** A string that a statement makes longer: `key += "…"` on the line after its first piece. */
const augmented =
  /["'`][ \t;]{0,8}\r?\n[ \t]{0,40}(?:\$|@)?[\w.]{1,60}[ \t]{0,8}(?:\+=|\.=|&=|<<)[ \t]{0,8}["'`](?=[A-Za-z0-9+/])/g;
/** A string that a call makes longer: `"…".concat("…")`, `.append("…").append("…")`. */
const called = /["'`][ \t]{0,8}\)?(?:\s{0,40})\.(?:concat|append|plus|add|push_str)\([ \t]{0,8}["'`](?=[A-Za-z0-9+/])/g;

/** The same over statements: `sb.append("…");` on line after line. */
const appended =
  /["'`]\s{0,8}\)\s{0,4};?\s{0,40}(?<=[;\n]\s{0,40})[\w.$>-]{1,40}\.(?:append|concat|push_str|write|push)\(\s{0,8}["'`](?=[A-Za-z0-9+/])/gi;

/** The same in a shell, without quotes. */
const shellAugmented = /\r?\n[ \t]{0,40}[A-Za-z_]\w{0,60}\+=(?=[A-Za-z0-9+/])/g;
/** A literal inside a template: `${"…"}`. */
const templated = /\$\{["'](?=[A-Za-z0-9+/]+["']\})|["']\}(?=[$`"'A-Za-z0-9+/])/g;

/** Calls that put a list of strings together, before the list or behind it; elsewhere a comma keeps them apart. */
const joinsList = /(?:(?:concat\w*|join|paste0?|strcat|str_c|implode|fold\w*)\b)[^;]{0,200}$/i;
const joinedAfter =
  /^[^;]{0,400}?(?:[\]})][ \t]{0,8}\)?\.[ \t]{0,8}(?:join|concat|mkString|reduce|inject|fold)|["'][ \t]?\)?[ \t]{0,8}-join\b)/i;
/** `join("", PARTS)`, `PARTS.join("")`: the list stands under a name. */
const joinedNames = [
  /(?:join|concat|implode|fold\w*|reduce|mkString|paste0?)\w{0,20}[ \t]{0,4}\([^()\n]{0,40}?[$@]?\b([A-Za-z_]\w{0,40})[ \t]{0,4}\)/g,
  /\b([A-Za-z_]\w{0,40})[ \t]{0,4}\)?\.(?:join|reduce|fold|mkString|concat|inject)\b/g,
];
/** The name that a list is given, ahead of its first literals. */
const listName = /[$@]?\b([A-Za-z_]\w{0,40})(?:\[\])?[ \t]{0,8}(?::[^=\n]{0,40})?=[^=;"'\n]{0,40}[[{(][^[{(;]{0,200}$/;
/** Words in Ruby's and Perl's lists: `%w[one two].join`. */
const wordList = /%w[[({]([A-Za-z0-9+/ ]{8,120})[\])}]\.join/g;

/** A line continued with a backslash within a token. */
const continuation = /\\\r?\n[ \t]{0,40}(?=[A-Za-z0-9+/])/g;
/** A long token wrapped at some column: the next line must be nothing but its rest. */
const wrapped =
  /\r?\n(?<=[A-Za-z0-9+/]{56}\r?\n)(?:[ \t]{0,40}|>[> ]{0,6})(?=[A-Za-z0-9+/]{1,120}={0,2}[ \t]{0,40}(?:[\r\n<"'`\\]|$))/g;
/** Colours of a terminal, zero-width characters and soft hyphens in UTF-8. */
const invisible = /\x1b\[[0-9;]*[A-Za-z]|\xe2\x80[\x8b-\x8d]|\xc2\xad|\xe2\x81\xa0|\xef\xbb\xbf/g;

/** Joins what source code, shells, mail and terminals split: adjacent or concatenated literals, continued and wrapped lines. */
export function decodeJoins(view: View): View | null {
  const { text } = view;
  const spans: Span[] = [];
  const names = new Set<string>();
  if (/join|concat|implode|fold|reduce|mkString|paste|inject/i.test(text)) {
    for (const pattern of joinedNames) for (const match of text.matchAll(pattern)) names.add(match[1] ?? "");
  }
  const collect = (pattern: RegExp, afterToken: boolean): void => {
    for (const match of text.matchAll(pattern)) {
      if (match[0].includes(",") && !match[0].includes("...") && !isListJoined(text, match.index, names)) continue;
      if (afterToken && !/[A-Za-z0-9+/]/.test(text.charAt(match.index - 1))) continue;
      spans.push({ start: match.index, end: match.index + match[0].length });
    }
  };
  collect(betweenLiterals, true);
  collect(augmented, true);
  collect(called, true);
  collect(appended, true);
  collect(shellAugmented, true);
  if (text.includes("%w")) {
    for (const match of text.matchAll(wordList)) {
      const from = match.index + 3;
      for (const gap of (match[1] ?? "").matchAll(/ +/g))
        spans.push({ start: from + gap.index, end: from + gap.index + gap[0].length });
    }
  }
  if (text.includes('${"') || text.includes("${'")) collect(templated, false);
  if (text.includes("\\\n") || text.includes("\\\r")) collect(continuation, true);
  collect(wrapped, false);
  collect(invisible, false);
  // git's word diff writes `[-old-]{+new+}`.
  if (text.includes("{+") && text.includes("+}")) collect(/\{\+|\+\}|\[-|-\]/g, false);
  spans.sort((a, b) => a.start - b.start);
  const joined = replaceSpans(
    view,
    "joined",
    spans.map((span) => ({ ...span, value: /^[{+[-][+\]}-]$/.test(text.slice(span.start, span.end)) ? " " : "" })),
  );
  if (!/=3D|quoted-printable/i.test(text)) return joined;
  return (
    substitute(joined ?? view, /=(?:\r?\n|([0-9A-F]{2}))/g, "quoted-printable", (match) =>
      match[1] === undefined ? "" : String.fromCharCode(Number.parseInt(match[1], 16)),
    ) ?? joined
  );
}

function isListJoined(text: string, at: number, names: ReadonlySet<string>): boolean {
  const before = text.slice(Math.max(0, at - 240), at);
  if (joinsList.test(before) || joinedAfter.test(text.slice(at, at + 500))) return true;
  if (names.size === 0) return false;
  const name = listName.exec(before)?.[1];
  return name !== undefined && names.has(name);
}
