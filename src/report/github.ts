import type { Finding, Report, Severity } from "../model/finding.ts";
import {
  byUrgency,
  count,
  countBySeverity,
  describeAccount,
  describeCoverage,
  describeUnread,
  describeVerdict,
  type LinePlace,
  namePart,
  nextStep,
  partsOf,
  placesByFile,
  titleOf,
} from "./finding-words.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

export type AnnotationType = "error" | "warning" | "notice";

/** GitHub shows this many annotations of each type for a step, and drops the rest without a word. */
const mostOfAType = 10;

/** Other lines of a file that one annotation names. */
const mostLines = 3;

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
      annotation("error", `not read, so not known to be clean: ${describeUnread({ path, why })}`, {
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
  // First every credential once, at its first file, so that ten places of one do not hide nine others.
  for (let round = 0; round < 2; round++) {
    for (const finding of findings) {
      const files = placesByFile(finding);
      for (const file of round === 0 ? files.slice(0, 1) : files.slice(1)) {
        queue(types[finding.severity], annotateFinding(finding, file, files.length - 1));
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
    out += annotation(type, `${count(rest, "more", "more")} not shown here: see the job summary`, {
      title: "keyguard",
    });
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
  { first, others }: { readonly first: LinePlace; readonly others: readonly LinePlace[] },
  moreFiles: number,
): string {
  const account = describeAccount(finding);
  const title = [titleOf(finding), partsOf(finding.credential)].join(" ").trim();
  const elsewhere = others
    .slice(0, mostLines)
    .map(({ parts, line }) => `, ${parts.map(namePart).join(" and ")} on line ${line}`);
  if (others.length > mostLines) elsewhere.push(`, and on ${count(others.length - mostLines, "more line")}`);
  const facts = [
    account === null ? "" : `account ${account}`,
    finding.verdict.status === "unchecked" ? "" : describeVerdict(finding),
  ];
  const lines = [
    `${title}: ${first.parts.map(namePart).join(" and ")} here${elsewhere.join("")}`,
    facts.filter((fact) => fact !== "").join(", "),
    describeOrigin(first),
    ...finding.notes,
    moreFiles > 0 ? `it stands in ${count(moreFiles, "other file")} too` : "",
    `next: ${nextStep(finding)}`,
    `fingerprint ${finding.fingerprint.slice(0, 8)}`,
  ].filter((line) => line !== "");
  return annotation(types[finding.severity], lines.join("\n"), {
    ...fileOf(first.path),
    line: first.line,
    endLine: first.endLine,
    ...(first.endLine === first.line
      ? { col: first.column, endColumn: Math.max(first.column, first.endColumn - 1) }
      : {}),
    title: `${finding.severity}: ${titleOf(finding)}`,
  });
}

function describeOrigin({ commit, path }: LinePlace): string {
  if (commit === null) return "";
  const id = commit.slice(0, 12);
  return path === ""
    ? `in the message of commit ${id}; a new commit does not take it back`
    : `brought by commit ${id}; removing it in a later one does not unpublish it`;
}
