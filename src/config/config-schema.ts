import * as z from "zod/mini";
import { refuseGlob } from "../model/glob.ts";

/**
 * The one source of the configuration: its types, its validation and its JSON Schema (schema/keyguardrc.schema.json,
 * written by scripts/generate-docs.mjs) are derived from here. Descriptions are read by people in their editors.
 */

/** Shortest reason that can say who decided and why. */
export const shortestReason = 8;

const text = (description: string, ...checks: Parameters<ReturnType<typeof z.string>["check"]>) =>
  z.string().check(...checks, z.describe(description));

const glob = z.string().check(
  z.minLength(1),
  z.maxLength(1000),
  z.check<string>(({ value, issues }) => {
    const why = refuseGlob(value);
    if (why !== null) issues.push({ code: "custom", input: value, message: why });
  }),
  z.describe(
    "as in .gitignore: without a slash it names a file or folder at any depth, with one it starts at the top of the repository",
  ),
);

const isRealDate = (date: string): boolean => {
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
};

const day = z
  .string()
  .check(
    z.regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day such as 2027-01-31"),
    z.refine(isRealDate, { error: "is no day of the calendar", abort: true }),
    z.describe("the last day on which it counts, YYYY-MM-DD"),
  );

const allowEntry = z
  .strictObject({
    fingerprint: z.optional(
      text(
        "the fingerprint of a finding, or its first 8 or more characters",
        z.regex(/^[0-9a-fA-F]{8,64}$/, "must be 8 to 64 hexadecimal digits"),
      ),
    ),
    value: z.optional(text("an access key id or a published test value, exactly", z.minLength(4))),
    path: z.optional(glob),
    detector: z.optional(text("a detector's id; together with a path", z.minLength(1))),
    reason: text("who decided and why", z.minLength(shortestReason)),
    expires: z.optional(day),
  })
  .check(
    z.refine(({ fingerprint, value, path }) => fingerprint !== undefined || value !== undefined || path !== undefined, {
      error: "must name what it allows: fingerprint, value or path",
    }),
  );

const ownDetector = z.strictObject({
  id: text(
    "lower case, digits and dashes",
    z.regex(/^[a-z][a-z0-9-]{1,60}$/, "must be lower case letters, digits and dashes, at most 61"),
  ),
  about: z.optional(text("one line for reports", z.minLength(3), z.maxLength(200))),
  pattern: text(
    "a JavaScript regular expression over ASCII; the group named `value`, or else the first group, or else the whole match is the secret",
    z.minLength(1),
    z.maxLength(1000),
  ),
  ignoreCase: z.optional(z.boolean().check(z.describe("letters of both cases match"))),
  keywords: z
    .array(z.string().check(z.minLength(4), z.maxLength(100), z.regex(/^[\x20-\x7e]*$/, "must be printable ASCII")))
    .check(
      z.minLength(1),
      z.maxLength(50),
      z.describe("literals of which one must stand in a file before the pattern is tried; they make it fast"),
    ),
  examples: z.strictObject({
    finds: z
      .array(z.string())
      .check(
        z.minLength(1),
        z.describe(
          "texts that it must find something in, with the secret marked «so»; checked when the configuration loads",
        ),
      ),
    ignores: z
      .array(z.string())
      .check(z.describe("texts that it must find nothing in; checked when the configuration loads")),
  }),
});

export const severityNames = ["low", "medium", "high", "critical"] as const;
export const testDataChoices = ["lower", "as-is", "ignore"] as const;

export const configSchema = z.strictObject({
  $schema: z.optional(text("where editors find this schema")),
  exclude: z.optional(z.array(glob).check(z.describe("what is not scanned at all"))),
  allow: z.optional(
    z
      .array(allowEntry)
      .check(z.describe("credentials that are let pass, each with a reason; what an entry names must all be so")),
  ),
  detectors: z.optional(z.array(ownDetector).check(z.describe("detectors of your own"))),
  disable: z.optional(z.array(z.string()).check(z.describe("ids of detectors that do not run"))),
  accounts: z.optional(
    z
      .record(
        z.string().check(z.regex(/^\d{12}$/, "must be an account id: 12 digits, in quotes")),
        z.string().check(z.minLength(1), z.maxLength(100)),
      )
      .check(z.describe("your own AWS accounts: the 12-digit id in quotes, and the name that reports show")),
  ),
  failOn: z.optional(
    z.enum(severityNames).check(z.describe("the lowest severity that fails a scan (exit code 1); default medium")),
  ),
  testData: z.optional(
    z
      .enum(testDataChoices)
      .check(
        z.describe(
          "keys under test/, fixtures/, docs/ and the like: report them at a lower severity (default), as anywhere else, or not",
        ),
      ),
  ),
  baseline: z.optional(
    text("the baseline file, relative to the top of the repository; default .keyguard-baseline.json", z.minLength(1)),
  ),
});

/** The configuration as it is written in a file. */
export type ConfigFile = z.infer<typeof configSchema>;
export type OwnDetectorSpec = z.infer<typeof ownDetector>;

/** The JSON Schema of the configuration, for editors. */
export function configJsonSchema(): object {
  const generated = z.toJSONSchema(configSchema, { target: "draft-7", io: "input" });
  return { ...generated, title: "keyguard's configuration (.keyguardrc)" };
}
