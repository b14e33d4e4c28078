import type { Finding, Report } from "../model/finding.ts";
import {
  byUrgency,
  count,
  describeAccount,
  describeCoverage,
  describeVerdict,
  nameFile,
  namePart,
  nextStep,
  partsOf,
  placesInFiles,
  ruleOf,
  titleOf,
} from "./finding-words.ts";
import { describeKind } from "./kinds.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/**
 * Text for XML, in an element or in an attribute. Characters that XML 1.0 forbids even as references (most controls,
 * lone surrogates, U+FFFE and U+FFFF) are spelled out. Line feeds are the caller's: pass one line at a time.
 */
export function escapeXml(text: string): string {
  return spellOutInvisible(text)
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Seconds with three decimals, without grouping, as Jenkins's schema wants them. */
function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function failureBody(finding: Finding): string[] {
  const account = describeAccount(finding);
  return [
    `${titleOf(finding)} ${partsOf(finding.credential)}`.trim(),
    describeKind(finding.kind).risk,
    ...(account === null ? [] : [`account: ${account}`]),
    `status: ${describeVerdict(finding)}`,
    ...finding.notes.map((note) => `note: ${note}`),
    ...placesInFiles(finding).map(
      (place) =>
        `${nameFile(place)}:${place.line}:${place.column} ${place.parts.map(namePart).join(" + ")}` +
        `${place.commit === null ? "" : ` in commit ${place.commit.slice(0, 12)}${place.later > 0 ? ` and ${place.later} later` : ""}`}: ${place.excerpt}`,
    ),
    `next: ${nextStep(finding)}`,
  ];
}

/**
 * JUnit XML as Jenkins, GitLab, Buildkite and CircleCI read it: each credential is a failed test, each thing that was
 * not read an error, and a clean, complete scan one test that passed (a suite without tests reads as a broken job).
 */
export function renderJunit(report: Report, options: RenderOptions): string {
  const lines: string[] = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const findings = byUrgency(report.findings);
  const unread = report.unread.length > 0 ? report.unread : report.complete ? [] : [{ path: "", why: notesOf(report) }];
  const tests = Math.max(1, findings.length + unread.length);
  const totals = `tests="${tests}" failures="${findings.length}" errors="${unread.length}" time="${seconds(report.elapsed)}"`;
  lines.push(`<testsuites name="keyguard" ${totals}>`);
  const at = options.generated === undefined ? "" : ` timestamp="${escapeXml(options.generated)}"`;
  lines.push(`  <testsuite name="keyguard" ${totals}${at} version="${escapeXml(options.version)}">`);
  lines.push("    <properties>");
  lines.push(`      <property name="mode" value="${escapeXml(report.coverage.mode)}"/>`);
  lines.push(`      <property name="read" value="${escapeXml(describeCoverage(report.coverage))}"/>`);
  lines.push(`      <property name="complete" value="${report.complete}"/>`);
  lines.push(`      <property name="allowed" value="${report.allowed.length}"/>`);
  lines.push("    </properties>");
  for (const finding of findings) {
    const [first] = finding.locations;
    const where = first === undefined ? "" : ` in ${nameFile(first)}`;
    const name = `${titleOf(finding)}${where} [${finding.fingerprint.slice(0, 8)}]`;
    lines.push(
      `    <testcase name="${escapeXml(name)}" classname="keyguard.${escapeXml(ruleOf(finding))}" time="0.000">`,
    );
    const message = `${finding.severity}: ${titleOf(finding)} ${partsOf(finding.credential)}`.trim();
    const body = failureBody(finding).map(escapeXml).join("\n");
    lines.push(`      <failure type="${finding.severity}" message="${escapeXml(message)}">${body}</failure>`);
    lines.push("    </testcase>");
  }
  for (const { path, why } of unread) {
    const name = path === "" ? "everything in reach was read" : `${path} was read`;
    lines.push(`    <testcase name="${escapeXml(name)}" classname="keyguard.coverage" time="0.000">`);
    lines.push(`      <error type="unread" message="${escapeXml(why)}">${escapeXml(`${path} ${why}`.trim())}</error>`);
    lines.push("    </testcase>");
  }
  if (findings.length + unread.length === 0) {
    const name = `no credentials in ${describeCoverage(report.coverage)}`;
    lines.push(`    <testcase name="${escapeXml(name)}" classname="keyguard" time="${seconds(report.elapsed)}"/>`);
  }
  if (report.allowed.length > 0) {
    const allowed = report.allowed.map(({ finding, by, reason }) =>
      escapeXml(`${titleOf(finding)} in ${finding.locations[0]?.path ?? ""}: let pass by ${by}: ${reason}`),
    );
    lines.push(
      `    <system-out>${[escapeXml(`${count(allowed.length, "credential")} let pass`), ...allowed].join("\n")}</system-out>`,
    );
  }
  lines.push("  </testsuite>", "</testsuites>", "");
  return lines.join("\n");
}

function notesOf(report: Report): string {
  return report.coverage.notes.join(" ") || "the scan is incomplete";
}
