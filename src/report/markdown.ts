import type { Exposure, Finding, Report } from "../model/finding.ts";
import {
  byUrgency,
  count,
  countBySeverity,
  describeAccount,
  describeCoverage,
  describeVerdict,
  nameFile,
  namePart,
  nextStep,
  partsOf,
  placesInFiles,
  titleOf,
} from "./finding-words.ts";
import { describeKind } from "./kinds.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

/** Places of one credential that are spelled out; the rest are counted. */
const mostPlaces = 20;

/**
 * Any text as it is, in Markdown and in the HTML that Markdown becomes: every ASCII punctuation mark is a numeric
 * reference (which no Markdown syntax, table cell or autolink sees through), and the `<code>` around it keeps GitHub
 * from making mentions and issue links of what is left.
 */
export function markdownCode(text: string): string {
  const inert = spellOutInvisible(text).replace(/[!-,:-@[-`{-~]|(?<=www)\.|^ | $| {2}/gi, (characters) =>
    [...characters].map((character) => `&#${character.charCodeAt(0)};`).join(""),
  );
  return inert === "" ? "" : `<code>${inert}</code>`;
}

/**
 * Prose on one line, ours or a person's from a configuration, in which nothing is Markdown. What GitHub would turn into
 * a mention after rendering gets a zero-width space behind its `@`.
 */
export function markdownText(text: string): string {
  return spellOutInvisible(text)
    .trim()
    .replace(/[!-+/:-@[-`{-~]|(?<=^|\s)-|(?<=^\d+|www)\./gi, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll("&#64;", "&#64;&#8203;");
}

/** A report for people, as GitHub Flavored Markdown: what was found, where, since when, and what to do now. */
export function renderMarkdown(report: Report, options: RenderOptions): string {
  return renderMarkdownOf(report, options, Number.POSITIVE_INFINITY);
}

/**
 * The same within a number of UTF-8 bytes, for GitHub's job summary, which is refused whole beyond 1 MiB: as many
 * credentials as fit, and a line that says how many more there are.
 */
export function renderMarkdownWithin(report: Report, options: RenderOptions, bytes: number): string {
  let most = report.findings.length + report.allowed.length + report.unread.length;
  for (;;) {
    const text = renderMarkdownOf(report, options, most);
    if (most === 0 || new TextEncoder().encode(text).length <= bytes) return text;
    most = Math.floor(most / 2);
  }
}

function renderMarkdownOf(report: Report, options: RenderOptions, most: number): string {
  const findings = byUrgency(report.findings);
  const shown = findings.slice(0, most);
  const lines: string[] = [`## ${headline(report)}`, ""];
  if (!report.complete) {
    lines.push("> [!CAUTION]", "> **The scan is incomplete**, so what was not read is not known to be clean.");
    for (const note of report.coverage.notes) lines.push(`> ${markdownText(note)}`);
    lines.push("");
  }
  if (shown.length > 0) {
    lines.push("| Severity | Credential | Where | Status | Next |", "| --- | --- | --- | --- | --- |");
    for (const finding of shown) lines.push(tableRow(finding));
    lines.push("");
    if (shown.length < findings.length)
      lines.push(`…and ${count(findings.length - shown.length, "more credential")}.`, "");
    for (const finding of shown) lines.push(...details(finding));
    lines.push(...whatNow(findings));
  }
  if (report.unread.length > 0) {
    lines.push("### Not read", "", "| Path | Why |", "| --- | --- |");
    for (const { path, why } of report.unread.slice(0, most))
      lines.push(`| ${markdownCode(path)} | ${markdownText(why)} |`);
    if (most < report.unread.length) lines.push("", `…and ${count(report.unread.length - most, "more", "more")}.`);
    lines.push("");
  }
  if (report.allowed.length > 0) {
    lines.push(`<details><summary>${count(report.allowed.length, "credential")} let pass</summary>`, "");
    lines.push("| Credential | Where | By | Reason |", "| --- | --- | --- | --- |");
    for (const { finding, by, reason } of report.allowed.slice(0, most)) {
      const first = finding.locations[0];
      const where = first === undefined ? "" : markdownCode(`${nameFile(first)}:${first.line}`);
      lines.push(`| ${markdownText(titleOf(finding))} | ${where} | ${by} | ${markdownText(reason)} |`);
    }
    lines.push("", "</details>", "");
  }
  const read = `Read: ${describeCoverage(report.coverage)} in ${(report.elapsed / 1000).toFixed(1)} s.`;
  const notes = report.complete ? report.coverage.notes.map((note) => ` ${markdownText(note)}`).join("") : "";
  lines.push(`<sub>${read}${notes} keyguard ${markdownText(options.version)}</sub>`, "");
  return lines.join("\n");
}

function headline({ findings, complete }: Report): string {
  if (findings.length === 0) return complete ? "No credentials found" : "No credentials found in what could be read";
  const live = findings.filter(({ verdict }) => verdict.status === "live").length;
  const severities = countBySeverity(findings).map(({ severity, count: n }) => `${n} ${severity}`);
  return `${count(findings.length, "leaked credential")}: ${severities.join(", ")}${live > 0 ? `; ${live} live` : ""}`;
}

function tableRow(finding: Finding): string {
  const places = placesInFiles(finding);
  const [first] = places;
  const more = places.length > 1 ? ` and ${places.length - 1} more` : "";
  const where = first === undefined ? "" : `${markdownCode(`${nameFile(first)}:${first.line}`)}${more}`;
  const credential = `**${markdownText(titleOf(finding))}** ${markdownText(partsOf(finding.credential))}`.trim();
  const status = describeVerdict(finding);
  const next = nextStep(finding);
  return `| ${finding.severity} | ${credential} | ${where} | ${status} | ${next.startsWith("keyguard ") ? markdownCode(next) : markdownText(next)} |`;
}

function details(finding: Finding): string[] {
  const account = describeAccount(finding);
  const places = placesInFiles(finding);
  const facts = [
    markdownText(describeKind(finding.kind).risk),
    ...(account === null ? [] : [`Account ${markdownCode(account)}.`]),
    ...(finding.canary ? ["It is a trip-wire (canary): using it alerts its owner."] : []),
    ...(finding.expires === null ? [] : [`Expires ${markdownText(finding.expires)}.`]),
    ...finding.notes.map(markdownText),
    ...(finding.exposure === null ? [] : describeExposure(finding.exposure)),
  ];
  const lines = [
    `<details><summary>${markdownText(titleOf(finding))}, ${count(places.length, "place")}</summary>`,
    "",
    facts.join(" "),
    "",
    "| Place | What | Line | Commit |",
    "| --- | --- | --- | --- |",
  ];
  for (const place of places.slice(0, mostPlaces)) {
    const later = place.later > 0 ? ` and ${place.later} later` : "";
    const commit = place.commit === null ? "" : `${markdownCode(place.commit.slice(0, 12))}${later}`;
    const what = place.parts.map(namePart).join(", ");
    lines.push(
      `| ${markdownCode(`${nameFile(place)}:${place.line}:${place.column}`)} | ${what} | ${markdownCode(place.excerpt)} | ${commit} |`,
    );
  }
  if (places.length > mostPlaces) lines.push("", `…and ${count(places.length - mostPlaces, "more place")}.`);
  lines.push("", `Fingerprint ${markdownCode(finding.fingerprint)}`, "", "</details>", "");
  return lines;
}

function describeExposure({ introduced, removed, atHead, refs }: Exposure): string[] {
  const sentences: string[] = [];
  if (introduced !== null) {
    sentences.push(
      `Introduced ${day(introduced.date)} in ${markdownCode(introduced.commit.slice(0, 12))} (${markdownCode(introduced.subject)}).`,
    );
  }
  if (removed !== null) sentences.push(`Removed ${day(removed.date)} in ${markdownCode(removed.commit.slice(0, 12))}.`);
  sentences.push(atHead ? "It still stands at HEAD." : "It is not at HEAD, but in history.");
  if (refs.length > 0) {
    const named = refs.slice(0, 5).map(markdownCode).join(", ");
    sentences.push(`Reached by ${named}${refs.length > 5 ? ` and ${refs.length - 5} more` : ""}.`);
  }
  return sentences;
}

/** The date without the time: what is needed to remember what one did that day. */
function day(date: string): string {
  return markdownText(date.slice(0, 10));
}

function whatNow(findings: readonly Finding[]): string[] {
  const lines = ["### What now", ""];
  const rotations = findings.map(nextStep).filter((step) => step.startsWith("keyguard "));
  if (rotations.length > 0) {
    lines.push("1. Replace what leaked first; deleting the line does not take it back:", "");
    lines.push("   ```sh", ...[...new Set(rotations)].slice(0, 20).map((step) => `   ${step}`), "   ```", "");
  } else {
    lines.push("1. Replace what leaked first; deleting the line does not take it back.");
  }
  lines.push(
    "1. Then take it out of the branch. A commit that removes it leaves it in the history: rewrite the branch.",
    '1. If it is no secret, say so on the target branch: `keyguard allow FINGERPRINT --reason "…"`.',
    "",
  );
  return lines;
}
