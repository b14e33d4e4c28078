import * as z from "zod/mini";

/**
 * The one source of the JSON report's shape: its types, its JSON Schema (schema/keyguard-report.schema.json, written by
 * scripts/generate-docs.mjs) and the reader of `keyguard … --from report.json`. Within `keyguard-report/1` fields are
 * only added; a reader passes over those that it does not know.
 */

const orNull = <T extends z.core.$ZodType>(schema: T) => z.nullable(schema);
const said = (description: string) => z.string().check(z.describe(description));

const severity = z.enum(["low", "medium", "high", "critical"]);

const location = z.object({
  path: said("relative to the top of the repository; `archive!member` inside of an archive"),
  line: z.int().check(z.minimum(1)),
  column: z.int().check(z.minimum(1), z.describe("in characters, from 1")),
  endLine: z.int().check(z.minimum(1)),
  endColumn: z.int().check(z.minimum(1), z.describe("the column after the last character")),
  part: z.enum(["accessKeyId", "secretAccessKey", "sessionToken", "value"]),
  excerpt: said("the line, with every secret in it masked"),
  commit: orNull(z.string()),
  author: orNull(z.string()),
  date: orNull(said("ISO 8601")),
});

const commitRef = z.object({ commit: z.string(), author: z.string(), date: z.string(), subject: z.string() });

const finding = z.object({
  fingerprint: z
    .string()
    .check(
      z.regex(/^[0-9a-f]{64}$/),
      z.describe("hash of the secret (of the id where that is all there is): the same wherever it stands"),
    ),
  detector: z.string(),
  kind: z.enum([
    "aws-access-key",
    "aws-access-key-id",
    "aws-secret-access-key",
    "aws-session-token",
    "aws-bedrock-api-key",
    "aws-appsync-api-key",
    "aws-mws-auth-token",
    "aws-ses-smtp-password",
    "aws-presigned-url",
    "private-key",
    "other-store-key",
    "custom",
  ]),
  severity,
  confidence: z.enum(["certain", "likely"]),
  credential: z.object({
    accessKeyId: orNull(said("an identifier, no secret: always whole")),
    secretAccessKey: orNull(z.string()),
    sessionToken: orNull(z.string()),
  }),
  secrets: z
    .array(z.string())
    .check(z.describe("every secret string of the finding: raw with --show-secrets, else masked; empty for a lone id")),
  account: orNull(said("the account id that the key id holds")),
  accountName: orNull(said("your own name for it, from the configuration")),
  canary: z.boolean(),
  expires: orNull(said("ISO 8601, where the credential says so itself")),
  verdict: z.object({
    status: z.enum(["unchecked", "live", "dead", "wrong-secret", "unknown"]),
    why: orNull(z.string()),
    arn: orNull(z.string()),
    account: orNull(z.string()),
  }),
  notes: z.array(z.string()),
  locations: z.array(location),
  exposure: orNull(
    z.object({
      introduced: orNull(commitRef),
      removed: orNull(commitRef),
      atHead: z.boolean(),
      inWorktree: z.boolean(),
      refs: z.array(z.string()),
      objects: z.array(z.string()),
    }),
  ),
});

export const reportSchema = z.object({
  schema: z.literal("keyguard-report/1"),
  tool: z.object({ name: z.literal("keyguard"), version: z.string() }),
  complete: z.boolean().check(z.describe("false when anything in reach was not read")),
  coverage: z.object({
    mode: z.enum(["tree", "staged", "range", "stdin", "history", "push", "message"]),
    texts: z.int().check(z.minimum(0)),
    bytes: z.int().check(z.minimum(0)),
    commits: orNull(z.int()),
    objects: orNull(z.int()),
    refs: orNull(z.array(z.string())),
    notes: z.array(z.string()),
    shard: z
      .optional(orNull(z.object({ index: z.int(), of: z.int(), basis: z.string() })))
      .check(z.describe("which part of the objects was read; parts of one whole have the same basis")),
  }),
  unread: z.array(z.object({ path: z.string(), why: z.string() })),
  findings: z.array(finding),
  allowed: z.array(z.object({ by: z.enum(["inline", "config", "baseline"]), reason: z.string(), finding })),
  elapsed: z.int().check(z.minimum(0), z.describe("milliseconds")),
});

export type JsonReport = z.infer<typeof reportSchema>;
export type JsonFinding = z.infer<typeof finding>;

/** The JSON Schema of the report, draft 7. */
export function reportJsonSchema(): object {
  const generated = z.toJSONSchema(reportSchema, { target: "draft-7", io: "input" });
  return { ...generated, title: "keyguard's report (keyguard-report/1)" };
}
