import { readFileSync, writeFileSync } from "node:fs";
import { type Document, parseDocument } from "yaml";
import { KeyguardError } from "../../model/errors.ts";
import type { Change } from "./way.ts";

/** @throws KeyguardError `config` when it is no YAML: what cannot be read must not be written. */
export function readYaml(path: string): Document {
  const document = parseDocument(readFileSync(path, "utf8"));
  const [error] = document.errors;
  if (error) throw new KeyguardError("config", `${path}: ${error.message.split("\n")[0]}`, { hint: "mend it first" });
  return document;
}

/** Writes the document with its comments and in the file's own style; nothing where nothing changed. */
export function writeYaml(path: string, document: Document, what: string): Change[] {
  const before = readFileSync(path, "utf8");
  const text = path.endsWith(".json")
    ? `${JSON.stringify(document.toJS(), null, 2)}\n`
    : document.toString({ lineWidth: 0, indentSeq: !/^( *)[\w"'-]+:[ \t]*\n\1- /m.test(before) });
  if (text === before) return [];
  writeFileSync(path, text);
  return [{ path, what }];
}
