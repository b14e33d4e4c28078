import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ExitCode, Io } from "../commands/command.ts";
import { type CommitSettings, readCommitSettings } from "../commands/commit-settings.ts";
import type { FormatRequest, formats } from "../commands/formats.ts";
import { dropNewAllows, type NewAllow } from "../commands/review-allows.ts";
import { scanHistory } from "../commands/scan-history.ts";
import { scanTexts } from "../commands/scan-texts.ts";
import { rulesOf, type Settings } from "../commands/settings.ts";
import { exitCodeOf, writeReport } from "../commands/write-report.ts";
import { defaultBaseline } from "../config/baseline.ts";
import { findRepository } from "../git/repository.ts";
import type { GitPlace } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import { atLeast, type Report, type Severity } from "../model/finding.ts";
import { secretsOf } from "../report/finding-words.ts";
import { annotation, escapeCommandData, escapeLogLine, renderGithub } from "../report/github.ts";
import { hideSecrets } from "../report/hide-secrets.ts";
import { markdownText, renderMarkdownWithin } from "../report/markdown.ts";
import type { RenderOptions } from "../report/render.ts";
import { matchPath } from "../scan/allow.ts";
import { describeChanges } from "./describe-changes.ts";
import { bringHistory, depthHint, type FoundRange, findRange, hasCommit } from "./find-range.ts";
import { type Occasion, readEvent } from "./read-event.ts";
import { type Inputs, readInputs } from "./read-inputs.ts";
import { appendForRunner, formatOutput } from "./workflow-files.ts";

/** GitHub refuses a summary of more than 1 MiB whole; the list of changes and a margin come on top of this. */
const largestSummary = 900_000;

/** The shortest line of a secret that is masked: to mask `abc` would blacken the whole log. */
const shortestMask = 8;

/** What was read, by what rules, and what a reviewer should know of it. */
interface Outcome {
  readonly report: Report;
  readonly failOn: Severity;
  /** What the change does to the rules, as Markdown. */
  readonly changes: readonly string[];
}

/**
 * Runs the GitHub Action: reads what the event brings, annotates it, writes summary, outputs and reports, and gives the
 * exit code of the step (0 clean, 1 leaks, 2 could not finish).
 */
export async function runAction(io: Io): Promise<ExitCode> {
  try {
    const inputs = readInputs(io.env);
    const outcome = await scan(inputs, io);
    // Masks first: from then on the runner blackens the values wherever any step prints them.
    // Anywhere else nobody takes the command away, and it would print what it is to hide.
    if (io.env.GITHUB_ACTIONS === "true") io.stdout.write(maskSecrets(outcome.report));
    return await publish(inputs.validate ? await validate(outcome, io) : outcome, inputs, io);
  } catch (error) {
    if (!(error instanceof KeyguardError)) throw error;
    const hint = error.hint === undefined ? "" : `\nhint: ${error.hint}`;
    io.stdout.write(annotation("error", `${error.message}${hint}`, { title: "keyguard could not run" }));
    appendForRunner(io.env.GITHUB_OUTPUT, formatOutput("complete", "false") + formatOutput("exit-code", "2"));
    const summary = [
      "## keyguard could not run",
      "",
      markdownText(error.message),
      "",
      markdownText(error.hint ?? ""),
      "",
    ];
    appendForRunner(io.env.GITHUB_STEP_SUMMARY, `${summary.join("\n")}\n`);
    return 2;
  }
}

async function scan(inputs: Inputs, io: Io): Promise<Outcome> {
  const repository = await findRepository({ dir: io.cwd, env: io.env });
  if (repository === null) {
    throw new KeyguardError("git", "this is not a git repository", {
      hint: "let actions/checkout run before; the input working-directory names a repository that is not at the top",
    });
  }
  const place: GitPlace = { dir: repository.top ?? repository.gitDir, env: io.env };
  const occasion = readOccasion(io);
  const mode = inputs.mode === "auto" ? (occasion.kind === "other" ? "history" : "changes") : inputs.mode;
  const credentials =
    inputs.token === null ? null : { server: io.env.GITHUB_SERVER_URL || "https://github.com", token: inputs.token };

  if (mode === "changes") {
    if (occasion.kind === "other") {
      throw new KeyguardError("usage", `the event ${occasion.name} brings no commits to compare`, {
        hint: "mode: auto reads the history on such an event",
      });
    }
    return scanChanges(inputs, io, place, await findRange(occasion, { place, credentials }));
  }

  // Also where all is read, what a change allows itself does not count: the rules are those of the commit before it.
  const found = occasion.kind === "other" ? null : await findRange(occasion, { place, credentials });
  const commit = found === null ? "HEAD" : found.trusted;
  const trusted = await readCommitSettings({ place, commit, config: inputs.config, baseline: inputs.baseline });
  const settings = toSettings(trusted, io, inputs, mode, async (sightings) =>
    found === null || found.trusted === found.head
      ? sightings
      : (await dropNewAllows(sightings, found.trusted, place, rulesOf(trusted.config))).sightings,
  );
  const missing = mode === "history" ? await bringHistory({ place, credentials }) : null;
  const report =
    mode === "history"
      ? await scanHistory({ dir: place.dir, cache: false, quiet: true }, settings, io)
      : await scanTexts({ mode: "tree", paths: inputs.paths }, settings, io, true);
  return {
    report: addToReport(report, missing, trusted.warnings),
    failOn: inputs.failOn ?? trusted.config.failOn,
    changes: [],
  };
}

