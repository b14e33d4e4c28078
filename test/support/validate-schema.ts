import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ErrorObject } from "ajv";
import { default as AjvDraft04 } from "ajv-draft-04";
import { default as addFormats } from "ajv-formats";

const folder = join(import.meta.dirname, "../fixtures/schemas");

/** What a value breaks of a JSON schema (a file of test/fixtures/schemas or an absolute path); empty when valid. */
export function schemaErrors(schemaFile: string, value: unknown): string[] {
  const schema = JSON.parse(readFileSync(schemaFile.startsWith("/") ? schemaFile : join(folder, schemaFile), "utf8"));
  const options = { strict: false, allErrors: true, validateFormats: true, unicodeRegExp: false } as const;
  const ajv = String(schema.$schema).includes("draft-04") ? new AjvDraft04.default(options) : new Ajv(options);
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  validate(value);
  return (validate.errors ?? []).map((error: ErrorObject) => `${error.instancePath}: ${error.message ?? ""}`);
}
