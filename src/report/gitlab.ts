import { createHash } from "node:crypto";
import type { Finding, Location, Report, Severity } from "../model/finding.ts";
import {
  byUrgency,
  describeAccount,
  describeUnread,
  describeVerdict,
  nameFile,
  namePart,
  nextStep,
  partsOf,
  placesInFiles,
  ruleOf,
  titleOf,
} from "./finding-words.ts";
import { home } from "./home.ts";
import { describeKind } from "./kinds.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

/** GitLab refuses a report whose version it does not know; 15.0.7 is understood by every GitLab since 16. */
const schemaVersion = "15.0.7";
/** What GitLab's own analyzer writes for what is in no commit yet; the schema demands a commit. */
const noCommit = "0000000";
/** GitLab's own limits for the two texts. */
const longestDescription = 1_048_576;
const longestSolution = 7000;

const severityNames: Record<Severity, string> = { critical: "Critical", high: "High", medium: "Medium", low: "Low" };

/** `details` and `description` are read as GitLab Flavored Markdown: every character with a meaning there is escaped. */
export function escapeGitlab(text: string): string {
  return spellOutInvisible(text)
    .replace(/[\\`*_{}[\]()#+\-.!|~^$:@%&"']/g, (character) => `\\${character}`)
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** A UUID that depends on the credential and the file alone, so that GitLab sees the same vulnerability each time. */
function stableUuid(...parts: readonly string[]): string {
  const hex = createHash("sha256")
    .update(JSON.stringify(["keyguard/gitlab/1", ...parts]))
    .digest("hex");
  // Version 8 (RFC 9562): a UUID made in one's own way.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** GitLab wants UTC without a zone and without fractions: `2020-01-28T03:26:02`. */
function gitlabTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19);
}

/** GitLab's secret-detection report: one vulnerability for each file that a credential stands in. */
export function renderGitlab(report: Report, options: RenderOptions): string {
  const end = options.generated === undefined ? 0 : Date.parse(options.generated);
  const tool = { id: "keyguard", name: "keyguard", url: home, version: options.version, vendor: { name: "keyguard" } };
  const messages = [
    ...report.unread.map((one) => ({ level: "warn", value: spellOutInvisible(`not read: ${describeUnread(one)}`) })),
    ...report.coverage.notes.map((note) => ({ level: "info", value: spellOutInvisible(note) })),
    ...report.allowed.map(({ finding, by, reason }) => ({
      level: "info",
      value: spellOutInvisible(
        `let pass by ${by}: ${titleOf(finding)} (${finding.fingerprint.slice(0, 8)}): ${reason}`,
      ),
    })),
  ].filter(({ value }) => value !== "");
  const document = {
    version: schemaVersion,
    schema:
      "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/" +
      `v${schemaVersion}/dist/secret-detection-report-format.json`,
    scan: {
      type: "secret_detection",
      status: report.complete ? "success" : "failure",
      start_time: gitlabTime(end - report.elapsed),
      end_time: gitlabTime(end),
      analyzer: tool,
      scanner: tool,
      messages,
    },
    vulnerabilities: byUrgency(report.findings).flatMap(vulnerabilities),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function vulnerabilities(finding: Finding): object[] {
  const words = describeKind(finding.kind);
  const places = placesInFiles(finding);
  const firstInFile = places.filter((place, i) => places.findIndex(({ path }) => path === place.path) === i);
  const account = describeAccount(finding);
  const title = `${titleOf(finding)} ${partsOf(finding.credential)}`.trim();
  const solution = [nextStep(finding), ...words.steps].map((step) => `- ${escapeGitlab(step)}`).join("\n");
  return firstInFile.map((place) => ({
    id: stableUuid(finding.fingerprint, place.path),
    name: words.name,
    description: [escapeGitlab(`${title}.`), escapeGitlab(words.risk), ...finding.notes.map(escapeGitlab)]
      .join("\n\n")
      .slice(0, longestDescription),
    severity: severityNames[finding.severity],
    solution: solution.slice(0, longestSolution),
    identifiers: [
      { type: "keyguard_rule_id", name: `keyguard rule ${ruleOf(finding)}`, value: ruleOf(finding), url: home },
      { type: "cwe", name: "CWE-798", value: "798", url: "https://cwe.mitre.org/data/definitions/798.html" },
    ],
    links: [{ name: words.name, url: words.reference }],
    location: {
      ...(place.path === "" ? {} : { file: place.path }),
      start_line: place.line,
      end_line: place.endLine,
      commit: commitOf(place),
    },
    raw_source_code_extract: place.excerpt,
    details: {
      fingerprint: { name: "Fingerprint", type: "text", value: finding.fingerprint },
      status: { name: "Status", type: "text", value: describeVerdict(finding) },
      ...(account === null ? {} : { account: { name: "Account", type: "text", value: account } }),
      places: {
        name: "Places",
        type: "list",
        items: places.map((other) => ({
          type: "text",
          value: spellOutInvisible(
            `${nameFile(other)}:${other.line}:${other.column} ${other.parts.map(namePart).join(" + ")}` +
              (other.commit === null ? "" : ` in ${other.commit.slice(0, 12)}`),
          ),
        })),
      },
    },
  }));
}

function commitOf({ commit, author, date }: Location): object {
  if (commit === null) return { sha: noCommit };
  return { sha: commit, ...(author === null ? {} : { author }), ...(date === null ? {} : { date }) };
}
