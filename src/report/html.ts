import { createHash } from "node:crypto";
import type { Finding, Report } from "../model/finding.ts";
import { byUrgency, count, describeCoverage, nameFile, titleOf } from "./finding-words.ts";
import { renderCredential } from "./html/credential.ts";
import { html, Markup } from "./html/markup.ts";
import { renderOverview } from "./html/overview.ts";
import { pageScript } from "./html/page-script.ts";
import { pageStyle } from "./html/page-style.ts";
import { renderTimeline } from "./html/timeline.ts";
import type { RenderOptions } from "./render.ts";

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}

/**
 * What the page may do: apply its one style sheet and run its one script, each known by its hash, and nothing else. No
 * request leaves it, and injected markup could neither run nor draw anything from elsewhere.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src ${hashSource(pageStyle)}`,
  `script-src ${hashSource(pageScript)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * One self-contained page for people: how bad, where, since when, what next; exposure over time; every credential with
 * all its places. It never holds a raw secret, also when they were asked for: a page is made to be passed around.
 */
export function renderHtml(report: Report, options: RenderOptions): string {
  const findings = byUrgency(report.findings);
  const anchors = new Map(findings.map((finding, i) => [finding, `c${i + 1}-${finding.fingerprint.slice(0, 8)}`]));
  const anchor = (finding: Finding): string => anchors.get(finding) ?? "";
  const parsed = Date.parse(options.generated ?? "");
  const now = Number.isNaN(parsed) ? null : parsed;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${pageTitle(report)}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<div class="page">
<header class="top"><strong>keyguard</strong><span>${modeWords[report.coverage.mode]}</span>${
    options.generated === undefined
      ? null
      : html`<time datetime="${options.generated}">${readableTime(options.generated)}</time>`
  }<button id="theme" class="push" type="button" hidden>theme: auto</button></header>
<main id="main" tabindex="-1">
${headline(report, findings)}
${incomplete(report)}
${
  findings.length === 0
    ? null
    : html`${renderOverview(report, findings, now, anchor)}
${renderTimeline(findings, now, anchor)}
<section aria-labelledby="credentials">
<h2 id="credentials">Credentials</h2>
<p>The most urgent first. Each is one credential, however often it was written down.</p>
${filters(findings)}
<div id="credentials-list" class="${findings.length > manyFindings ? "many" : ""}">${findings.map((finding, i) => renderCredential(finding, anchor(finding), i))}</div>
<p id="none" hidden>No credential fits these filters.</p>
</section>`
}
${unread(report)}
${allowed(report)}
${coverage(report)}
</main>
<footer>keyguard ${options.version}. Secrets are masked; access key ids are not secret by themselves. This page loads nothing from elsewhere.</footer>
</div>
<script>${new Markup(pageScript)}</script>
</body>
</html>
`;
  return page.source;
}

/** From here on, cards that are out of sight are not laid out: a page of thousands opens at once. */
const manyFindings = 100;

const modeWords: Record<Report["coverage"]["mode"], string> = {
  tree: "scan of the working tree",
  staged: "scan of what is staged",
  range: "scan of a range of commits",
  stdin: "scan of standard input",
  history: "scan of the whole history",
  push: "scan of a push",
  message: "scan of a commit message",
};

function readableTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}${iso.endsWith("Z") ? " UTC" : ""}`;
}

function pageTitle(report: Report): string {
  const { findings, complete } = report;
  if (findings.length > 0) return `keyguard: ${count(findings.length, "credential")} leaked`;
  return complete ? "keyguard: no credentials found" : "keyguard: incomplete";
}

function headline(report: Report, findings: readonly Finding[]): Markup {
  const read = describeCoverage(report.coverage);
  if (findings.length === 0) {
    return report.complete
      ? html`<h1 class="calm">No credentials found</h1><p class="lead">${read} read in ${seconds(report.elapsed)}.</p>`
      : html`<h1>No credentials found in what could be read</h1><p class="lead">${read} read in ${seconds(report.elapsed)}, and not all that was in reach.</p>`;
  }
  const live = findings.filter(({ verdict }) => verdict.status === "live").length;
  const leaked = `${count(findings.length, "credential")} leaked`;
  const lead = html`<p class="lead">${read} read in ${seconds(report.elapsed)}. Replace what leaked before anything else: taking it out of a file or out of the history does not take it back.</p>`;
  if (live === 0) return html`<h1>${leaked}</h1>${lead}`;
  return html`<h1>${leaked}, <em>${live === findings.length ? (live === 1 ? "and it works" : "and all of them work") : `${live} of them ${live === 1 ? "works" : "work"}`}</em></h1>${lead}`;
}

