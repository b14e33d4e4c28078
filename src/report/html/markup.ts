import { spellOutInvisible } from "../visible.ts";

/** A piece of HTML that is safe as it stands. The `html` template makes it from literals and escapes what is put in; only the page's own style and script are wrapped by hand. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Part = Markup | string | number | null | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Text for an element or a quoted attribute. Characters that cannot be seen are spelled out. */
export function escapeHtml(text: string): string {
  return spellOutInvisible(text).replace(/[&<>"'`]/g, (character) => entities[character] ?? character);
}

function toSource(part: Part): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.source;
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return part.map(toSource).join("");
}

/** HTML with holes: strings put into them are escaped, other markup is not, lists are joined and null is nothing. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let source = literals[0] ?? "";
  parts.forEach((part, i) => {
    source += toSource(part) + (literals[i + 1] ?? "");
  });
  return new Markup(source);
}
