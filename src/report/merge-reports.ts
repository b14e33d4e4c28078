import type { CommitRef, Exposure, Finding, Report, Severity } from "../model/finding.ts";
import { severities } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import type { JsonFinding, JsonReport } from "./json-schema.ts";

/**
 * Puts reports together: of the shards of one scan, or of many repositories. One credential is one finding again, with
 * the places of all. A shard that is missing makes the whole incomplete, and so do shards that were taken of different
 * stores: what lies between them was read by nobody.
 */
export function mergeReports(reports: readonly JsonReport[]): Report {
  const findings = foldLoneIds(mergeFindings(reports.flatMap((report) => report.findings.map(readFinding))));
  const allowed = new Map<string, Report["allowed"][number]>();
  for (const { by, reason, finding } of reports.flatMap((report) => report.allowed)) {
    const read = readFinding(finding);
    const key = `${finding.fingerprint} ${by} ${reason}`;
    const before = allowed.get(key);
    allowed.set(key, { by, reason, finding: before === undefined ? read : unite(before.finding, read) });
  }
  const gaps = findGaps(reports);
  const unread = distinct([...reports.flatMap((report) => report.unread), ...gaps]);
  // Each report counts what it read itself; a shard that is named twice was read once.
  const counted = new Map<string, JsonReport>();
  for (const [i, report] of reports.entries()) {
    const { shard } = report.coverage;
    counted.set(shard == null ? `alone ${i}` : `${shard.basis} ${shard.index}/${shard.of}`, report);
  }
  const sum = (count: (report: JsonReport) => number | null): number =>
    [...counted.values()].reduce((total, report) => total + (count(report) ?? 0), 0);
  return {
    complete: reports.every(({ complete }) => complete) && gaps.length === 0,
    coverage: {
      mode: reports[0]?.coverage.mode ?? "history",
      texts: sum(({ coverage }) => coverage.texts),
      bytes: sum(({ coverage }) => coverage.bytes),
      commits: sum(({ coverage }) => coverage.commits),
      objects: sum(({ coverage }) => coverage.objects),
      refs: [...new Set(reports.flatMap(({ coverage }) => coverage.refs ?? []))].sort(),
      notes: [
        ...new Set(
          reports.flatMap(({ coverage }) => coverage.notes).filter((note) => !/^this is part \d+ of/.test(note)),
        ),
      ],
    },
    unread,
    findings: findings.sort(byWeight),
    allowed: [...allowed.values()],
    elapsed: reports.reduce((longest, { elapsed }) => Math.max(longest, elapsed), 0),
  };
}

/** The shards that are missing, and whether those that are there are of one store. */
function findGaps(reports: readonly JsonReport[]): { path: string; why: string }[] {
  const bases = new Map<string, { of: number; there: Set<number> }>();
  for (const { coverage } of reports) {
    if (coverage.shard == null) continue;
    const { basis, of, index } = coverage.shard;
    const key = `${basis}/${of}`;
    const known = bases.get(key);
    if (known === undefined) bases.set(key, { of, there: new Set([index]) });
    else known.there.add(index);
  }
  const gaps: { path: string; why: string }[] = [];
  for (const [key, { of, there }] of bases) {
    for (let index = 1; index <= of; index++) {
      if (there.has(index)) continue;
      gaps.push({
        path: `shard ${index}/${of}`,
        why: `no report of it among these for the object store ${key.slice(0, 8)} (a store that was repacked or fetched into in between is another one)`,
      });
    }
  }
  return gaps;
}

function mergeFindings(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const before = merged.get(finding.fingerprint);
    merged.set(finding.fingerprint, before === undefined ? finding : unite(before, finding));
  }
  return [...merged.values()];
}

/** An id that stands alone in one shard and with its secret in another is that credential's. */
function foldLoneIds(findings: readonly Finding[]): Finding[] {
  const wholes = new Map<string, Finding>();
  for (const finding of findings) {
    const id = finding.credential.accessKeyId;
    if (id !== null && finding.credential.secretAccessKey !== null) wholes.set(id, finding);
  }
  const kept = new Map<string, Finding>();
  for (const finding of findings) {
    const { accessKeyId, secretAccessKey, sessionToken, value } = finding.credential;
    const isLone = accessKeyId !== null && secretAccessKey === null && sessionToken === null && value === null;
    const whole = isLone ? wholes.get(accessKeyId) : undefined;
    const key = whole?.fingerprint ?? finding.fingerprint;
    const before = kept.get(key);
    if (before === undefined) kept.set(key, whole === undefined ? finding : unite(whole, finding));
    else kept.set(key, unite(before, finding));
  }
  return [...kept.values()];
}