function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function incomplete(report: Report): Markup | null {
  if (report.complete) return null;
  return html`<div class="warning" role="note"><p><strong>This scan is incomplete.</strong> What was not read is not known to be clean.</p>
${report.unread.length > 0 ? html`<p>${count(report.unread.length, "thing")} not read: <a href="#unread">see which and why</a></p>` : null}
${report.coverage.notes.length > 0 ? html`<ul>${report.coverage.notes.map((note) => html`<li>${note}</li>`)}</ul>` : null}</div>`;
}

function filters(findings: readonly Finding[]): Markup | null {
  if (findings.length < 2) return null;
  const states = {
    live: "live",
    "wrong-secret": "wrong secret",
    unknown: "unknown",
    unchecked: "not checked",
    dead: "dead",
  };
  const present = Object.entries(states).filter(([state]) => findings.some(({ verdict }) => verdict.status === state));
  const history = findings.some(({ exposure }) => exposure !== null);
  return html`<form id="filters" class="filters" role="search" aria-label="Filter the credentials" hidden>
<label><span>Text in it</span><input id="text" name="text" type="search" autocomplete="off" spellcheck="false" placeholder="path, account, author …"></label>
<fieldset><legend>Severity</legend><div class="boxes">${["critical", "high", "medium", "low"]
    .filter((severity) => findings.some((finding) => finding.severity === severity))
    .map(
      (severity) => html`<label><input type="checkbox" name="severity" value="${severity}" checked>${severity}</label>`,
    )}</div></fieldset>
<label><span>Status</span><select name="status"><option value="">any</option>${present.map(([state, name]) => html`<option value="${state}">${name}</option>`)}</select></label>
${history ? html`<label><span>Still there</span><select name="where"><option value="">anywhere</option><option value="head">still at HEAD</option><option value="history">only in history</option></select></label>` : null}
<label><span>Order</span><select name="order"><option value="urgency">most urgent</option>${history ? html`<option value="oldest">oldest</option><option value="newest">newest</option>` : null}<option value="places">most places</option></select></label>
<button type="reset">Clear</button>
<output id="shown" role="status" aria-live="polite"></output>
</form>`;
}

function unread(report: Report): Markup | null {
  if (report.unread.length === 0) return null;
  return html`<section aria-labelledby="unread"><h2 id="unread">Not read</h2><p>Not known to be clean.</p>
<div class="sheet scroll" tabindex="0" role="group" aria-label="What was not read"><table><caption class="unseen">What was not read, and why</caption><thead><tr><th scope="col">Path</th><th scope="col">Why</th></tr></thead>
<tbody>${report.unread.map(({ path, why }) => html`<tr><td><code>${path}</code></td><td>${why}</td></tr>`)}</tbody></table></div></section>`;
}

function allowed(report: Report): Markup | null {
  if (report.allowed.length === 0) return null;
  return html`<section aria-labelledby="allowed"><h2 id="allowed">Let pass</h2><p>Found, and allowed by someone who gave a reason.</p>
<div class="sheet scroll" tabindex="0" role="group" aria-label="What was let pass"><table class="wide"><caption class="unseen">Credentials that were let pass</caption><thead><tr><th scope="col">Credential</th><th scope="col">Where</th><th scope="col">By</th><th scope="col">Reason</th></tr></thead>
<tbody>${report.allowed.map(({ finding, by, reason }) => {
    const [first] = finding.locations;
    return html`<tr><td>${titleOf(finding)}</td><td>${first === undefined ? null : html`<code>${nameFile(first)}:${first.line}</code>`}</td><td>${by}</td><td>${reason}</td></tr>`;
  })}</tbody></table></div></section>`;
}

function coverage(report: Report): Markup {
  const { commits, objects, refs, notes, texts, bytes } = report.coverage;
  const rows: [string, string][] = [
    ["Texts", texts.toLocaleString("en-US")],
    ["Bytes", bytes.toLocaleString("en-US")],
    ...(commits === undefined ? [] : [["Commits", commits.toLocaleString("en-US")] as [string, string]]),
    ...(objects === undefined ? [] : [["Objects", objects.toLocaleString("en-US")] as [string, string]]),
    ...(refs === undefined
      ? []
      : [
          [
            "Refs",
            refs.length > 12 ? `${refs.slice(0, 12).join(", ")} and ${refs.length - 12} more` : refs.join(", "),
          ] as [string, string],
        ]),
    ...notes.map((note) => ["Note", note] as [string, string]),
  ];
  return html`<section aria-labelledby="coverage"><h2 id="coverage">What was read</h2>
<p>${report.complete ? "Everything in reach." : "Not everything in reach."}</p>
<div class="sheet"><table><caption class="unseen">What was read</caption><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div></section>`;
}
