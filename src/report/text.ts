// Text is for a person at a terminal: what was found, where, why it matters, and the next command to type.
import pc from "picocolors";
import type { CommitRef, Exposure, Finding, Location, Report, Severity } from "../model/finding.ts";
import {
  count,
  countBySeverity,
  describeAccount,
  describeVerdict,
  namePart,
  nextStep,
  partsOf,
  placesByLine,
  secretsOf,
  titleOf,
} from "./finding-words.ts";
import { describeKind } from "./kinds.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

/** Places of one credential that are spelled out; the rest are counted. */
const mostPlaces = 8;
/** Where the details of a finding begin. */
const indent = " ".repeat(12);

type Colors = ReturnType<typeof pc.createColors>;

export function renderText(report: Report, options: RenderOptions): string {
  const colors = pc.createColors(options.color);
  if (report.findings.length === 0) return `${describeClean(report)}${describeAllowed(report)}\n`;
  const lines = [describeCounts(report.findings, colors), ""];
  for (const finding of report.findings) lines.push(...describeFinding(finding, options, colors), "");
  const where = report.complete
    ? describeWhere(report)
    : `the ${describeWhere(report)} that could be read (incomplete)`;
  lines.push(`in ${where}  ${describeEffort(report)}${describeAllowed(report)}`);
  return `${lines.join("\n")}\n`;
}

function describeClean(report: Report): string {
  const where = report.complete ? describeWhere(report) : `the ${describeWhere(report)} that could be read`;
  return `no credentials in ${where}  ${describeEffort(report)}`;
}

/** `3 credentials: 2 critical, 1 low; 1 of them live`. */
function describeCounts(findings: readonly Finding[], colors: Colors): string {
  const bySeverity = countBySeverity(findings)
    .map(({ severity, count: n }) => paint(severity, `${n.toLocaleString("en-US")} ${severity}`, colors))
    .join(", ");
  const live = findings.filter(({ verdict }) => verdict.status === "live").length;
  return `${colors.bold(count(findings.length, "credential"))}: ${bySeverity}${live > 0 ? `; ${live} of them live` : ""}`;
}

function paint(severity: Severity, text: string, colors: Colors): string {
  switch (severity) {
    case "critical":
      return colors.bold(colors.red(text));
    case "high":
      return colors.red(text);
    case "medium":
      return colors.yellow(text);
    case "low":
      return colors.dim(text);
  }
}

function describeFinding(finding: Finding, options: RenderOptions, colors: Colors): string[] {
  const lines = [...describeHead(finding, options.width, colors)];
  const say = (text: string): void => {
    for (const line of wrap(text, options.width - indent.length)) lines.push(indent + line);
  };
  const { exposure } = finding;
  if (exposure !== null) for (const line of describeExposure(exposure)) say(line);
  lines.push(...describePlaces(finding, options.width, colors));
  if (options.showSecrets) lines.push(...describeSecrets(finding));

  const { verdict } = finding;
  if (verdict.status === "live") say(`live: ${visible(verdict.arn)}`);
  else if (verdict.status === "unknown") say(visible(describeVerdict(finding)));
  else if (verdict.status !== "unchecked") say(`${describeVerdict(finding)} (${visible(verdict.why)})`);
  if (finding.canary) say("a canary token: whoever calls AWS with it alerts its owner");
  else say(asClause(describeKind(finding.kind).risk));
  if (finding.kind === "custom") say(`seen by the detector ${visible(finding.detector)}`);
  for (const note of finding.notes) say(visible(note));

  const prefix = exposure === null ? 8 : 16;
  const allow = `keyguard allow ${finding.fingerprint.slice(0, prefix)} --reason "…"`;
  const [step = "", ...more] = wrap(asClause(visible(nextStep(finding))), options.width - indent.length - 17);
  lines.push(`${indent}${colors.bold("now")}              ${colors.cyan(step)}`);
  for (const line of more) lines.push(`${indent}${" ".repeat(15)}${colors.cyan(line)}`);
  lines.push(`${indent}it is no secret  ${colors.cyan(allow)}`);
  return lines;
}

/** `critical  AWS access key AKIAY3…7A with its secret   account 609629065308 (data-prod)`, on two lines if need be. */
function describeHead(finding: Finding, width: number, colors: Colors): string[] {
  const likely = finding.confidence === "likely" ? "likely " : "";
  const title = `${likely}${visible([titleOf(finding), partsOf(finding.credential)].filter((part) => part !== "").join(" "))}`;
  const account = describeAccount(finding);
  const live = finding.verdict.status === "live" ? "   LIVE" : "";
  const head = `  ${paint(finding.severity, finding.severity.padEnd(8), colors)}  ${colors.bold(title)}${live === "" ? "" : colors.red(live)}`;
  if (account === null) return [head];
  const of = `account ${visible(account)}`;
  const room = width - indent.length - title.length - live.length - 3 - of.length;
  return room >= 0 ? [`${head}   ${of}`] : [head, indent + of];
}

function describePlaces(finding: Finding, width: number, colors: Colors): string[] {
  const places = placesByLine(finding);
  const lines: string[] = [];
  for (const place of places.slice(0, mostPlaces)) {
    const at = `${visible(place.path)}:${place.line}:${place.column}`;
    const commit = describeCommit(place);
    const excerpt = visible(place.excerpt);
    const room = width - indent.length - at.length - commit.length - 3;
    const where = `${indent}${colors.underline(at)}${commit === "" ? "" : colors.dim(commit)}`;
    // A line that finds no room behind its path stands below it.
    if (excerpt === "") lines.push(where);
    else if (room >= [...excerpt].length) lines.push(`${where}   ${excerpt}`);
    else lines.push(where, `${indent}  ${cutAroundMask(excerpt, width - indent.length - 2)}`);
  }
  if (places.length > mostPlaces) lines.push(`${indent}and ${count(places.length - mostPlaces, "more place")}`);
  return lines;
}

