import { defaultLoadersSync } from "cosmiconfig";
import { KeyguardError } from "../model/errors.ts";

/**
 * Parses JSON or YAML into data; a text that is blank gives null. Dates become `YYYY-MM-DD`.
 *
 * @throws KeyguardError `config` with the place of the first mistake, and none of the text.
 */
export async function parseData(name: string, text: string): Promise<unknown> {
  const plain = text.replace(/^\uFEFF/, "");
  if (plain.trim() === "") return null;
  if (/^\s*[{[]/.test(plain)) {
    try {
      return JSON.parse(plain);
    } catch {
      // Either a mistake, or YAML in braces; the errors of JSON.parse quote the text and are of no use here.
      if (name.endsWith(".json")) throw await syntaxError(name, plain, "JSON");
    }
  }
  let data: unknown;
  try {
    data = defaultLoadersSync[".yaml"](name, plain);
  } catch {
    throw await syntaxError(name, plain, "YAML");
  }
  const aliases = { left: mostAliases };
  const tidied = plainDates(data, new WeakMap(), aliases);
  if (aliases.left < 0) throw new KeyguardError("config", `${name}: more than ${mostAliases} aliases`);
  return tidied;
}

/** A few lines of aliases of aliases can spell out a list of billions. */
const mostAliases = 100;

/** YAML reads an unquoted 2027-01-31 as a point in time, where the person meant the day. */
function plainDates(data: unknown, seen: WeakMap<object, unknown>, aliases: { left: number }): unknown {
  if (data instanceof Date) return Number.isNaN(data.getTime()) ? "" : data.toISOString().slice(0, 10);
  if (typeof data !== "object" || data === null) return data;
  if (seen.has(data)) {
    aliases.left--;
    return seen.get(data);
  }
  // Set before its content is read: an alias may stand inside of what it names.
  seen.set(data, null);
  const tidied = Array.isArray(data)
    ? data.map((one) => plainDates(one, seen, aliases))
    : Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plainDates(value, seen, aliases)]));
  seen.set(data, tidied);
  return tidied;
}

async function syntaxError(name: string, text: string, format: string): Promise<KeyguardError> {
  const { findSyntaxMistake } = await import("./locate.ts");
  const mistake = findSyntaxMistake(text);
  if (mistake === null) return new KeyguardError("config", `${name}: not valid ${format}`);
  const { line, column, what } = mistake;
  return new KeyguardError("config", `${name}:${line}:${column}: not valid ${format}: ${what}`);
}
