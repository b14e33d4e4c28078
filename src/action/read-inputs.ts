import { type FormatRequest, readFormats } from "../commands/formats.ts";
import { KeyguardError } from "../model/errors.ts";
import { type Severity, severities } from "../model/finding.ts";

/** What the workflow asks for; see action.yml. */
export interface Inputs {
  readonly mode: "auto" | "changes" | "history" | "tree";
  /** Globs that what is reported must match; all when empty. In the mode `tree`: the paths that are read. */
  readonly paths: readonly string[];
  /** A configuration by name, from the trusted commit; null for the usual places, false for none. */
  readonly config: string | null | false;
  readonly baseline: string | null | false;
  readonly failOn: Severity | null;
  readonly formats: readonly FormatRequest[];
  readonly sarifFile: string | null;
  readonly validate: boolean;
  readonly token: string | null;
}

const modes = ["auto", "changes", "history", "tree"] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the action's inputs as the runner hands them over: `INPUT_` and the name in capitals.
 *
 * @throws KeyguardError `usage` for a value that an input does not take.
 */
export function readInputs(env: Environment): Inputs {
  const given = (name: string): string => (env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
  const lines = (name: string): string[] =>
    given(name)
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
  return {
    mode: choose("mode", given("mode") || "auto", modes),
    paths: lines("paths"),
    config: fileOrNone(given("config")),
    baseline: fileOrNone(given("baseline")),
    failOn: given("fail-on") === "" ? null : choose("fail-on", given("fail-on"), severities),
    formats: readReportFormats(lines("format")),
    sarifFile: given("sarif-file") || null,
    validate: choose("validate", given("validate") || "false", ["true", "false"]) === "true",
    token: given("token") || null,
  };
}

/** `sarif`, `html=report.html`: a format without a file gets one, since the log is read by the runner. */
function readReportFormats(wanted: readonly string[]): FormatRequest[] {
  const named = wanted.filter((one) => one !== "github");
  return named.flatMap((one) => readFormats([one], undefined));
}

function fileOrNone(value: string): string | null | false {
  return value === "" ? null : value === "none" ? false : value;
}

function choose<T extends string>(name: string, value: string, values: readonly T[]): T {
  const found = values.find((one) => one === value);
  if (found === undefined) {
    throw new KeyguardError("usage", `the input ${name} takes no such value`, { hint: `one of ${values.join(", ")}` });
  }
  return found;
}
