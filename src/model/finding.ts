import type { Secret } from "./secret.ts";
import type { Span } from "./span.ts";

export const severities = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

/** Whether `a` is at least as severe as `b`. */
export function atLeast(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) >= severities.indexOf(b);
}

/** What was found, in AWS's words. `other-store` is a key of an S3-compatible store that must never be sent to AWS. */
export type CredentialKind =
  | "aws-access-key" // id + secret (+ session token)
  | "aws-access-key-id"
  | "aws-secret-access-key"
  | "aws-session-token"
  | "aws-bedrock-api-key"
  | "aws-appsync-api-key"
  | "aws-mws-auth-token"
  | "aws-ses-smtp-password"
  | "aws-presigned-url"
  | "private-key"
  | "other-store-key"
  | "custom";

/** Which part of a credential a place holds; `value` is the secret of the kinds that have only one. */
export type Part = "accessKeyId" | "secretAccessKey" | "sessionToken" | "value";

/** The parts of one credential. Absent parts are null. `value` is what the single-valued kinds (Bedrock, PEM, …) hold. */
export interface Credential {
  /** Not a secret by itself, and needed to say what to rotate. */
  readonly accessKeyId: string | null;
  readonly secretAccessKey: Secret | null;
  readonly sessionToken: Secret | null;
  readonly value: Secret | null;
}

/** A part of a credential where it stands in a text. Lines and columns count from 1; columns are in characters. */
export interface Place {
  readonly part: Part;
  /** In the original bytes of the text, also when the value was decoded from them. */
  readonly span: Span;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** The column after the last character. */
  readonly endColumn: number;
  /** The line with every candidate in it masked, shortened, without control characters. Safe to print. */
  readonly excerpt: string;
}

/** One credential seen in one text. */
export interface Sighting {
  readonly textId: string;
  readonly path: string;
  readonly detector: string;
  readonly kind: CredentialKind;
  readonly credential: Credential;
  readonly places: readonly Place[];
  /** `likely` where the parts stand together without a structure that says they belong together. */
  readonly confidence: "certain" | "likely";
  /** The severity by what it is; test data and expiry lower it with a reason. */
  readonly severity: Severity;
  /** Why the severity is not the usual one, or what else a person should know, one sentence each. */
  readonly notes: readonly string[];
  /** When it ends or ended, ISO 8601, where it says so itself (presigned URLs, short-lived Bedrock keys). */
  readonly expires: string | null;
  /** A `keyguard:allow` on its line or the one before; a null reason means that none was given, which is refused. */
  readonly allow: { readonly line: number; readonly reason: string | null } | null;
  /** Words of the names that lead to it (`prod`, `pipeline`), which tell whose it is among several; none of its value. */
  readonly names?: readonly string[];
  /** A secret that is not reported by itself, since nothing says that it is AWS's; with a lone id of another file it is. */
  readonly half?: boolean;
}

export type Verdict =
  | { readonly status: "unchecked" }
  | { readonly status: "live"; readonly arn: string; readonly account: string; readonly why: string }
  | { readonly status: "dead" | "wrong-secret" | "unknown"; readonly why: string };

/** A place in the report: a part of a credential, with the commit that brought it where one is known. */
export interface Location extends Omit<Place, "span"> {
  readonly path: string;
  readonly commit: string | null;
  readonly author: string | null;
  /** ISO 8601. */
  readonly date: string | null;
}

/** What history says of a credential. Filled in by `scan --history` only. */
export interface Exposure {
  readonly introduced: CommitRef | null;
  readonly removed: CommitRef | null;
  readonly atHead: boolean;
  readonly inWorktree: boolean;
  /** Refs that still reach it: branches, remote branches, tags, stash. */
  readonly refs: readonly string[];
  /** Blobs (or messages) that hold it. */
  readonly objects: readonly string[];
}

export interface CommitRef {
  readonly commit: string;
  readonly author: string;
  readonly date: string;
  readonly subject: string;
}

/** One credential, with all its places. */
export interface Finding {
  /** Hash of the secret (of the id for a lone id): never of file, line or commit, so that moves don't change it. */
  readonly fingerprint: string;
  readonly detector: string;
  readonly kind: CredentialKind;
  readonly severity: Severity;
  readonly confidence: "certain" | "likely";
  readonly credential: Credential;
  /** The account id that the key id holds, where it holds one. */
  readonly account: string | null;
  /** One's own name for that account, from the configuration. */
  readonly accountName: string | null;
  readonly canary: boolean;
  readonly expires: string | null;
  readonly verdict: Verdict;
  readonly notes: readonly string[];
  readonly locations: readonly Location[];
  readonly exposure: Exposure | null;
}

/** What was looked at. Counts that a mode does not have are absent. */
export interface Coverage {
  readonly mode: "tree" | "staged" | "range" | "stdin" | "history" | "push" | "message";
  readonly texts: number;
  readonly bytes: number;
  readonly commits?: number;
  readonly objects?: number;
  readonly refs?: readonly string[];
  /** Things a person should know of what was not in reach, one sentence each. */
  readonly notes: readonly string[];
  /** Which part of the objects this is (from 1), where only a part was read; parts of one whole have the same basis. */
  readonly shard?: { readonly index: number; readonly of: number; readonly basis: string };
}

export interface Report {
  /** False when anything in reach was not read. */
  readonly complete: boolean;
  readonly coverage: Coverage;
  readonly unread: readonly { readonly path: string; readonly why: string }[];
  readonly findings: readonly Finding[];
  /** What was found and let pass: by an inline allow, the configuration or the baseline, with the reason. */
  readonly allowed: readonly {
    readonly finding: Finding;
    readonly by: "inline" | "config" | "baseline";
    readonly reason: string;
  }[];
  /** Milliseconds. */
  readonly elapsed: number;
}
