import type { Part } from "../model/finding.ts";
import { decodeViews } from "./decode/decode-views.ts";
import type { Document } from "./documents.ts";
import { foldIntoOwners } from "./fold-into-owners.ts";
import { isHalf, whyNotAlone } from "./judge-alone.ts";
import { type Candidate, type Pairing, pair } from "./pair.ts";
import type { Assembled, Reading, Seen } from "./reading.ts";
import type { Rules } from "./rules.ts";
import type { View } from "./view.ts";

/** Reads a document in every view, pairs what each shows, and puts the credentials together that all of them gave. */
export function readDocument(document: Document, rules: Rules): Reading {
  const seen = new Map<string, Seen>();
  const pairs = new Map<string, Assembled>();
  const alone = new Map<string, { candidate: Candidate; view: View }>();
  const paired = new Set<string>();
  const views = decodeViews(document.bytes, document.raw);
  for (const view of views) {
    const candidates = findCandidates(view, document.path, rules, seen);
    if (candidates.length === 0) continue;
    const result = pair(view.text, withoutNested(candidates));
    for (const pairing of result.pairs) {
      const one = assemblePair(pairing);
      keepBetter(pairs, one);
      for (const value of one.parts.values()) paired.add(value);
    }
    for (const candidate of result.alone)
      if (!alone.has(candidate.value)) alone.set(candidate.value, { candidate, view });
  }
  dropDearer(pairs);
  // A token split over literals is seen first by its first piece alone.
  const whole = wholeTokens([...seen.values()]);
  const assembled = [...pairs.values()].map((one) => withWholeToken(one, whole));
  for (const token of whole.values())
    if (assembled.some(({ parts }) => parts.get("sessionToken") === token)) paired.add(token);
  const dropped = new Map<string, string>();
  for (const { candidate, view } of alone.values()) {
    if (paired.has(candidate.value) || whole.has(candidate.value)) continue;
    const why = whyNotAlone(candidate, view, document.path);
    if (why !== null) dropped.set(candidate.value, why);
    const half = why !== null && isHalf(candidate, why);
    if (why === null || half) assembled.push({ ...assembleAlone(candidate, rules), half });
  }
  const all = [...seen.values()];
  return {
    seen: all,
    assembled: foldIntoOwners(assembled, document.raw, all),
    wide: views[0]?.via[0] === "utf-16",
    dropped,
  };
}

/**
 * What the detectors see in a view and do not call clean. Notes all of it in `seen`, each value at each place once: as
 * what it is reported by, where one view calls it clean (a piece of an escaped value) and a later one does not.
 */
function findCandidates(view: View, path: string, rules: Rules, seen: Map<string, Seen>): Candidate[] {
  const candidates: Candidate[] = [];
  for (const detector of rules.detectors) {
    for (const match of detector.find(view.text, path)) {
      const value = match.value ?? view.text.slice(match.span.start, match.span.end);
      const candidate: Candidate = { detector: detector.id, match, value };
      const span = view.spanOf(match.span.start, match.span.end);
      const key = `${match.part} ${span.start} ${value}`;
      const before = seen.get(key);
      if (before === undefined || (before.match.clean !== undefined && match.clean === undefined))
        seen.set(key, { ...candidate, view, span });
      if (match.clean === undefined) candidates.push(candidate);
    }
  }
  return candidates;
}

function assemblePair({ id, secret, token, cost }: Pairing): Assembled {
  const parts = new Map<Part, string>([
    ["accessKeyId", id.value],
    ["secretAccessKey", secret.value],
  ]);
  if (token !== null) parts.set("sessionToken", token.value);
  return { kind: "aws-access-key", detector: secret.detector, parts, cost };
}

/** Keeps, of a pair that several views show, the cheapest reading, or the one that has found its session token. */
function keepBetter(pairs: Map<string, Assembled>, one: Assembled): void {
  const key = `${one.parts.get("accessKeyId")} ${one.parts.get("secretAccessKey")}`;
  const before = pairs.get(key);
  const brings = one.parts.has("sessionToken") && before?.parts.has("sessionToken") === false;
  if (before === undefined || before.cost > one.cost || brings) pairs.set(key, one);
}

/** A credential with its session token whole, where only a piece of that was seen beside it. */
function withWholeToken(one: Assembled, whole: ReadonlyMap<string, string>): Assembled {
  const token = whole.get(one.parts.get("sessionToken") ?? "");
  return token === undefined ? one : { ...one, parts: new Map([...one.parts, ["sessionToken", token]]) };
}

/** For each session token that is a piece of another one seen at the same place: that longer one. */
function wholeTokens(seen: readonly Seen[]): Map<string, string> {
  const whole = new Map<string, string>();
  const tokens = seen.filter(({ match }) => match.part === "sessionToken" && match.clean === undefined);
  for (const piece of tokens) {
    for (const { value, span } of tokens) {
      const longer = value.length > (whole.get(piece.value) ?? piece.value).length;
      const within = span.start <= piece.span.start && span.end >= piece.span.end;
      if (longer && within && value.includes(piece.value)) whole.set(piece.value, value);
    }
  }
  return whole;
}

/** A secret-shaped piece inside a longer match (a session token, a PEM block) is part of that match. */
function withoutNested(candidates: readonly Candidate[]): Candidate[] {
  const wide = candidates.filter(({ value }) => value.length > 44);
  if (wide.length === 0) return [...candidates];
  return candidates.filter(
    (candidate) =>
      !wide.some(
        (outer) =>
          outer !== candidate &&
          outer.value.length > candidate.value.length &&
          outer.match.span.start <= candidate.match.span.start &&
          outer.match.span.end >= candidate.match.span.end,
      ),
  );
}

/** Where two views disagree about whose secret it is, the cheaper pairing holds: one secret goes to one id and back. */
function dropDearer(pairs: Map<string, Assembled>): void {
  const all = [...pairs.entries()].sort(([, a], [, b]) => a.cost - b.cost);
  const ids = new Set<string>();
  const secrets = new Set<string>();
  for (const [key, { parts, cost }] of all) {
    const id = parts.get("accessKeyId")!;
    const secret = parts.get("secretAccessKey")!;
    if (ids.has(id) && secrets.has(secret)) pairs.delete(key);
    else if ((ids.has(id) || secrets.has(secret)) && cost > 60) pairs.delete(key);
    else {
      ids.add(id);
      secrets.add(secret);
    }
  }
}

function assembleAlone({ match, value, detector }: Candidate, rules: Rules): Assembled {
  const kind = rules.detectors.find(({ id }) => id === detector)?.kind ?? "custom";
  return { kind, detector, parts: new Map([[match.part, value]]), cost: 0 };
}
