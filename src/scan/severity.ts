import { accountOf, isCanary } from "../detectors/account.ts";
import type { CredentialKind, Part, Severity } from "../model/finding.ts";
import type { Rules } from "./rules.ts";
import { isTestData } from "./surroundings.ts";

/** How bad a leak is and why that is not the usual, one sentence each. */
export interface Judged {
  readonly severity: Severity;
  readonly notes: readonly string[];
}

/** By what the credential gives to whoever holds it: an account, one service, one object for some hours. */
const severities: Readonly<Record<CredentialKind, Severity>> = {
  "aws-access-key": "critical",
  "aws-secret-access-key": "critical",
  "aws-bedrock-api-key": "critical",
  "aws-ses-smtp-password": "critical",
  "private-key": "critical",
  "aws-session-token": "high",
  "aws-appsync-api-key": "high",
  "aws-mws-auth-token": "high",
  "other-store-key": "high",
  custom: "high",
  "aws-presigned-url": "medium",
  "aws-access-key-id": "low",
};

/**
 * By what it is; lowered for test data, with the reason. `notes` are the detectors' own. Expiry is a matter of the clock
 * and judged by the caller.
 */
export function judgeSeverity(
  kind: CredentialKind,
  parts: ReadonlyMap<Part, string>,
  path: string,
  rules: Rules,
  notes: readonly string[],
): Judged {
  const id = parts.get("accessKeyId") ?? "";
  let severity = severities[kind];
  // A long-lived id says that a user exists, and which account's; the others have ended by the time they are read.
  if (kind === "aws-access-key-id" && id.startsWith("AKIA")) severity = "medium";
  // The only note that a private key has is that it is encrypted.
  if (kind === "private-key" && notes.length > 0) severity = "medium";
  const canary = isCanary(accountOf(id))
    ? ["its account is known for canary tokens: calling AWS with it alerts its owner"]
    : [];
  return lowerForPath({ severity, notes: [...notes, ...canary] }, path, rules);
}

/** The severity at a path: that of test data and documentation is lower. Other paths change nothing. */
export function lowerForPath({ severity, notes }: Judged, path: string, rules: Rules): Judged {
  if (rules.testData !== "lower" || !isTestData(path)) return { severity, notes };
  const lowered: Severity = severity === "critical" || severity === "high" ? "medium" : "low";
  const why = severity === lowered ? "" : `: ${severity} lowered to ${lowered}`;
  return { severity: lowered, notes: [...notes, `it stands in test data or documentation${why}`] };
}
