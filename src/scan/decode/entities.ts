import { substitute, type View } from "../view.ts";

const named: Readonly<Record<string, string>> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", sol: "/", plus: "+", equals: "=", colon: ":",
  comma: ",", semi: ";", num: "#", lowbar: "_", period: ".", Tab: "\t", NewLine: "\n",
}; // biome-ignore format: a table reads better in rows

const pattern = new RegExp(`&(?:#(\\d{1,6})|#[xX]([0-9A-Fa-f]{1,6})|(${Object.keys(named).join("|")}));`, "g");

/** The character references of HTML and XML that can stand in or around a credential. */
export function decodeEntities(view: View): View | null {
  if (!view.text.includes("&")) return null;
  return substitute(view, pattern, "entities", (match) => {
    const [, decimal, hex, name] = match;
    if (name !== undefined) return named[name] ?? null;
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number.parseInt(decimal, 10);
    return code < 256 ? String.fromCharCode(code) : "?";
  });
}
