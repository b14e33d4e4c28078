import { substitute, type View } from "../view.ts";

const newline = String.raw`(?:\\?\r?\n[ \t]{0,40}(?:(?://|#|--|\*)[^\n]*\r?\n[ \t]{0,40})?(?:>[ \t]{0,40})?)`;
/** What joins two string literals: nothing (C, Python, shells), or the operator of some language. */
const operator = String.raw`(?:\+{1,2}|\.{1,2}|&{1,2}|~|<>|\|\||\^|,|\\|_|\|>|<<|-join)`;

const literals = new RegExp(
  // end of one literal, an operator, begin of the next, or
  String.raw`(?<=[A-Za-z0-9+/])["'\x60]\)?[ \t]{0,40}${newline}?(?:${operator}[ \t]{0,40}${newline}?)?[\[(]?(?:[rRbBuUfFL@$]{1,2})?["'\x60](?=[A-Za-z0-9+/])` +
    // a line continued with a backslash within a token, or
    String.raw`|(?<=[A-Za-z0-9+/])\\\r?\n[ \t]{0,40}(?=[A-Za-z0-9+/])` +
    // a long token wrapped at some column: the next line must be nothing but its rest, or
    String.raw`|(?<=[A-Za-z0-9+/]{56})\r?\n[ \t]{0,40}(?=[A-Za-z0-9+/]{1,120}={0,2}[ \t]{0,40}(?:[\r\n<"'\x60\\]|$))` +
    // colours of a terminal and zero-width characters in UTF-8
    String.raw`|\x1b\[[0-9;]*[A-Za-z]|\xe2\x80[\x8b-\x8d]|\xc2\xad|\xe2\x81\xa0|\xef\xbb\xbf`,
  "g",
);

/** Joins what source code, shells and terminals split: adjacent or concatenated literals, continued lines. */
export function decodeJoins(view: View): View | null {
  const joined = substitute(view, literals, "joined", () => "");
  if (!/=3D|quoted-printable/i.test(view.text)) return joined;
  const from = joined ?? view;
  return (
    substitute(from, /=(?:\r?\n|([0-9A-F]{2}))/g, "quoted-printable", (match) =>
      match[1] === undefined ? "" : String.fromCharCode(Number.parseInt(match[1], 16)),
    ) ?? joined
  );
}
