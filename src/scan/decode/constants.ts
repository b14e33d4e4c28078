import { substitute, type View } from "../view.ts";

/** A name given a string that could be a piece of a token; half a key id is ten characters, few pieces are shorter than four. */
const assignment =
  /(?<![\w.])[$@%]?([A-Za-z_]\w{0,40})["']?[ \t]{0,40}(?::[ \t]{0,40}[\w.&<>[\] ]{1,30})?(?::=|=>|[=:]|<-)[ \t]{0,40}[rbuLf]?(["'])([A-Za-z0-9+/]{3,39})\2/g;

/** The same in shells, batch and make, where quotes are a choice. */
const inShell =
  /(?:^|[;\n])[ \t]{0,40}(?:export |local |readonly |set |ARG |ENV )?([A-Za-z_]\w{0,40})[ \t]{0,4}:?=[ \t]{0,4}([A-Za-z0-9+/]{3,39})[ \t]{0,8}(?=[;\r\n])/g;
/** Members of an object or a map, which `K.left + K.right` and `parts["a"] + parts["b"]` take apart again. */
const member = /["']?\b([A-Za-z_]\w{0,40})["']?[ \t]{0,4}(?::|=>)[ \t]{0,4}["']([A-Za-z0-9+/]{3,39})["']/g;
/** An array of a shell. */
const shellArray = /(?:^|[;\n])[ \t]{0,40}([A-Za-z_]\w{0,40})=\(([A-Za-z0-9+/"' ]{8,200})\)/g;
/** `left, right = "…", "…"`. */
const twoAtOnce =
  /\b([A-Za-z_]\w{0,40}), ?([A-Za-z_]\w{0,40})\)? ?:?= ?\(?["']([A-Za-z0-9+/]{3,39})["'], ?["']([A-Za-z0-9+/]{3,39})["']/g;
/** A list of pieces, which `k[0] + k[1]` takes apart again. */
const list =
  /\b([A-Za-z_]\w{0,40})(?:\[\])?[ \t]{0,4}:?=[ \t]{0,4}[[({][ \t]{0,4}((?:["'][A-Za-z0-9+/]{3,39}["'][ \t]{0,4},?[ \t]{0,4}){2,8})[\])}]/g;

const name = String.raw`([A-Za-z_]\w{0,40}(?:\[\d\]|\[["']\w{1,40}["']\]|\.\w{1,40})?)`;
const owner = String.raw`(?:this\.|self\.|local\.|var\.|@)?[$]?`;
const before = String.raw`(?<=(?:\+|\.\.?|&|~|<>|\|\||\(|,|[=:]|return)[ \t]{0,40})`;
const uses = new RegExp(
  [
    // ${name}, #{name}, {name}, $(name), \(name), %name%
    String.raw`(?:[$#@]?\{|\$\(|\\\()${owner}${name}[})]|%${name}%`,
    // $name beside another or at the end of a string
    String.raw`\$${name}(?=\$[A-Za-z_{]|["'])|(?<=\$\w{1,40})\$${name}`,
    // name + …, and … + name
    String.raw`${before}${owner}${name}(?=[ \t]{0,40}(?:\+|\.\.?[ \t$"']|&|~|<>|\|\|))`,
    String.raw`(?<=(?:\+|[ \t]\.\.?|&|~|<>|\|\|)[ \t]{0,40})${owner}${name}(?![\w.([])`,
  ].join("|"),
  "g",
);

/**
 * Puts the value of a name that was given a piece of a token where the name is concatenated or interpolated, so that
 * `a + b`, `"${a}${b}"` and `f"{a}{b}"` read as the token that they make at run time.
 */
export function decodeConstants(view: View): View | null {
  const { text } = view;
  if (text.length > 1 << 20) return null;
  const values = new Map<string, string>();
  for (const match of text.matchAll(assignment)) values.set(match[1] ?? "", match[3] ?? "");
  for (const match of text.matchAll(inShell)) values.set(match[1] ?? "", match[2] ?? "");
  for (const match of text.matchAll(twoAtOnce)) {
    values.set(match[1] ?? "", match[3] ?? "");
    values.set(match[2] ?? "", match[4] ?? "");
  }
  for (const match of text.matchAll(list)) {
    for (const [i, [, piece]] of [...(match[2] ?? "").matchAll(/["']([^"']+)["']/g)].entries())
      values.set(`${match[1]}[${i}]`, piece ?? "");
  }
  for (const match of text.matchAll(shellArray)) {
    for (const [i, piece] of (match[2] ?? "").replace(/["']/g, "").trim().split(/ +/).entries())
      values.set(`${match[1]}[${i}]`, piece);
  }
  for (const match of text.matchAll(member))
    if (!values.has(match[1] ?? "")) values.set(match[1] ?? "", match[2] ?? "");
  if (values.size === 0 || values.size > 2000) return null;
  const pieceOf = (used: string | undefined): string | undefined =>
    used === undefined
      ? undefined
      : (values.get(used) ?? values.get(/\.(\w+)$/.exec(used)?.[1] ?? /\[["'](\w+)["']\]$/.exec(used)?.[1] ?? ""));
  return substitute(view, uses, "constants", (match) => {
    const [, braced, batch, dollar, second, left, right] = match;
    const inString = pieceOf(braced) ?? pieceOf(batch) ?? pieceOf(dollar) ?? pieceOf(second);
    if (inString !== undefined) return inString;
    const value = pieceOf(left) ?? pieceOf(right);
    return value === undefined ? null : `"${value}"`;
  });
}