/** A pull request, a push, a merge group: what its commits bring, judged by the rules of the commit before them. */
async function scanChanges(inputs: Inputs, io: Io, place: GitPlace, found: FoundRange): Promise<Outcome> {
  const request = { place, config: inputs.config, baseline: inputs.baseline };
  const trusted = await readCommitSettings({ ...request, commit: found.trusted });
  const failOn = inputs.failOn ?? trusted.config.failOn;
  let dropped: readonly NewAllow[] = [];
  const settings = toSettings(trusted, io, inputs, "changes", async (sightings) => {
    // What is trusted is the commit before; where there was none, what is pushed stands for itself.
    if (found.trusted === found.head) return sightings;
    const reviewed = await dropNewAllows(sightings, found.trusted, place, rulesOf(trusted.config));
    dropped = reviewed.dropped;
    return reviewed.sightings;
  });
  const report = await scanRange(found, settings, io);
  const notes = [...found.notes, ...trusted.warnings];
  return {
    report: addToReport(report, found.missing, notes),
    failOn,
    changes: await reviewChanges(found, trusted, dropped, request),
  };
}

/** The range; where that is not to be had, at least what the checkout holds, in a scan that stays incomplete. */
function scanRange({ range, missing }: FoundRange, settings: Settings, io: Io): Promise<Report> {
  if (range !== null) return scanTexts({ mode: "range", range }, settings, io, true);
  if (missing !== null) return scanTexts({ mode: "tree", paths: [] }, settings, io, true);
  const nothing: Report = {
    complete: true,
    coverage: { mode: "range", texts: 0, bytes: 0, commits: 0, notes: [] },
    unread: [],
    findings: [],
    allowed: [],
    elapsed: 0,
  };
  return Promise.resolve(nothing);
}

async function reviewChanges(
  { trusted, head }: FoundRange,
  before: CommitSettings,
  dropped: readonly NewAllow[],
  request: { place: GitPlace; config: string | null | false; baseline: string | null | false },
): Promise<string[]> {
  if (head === null || trusted === head || !(await hasCommit(request.place, head))) {
    return describeChanges(before, before, dropped);
  }
  return describeChanges(before, await readCommitSettings({ ...request, commit: head }), dropped);
}

function toSettings(
  { config, baseline }: CommitSettings,
  io: Io,
  inputs: Inputs,
  mode: Inputs["mode"],
  review: NonNullable<Settings["reviewSightings"]>,
): Settings {
  const wanted = mode === "tree" || inputs.paths.length === 0 ? null : matchPath(inputs.paths);
  return {
    root: io.cwd,
    config,
    rules: rulesOf(config),
    baseline,
    baselinePath: join(io.cwd, config.baseline ?? defaultBaseline),
    reviewSightings: async (sightings) => {
      const inPaths = wanted === null ? sightings : sightings.filter(({ path }) => wanted(path));
      return review(inPaths);
    },
  };
}

function addToReport(report: Report, missing: string | null, notes: readonly string[]): Report {
  return hideSecrets({
    ...report,
    complete: report.complete && missing === null,
    unread: missing === null ? report.unread : [{ path: "", why: `${missing}; ${depthHint}` }, ...report.unread],
    coverage: { ...report.coverage, notes: [...report.coverage.notes, ...notes] },
  });
}

