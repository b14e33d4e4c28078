import type { Credential, Part, Place, Sighting } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import { type Span, touches } from "../model/span.ts";
import type { Document } from "./documents.ts";
import { maskLine } from "./excerpt.ts";
import { inlineAllow } from "./inline-allow.ts";
import { LineIndex, type Position } from "./locate.ts";
import { readDocument } from "./read-document.ts";
import type { Seen } from "./reading.ts";
import type { Rules } from "./rules.ts";
import { judgeSeverity } from "./severity.ts";
import { readSpots } from "./structure.ts";

/** What was read in a document, as it is reported: each credential with its places, its severity and what allows it. */
export function sightDocument(document: Document, rules: Rules): Sighting[] {
  const { seen, assembled, wide } = readDocument(document, rules);
  if (assembled.length === 0) return [];
  const lines = new LineIndex(document.raw.text, wide);
  const standing = groupByValue(seen);
  const spans = seen
    .filter(({ match }) => match.clean === undefined)
    .map(({ span }) => span)
    .sort((a, b) => a.start - b.start);
  const placed = assembled
    .map((one) => ({ one, places: placesOf(one.parts, standing, lines, document, spans) }))
    .filter(({ places }) => isFresh(places, document.fresh));
  const names = namesAt(
    document.raw.text,
    placed.flatMap(({ places }) => places.slice(0, 1)),
  );
  return placed.map(({ one: { kind, detector, parts, cost, half }, places }) => {
    const said = (standing.get(parts.get("value") ?? "") ?? []).map(({ match }) => match);
    const notes = new Set(said.flatMap(({ note }) => (note === undefined ? [] : [note])));
    return {
      textId: document.id,
      path: document.path,
      detector,
      kind,
      credential: credentialOf(parts),
      places,
      confidence: cost > 60 ? "likely" : "certain",
      ...judgeSeverity(kind, parts, document.path, rules, [...notes]),
      expires: said.find(({ expires }) => expires !== undefined)?.expires ?? null,
      allow: inlineAllow(document.raw.text, lines, places),
      names: names.get(places[0]?.span.start ?? -1) ?? [],
      ...(half === true ? { half } : {}),
    };
  });
}

/** Where each value was seen, in the order of the text. Looked up rather than searched for: thousands of ids can stand in one text. */
function groupByValue(seen: readonly Seen[]): Map<string, Seen[]> {
  const standing = new Map<string, Seen[]>();
  for (const one of seen) {
    const there = standing.get(one.value);
    if (there === undefined) standing.set(one.value, [one]);
    else there.push(one);
  }
  for (const there of standing.values()) there.sort((a, b) => a.span.start - b.span.start);
  return standing;
}

/** The words that say whose a credential is, by the offset of the place that they lead to. */
function namesAt(text: string, places: readonly Place[]): Map<number, string[]> {
  const spans = places.map(({ span }) => span).sort((a, b) => a.start - b.start);
  return new Map(readSpots(text, spans, "each alone").map(({ start, words }) => [start, [...words]]));
}

function credentialOf(parts: ReadonlyMap<Part, string>): Credential {
  const secret = (part: Part): Secret | null => {
    const value = parts.get(part);
    return value === undefined ? null : new Secret(value);
  };
  return {
    accessKeyId: parts.get("accessKeyId") ?? null,
    secretAccessKey: secret("secretAccessKey"),
    sessionToken: secret("sessionToken"),
    value: secret("value"),
  };
}

const partOrder: readonly Part[] = ["accessKeyId", "secretAccessKey", "sessionToken", "value"];

/** Every place of each part, each byte range once, in the order of the text. */
function placesOf(
  parts: ReadonlyMap<Part, string>,
  standing: ReadonlyMap<string, readonly Seen[]>,
  lines: LineIndex,
  document: Document,
  spans: readonly Span[],
): Place[] {
  const places: Place[] = [];
  for (const part of partOrder) {
    const value = parts.get(part);
    if (value === undefined) continue;
    let end = -1;
    for (const { span, match } of standing.get(value) ?? []) {
      if (match.part !== part || span.start < end) continue;
      end = span.end;
      const position = shiftLines(lines.position(span), (document.firstLine ?? 1) - 1);
      places.push({
        part,
        span,
        ...position,
        excerpt: maskLine(document.raw.text, lines.lineSpan(position.line - (document.firstLine ?? 1)), span, spans),
      });
    }
  }
  return places.sort((a, b) => a.span.start - b.span.start);
}

/** Lines of a window of a large file count on from the windows before it. */
function shiftLines(position: Position, by: number): Position {
  return by === 0 ? position : { ...position, line: position.line + by, endLine: position.endLine + by };
}

function isFresh(places: readonly Place[], fresh: readonly Span[] | "all"): boolean {
  return fresh === "all" || places.some(({ span }) => fresh.some((added) => touches(added, span)));
}
