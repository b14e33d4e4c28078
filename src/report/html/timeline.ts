import type { Finding } from "../../model/finding.ts";
import { count, titleOf } from "../finding-words.ts";
import { describeDuration, type Tick, timeTicks } from "./duration.ts";
import { html, type Markup } from "./markup.ts";

/** Rows that are drawn; a page with more would be scrolled past, not read. */
const mostRows = 60;

/** A credential in time, in milliseconds since 1970. */
export interface Exposed {
  readonly finding: Finding;
  readonly from: number;
  /** When the last file with it was removed; null while it stands at HEAD. */
  readonly removed: number | null;
}

/** The findings whose beginning is known, the earliest first. */
export function exposedOf(findings: readonly Finding[]): Exposed[] {
  return findings
    .flatMap((finding) => {
      const from = Date.parse(finding.exposure?.introduced?.date ?? "");
      if (Number.isNaN(from)) return [];
      const end = Date.parse(finding.exposure?.removed?.date ?? "");
      const gone = finding.exposure?.atHead === false && !Number.isNaN(end);
      return [{ finding, from, removed: gone ? Math.max(end, from) : null }];
    })
    .toSorted((a, b) => a.from - b.from);
}

function percent(value: number): string {
  return `${value.toFixed(3)}%`;
}

/** How long each credential stood in the files, and that it is in the history since; as a picture and in words. */
export function renderTimeline(
  findings: readonly Finding[],
  now: number | null,
  anchor: (finding: Finding) => string,
): Markup | null {
  const exposed = exposedOf(findings);
  if (exposed.length === 0) return null;
  const begin = Math.min(...exposed.map(({ from }) => from));
  const end = Math.max(now ?? 0, ...exposed.map(({ from, removed }) => removed ?? from));
  const margin = Math.max((end - begin) * 0.02, 60_000);
  const left = begin - margin;
  const right = end + (now === null ? margin : 0);
  const at = (time: number): number => ((time - left) / (right - left)) * 100;
  const ticks = timeTicks(left, right, 8).map((tick) => ({ ...tick, x: at(tick.at) }));
  const drawn = exposed.slice(0, mostRows);
  return html`<section aria-labelledby="timeline">
<h2 id="timeline">Exposure over time</h2>
<p>From the commit that brought each credential to the one that took it out of the files. Who cloned before keeps it; it stays in the history until that is rewritten.</p>
<div class="timeline">
<div class="axis" aria-hidden="true"><span></span>${axis(ticks)}<span></span></div>
<ol>${drawn.map((item) => row(item, right, at, ticks, anchor(item.finding)))}</ol>
${drawn.length < exposed.length ? html`<p class="key">${count(exposed.length - drawn.length, "later credential")} not drawn; all are in the list below.</p>` : null}
<p class="key" aria-hidden="true"><span><svg><rect class="low" y="2" width="100%" height="6" rx="3"/></svg>in the files</span><span><svg><line class="after low" x1="0" x2="100%" y1="5" y2="5"/></svg>only in the history</span></p>
</div>
</section>`;
}

function axis(ticks: readonly (Tick & { x: number })[]): Markup {
  return html`<svg>${ticks.map(({ x, label }) => {
    const anchor = x > 92 ? "end" : x < 4 ? "start" : "middle";
    return html`<text x="${percent(x)}" y="16" text-anchor="${anchor}">${label}</text>`;
  })}</svg>`;
}

function row(
  { finding, from, removed }: Exposed,
  right: number,
  at: (time: number) => number,
  ticks: readonly { x: number }[],
  id: string,
): Markup {
  const x = at(from);
  const until = at(removed ?? right);
  const lasted = describeDuration((removed ?? right) - from);
  const date = (finding.exposure?.introduced?.date ?? "").slice(0, 10);
  const words =
    removed === null
      ? `, in the files since ${date}, for ${lasted}`
      : `, brought ${date}, taken out of the files after ${lasted}, in the history still`;
  // A bar of eleven minutes on an axis of years must be seen too: it is at least six pixels wide, as its round ends are.
  return html`<li data-row-for="${id}"><a href="#${id}">${titleOf(finding)}</a><svg aria-hidden="true">${ticks.map(
    (tick) => html`<line class="grid" x1="${percent(tick.x)}" x2="${percent(tick.x)}" y1="-6" y2="32"/>`,
  )}${
    removed === null
      ? null
      : html`<line class="after ${finding.severity}" x1="${percent(until)}" x2="100%" y1="13" y2="13"/>`
  }<rect class="${finding.severity}" x="${percent(x)}" y="8" width="${percent(Math.max(until - x, 0.05))}" height="10" rx="3"/><circle class="${finding.severity}" cx="${percent(x)}" cy="13" r="5"/></svg><span aria-hidden="true">${lasted}${removed === null ? " so far" : ""}</span><span class="unseen">${words}</span></li>`;
}
