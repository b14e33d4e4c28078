/** The page's only style sheet. Colours are named once, for light, dark and paper; text on each keeps 4.5 to 1. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f2; --card: #ffffff; --sunk: #f1f0ec; --line: #dcdad3; --ink: #1c1e22; --soft: #575d67;
  --accent: #1f5f8b; --on-fill: #ffffff;
  --critical: #b3161d; --high: #ad4a07; --medium: #7d6300; --low: #3a6485; --good: #1d6b3a; --idle: #69707b;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
    --ground: #111317; --card: #191c21; --sunk: #21252b; --line: #343a43; --ink: #e9ebee; --soft: #a4acb8;
    --accent: #82bfea; --on-fill: #14161a;
    --critical: #ff7b7b; --high: #ffa263; --medium: #e2c350; --low: #86b6dc; --good: #6fcf93; --idle: #959dab;
  }
}
:root[data-theme="dark"] {
  color-scheme: dark;
  --ground: #111317; --card: #191c21; --sunk: #21252b; --line: #343a43; --ink: #e9ebee; --soft: #a4acb8;
  --accent: #82bfea; --on-fill: #14161a;
  --critical: #ff7b7b; --high: #ffa263; --medium: #e2c350; --low: #86b6dc; --good: #6fcf93; --idle: #959dab;
}
:root[data-theme="light"] { color-scheme: light; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
.page { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999rem; top: 0.5rem; background: var(--card); padding: 0.5rem 1rem; z-index: 2; }
.skip:focus { left: 0.5rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
code, .mono { font-family: var(--mono); font-size: 0.875em; overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ol, ul { margin: 0; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 3rem 0 0.25rem; letter-spacing: -0.01em; }
h2 + p { color: var(--soft); margin-bottom: 1rem; max-width: 46rem; }

.top { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; color: var(--soft); font-size: 0.875rem; }
.top strong { color: var(--ink); font-size: 1rem; letter-spacing: -0.01em; }
.top .push { margin-left: auto; }
button, select, input { font: inherit; color: inherit; }
button { background: none; border: 1px solid var(--line); border-radius: 6px; padding: 0.2rem 0.7rem; cursor: pointer; }
button:hover { border-color: var(--soft); }

h1 { font-size: clamp(1.75rem, 4vw, 2.75rem); line-height: 1.12; letter-spacing: -0.025em; margin: 2rem 0 0.5rem; text-wrap: balance; }
h1 em { font-style: normal; color: var(--critical); }
h1.calm { color: var(--good); }
.lead { color: var(--soft); max-width: 46rem; font-size: 1.0625rem; }
.warning { border: 1px solid var(--high); border-left-width: 6px; background: var(--card); border-radius: 8px; padding: 0.75rem 1rem; margin: 1.25rem 0 0; }
.warning p + p, .warning ul { margin-top: 0.25rem; }
.warning ul { padding-left: 1.25rem; }

.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(15.5rem, 1fr)); gap: 1rem; margin-top: 1.75rem; }
.answers > section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.125rem 1.125rem; min-width: 0; }
.answers h2 { margin: 0 0 0.5rem; font-size: 0.875rem; font-weight: 600; color: var(--soft); letter-spacing: 0; }
.answers .figure { margin: 0; color: var(--ink); font-size: 1.625rem; font-weight: 650; line-height: 1.2; letter-spacing: -0.02em; }
.answers .figure small { display: inline-block; font-size: 0.9375rem; font-weight: 400; color: var(--soft); letter-spacing: 0; }
.answers p { margin-top: 0.375rem; font-size: 0.9375rem; }
.answers p.soft { color: var(--soft); }
.meter { display: block; width: 100%; height: 10px; margin: 0.75rem 0 0.625rem; border-radius: 5px; overflow: hidden; }
.legend, .plain { list-style: none; padding: 0; font-size: 0.9375rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; }
.legend svg { width: 0.7em; height: 0.7em; margin-right: 0.4em; }
.plain li { display: flex; gap: 0.75rem; justify-content: space-between; margin-top: 0.375rem; }
.plain code { min-width: 0; }
.plain span { color: var(--soft); white-space: nowrap; }
.steps { padding-left: 1.25rem; font-size: 0.9375rem; }
.steps li { margin-top: 0.375rem; }
.steps li::marker { color: var(--soft); }
.command { display: block; background: var(--sunk); border-radius: 6px; padding: 0.375rem 0.625rem; margin-top: 0.25rem; user-select: all; }
.critical { fill: var(--critical); } .high { fill: var(--high); } .medium { fill: var(--medium); } .low { fill: var(--low); }

.timeline { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.75rem 1.125rem 1rem; }
.timeline ol { list-style: none; padding: 0; }
.timeline li, .axis { display: grid; grid-template-columns: 18rem minmax(0, 1fr) 11.5rem; gap: 0 1rem; align-items: center; }
.timeline li { border-top: 1px solid var(--line); padding: 0.3rem 0; font-size: 0.9375rem; }
.timeline li > a { overflow-wrap: anywhere; }
.timeline li > span { color: var(--soft); font-size: 0.875rem; text-align: right; }
.timeline svg { display: block; width: 100%; height: 26px; overflow: visible; }
.axis svg { height: 24px; }
.axis text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--line); stroke-width: 1; }
.after { fill: none; stroke-width: 2; stroke-dasharray: 2 4; }
.after.critical { stroke: var(--critical); } .after.high { stroke: var(--high); } .after.medium { stroke: var(--medium); } .after.low { stroke: var(--low); }
.key { color: var(--soft); font-size: 0.875rem; margin-top: 0.625rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
.key svg { display: inline-block; width: 2.5rem; height: 10px; margin-right: 0.4rem; vertical-align: middle; }
@media (max-width: 44rem) {
  .timeline li, .axis { grid-template-columns: minmax(0, 1fr); }
  .timeline li > span { text-align: left; }
  .axis > :first-child, .axis > :last-child { display: none; }
}

.filters { display: flex; flex-wrap: wrap; gap: 0.625rem 1rem; align-items: end; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.75rem 1.125rem; margin-bottom: 1rem; font-size: 0.9375rem; }
.filters fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.filters legend, .filters label > span { font-size: 0.8125rem; color: var(--soft); display: block; padding: 0; }
.filters .boxes { display: flex; flex-wrap: wrap; gap: 0 0.875rem; min-height: 2.125rem; align-items: center; }
.filters input[type="search"], .filters select { background: var(--sunk); border: 1px solid var(--idle); border-radius: 6px; padding: 0.25rem 0.5rem; height: 2.125rem; }
.filters input[type="search"] { width: 15rem; max-width: 100%; }
.filters input[type="checkbox"] { accent-color: var(--accent); margin: 0 0.35rem 0 0; }
.filters output { color: var(--soft); margin-left: auto; align-self: center; }

article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin-bottom: 1rem; padding: 1.125rem 1.25rem 1.25rem; border-left: 6px solid var(--low); }
@media screen { .many > article { content-visibility: auto; contain-intrinsic-size: auto 24rem; } }
article.is-critical { border-left-color: var(--critical); } article.is-high { border-left-color: var(--high); } article.is-medium { border-left-color: var(--medium); }
article:target { outline: 3px solid var(--accent); outline-offset: 2px; }
article > header { display: flex; flex-wrap: wrap; gap: 0.375rem 0.75rem; align-items: center; }
article h3 { font-size: 1.125rem; line-height: 1.3; letter-spacing: -0.01em; }
article h3 small { font-weight: 400; color: var(--soft); font-size: 0.9375rem; }
.badge { border-radius: 99px; padding: 0.1rem 0.65rem; font-size: 0.8125rem; font-weight: 600; line-height: 1.5; border: 1px solid transparent; white-space: nowrap; }
.badge.is-critical { background: var(--critical); color: var(--on-fill); } .badge.is-high { background: var(--high); color: var(--on-fill); }
.badge.is-medium { background: var(--medium); color: var(--on-fill); } .badge.is-low { background: var(--low); color: var(--on-fill); }
.badge.state { border-color: var(--idle); color: var(--soft); }
.badge.state.is-live { border-color: var(--critical); color: var(--critical); }
.badge.state.is-dead { border-color: var(--good); color: var(--good); }
article > p { margin-top: 0.5rem; max-width: 50rem; }
article > p.note { color: var(--soft); font-size: 0.9375rem; margin-top: 0.25rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.625rem 1.5rem; margin: 0.875rem 0; font-size: 0.9375rem; }
.facts dt { font-size: 0.8125rem; color: var(--soft); }
.facts dd { overflow-wrap: anywhere; }
.facts dd + dd { color: var(--soft); }
.next { margin: 0.875rem 0; }
.next > span { font-size: 0.8125rem; color: var(--soft); }
.scroll { overflow-x: auto; }
@media screen { .scroll > table.wide { min-width: 38rem; } }
tbody th { width: 9rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
caption { text-align: left; font-size: 0.8125rem; color: var(--soft); padding-bottom: 0.25rem; }
th { text-align: left; font-weight: 600; font-size: 0.8125rem; color: var(--soft); white-space: nowrap; }
th, td { border-top: 1px solid var(--line); padding: 0.375rem 0.875rem 0.375rem 0; vertical-align: top; overflow-wrap: anywhere; }
td.tight { white-space: nowrap; overflow-wrap: normal; }
td .excerpt { display: block; color: var(--soft); }
summary { cursor: pointer; padding: 0.375rem 0; color: var(--accent); font-size: 0.9375rem; }
.sheet { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.875rem 1.25rem; }
.sheet tbody tr:first-child > * , .sheet thead tr > * { border-top: 0; }
.sheet thead + tbody tr:first-child > * { border-top: 1px solid var(--line); }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.875rem; }

@page { margin: 14mm; }
@media print {
  :root, :root[data-theme], :root:not([data-theme="light"]) {
    color-scheme: light;
    --ground: #ffffff; --card: #ffffff; --sunk: #f1f0ec; --line: #c9c7c0; --ink: #000000; --soft: #444a53;
    --accent: #123f5f; --on-fill: #ffffff;
    --critical: #b3161d; --high: #ad4a07; --medium: #7d6300; --low: #3a6485; --good: #1d6b3a; --idle: #69707b;
  }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .page { max-width: none; padding: 0; }
  .filters, .skip, #theme { display: none !important; }
  .answers { grid-template-columns: 1fr 1fr; }
  .answers > section, section[aria-labelledby="timeline"], tr, article > header, .facts, .next { break-inside: avoid; }
  article > header, article > p, caption, thead { break-after: avoid; }
  .timeline li, .axis { grid-template-columns: 17rem minmax(0, 1fr) 9rem; }
  .timeline li > span { font-size: 0.8125rem; }
  .axis text { font-size: 9px; }
  h2, h2 + p { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
  article { break-inside: auto; }
  .scroll { overflow: visible; }
  td.tight { white-space: normal; }
  a { color: inherit; text-decoration: none; }
}
`;
