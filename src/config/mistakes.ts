import type * as z from "zod/mini";
import { KeyguardError } from "../model/errors.ts";
import { suggest } from "./suggest.ts";

/** Where in the data a mistake is: keys and indices from the top. */
export type DataPath = readonly (string | number)[];

/** One thing that is wrong with a configuration or baseline. No message quotes a value: it may be a secret. */
export interface Mistake {
  readonly path: DataPath;
  /** Whether the key itself is wrong rather than its value. */
  readonly atKey?: boolean;
  /** What was expected, as the end of a sentence that begins with the path. */
  readonly message: string;
  readonly hint?: string;
}

/** More mistakes than this are counted, not listed. */
const mostListed = 10;

/** A key of the file as it may be shown: a long one, or one with odd characters, may be a secret in the wrong place. */
export function nameKey(key: string): string {
  return /^[A-Za-z0-9_$.-]{1,24}$/.test(key) ? key : "(a key that is not shown)";
}

/** `allow[0].reason`. */
export function namePath(path: DataPath): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === "number") return `${name}[${part}]`;
    return name === "" ? nameKey(part) : `${name}.${nameKey(part)}`;
  }, "");
}

/** Puts what zod found into words. `data` is what it looked at, `keysAt` the keys that are known at a path. */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  data: unknown,
  keysAt: (path: DataPath) => readonly string[],
): Mistake[] {
  return issues.flatMap((issue): Mistake[] => {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => {
          const known = keysAt(path);
          const meant = suggest(key, known);
          return {
            path: [...path, key],
            atKey: true,
            message: "is not known",
            hint: meant === null ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`,
          };
        });
      case "invalid_key":
        return [{ path, atKey: true, message: issue.issues[0]?.message ?? "is no valid key" }];
      case "invalid_type": {
        if (valueAt(data, path) === undefined) return [{ path, message: "is missing" }];
        const [article, name] = typeNames[issue.expected] ?? ["a", issue.expected];
        return [{ path, message: `must be ${article} ${name}` }];
      }
      case "invalid_value":
        return [{ path, message: `must be one of ${issue.values.join(", ")}` }];
      case "too_small":
        return [
          {
            path,
            message: `is too short (at least ${amount(issue.origin, Number(issue.minimum))})`,
            ...reasonHint(path),
          },
        ];
      case "too_big":
        return [{ path, message: `is too long (at most ${amount(issue.origin, Number(issue.maximum))})` }];
      default:
        return [{ path, message: issue.message }];
    }
  });
}

const typeNames: Readonly<Record<string, readonly [string, string]>> = {
  object: ["a", "mapping"],
  record: ["a", "mapping"],
  array: ["a", "list"],
  string: ["a", "text"],
  boolean: ["either", "true or false"],
};

function amount(origin: string, n: number): string {
  const unit = origin === "array" ? (n === 1 ? "entry" : "entries") : n === 1 ? "character" : "characters";
  return `${n} ${unit}`;
}

function reasonHint(path: DataPath): { hint?: string } {
  if (path.at(-1) !== "reason") return {};
  return { hint: 'say who decided and why, for example "test vector from the RFC, agreed in #12"' };
}

function valueAt(data: unknown, path: DataPath): unknown {
  let at: unknown = data;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

/**
 * The error that tells all mistakes, in the order of the file, each with its line and column. `prefix` is where the
 * data stands in the file (`["keyguard"]` in a package.json).
 */
export async function mistakesError(
  name: string,
  text: string,
  mistakes: readonly Mistake[],
  prefix: DataPath = [],
): Promise<KeyguardError> {
  const { locate } = await import("./locate.ts");
  const find = locate(text);
  const placed = mistakes
    .map((mistake) => ({ ...mistake, ...find([...prefix, ...mistake.path], mistake.atKey === true) }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = placed.slice(0, mostListed).map(({ line, column, path, message }) => {
    const what = namePath(path);
    return `${name}:${line}:${column}: ${what === "" ? "the configuration" : what} ${message}`;
  });
  if (placed.length > mostListed) lines.push(`${name}: and ${placed.length - mostListed} more mistakes`);
  const hint = placed.find((mistake) => mistake.hint !== undefined)?.hint;
  return new KeyguardError("config", lines.join("\n"), hint === undefined ? {} : { hint });
}
