import { substitute, type View } from "../view.ts";

/** `\n",` and a new string: the lines of a notebook's cell are a list of strings, which together are the source. */
const pattern =
  /\\n",\s{0,40}"|\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|([/"'\\nrtb&]))/g;
const control: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b" };

/** The escapes that JSON, JavaScript, Python, Java, C and the shells have in their strings. */
export function decodeEscapes(view: View): View | null {
  if (!view.text.includes("\\")) return null;
  return substitute(view, pattern, "escapes", (match) => {
    if (match[0].length > 2 && match[0].startsWith('\\n"')) return "\n";
    const [, braced, four, two, octal, single] = match;
    if (single !== undefined) return control[single] ?? single;
    const code = octal === undefined ? Number.parseInt(braced ?? four ?? two ?? "", 16) : Number.parseInt(octal, 8);
    return code < 256 ? String.fromCharCode(code) : "?";
  });
}
