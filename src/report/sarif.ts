import type { Finding, Report, Severity } from "../model/finding.ts";
import {
  byUrgency,
  describeAccount,
  describeUnread,
  describeVerdict,
  type LinePlace,
  namePart,
  nextStep,
  partsOf,
  placesInFiles,
  ruleOf,
  titleOf,
} from "./finding-words.ts";
import { home } from "./home.ts";
import { builtInKinds, describeKind } from "./kinds.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

/** GitHub takes no more of a run, and rejects the file instead of cutting it. */
const mostResults = 25_000;
/** Beyond this a result says how many places there are more: GitHub takes 1,000 locations a result. */
const mostRelated = 200;

/**
 * A repository path as a relative URI reference. Each segment is percent-encoded, also the characters that
 * `encodeURIComponent` leaves alone and that a reader could take for a scheme, a query or Markdown.
 */
export function sarifUri(path: string): string {
  const encode = (segment: string): string =>
    encodeURIComponent(segment.replace(/\p{Cs}/gu, "\ufffd")).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  // `.` and `..` as names mean themselves and their parent even when encoded; no git path has them, a made-up one may.
  return path
    .split("/")
    .map((segment) => (segment === "." || segment === ".." ? segment.replaceAll(".", "%252E") : encode(segment)))
    .join("/")
    .replace(/^\/+/, "");
}

/** Plain text for a message: in SARIF `[text](1)` is a link and `{0}` an argument, a backslash and doubling undo that. */
export function sarifText(text: string): string {
  return spellOutInvisible(text)
    .replace(/[\\[\]]/g, (character) => `\\${character}`)
    .replace(/[{}]/g, (character) => character + character);
}

const levels: Record<Severity, "error" | "warning" | "note"> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
};

/**
 * SARIF 2.1.0 for GitHub's code scanning and other readers: one result for each credential, its other places as related
 * locations. What was let pass is not in it, since code scanning knows no suppression and would raise an alert.
 */
export function renderSarif(report: Report, options: RenderOptions): string {
  const findings = byUrgency(report.findings).slice(0, mostResults);
  const own = findings.filter(({ kind }) => kind === "custom").map(ruleOf);
  const ruleIds = [...builtInKinds, ...[...new Set(own)].sort()];
  const beyond = report.findings.length - findings.length;
  const notifications = [
    ...report.unread.map(({ path, why }) => ({
      level: "error",
      message: { text: sarifText(`not read: ${describeUnread({ path, why })}`) },
      locations: path === "" ? [] : [{ physicalLocation: { artifactLocation: artifact(path) } }],
    })),
    ...report.coverage.notes.map((note) => ({ level: "note", message: { text: sarifText(note) } })),
    ...(beyond > 0
      ? [{ level: "warning", message: { text: `${beyond} results more than ${mostResults} left out` } }]
      : []),
  ];
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "keyguard",
            version: options.version,
            semanticVersion: options.version,
            informationUri: home,
            rules: ruleIds.map(rule),
          },
        },
        automationDetails: { id: `keyguard/${report.coverage.mode}/` },
        invocations: [
          {
            executionSuccessful: report.complete,
            ...(options.generated === undefined ? {} : { endTimeUtc: options.generated }),
            toolExecutionNotifications: notifications,
          },
        ],
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => result(finding, ruleIds)),
        properties: { complete: report.complete, allowed: report.allowed.length },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule(id: string): object {
  const kind = builtInKinds.find((builtIn) => builtIn === id) ?? "custom";
  const words = describeKind(kind);
  const steps = words.steps.map((step, i) => `${i + 1}. ${step}.`).join("\n");
  return {
    id,
    name: id.replace(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_all, _gap, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${words.name} in the repository` },
    fullDescription: { text: words.risk },
    helpUri: words.reference,
    help: {
      text: `${words.risk}\n\n${steps}\n\n${words.reference}`,
      markdown: `${words.risk}\n\n${steps}\n\n[Reference](${words.reference})`,
    },
    defaultConfiguration: {
      level: Number(words.securitySeverity) >= 7 ? "error" : Number(words.securitySeverity) >= 4 ? "warning" : "note",
    },
    properties: {
      "security-severity": words.securitySeverity,
      precision: "high",
      tags: ["security", "secret", "external/cwe/cwe-798"],
    },
  };
}

function result(finding: Finding, ruleIds: readonly string[]): object {
  const places = placesInFiles(finding);
  const [first, ...others] = places;
  const shown = others.slice(0, mostRelated);
  const account = describeAccount(finding);
  const sentences = [
    `${titleOf(finding)} ${partsOf(finding.credential)}`.trim(),
    ...(account === null ? [] : [`account ${account}`]),
    describeVerdict(finding),
    ...finding.notes,
    ...(others.length > 0 ? [`${others.length} other places`] : []),
    `next: ${nextStep(finding)}`,
  ];
  return {
    ruleId: ruleOf(finding),
    ruleIndex: ruleIds.indexOf(ruleOf(finding)),
    level: levels[finding.severity],
    message: { text: sarifText(`${sentences.join("; ").replace(/\.;/g, ";")}.`) },
    locations: first === undefined ? [] : [location(first)],
    ...(shown.length === 0
      ? {}
      : {
          relatedLocations: shown.map((place, i) => ({
            id: i + 1,
            ...location(place),
            message: { text: sarifText(place.parts.map(namePart).join(" + ")) },
          })),
        }),
    // Code scanning tells alerts apart by `primaryLocationLineHash`; ours is the credential's own, so that moving the
    // line or the file keeps the alert.
    partialFingerprints: {
      primaryLocationLineHash: `${finding.fingerprint.slice(0, 32)}:1`,
      "keyguardCredential/v1": finding.fingerprint,
    },
    properties: {
      severity: finding.severity,
      confidence: finding.confidence,
      status: finding.verdict.status,
      ...(finding.canary ? { canary: true } : {}),
    },
  };
}

function artifact(path: string): object {
  // Code scanning shows no result without a file: a commit's message gets a name that no file of the tree can have.
  return { uri: path === "" ? ".git/COMMIT_EDITMSG" : sarifUri(path), uriBaseId: "%SRCROOT%" };
}

function location(place: LinePlace): object {
  return {
    physicalLocation: {
      artifactLocation: artifact(place.path),
      region: {
        startLine: Math.max(1, place.line),
        startColumn: Math.max(1, place.column),
        endLine: Math.max(1, place.endLine),
        endColumn: Math.max(1, place.endColumn),
      },
    },
    ...(place.commit === null ? {} : { properties: { commit: place.commit } }),
  };
}
