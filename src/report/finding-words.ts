import type { Credential, Finding, Location, Part, Severity } from "../model/finding.ts";
import { severities } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import { describeKind } from "./kinds.ts";

/** `AKIAQX…UT7ABC`, as excerpts have it: enough to tell two keys of one account apart. */
export function shortKeyId(accessKeyId: string): string {
  return accessKeyId.length > 13 ? `${accessKeyId.slice(0, 6)}…${accessKeyId.slice(-6)}` : accessKeyId;
}

/**
 * What machines call the rule that a finding breaks: its kind, since one detector sees a lone secret and a whole key,
 * which are not equally bad; of the repository's own detectors their id.
 */
export function ruleOf({ kind, detector }: Finding): string {
  return kind === "custom" ? detector : kind;
}

/** `AWS access key AKIAQX…UT7ABC`, or the kind alone where there is no id. Holds no secret. */
export function titleOf(finding: Finding): string {
  const { accessKeyId } = finding.credential;
  const name = describeKind(finding.kind).name;
  return accessKeyId === null ? name : `${name} ${shortKeyId(accessKeyId)}`;
}

/** What stands beside the id: `with its secret and session token`; empty where nothing does. */
export function partsOf({ accessKeyId, secretAccessKey, sessionToken }: Credential): string {
  const parts = [secretAccessKey && "secret", sessionToken && "session token"].filter((part) => part !== null);
  return accessKeyId === null || parts.length === 0 ? "" : `with its ${parts.join(" and ")}`;
}

/** The raw values of a credential, each with its part. What is shown of them is the caller's affair. */
export function secretsOf(credential: Credential): { part: Part; secret: Secret }[] {
  const found: { part: Part; secret: Secret }[] = [];
  if (credential.secretAccessKey) found.push({ part: "secretAccessKey", secret: credential.secretAccessKey });
  if (credential.sessionToken) found.push({ part: "sessionToken", secret: credential.sessionToken });
  if (credential.value) found.push({ part: "value", secret: credential.value });
  return found;
}

const partNames: Record<Part, string> = {
  accessKeyId: "access key id",
  secretAccessKey: "secret access key",
  sessionToken: "session token",
  value: "value",
};

export function namePart(part: Part): string {
  return partNames[part];
}

/** Whether it works, in a few words; of what could not be found out, why not. */
export function describeVerdict(finding: Finding): string {
  switch (finding.verdict.status) {
    case "live":
      return "live: AWS accepts it";
    case "dead":
      return "dead: AWS refuses it";
    case "wrong-secret":
      return "the id exists, the secret is wrong";
    case "unknown":
      return finding.verdict.why === "" ? "unknown" : `unknown: ${finding.verdict.why}`;
    case "unchecked":
      return "not checked";
  }
}

/** `609629065308 (data-prod)`, or null where the key tells no account. */
export function describeAccount(finding: Finding): string | null {
  if (finding.account === null) return null;
  return finding.accountName === null ? finding.account : `${finding.account} (${finding.accountName})`;
}

/** The one thing to do now about a finding: a command where there is one. */
export function nextStep(finding: Finding): string {
  if (finding.canary) return "leave it: it is a trip-wire, and using it alerts its owner";
  if (finding.verdict.status === "dead") return "take it out of the files; it no longer works";
  const { accessKeyId } = finding.credential;
  if (finding.kind === "aws-access-key" && accessKeyId?.startsWith("AKIA")) return `keyguard rotate ${accessKeyId}`;
  return describeKind(finding.kind).steps[0] ?? "replace it where it was issued";
}

/** Live before unknown before dead, then by severity, then by what was exposed first: the order to work in. */
export function byUrgency(findings: readonly Finding[]): Finding[] {
  const liveness = { live: 0, "wrong-secret": 1, unknown: 1, unchecked: 1, dead: 2 } as const;
  const since = (finding: Finding): string => finding.exposure?.introduced?.date ?? "9999";
  return findings.toSorted(
    (a, b) =>
      liveness[a.verdict.status] - liveness[b.verdict.status] ||
      severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
      Date.parse(since(a)) - Date.parse(since(b)) ||
      (a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0),
  );
}

