import { lstatSync, readFileSync } from "node:fs";
import * as z from "zod/mini";
import { KeyguardError } from "../model/errors.ts";
import { describeIssues, mistakesError } from "./mistakes.ts";
import { writeWhole } from "./write-whole.ts";

export { defaultBaseline } from "./config.ts";

const schemaName = "keyguard-baseline/1";

/**
 * A baseline holds fingerprints and nothing else: neither file, line, commit nor date, so that moves, squashes and
 * rebases leave it valid, and nobody learns from it where to look.
 */
const baselineSchema = z.strictObject({
  schema: z.literal(schemaName),
  fingerprints: z.array(z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits, lower case"))),
});

/** Bytes: a million fingerprints. */
const largestBaseline = 80_000_000;

/**
 * Reads a baseline file. `name` is what errors call it.
 *
 * @throws KeyguardError `config` when it is not there, cannot be read, or is anything but what `writeBaseline` writes.
 */
export async function readBaseline(path: string, name: string): Promise<ReadonlySet<string>> {
  let text: string;
  try {
    const stats = lstatSync(path);
    if (!stats.isFile()) throw new KeyguardError("config", `${name} is no plain file`);
    if (stats.size > largestBaseline) throw new KeyguardError("config", `${name} is too large for a baseline`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new KeyguardError("config", gone ? `there is no baseline ${name}` : `${name} cannot be read`, {
      cause: error,
      ...(gone ? { hint: "keyguard baseline writes one" } : {}),
    });
  }
  return parseBaseline(name, text);
}

/**
 * Parses a baseline's text, as `readBaseline` does; for one that is read from a commit.
 *
 * @throws KeyguardError `config` with line, column and what was expected.
 */
export async function parseBaseline(name: string, text: string): Promise<ReadonlySet<string>> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    const { findSyntaxMistake } = await import("./locate.ts");
    const mistake = findSyntaxMistake(text);
    const at = mistake === null ? "" : `:${mistake.line}:${mistake.column}`;
    throw new KeyguardError("config", `${name}${at}: not valid JSON`, { hint: "keyguard baseline writes it anew" });
  }
  const parsed = baselineSchema.safeParse(data);
  if (parsed.success) return new Set(parsed.data.fingerprints);
  const known = Object.keys(baselineSchema.shape);
  throw await mistakesError(
    name,
    text,
    describeIssues(parsed.error.issues, data, () => known),
  );
}

/** The text of a baseline: sorted, one fingerprint a line, so that two branches' baselines merge. */
export function formatBaseline(fingerprints: Iterable<string>): string {
  return `${JSON.stringify({ schema: schemaName, fingerprints: [...new Set(fingerprints)].sort() }, null, 2)}\n`;
}

/** Writes a baseline whole or not at all. */
export function writeBaseline(path: string, fingerprints: Iterable<string>): void {
  writeWhole(path, formatBaseline(fingerprints));
}
