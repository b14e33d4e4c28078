import { isCollection, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { DataPath } from "./mistakes.ts";

/** A place in a file; both count from 1, columns in characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the place of keys and values in JSON or YAML (JSON is YAML). What is not there gets the place of the nearest
 * thing around it. This file, and with it the yaml package, is loaded only when there is a mistake to tell.
 */
export function locate(text: string): (path: DataPath, atKey: boolean) => Position {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: false, uniqueKeys: false });

  return (path, atKey) => {
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const [i, part] of path.entries()) {
      if (!isCollection(node)) break;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
        if (!isPair(pair)) break;
        const wantsKey = atKey && i === path.length - 1;
        offset = startOf(wantsKey ? pair.key : pair.value) ?? startOf(pair.key) ?? offset;
        node = pair.value;
      } else {
        node = node.items[Number(part)];
        offset = startOf(node) ?? offset;
      }
    }
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** What is wrong with the syntax of a text, at its first mistake, or null where yaml sees nothing wrong. */
export function findSyntaxMistake(text: string): (Position & { readonly what: string }) | null {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) return null;
  const { line, col } = lines.linePos(error.pos[0]);
  return { line: Math.max(line, 1), column: Math.max(col, 1), what: syntaxWords[error.code] ?? "is not valid here" };
}

/** In our words, since yaml's own may quote what stands there. Codes: https://eemeli.org/yaml/#errors */
const syntaxWords: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias cannot have properties",
  BAD_ALIAS: "this alias is not valid",
  BAD_INDENT: "the indentation is not that of its neighbours",
  BAD_DQ_ESCAPE: "this escape is not known in a double-quoted text",
  BAD_SCALAR_START: "a plain text cannot begin so: put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a mapping inside of a key: put the text in quotes",
  BLOCK_IN_FLOW: "brackets and indented lists do not mix",
  DUPLICATE_KEY: "this key stands here twice",
  IMPOSSIBLE: "this cannot be read",
  KEY_OVER_1024_CHARS: "the key is too long",
  MISSING_CHAR: "a comma, bracket, quote or colon is missing",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line",
  MULTIPLE_ANCHORS: "more than one anchor",
  MULTIPLE_DOCS: "more than one document",
  MULTIPLE_TAGS: "more than one tag",
  TAB_AS_INDENT: "tabs cannot indent YAML",
  TAG_RESOLVE_FAILED: "tags are not allowed here",
  UNEXPECTED_TOKEN: "this was not expected here",
  BAD_COLLECTION_TYPE: "this kind of collection is not allowed here",
};