/** How many findings there are of each severity, the worst first; severities without any are left out. */
export function countBySeverity(findings: readonly Finding[]): { severity: Severity; count: number }[] {
  return severities
    .toReversed()
    .map((severity) => ({ severity, count: findings.filter((finding) => finding.severity === severity).length }))
    .filter(({ count }) => count > 0);
}

/** `1 credential`, `3 credentials`, `1,204 blobs`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}

/** A line that holds one or more parts of a credential. */
export type LinePlace = Location & { readonly parts: readonly Part[] };

/** A finding's places, one for each file and line: the parts that stand together there are named together. */
export function placesByLine(finding: Finding): LinePlace[] {
  const lines = new Map<string, Location & { parts: Part[] }>();
  for (const location of finding.locations) {
    const key = JSON.stringify([location.path, location.line, location.commit]);
    const seen = lines.get(key);
    if (seen === undefined) lines.set(key, { ...location, parts: [location.part] });
    else if (!seen.parts.includes(location.part)) seen.parts.push(location.part);
  }
  return [...lines.values()];
}

/** Where a place is, for people: its path, or whose message it is where it stands in no file. */
export function nameFile({ path, commit }: Pick<Location, "path" | "commit">): string {
  if (path !== "") return path;
  return commit === null ? "the message" : `the message of commit ${commit.slice(0, 12)}`;
}

/** A line of a file, in the first of the commits that wrote it so. */
export type StandingPlace = LinePlace & {
  /** Later commits that wrote the file anew with the credential still on this line. */
  readonly later: number;
};

/** A finding's places for people: one for each file and line, however many versions of the file have it there. */
export function placesInFiles(finding: Finding): StandingPlace[] {
  const lines = new Map<string, { first: LinePlace; versions: number; parts: Set<Part> }>();
  const time = ({ date }: LinePlace): number => Date.parse(date ?? "") || 0;
  for (const place of placesByLine(finding)) {
    const key = JSON.stringify([place.path, place.line, place.path === "" ? place.commit : null]);
    const known = lines.get(key);
    if (known === undefined) {
      lines.set(key, { first: place, versions: 1, parts: new Set(place.parts) });
      continue;
    }
    known.versions++;
    for (const part of place.parts) known.parts.add(part);
    if (time(place) < time(known.first)) known.first = place;
  }
  return [...lines.values()].map(({ first, versions, parts }) => ({
    ...first,
    parts: [...parts],
    later: versions - 1,
  }));
}

/** A finding's places, one for each file: the first, and which parts stand on which other lines of that file. */
export function placesByFile(
  finding: Finding,
): { readonly first: StandingPlace; readonly others: readonly StandingPlace[] }[] {
  const files = new Map<string, StandingPlace[]>();
  for (const place of placesInFiles(finding)) {
    const key = JSON.stringify([place.path, place.path === "" ? place.commit : null]);
    const known = files.get(key);
    if (known === undefined) files.set(key, [place]);
    else known.push(place);
  }
  return [...files.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [{ first, others }]));
}

/** `big.bin: larger than the limit`; what stands in no file has no name. */
export function describeUnread({ path, why }: { readonly path: string; readonly why: string }): string {
  return path === "" ? why : `${path}: ${why}`;
}

/** What was read, as one line: `93,555 blobs, 29,961 commits`. */
export function describeCoverage(coverage: {
  readonly texts: number;
  readonly commits?: number;
  readonly objects?: number;
}): string {
  const parts = [coverage.objects === undefined ? count(coverage.texts, "text") : count(coverage.objects, "object")];
  if (coverage.commits !== undefined) parts.push(count(coverage.commits, "commit"));
  return parts.join(", ");
}