function describeCommit({ commit, author, date }: Location): string {
  if (commit === null) return "";
  const when = date === null ? "" : ` ${date.slice(0, 10)}`;
  return `  ${commit.slice(0, 8)}${when}${author === null ? "" : ` ${cut(visible(author), 24)}`}`;
}

/** Only where `--show-secrets` was typed. */
function describeSecrets({ credential }: Finding): string[] {
  return secretsOf(credential).flatMap(({ part, secret }) => [
    `${indent}${namePart(part)}:`,
    ...secret
      .reveal()
      .split(/\r?\n/)
      .map((line) => `${indent}  ${visible(line)}`),
  ]);
}

function describeExposure(exposure: Exposure): string[] {
  const lines: string[] = [];
  const { introduced, removed } = exposure;
  if (introduced !== null) lines.push(`introduced  ${describeRef(introduced)}`);
  if (removed !== null) lines.push(`removed     ${describeRef(removed)}${lasted(introduced, removed)}`);
  const held = exposure.refs.slice(0, 4).map((ref) => visible(shortRef(ref)));
  if (exposure.refs.length > held.length) held.push(`${exposure.refs.length - held.length} more refs`);
  const now = exposure.atHead ? "at HEAD" : exposure.inWorktree ? "in the working tree, not at HEAD" : "not at HEAD";
  lines.push(`still in    ${held.length === 0 ? "no ref" : held.join(", ")}; ${now}`);
  if (exposure.objects.length > 1) lines.push(`stored in   ${count(exposure.objects.length, "object")}`);
  return lines;
}

/** `main`, `origin/main`, `tag v0.3`, `stash`: as people call them. */
function shortRef(ref: string): string {
  return ref.replace(/^refs\/tags\//, "tag ").replace(/^refs\/(?:heads\/|remotes\/)?/, "");
}

function describeRef({ commit, author, date, subject }: CommitRef): string {
  return `${date.slice(0, 10)}  ${commit.slice(0, 8)}  "${cut(visible(subject), 40)}"  by ${visible(author)}`;
}

/** `, 11 minutes later`. */
function lasted(from: CommitRef | null, to: CommitRef): string {
  const minutes = from === null ? Number.NaN : (Date.parse(to.date) - Date.parse(from.date)) / 60_000;
  if (!(minutes >= 0)) return "";
  if (minutes < 120) return `, ${count(Math.round(minutes), "minute")} later`;
  if (minutes < 2 * 24 * 60) return `, ${count(Math.round(minutes / 60), "hour")} later`;
  return `, ${count(Math.round(minutes / 60 / 24), "day")} later`;
}

/** `1,204 files`; `93,555 objects, 29,961 commits`. */
function describeWhere({ coverage }: Report): string {
  const { mode, texts, objects, commits } = coverage;
  const unit = { tree: "file", staged: "staged file", history: "text", range: "text", push: "text" } as const;
  if (mode === "stdin") return "standard input";
  if (mode === "message") return "the message";
  const parts = [objects === undefined ? count(texts, unit[mode]) : count(objects, "object")];
  if (commits !== undefined) parts.push(count(commits, "commit"));
  return parts.join(", ");
}

/** `(2.6 GB read, 3.2 s)`. */
function describeEffort({ coverage, elapsed }: Report): string {
  return `(${describeBytes(coverage.bytes)} read, ${describeTime(elapsed)})`;
}

export function describeBytes(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(bytes / size < 10 ? 1 : 0)} ${unit}`;
  }
  return count(bytes, "byte");
}

function describeTime(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** What was let pass is counted, so that an allowance is never forgotten. */
function describeAllowed({ allowed }: Report): string {
  if (allowed.length === 0) return "";
  const by = (["inline", "config", "baseline"] as const)
    .map((way) => [way, allowed.filter((one) => one.by === way).length] as const)
    .filter(([, n]) => n > 0)
    .map(
      ([way, n]) =>
        `${n} ${{ inline: "by a comment", config: "by the configuration", baseline: "by the baseline" }[way]}`,
    );
  return `\n${count(allowed.length, "credential")} let pass: ${by.join(", ")}`;
}

/** A sentence of the other formats as it is said here: lower case, no full stop. */
function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

function visible(text: string): string {
  return spellOutInvisible(text);
}

/** Shortened to `room` characters, never in the middle of one. */
function cut(text: string, room: number): string {
  const letters = [...text];
  return letters.length <= room ? text : `${letters.slice(0, Math.max(room - 1, 1)).join("")}…`;
}

/** Shortened to `room` characters at both ends, so that what was found, which is masked, stays in sight. */
function cutAroundMask(text: string, room: number): string {
  const mask = /[\w+/]*…(?:\(\d+ characters\)|[A-Z2-7]{6})/.exec(text);
  if (mask === null) return cut(text, room);
  const letters = [...text];
  const start = [...text.slice(0, mask.index)].length;
  const end = start + [...mask[0]].length;
  if (end < room) return cut(text, room);
  // The name that the value was given stands before it, and says more than what comes after.
  const from = Math.min(start, Math.max(end + 2 - room, Math.min(start - 30, letters.length + 1 - room)));
  return cut(`…${letters.slice(from).join("")}`, room);
}

/** Lines of at most `room` characters, broken between words. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  // Runs of spaces are columns of ours: only single ones are places to break.
  for (const word of text.split(/(?<! ) (?! )/)) {
    if (line !== "" && line.length + 1 + word.length > Math.max(room, 20)) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
