import type { Finding, Location, Part, Report, Severity } from "../model/finding.ts";
import {
  byUrgency,
  count,
  countBySeverity,
  describeAccount,
  describeCoverage,
  describeVerdict,
  namePart,
  nextStep,
  partsOf,
  placesByLine,
  titleOf,
} from "./finding-words.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

export type AnnotationType = "error" | "warning" | "notice";

/** GitHub shows this many annotations of each type for a step, and drops the rest without a word. */
const mostOfAType = 10;

const types: Record<Severity, AnnotationType> = { critical: "error", high: "error", medium: "warning", low: "notice" };

/**
 * The message of a workflow command. The runner reads one command a line and undoes exactly these escapes:
 * https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
export function escapeCommandData(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map(spellOutInvisible);
  return lines.join("\n").replaceAll("%", "%25").replaceAll("\n", "%0A");
}

/** A property's value: commas and colons would end it. A line feed in a path is spelled out like every control. */
export function escapeCommandProperty(text: string): string {
  return spellOutInvisible(text).replaceAll("%", "%25").replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/**
 * One line for the log that is no command, whatever stands in it: the runner takes `::…` at the beginning of a line and
 * `##[…` anywhere in one for a command, and turns `%0A` back only in commands.
 */
export function escapeLogLine(text: string): string {
  const line = spellOutInvisible(text).replaceAll("##[", "##\u200a[");
  return /^\s*::/.test(line) ? `| ${line}` : line;
}

/** One annotation as a workflow command, with its line feed. */
export function annotation(
  type: AnnotationType,
  message: string,
  properties: Readonly<Record<string, string | number>> = {},
): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeCommandProperty(String(value))}`);
  return `::${type}${list.length > 0 ? ` ${list.join(",")}` : ""}::${escapeCommandData(message)}\n`;
}

/**
 * Workflow commands that put each credential beside its line in a pull request, then one plain line. Where there are
 * more of a type than GitHub shows, the last that it does show says how many are missing.
 */
export function renderGithub(report: Report, _options: RenderOptions): string {
  const queues: Record<AnnotationType, string[]> = { error: [], warning: [], notice: [] };
  const seen = new Set<string>();
  const queue = (type: AnnotationType, text: string): void => {
    if (!seen.has(text)) queues[type].push(text);
    seen.add(text);
  };
  for (const { path, why } of report.unread) {
    queue(
      "error",
      annotation("error", `not read, so not known to be clean: ${path}: ${why}`, {
        title: "keyguard: incomplete",
        ...fileOf(path),
      }),
    );
  }
  if (!report.complete && report.unread.length === 0) {
    const why = report.coverage.notes.join("\n") || "something in reach was not read";
    queue("error", annotation("error", why, { title: "keyguard: incomplete" }));
  }
  const findings = byUrgency(report.findings);
  // First every credential once, at its first place, so that ten places of one do not hide nine others.
  for (let round = 0; round < 2; round++) {
    for (const finding of findings) {
      const places = placesByLine(finding);
      for (const place of round === 0 ? places.slice(0, 1) : places.slice(1)) {
        queue(types[finding.severity], annotateFinding(finding, place, places.length - 1));
      }
    }
  }
  let out = "";
  for (const [type, texts] of Object.entries(queues) as [AnnotationType, string[]][]) {
    if (texts.length <= mostOfAType) {
      out += texts.join("");
      continue;
    }
    const rest = texts.length - (mostOfAType - 1);
    out += texts.slice(0, mostOfAType - 1).join("");
    out += annotation(type, `${count(rest, "more place")} not shown here: see the job summary`, { title: "keyguard" });
  }
  return `${out}${escapeLogLine(closingLine(report))}\n`;
}

/** `keyguard: 2 credentials (1 critical, 1 low) in 3 texts`. */
function closingLine(report: Report): string {
  const { findings, allowed, coverage } = report;
  const severities = countBySeverity(findings).map(({ severity, count: n }) => `${n} ${severity}`);
  const what =
    findings.length === 0 ? "no credentials" : `${count(findings.length, "credential")} (${severities.join(", ")})`;
  const passed = allowed.length > 0 ? `; ${allowed.length} let pass` : "";
  return `keyguard: ${report.complete ? "" : "incomplete: "}${what} in ${describeCoverage(coverage)}${passed}`;
}

function fileOf(path: string): Record<string, string> {
  return path === "" ? {} : { file: path };
}

function annotateFinding(
  finding: Finding,
  place: Location & { readonly parts: readonly Part[] },
  others: number,
): string {
  const account = describeAccount(finding);
  const lines = [
    `${[titleOf(finding), partsOf(finding.credential)].join(" ").trim()}: ${place.parts.map(namePart).join(" and ")} here`,
    [
      account === null ? "" : `account ${account}`,
      finding.verdict.status === "unchecked" ? "" : describeVerdict(finding),
    ]
      .filter((part) => part !== "")
      .join(", "),
    place.commit === null
      ? ""
      : place.path === ""
        ? `in the message of commit ${place.commit.slice(0, 12)}; a new commit does not take it back`
        : `brought by commit ${place.commit.slice(0, 12)}; removing it in a later one does not unpublish it`,
    ...finding.notes,
    others > 0 ? `it stands in ${count(others, "other place")} too` : "",
    `next: ${nextStep(finding)}`,
    `fingerprint ${finding.fingerprint.slice(0, 8)}`,
  ].filter((line) => line !== "");
  return annotation(types[finding.severity], lines.join("\n"), {
    ...fileOf(place.path),
    line: place.line,
    endLine: place.endLine,
    ...(place.endLine === place.line
      ? { col: place.column, endColumn: Math.max(place.column, place.endColumn - 1) }
      : {}),
    title: `${finding.severity}: ${titleOf(finding)}`,
  });
}
