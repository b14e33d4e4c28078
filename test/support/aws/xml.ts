/** A tree to be written as XML. Null and undefined leave the element out; a list becomes an element full of `member`s. */
export type XmlValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | Repeated
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** A list whose own element stands once for each item, as S3 writes lists. */
export class Repeated {
  readonly items: readonly XmlValue[];

  constructor(items: readonly XmlValue[]) {
    this.items = items;
  }
}

function escapeXml(text: string): string {
  const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
  return text.replace(/[&<>"\r]/g, (character) => escapes[character] ?? character);
}

/** An element with all that is in it. */
export function renderXml(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Repeated) return value.items.map((item) => renderXml(name, item)).join("");
  if (Array.isArray(value)) return `<${name}>${value.map((item) => renderXml("member", item)).join("")}</${name}>`;
  if (typeof value === "object") {
    const inside = Object.entries(value).map(([key, item]) => renderXml(key, item));
    return `<${name}>${inside.join("")}</${name}>`;
  }
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** An element of a document that was sent to us. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

function unescapeXml(text: string): string {
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, entity: string) => {
    if (entity.startsWith("#x")) return String.fromCodePoint(Number.parseInt(entity.slice(2), 16));
    if (entity.startsWith("#")) return String.fromCodePoint(Number(entity.slice(1)));
    return names[entity] ?? whole;
  });
}

/** Parses what SDKs send: elements and text; attributes and comments are passed over. */
export function parseXml(source: string): XmlElement {
  type Open = { name: string; text: string; children: XmlElement[] };
  const document: Open = { name: "", text: "", children: [] };
  const open: Open[] = [document];
  for (const token of source
    .replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, "")
    .matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const [, closing, name = "", empty, text] = token;
    const current = open.at(-1) ?? document;
    if (text !== undefined) current.text += unescapeXml(text);
    else if (closing) open.pop();
    else {
      const element: Open = { name: name.replace(/^.*:/, ""), text: "", children: [] };
      current.children.push(element);
      if (!empty) open.push(element);
    }
  }
  const root = document.children[0];
  if (!root) throw new Error("no XML element");
  return root;
}

/** The first child of a name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The text of the element at a path of names, or undefined. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  return path.reduce<XmlElement | undefined>(childOf, element)?.text.trim();
}
