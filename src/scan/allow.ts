import type { Finding } from "../model/finding.ts";
import { matchPath } from "../model/glob.ts";

export { matchPath };

/**
 * One allowance of the configuration. What it names must all be so: a fingerprint with a path allows that credential
 * there only.
 */
export interface AllowEntry {
  /** The beginning of a fingerprint, at least 8 hex digits. */
  readonly fingerprint?: string | undefined;
  /** An access key id or a secret, exactly. */
  readonly value?: string | undefined;
  /** A glob, see `matchPath`. */
  readonly path?: string | undefined;
  /** A detector's id. */
  readonly detector?: string | undefined;
  /** Who decided, and why. */
  readonly reason: string;
  /** The last day on which it counts, `YYYY-MM-DD`. */
  readonly expires?: string | undefined;
}

export interface Allowance {
  readonly reason: string;
}

/** What the allowances say to one credential at one path. */
export interface CompiledAllow {
  /** The first entry that lets it pass there, or null. */
  find(finding: AllowSubject, path: string): Allowance | null;
  /** The entries that would have, had they not expired. */
  findExpired(finding: AllowSubject, path: string): readonly { reason: string; expires: string }[];
}

/** What an allowance looks at. */
export type AllowSubject = Pick<Finding, "fingerprint" | "detector" | "credential">;

/** Compiles the configuration's allowances; `today` is `YYYY-MM-DD`, in UTC. */
export function compileAllow(entries: readonly AllowEntry[], today: string): CompiledAllow {
  const compiled = entries.map((entry) => {
    const inPath = entry.path === undefined ? () => true : matchPath([entry.path]);
    const expired = entry.expires !== undefined && entry.expires < today;
    const matches = (subject: AllowSubject, path: string): boolean =>
      (entry.fingerprint === undefined || subject.fingerprint.startsWith(entry.fingerprint.toLowerCase())) &&
      (entry.detector === undefined || subject.detector === entry.detector) &&
      (entry.value === undefined || holds(subject, entry.value)) &&
      inPath(path);
    return { entry, expired, matches };
  });
  const current = compiled.filter(({ expired }) => !expired);
  const past = compiled.filter(({ expired }) => expired);
  return {
    find: (subject, path) => {
      const hit = current.find(({ matches }) => matches(subject, path));
      return hit === undefined ? null : { reason: hit.entry.reason };
    },
    findExpired: (subject, path) =>
      past
        .filter(({ matches }) => matches(subject, path))
        .map(({ entry }) => ({ reason: entry.reason, expires: entry.expires ?? "" })),
  };
}

function holds({ credential }: AllowSubject, value: string): boolean {
  return (
    credential.accessKeyId === value ||
    [credential.secretAccessKey, credential.sessionToken, credential.value].some((part) => part?.reveal() === value)
  );
}
