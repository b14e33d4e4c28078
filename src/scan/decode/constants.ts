import { substitute, type View } from "../view.ts";

/** A name given a string that could be a piece of a token; half a key id is ten characters, few pieces are shorter than four. */
const assignment =
  /(?<![\w.])[$@%]?([A-Za-z_]\w{0,40})["']?[ \t]{0,40}(?::[ \t]{0,40}[\w.&<>[\] ]{1,30})?(?::=|=>|[=:]|<-)[ \t]{0,40}[rbuLf]?(["'])([A-Za-z0-9+/]{3,39})\2/g;

/** The same in a shell, where quotes are a choice. */
const inShell =
  /(?:^|[;\n])[ \t]{0,40}(?:export |local |readonly |set )?([A-Za-z_]\w{0,40})=([A-Za-z0-9+/]{3,39})[ \t]{0,8}(?=[;\r\n])/g;
/** `left, right = "…", "…"`. */
const twoAtOnce =
  /\b([A-Za-z_]\w{0,40}), ?([A-Za-z_]\w{0,40}) ?:?= ?["']([A-Za-z0-9+/]{3,39})["'], ?["']([A-Za-z0-9+/]{3,39})["']/g;

/**
 * Puts the value of a name that was given a piece of a token where the name is concatenated or interpolated, so that
 * `a + b`, `"${a}${b}"` and `f"{a}{b}"` read as the token that they make at run time.
 */
export function decodeConstants(view: View): View | null {
  if (view.text.length > 1 << 20) return null;
  const values = new Map<string, string>();
  for (const match of view.text.matchAll(assignment)) values.set(match[1] ?? "", match[3] ?? "");
  for (const match of view.text.matchAll(inShell)) values.set(match[1] ?? "", match[2] ?? "");
  for (const match of view.text.matchAll(twoAtOnce)) {
    values.set(match[1] ?? "", match[3] ?? "");
    values.set(match[2] ?? "", match[4] ?? "");
  }
  if (values.size < 2 || values.size > 2000) return null;
  const pieceOf = (name: string | undefined): string | undefined => values.get(name ?? "");
  const uses =
    /(?:[$#@]?\{)(?:this\.|self\.|local\.|var\.|\$)?([A-Za-z_]\w{0,40})\}|\$([A-Za-z_]\w{0,40})(?=\$[A-Za-z_{]|["'])|(?<=(?:\+|\.\.?|&|~|<>|\|\||\(|,|=|return)[ \t]{0,40})(?:this\.|self\.|@)?[$]?([A-Za-z_]\w{0,40})(?=[ \t]{0,40}(?:\+|\.\.?[ \t$"']|&|~|<>|\|\|))|(?<=(?:\+|[ \t]\.\.?|&|~|<>|\|\|)[ \t]{0,40})(?:this\.|self\.|@)?[$]?([A-Za-z_]\w{0,40})\b(?![\w.(])/g;
  return substitute(view, uses, "constants", (match) => {
    const [, braced, dollar, first, second] = match;
    const inString = pieceOf(braced) ?? pieceOf(dollar);
    if (inString !== undefined) return inString;
    const value = pieceOf(first) ?? pieceOf(second);
    return value === undefined ? null : `"${value}"`;
  });
}
