import { basename } from "node:path";
import { isMap, isNode, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { KeyguardError } from "../model/errors.ts";
import { type ConfiguredAllow, loadConfigText } from "./load-config.ts";

/**
 * Adds an allowance to the text of a configuration. The entry is put into the text where it belongs, and every other
 * byte stays as it is: comments, order, indentation, line ends.
 *
 * @throws KeyguardError `config` when the text is no valid configuration before or after.
 */
export async function addAllow(name: string, text: string, entry: ConfiguredAllow): Promise<string> {
  await loadConfigText(name, text);
  const added = insert(text, entry, basename(name) === "package.json" ? "keyguard" : null);
  await loadConfigText(name, added);
  return added;
}

/** The layout of the text around an insertion. */
interface Layout {
  readonly newline: string;
  /** One level. */
  readonly indent: string;
}

function insert(text: string, entry: ConfiguredAllow, property: string | null): string {
  const layout = { newline: text.includes("\r\n") ? "\r\n" : "\n", indent: /\n([ \t]+)"/.exec(text)?.[1] ?? "  " };
  // JSON is YAML: one parser tells where things stand in both.
  const { contents } = parseDocument(text);
  const top = property !== null && isMap(contents) ? contents.get(property, true) : contents;
  if (!isMap(top)) return insertBlock(text, text.length, "", entry, layout, true);

  const list = top.get("allow", true);
  if (isSeq(list)) {
    if (list.flow === true) return insertInBrackets(text, list, entry, layout);
    const [, end] = rangeOf(list.items.at(-1));
    return insertBlock(text, endOfLine(text, end), indentAt(text, rangeOf(list)[0]), entry, layout, false);
  }
  if (top.has("allow")) {
    // `allow:` with nothing after it. The entry goes below, deeper than the key.
    const pair = top.items.find(({ key }) => isNode(key) && text.slice(...rangeOf(key)).includes("allow"));
    const [, end] = rangeOf(pair?.key);
    if (top.flow === true) throw cannotEdit(entry);
    return insertBlock(text, endOfLine(text, end), `${indentAt(text, end)}  `, entry, layout, false);
  }
  if (top.flow === true) return insertKey(text, top, entry, layout);
  return insertBlock(text, text.length, "", entry, layout, true);
}

function cannotEdit(entry: ConfiguredAllow): KeyguardError {
  return new KeyguardError("config", "the configuration's allow list cannot be edited where it stands", {
    hint: `add this to it yourself: ${JSON.stringify(entry)}`,
  });
}

/** A block entry, `- key: "value"` line by line, with `allow:` above it where the list is new. */
function insertBlock(
  text: string,
  offset: number,
  indent: string,
  entry: ConfiguredAllow,
  { newline }: Layout,
  newList: boolean,
): string {
  const deeper = newList ? `${indent}  ` : indent;
  const lines = Object.entries(entry).map(
    ([key, value], i) => `${deeper}${i === 0 ? "- " : "  "}${key}: ${JSON.stringify(value)}`,
  );
  if (newList) lines.unshift(`${indent}allow:`);
  const before = text.slice(0, offset);
  const gap = before === "" || before.endsWith("\n") ? "" : newline;
  return `${before}${gap}${lines.join(newline)}${newline}${text.slice(offset)}`;
}

/** An entry of a list in brackets: on its line where the list has one line, else on lines of its own. */
function insertInBrackets(text: string, list: YAMLSeq, entry: ConfiguredAllow, layout: Layout): string {
  const [start, end] = rangeOf(list);
  if (list.items.length === 0) {
    const outer = indentAt(text, start);
    const inner = `${layout.newline}${outer}${layout.indent}`;
    return splice(
      text,
      start,
      end,
      `[${inner}${spell(entry, `${outer}${layout.indent}`, layout)}${layout.newline}${outer}]`,
    );
  }
  const last = rangeOf(list.items.at(-1));
  const oneLine = !text.slice(start, end).includes("\n");
  if (oneLine) return splice(text, last[1], last[1], `, ${JSON.stringify(entry)}`);
  const indent = indentAt(text, last[0]);
  return splice(text, last[1], last[1], `,${layout.newline}${indent}${spell(entry, indent, layout)}`);
}

/** `"allow": […]` as the last key of a mapping in braces. */
function insertKey(text: string, top: YAMLMap, entry: ConfiguredAllow, layout: Layout): string {
  const [start, end] = rangeOf(top);
  const outer = indentAt(text, start);
  const inner = `${outer}${layout.indent}`;
  const deepest = `${inner}${layout.indent}`;
  const { newline } = layout;
  const key = `"allow": [${newline}${deepest}${spell(entry, deepest, layout)}${newline}${inner}]`;
  const last = top.items.at(-1);
  if (last === undefined) return splice(text, start, end, `{${newline}${inner}${key}${newline}${outer}}`);
  const after = rangeOf(isNode(last.value) ? last.value : last.key)[1];
  return splice(text, after, after, `,${newline}${inner}${key}`);
}

function spell(entry: ConfiguredAllow, indent: string, { indent: step, newline }: Layout): string {
  return JSON.stringify(entry, null, step).replaceAll("\n", `${newline}${indent}`);
}

function splice(text: string, start: number, end: number, put: string): string {
  return text.slice(0, start) + put + text.slice(end);
}

/** Start and end of what a node spells, without the space and comments behind it. */
function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? node.range : null;
  if (range === null || range === undefined) throw new Error("a parsed node has a range");
  return [range[0], range[1]];
}

/** What the line at `offset` begins with, as far as it is blank. */
function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", offset - 1) + 1))?.[0] ?? "";
}

/** The end of the line that a node ends on, with its comment and line feed. */
function endOfLine(text: string, offset: number): number {
  // A block scalar ends behind its line feed already.
  if (text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}