/** The fuller of two findings of one credential, with the places of both. */
function unite(a: Finding, b: Finding): Finding {
  const [main, other] = countParts(b) > countParts(a) ? [b, a] : [a, b];
  const locations = new Map<string, Finding["locations"][number]>();
  for (const one of [...main.locations, ...other.locations]) {
    locations.set([one.path, one.commit, one.line, one.column, one.part].join("\0"), one);
  }
  return {
    ...main,
    credential: {
      accessKeyId: main.credential.accessKeyId ?? other.credential.accessKeyId,
      secretAccessKey: main.credential.secretAccessKey ?? other.credential.secretAccessKey,
      sessionToken: main.credential.sessionToken ?? other.credential.sessionToken,
      value: main.credential.value ?? other.credential.value,
    },
    severity: severer(a.severity, b.severity),
    verdict: main.verdict.status === "unchecked" ? other.verdict : main.verdict,
    notes: [...new Set([...main.notes, ...other.notes])],
    locations: [...locations.values()],
    exposure: uniteExposures(main.exposure, other.exposure),
  };
}

function uniteExposures(a: Exposure | null, b: Exposure | null): Exposure | null {
  if (a === null || b === null) return a ?? b;
  const atHead = a.atHead || b.atHead;
  return {
    introduced: pick(a.introduced, b.introduced, (x, y) => x < y),
    removed: atHead ? null : pick(a.removed, b.removed, (x, y) => x > y),
    atHead,
    inWorktree: a.inWorktree || b.inWorktree,
    refs: [...new Set([...a.refs, ...b.refs])],
    objects: [...new Set([...a.objects, ...b.objects])].sort(),
  };
}

function pick(a: CommitRef | null, b: CommitRef | null, first: (x: number, y: number) => boolean): CommitRef | null {
  if (a === null || b === null) return a ?? b;
  return first(Date.parse(b.date), Date.parse(a.date)) ? b : a;
}

function severer(a: Severity, b: Severity): Severity {
  return severities.indexOf(a) >= severities.indexOf(b) ? a : b;
}

function countParts({ credential: { accessKeyId, secretAccessKey, sessionToken, value } }: Finding): number {
  return [accessKeyId, secretAccessKey, sessionToken, value].filter((part) => part !== null).length;
}

function byWeight(a: Finding, b: Finding): number {
  const date = ({ exposure }: Finding): number => Date.parse(exposure?.introduced?.date ?? "") || 0;
  return severities.indexOf(b.severity) - severities.indexOf(a.severity) || date(b) - date(a);
}

/** A finding as the report's JSON has it. Masked secrets stay masked: what stands for them has their length and no more. */
function readFinding(finding: JsonFinding): Finding {
  const { accessKeyId, secretAccessKey, sessionToken } = finding.credential;
  const taken = [secretAccessKey, sessionToken];
  const value = finding.secrets.find((secret) => !taken.includes(secret)) ?? null;
  const { status, why, arn, account } = finding.verdict;
  return {
    ...finding,
    credential: {
      accessKeyId,
      secretAccessKey: readSecret(secretAccessKey),
      sessionToken: readSecret(sessionToken),
      value: readSecret(value),
    },
    verdict:
      status === "unchecked"
        ? { status }
        : status === "live"
          ? { status, arn: arn ?? "", account: account ?? "", why: why ?? "" }
          : { status, why: why ?? "" },
  };
}

function readSecret(text: string | null): Secret | null {
  if (text === null) return null;
  const masked = /^(.{0,2})…\(([0-9]{1,7}) characters\)$/s.exec(text);
  return new Secret(masked === null ? text : masked[1]!.padEnd(Number(masked[2]), "*"));
}

function distinct<T extends { path: string; why: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [`${item.path}\0${item.why}`, item])).values()];
}
