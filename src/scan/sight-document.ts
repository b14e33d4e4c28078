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
  const sightings: Sighting[] = [];
  const spans = seen.filter(({ match }) => match.clean === undefined).map(({ span }) => span);
  for (const { kind, detector, parts, cost, half } of assembled) {
    const places = placesOf(parts, seen, lines, document, spans);
    if (!isFresh(places, document.fresh)) continue;
    const expires =
      seen.find(({ value, match }) => match.expires !== undefined && value === parts.get("value"))?.match.expires ??
      null;
    const notes = seen
      .filter(({ value, match }) => match.note !== undefined && value === parts.get("value"))
      .map(({ match }) => match.note!);
    sightings.push({
      textId: document.id,
      path: document.path,
      detector,
      kind,
      credential: credentialOf(parts),
      places,
      confidence: cost > 60 ? "likely" : "certain",
      ...judgeSeverity(kind, parts, document.path, rules, [...new Set(notes)]),
      expires,
      allow: inlineAllow(document.raw.text, lines, places),
      names: namesOf(document.raw.text, places),
      ...(half === true ? { half } : {}),
    });
  }
  return sightings;
}

/** The words that say whose the credential is, read off its first place. */
function namesOf(text: string, places: readonly Place[]): string[] {
  const spot = places[0] === undefined ? undefined : readSpots(text, [places[0].span])[0];
  return spot === undefined ? [] : [...spot.words];
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
  seen: readonly Seen[],
  lines: LineIndex,
  document: Document,
  spans: readonly Span[],
): Place[] {
  const places: Place[] = [];
  for (const part of partOrder) {
    const value = parts.get(part);
    if (value === undefined) continue;
    const taken: Span[] = [];
    for (const { span, value: candidate, match } of seen) {
      if (candidate !== value || match.part !== part || taken.some((other) => touches(other, span))) continue;
      taken.push(span);
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