function readOccasion({ env }: Io): Occasion {
  const name = env.GITHUB_EVENT_NAME ?? "";
  const path = env.GITHUB_EVENT_PATH ?? "";
  if (path === "") return { kind: "other", name };
  let payload: unknown;
  try {
    payload = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new KeyguardError("io", "the event file cannot be read", {
      cause: error,
      hint: "GITHUB_EVENT_PATH names the file that the runner wrote",
    });
  }
  return readEvent(name, payload);
}

/** Asks AWS about what was found. The environment is the workflow's, the working tree has no say in it. */
async function validate(outcome: Outcome, io: Io): Promise<Outcome> {
  const { validateFindings } = await import("../aws/validate-findings.ts");
  // A copy: loading the SDK sets variables of the process that would read like the workflow's wishes.
  const settings = { env: { ...io.env }, untrusted: io.cwd, signal: io.signal };
  const findings = await validateFindings(outcome.report.findings, { settings, cache: null });
  return { ...outcome, report: { ...outcome.report, findings } };
}

async function publish({ report, failOn, changes }: Outcome, inputs: Inputs, io: Io): Promise<ExitCode> {
  const options: RenderOptions = {
    showSecrets: false,
    color: false,
    width: 80,
    version: io.version,
    generated: io.now().toISOString(),
  };
  io.stdout.write(renderGithub(report, options));
  for (const line of report.coverage.notes) io.stdout.write(`${escapeLogLine(`keyguard: note: ${line}`)}\n`);
  if (changes.length > 0) {
    const title = "keyguard: changes to the rules";
    io.stdout.write(
      annotation("warning", "This change would let more pass once it is merged; the job summary lists what.", {
        title,
      }),
    );
  }

  const files = placeReports(inputs, io);
  await writeReport(report, { formats: files, showSecrets: false, quiet: true, failOn }, { ...io, stderr: silent(io) });
  appendForRunner(io.env.GITHUB_STEP_SUMMARY, summarise(report, changes, options));
  const code = exitCodeOf(report, failOn);
  appendForRunner(
    io.env.GITHUB_OUTPUT,
    [
      formatOutput("findings", String(report.findings.length)),
      formatOutput("failing", String(report.findings.filter(({ severity }) => atLeast(severity, failOn)).length)),
      formatOutput("complete", String(report.complete)),
      formatOutput("exit-code", String(code)),
      formatOutput("reports", files.map(({ path }) => path).join("\n")),
      ...files.map(({ format, path }) => formatOutput(format, path ?? "")),
    ].join(""),
  );
  return code;
}

/** Every report gets a file: what goes to the log is read by the runner. */
function placeReports(inputs: Inputs, io: Io): FormatRequest[] {
  const folder = join(io.env.RUNNER_TEMP || io.cwd, "keyguard");
  const extensions: Partial<Record<keyof typeof formats, string>> = {
    text: "txt",
    markdown: "md",
    junit: "xml",
    github: "txt",
    gitlab: "gitlab.json",
  };
  const requests = [
    ...inputs.formats,
    ...(inputs.sarifFile === null ? [] : [{ format: "sarif" as const, path: inputs.sarifFile }]),
  ];
  return requests.map(({ format, path }) => {
    if (path !== null) return { format, path: resolve(io.cwd, path) };
    mkdirSync(folder, { recursive: true });
    return { format, path: join(folder, `keyguard.${extensions[format] ?? format}`) };
  });
}

/** `::add-mask::` for each line of each secret, also of those that are let pass. */
function maskSecrets(report: Report): string {
  const values = new Set<string>();
  for (const { credential } of [...report.findings, ...report.allowed.map(({ finding }) => finding)]) {
    for (const { secret } of secretsOf(credential)) {
      for (const line of secret.reveal().split(/\r\n|\r|\n/)) {
        const value = line.trim();
        // The armour of a private key is no secret, and stands in many files that are none.
        if (value.length >= shortestMask && !value.startsWith("-----")) values.add(value);
      }
    }
  }
  return [...values].map((value) => `::add-mask::${escapeCommandData(value)}\n`).join("");
}

function summarise(report: Report, changes: readonly string[], options: RenderOptions): string {
  const review =
    changes.length === 0
      ? ""
      : [
          "## Changes to the rules, to be reviewed",
          "",
          "They did not count for this scan, which went by the rules of the target branch. Once merged, this change:",
          "",
          ...changes,
          "",
          "",
        ].join("\n");
  return `${renderMarkdownWithin(report, options, largestSummary)}\n${review}`;
}

function silent(io: Io): Io["stderr"] {
  return { ...io.stderr, write: () => {} };
}
