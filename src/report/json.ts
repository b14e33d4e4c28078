// JSON is for programs, ours among them: the contract is schema/keyguard-report.schema.json.
import type { Finding, Location, Report, Verdict } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import { secretsOf } from "./finding-words.ts";
import type { JsonFinding, JsonReport } from "./json-schema.ts";
import type { RenderOptions } from "./render.ts";

export function renderJson(report: Report, options: RenderOptions): string {
  return `${JSON.stringify(toJson(report, options), null, 2)}\n`;
}

/** The report as plain data. Absent parts are null; secrets are masked unless they are to be shown. */
export function toJson(report: Report, options: Pick<RenderOptions, "showSecrets" | "version">): JsonReport {
  const show = (secret: Secret): string => (options.showSecrets ? secret.reveal() : secret.mask);
  return {
    schema: "keyguard-report/1",
    tool: { name: "keyguard", version: options.version },
    complete: report.complete,
    coverage: {
      mode: report.coverage.mode,
      texts: report.coverage.texts,
      bytes: report.coverage.bytes,
      commits: report.coverage.commits ?? null,
      objects: report.coverage.objects ?? null,
      refs: report.coverage.refs === undefined ? null : [...report.coverage.refs],
      notes: [...report.coverage.notes],
      ...(report.coverage.shard === undefined ? {} : { shard: report.coverage.shard }),
    },
    unread: report.unread.map(({ path, why }) => ({ path, why })),
    findings: report.findings.map((finding) => toJsonFinding(finding, show)),
    allowed: report.allowed.map(({ finding, by, reason }) => ({ by, reason, finding: toJsonFinding(finding, show) })),
    elapsed: Math.round(report.elapsed),
  };
}

function toJsonFinding(finding: Finding, show: (secret: Secret) => string): JsonFinding {
  const { accessKeyId, secretAccessKey, sessionToken } = finding.credential;
  return {
    fingerprint: finding.fingerprint,
    detector: finding.detector,
    kind: finding.kind,
    severity: finding.severity,
    confidence: finding.confidence,
    credential: {
      accessKeyId,
      secretAccessKey: secretAccessKey === null ? null : show(secretAccessKey),
      sessionToken: sessionToken === null ? null : show(sessionToken),
    },
    secrets: secretsOf(finding.credential).map(({ secret }) => show(secret)),
    account: finding.account,
    accountName: finding.accountName,
    canary: finding.canary,
    expires: finding.expires,
    verdict: toJsonVerdict(finding.verdict),
    notes: [...finding.notes],
    locations: finding.locations.map(toJsonLocation),
    exposure:
      finding.exposure === null
        ? null
        : { ...finding.exposure, refs: [...finding.exposure.refs], objects: [...finding.exposure.objects] },
  };
}

function toJsonVerdict(verdict: Verdict): JsonFinding["verdict"] {
  switch (verdict.status) {
    case "unchecked":
      return { status: "unchecked", why: null, arn: null, account: null };
    case "live":
      return { status: "live", why: verdict.why, arn: verdict.arn, account: verdict.account };
    default:
      return { status: verdict.status, why: verdict.why, arn: null, account: null };
  }
}

/** Field by field: nothing that a later version adds to a location gets out by accident. */
function toJsonLocation(location: Location): JsonFinding["locations"][number] {
  const { path, line, column, endLine, endColumn, part, excerpt, commit, author, date } = location;
  return { path, line, column, endLine, endColumn, part, excerpt, commit, author, date };
}
