import type { CommitRef, Finding } from "../../model/finding.ts";
import {
  count,
  describeAccount,
  describeVerdict,
  nameFile,
  namePart,
  nextStep,
  partsOf,
  placesInFiles,
  secretsOf,
  titleOf,
} from "../finding-words.ts";
import { describeKind } from "../kinds.ts";
import { describeDuration } from "./duration.ts";
import { html, type Markup } from "./markup.ts";
import { exposedOf } from "./timeline.ts";

/** Places that are in sight; the others are folded. */
const openPlaces = 6;

/** Where a credential stands, as the filter names it. */
function reachOf(finding: Finding): "head" | "history" | "" {
  return finding.exposure === null ? "" : finding.exposure.atHead ? "head" : "history";
}

/** One credential with all that is known of it and all its places. */
export function renderCredential(finding: Finding, id: string, rank: number): Markup {
  const places = placesInFiles(finding);
  const [exposed] = exposedOf([finding]);
  const words = describeKind(finding.kind);
  const next = nextStep(finding);
  const beside = partsOf(finding.credential);
  return html`<article id="${id}" class="is-${finding.severity}" aria-labelledby="${id}-name" tabindex="-1" data-severity="${finding.severity}" data-status="${finding.verdict.status}" data-where="${reachOf(finding)}" data-rank="${rank}" data-since="${exposed?.from ?? ""}" data-places="${places.length}">
<header><span class="badge is-${finding.severity}">${finding.severity}</span><h3 id="${id}-name">${titleOf(finding)}${beside === "" ? null : html` <small>${beside}</small>`}</h3><span class="badge state is-${finding.verdict.status}">${describeVerdict(finding)}</span>${finding.canary ? html`<span class="badge state">canary: a trip-wire</span>` : null}</header>
<p>${words.risk} <a href="${words.reference}" rel="noopener noreferrer">About this kind<span class="unseen">: ${words.name}</span></a></p>
${finding.notes.map((note) => html`<p class="note">${note}</p>`)}
${facts(finding)}
<div class="next"><span>Do now</span>${next.startsWith("keyguard ") ? html`<code class="command">${next}</code>` : html`<div>${sentence(next)}</div>`}</div>
${placesTable(finding, places.slice(0, openPlaces), places.length)}
${
  places.length > openPlaces
    ? html`<details><summary>${count(places.length - openPlaces, "more place")}</summary>${placesTable(finding, places.slice(openPlaces), 0)}</details>`
    : null
}
</article>`;
}

function facts(finding: Finding): Markup {
  const account = describeAccount(finding);
  const { exposure, verdict } = finding;
  const fact = (name: string, ...values: (Markup | string | null)[]): Markup =>
    html`<div><dt>${name}</dt>${values.map((value) => (value === null ? null : html`<dd>${value}</dd>`))}</div>`;
  const [exposed] = exposedOf([finding]);
  const lasted =
    exposed === undefined || exposed.removed === null
      ? null
      : `${describeDuration(exposed.removed - exposed.from)} later`;
  return html`<dl class="facts">
${finding.credential.accessKeyId === null ? null : fact("Access key id", html`<code>${finding.credential.accessKeyId}</code>`)}
${secretsOf(finding.credential).map(({ part, secret }) => fact(sentence(namePart(part)), html`<code>${secret.mask}</code>`))}
${account === null ? null : fact("Account", account)}
${verdict.status === "live" ? fact("Acts as", html`<code>${verdict.arn}</code>`) : null}
${verdict.status === "unchecked" || verdict.why === "" ? null : fact("Checked", verdict.why)}
${finding.expires === null ? null : fact("Expires", finding.expires)}
${exposure?.introduced ? fact("Introduced", ...commit(exposure.introduced)) : null}
${exposure?.removed ? fact(exposure.atHead ? "Removed once, and back" : "Removed", ...commit(exposure.removed), lasted) : null}
${exposure === null ? null : fact("Still in", reach(finding))}
${fact("Fingerprint", html`<code>${finding.fingerprint.slice(0, 16)}</code>`)}
</dl>`;
}

function commit({ date, commit: id, author, subject }: CommitRef): Markup[] {
  return [
    html`<time datetime="${date}">${date.slice(0, 10)}</time> <code>${id.slice(0, 10)}</code>`,
    html`“${subject}” by ${author}`,
  ];
}

function reach({ exposure }: Finding): Markup {
  const refs = exposure?.refs ?? [];
  const shown = refs
    .slice(0, 6)
    .map((ref, i) => html`${i > 0 ? ", " : ""}<code>${ref.replace(/^refs\/(heads|remotes|tags)\//, "")}</code>`);
  const more = refs.length > 6 ? ` and ${refs.length - 6} more` : "";
  const head = exposure?.atHead ? "HEAD" : "";
  return html`${head}${head !== "" && refs.length > 0 ? ", " : ""}${shown}${more}${head === "" && refs.length === 0 ? `${count(exposure?.objects.length ?? 0, "object")} that no branch or tag reaches` : ""}`;
}

function placesTable(finding: Finding, places: ReturnType<typeof placesInFiles>, total: number): Markup {
  const dated = finding.locations.some((place) => place.commit !== null);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Places of ${titleOf(finding)}"><table class="wide"><caption>${total > 0 ? count(total, "place") : html`<span class="unseen">more places</span>`}</caption>
<thead><tr><th scope="col">File and line</th><th scope="col">What stands there</th>${dated ? html`<th scope="col">Commit</th>` : null}</tr></thead>
<tbody>${places.map(
    (place) =>
      html`<tr><td><code>${nameFile(place)}:${place.line}:${place.column}</code></td><td>${sentence(place.parts.map(namePart).join(", "))}<code class="excerpt">${place.excerpt}</code></td>${
        dated
          ? html`<td class="tight">${place.commit === null ? "not committed" : html`<code>${place.commit.slice(0, 10)}</code>`}${place.date === null ? null : html` <time datetime="${place.date}">${place.date.slice(0, 10)}</time>`}${place.author === null ? null : html`<br>${place.author}`}${place.later > 0 ? html`<span class="excerpt">and in ${count(place.later, "later version")}</span>` : null}</td>`
          : null
      }</tr>`,
  )}</tbody></table></div>`;
}

/** With a capital letter, as a sentence or a label begins. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
