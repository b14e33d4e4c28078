import type { Finding, Report } from "../../model/finding.ts";
import { count, countBySeverity, nameFile, nextStep, placesInFiles, titleOf } from "../finding-words.ts";
import { describeDuration } from "./duration.ts";
import { html, type Markup } from "./markup.ts";
import { exposedOf } from "./timeline.ts";

/** The four questions of whoever opens the report: how bad, where, since when, what next. */
export function renderOverview(
  report: Report,
  findings: readonly Finding[],
  now: number | null,
  anchor: (finding: Finding) => string,
): Markup {
  return html`<div class="answers">${howBad(findings)}${where(findings)}${sinceWhen(findings, now)}${whatNext(report, findings, anchor)}</div>`;
}

function howBad(findings: readonly Finding[]): Markup {
  const severities = countBySeverity(findings);
  const live = findings.filter(({ verdict }) => verdict.status === "live").length;
  const dead = findings.filter(({ verdict }) => verdict.status === "dead").length;
  const unchecked = findings.filter(({ verdict }) => verdict.status === "unchecked").length;
  const open = findings.length - live - dead - unchecked;
  let x = 0;
  const bars = severities.map(({ severity, count: n }) => {
    const width = (n / findings.length) * 100;
    const bar = html`<rect class="${severity}" x="${x.toFixed(3)}%" width="${width.toFixed(3)}%" height="100%"/>`;
    x += width;
    return bar;
  });
  const states = [
    live > 0 ? `${live} live` : "",
    open > 0 ? `${open} unclear` : "",
    unchecked > 0 ? `${unchecked} not checked` : "",
    dead > 0 ? `${dead} dead` : "",
  ].filter((state) => state !== "");
  return html`<section aria-labelledby="how-bad"><h2 id="how-bad">How bad</h2>
<p class="figure">${live > 0 ? live : findings.length} <small>${live > 0 ? `of ${findings.length} accepted by AWS` : findings.length === 1 ? "credential" : "credentials"}</small></p>
<svg class="meter" aria-hidden="true">${bars}</svg>
<ul class="legend">${severities.map(
    ({ severity, count: n }) =>
      html`<li><svg aria-hidden="true"><rect class="${severity}" width="100%" height="100%" rx="2"/></svg>${n} ${severity}</li>`,
  )}</ul>
<p class="soft">${states.join(", ")}</p></section>`;
}

function where(findings: readonly Finding[]): Markup {
  const files = new Map<string, Set<string>>();
  for (const finding of findings) {
    for (const location of finding.locations) {
      const name = nameFile(location);
      files.set(name, (files.get(name) ?? new Set()).add(finding.fingerprint));
    }
  }
  const most = [...files].toSorted(([a, x], [b, y]) => y.size - x.size || (a < b ? -1 : 1)).slice(0, 4);
  const places = findings.reduce((sum, finding) => sum + placesInFiles(finding).length, 0);
  const known = findings.filter(({ exposure }) => exposure !== null);
  const atHead = known.filter(({ exposure }) => exposure?.atHead).length;
  const published = known.filter(({ exposure }) =>
    exposure?.refs.some((ref) => ref.startsWith("refs/remotes/")),
  ).length;
  const reach = [
    known.length > 0 ? `${atHead} still at HEAD` : "",
    published > 0 ? `${published} on a remote branch` : "",
  ].filter((part) => part !== "");
  return html`<section aria-labelledby="where"><h2 id="where">Where</h2>
<p class="figure">${count(files.size, "file")} <small>${count(places, "place")}</small></p>
${reach.length > 0 ? html`<p>${reach.join(", ")}</p>` : null}
<ul class="plain">${most.map(([path, ids]) => html`<li><code>${path}</code>${ids.size > 1 ? html`<span>${ids.size} credentials</span>` : null}</li>`)}</ul>
${files.size > most.length ? html`<p class="soft">and ${count(files.size - most.length, "more file")}</p>` : null}</section>`;
}

function sinceWhen(findings: readonly Finding[], now: number | null): Markup {
  const exposed = exposedOf(findings);
  const [first] = exposed;
  if (first === undefined) {
    return html`<section aria-labelledby="since"><h2 id="since">Since when</h2><p class="figure">unknown</p>
<p class="soft">The history knows who brought it, and when:</p><code class="command">keyguard scan --history --format html</code></section>`;
  }
  const standing = exposed.filter(({ removed }) => removed === null);
  const working = exposed.find(({ finding }) => finding.verdict.status === "live");
  const shortest = exposed
    .filter(({ removed }) => removed !== null)
    .toSorted((a, b) => (a.removed ?? 0) - a.from - ((b.removed ?? 0) - b.from))[0];
  const date = (time: { finding: Finding }): string => (time.finding.exposure?.introduced?.date ?? "").slice(0, 10);
  return html`<section aria-labelledby="since"><h2 id="since">Since when</h2>
<p class="figure"><time datetime="${first.finding.exposure?.introduced?.date ?? ""}">${date(first)}</time> ${now === null ? null : html`<small>${describeDuration(now - first.from)} ago</small>`}</p>
${working === undefined ? null : html`<p>The oldest live one since ${date(working)}${now === null ? "" : `, ${describeDuration(now - working.from)}`}.</p>`}
<p class="soft">${standing.length > 0 ? `${count(standing.length, "credential")} never taken out of the files.` : "All were taken out of the files, none out of the history."}${
    shortest === undefined
      ? ""
      : ` The quickest removal took ${describeDuration((shortest.removed ?? 0) - shortest.from)}.`
  }</p></section>`;
}

function whatNext(report: Report, findings: readonly Finding[], anchor: (finding: Finding) => string): Markup {
  const urgent = findings.filter(({ verdict, canary }) => verdict.status !== "dead" && !canary);
  const shown = urgent.slice(0, 2);
  const steps = shown.map((finding) => {
    const next = nextStep(finding);
    return next.startsWith("keyguard ")
      ? html`<li>Replace <a href="#${anchor(finding)}">${titleOf(finding)}</a><code class="command">${next}</code></li>`
      : html`<li><a href="#${anchor(finding)}">${titleOf(finding)}</a>: ${next}</li>`;
  });
  if (urgent.length > shown.length)
    steps.push(
      html`<li>Then ${count(urgent.length - shown.length, "more", "more")}, in the order of the list below</li>`,
    );
  if (!report.complete) steps.push(html`<li>Scan again what was <a href="#unread">not read</a></li>`);
  steps.push(
    findings.some(({ exposure }) => exposure !== null)
      ? html`<li>Only then rewrite the history</li>`
      : html`<li>Only then take it out of the files</li>`,
  );
  return html`<section aria-labelledby="next"><h2 id="next">What next</h2><ol class="steps">${steps}</ol></section>`;
}
