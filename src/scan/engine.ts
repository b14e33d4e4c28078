import { accountOf, isCanary } from "../detectors/account.ts";
import type { Detector } from "../detectors/detector.ts";
import { secretFileSize } from "../detectors/secret-access-key.ts";
import type { Credential, CredentialKind, Part, Place, Severity, Sighting } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import { type Span, touches } from "../model/span.ts";
import type { Text } from "../model/text.ts";
import { type ArchiveBudget, archiveDepth, containerKind, newBudget, openContainer } from "./decode/archive.ts";
import { decodeViews } from "./decode/decode-views.ts";
import { maskLine } from "./excerpt.ts";
import { inlineAllow } from "./inline-allow.ts";
import { LineIndex, type Position } from "./locate.ts";
import { type Candidate, pair } from "./pair.ts";
import { containerMagic, prefilterLiterals } from "./prefilter.ts";
import { compileSearch, type Search } from "./search/compile-search.ts";
import { readSpots } from "./structure.ts";
import { isKeysOther, isNeutralName, isOtherStore, isTestData, speaksOfAws } from "./surroundings.ts";
import { View } from "./view.ts";

/** What the engine goes by: the detectors, and how test data is judged. Compiled once from the configuration. */
export interface Rules {
  readonly detectors: readonly Detector[];
  /** What to do with AWS-shaped keys under test/, fixtures/, docs/: lower their severity with a note, or leave it. */
  readonly testData: "lower" | "as-is" | "ignore";
}

/** The part of a `Text` that scanning needs; workers rebuild it from a message. */
export type Scannable = Pick<Text, "id" | "path" | "bytes" | "fresh" | "firstLine">;

/** Something that looked like a part of a credential, and what became of it; for `keyguard explain`. */
export interface Considered {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly detector: string;
  readonly part: Part;
  /** Safe to print. */
  readonly masked: string;
  /** The decoders that it was read through; empty when it stands there plainly. */
  readonly via: readonly string[];
  readonly label: string | null;
  readonly reported: boolean;
  /** Why it was or was not reported, as a sentence without a full stop. */
  readonly why: string;
}

/** Called for what stands inside a text and could not be read: a damaged or encrypted archive member. */
export type OnUnread = (path: string, why: string) => void;

/**
 * Every credential in a text of which a part touches a fresh span, containers opened. Pure and synchronous; takes time
 * linear in the text for a bounded number of candidates; never throws on any bytes.
 */
export function scanText(text: Scannable, rules: Rules, onUnread: OnUnread = () => {}): Sighting[] {
  if (rules.testData === "ignore" && isTestData(text.path)) return [];
  const sightings: Sighting[] = [];
  for (const document of documentsOf(text, rules, onUnread, newBudget(), 0)) {
    sightings.push(...sightDocument(document, rules));
  }
  return sightings;
}

/** All that looked like a part of a credential in a text, reported or not, in the order of the text. */
export function explainText(text: Scannable, rules: Rules): Considered[] {
  const considered: Considered[] = [];
  for (const document of documentsOf({ ...text, fresh: "all" }, rules, () => {}, newBudget(), 0)) {
    considered.push(...explainDocument(document, rules));
  }
  return considered;
}

/** A text, or a member of the container that it is, which has lines of its own. */
interface Document extends Scannable {
  readonly raw: View;
}

function* documentsOf(
  text: Scannable,
  rules: Rules,
  onUnread: OnUnread,
  budget: ArchiveBudget,
  depth: number,
): Iterable<Document> {
  const kind = containerKind(text.bytes);
  if (kind === null) {
    yield { ...text, raw: new View(latin1(text.bytes)) };
    return;
  }
  if (text.fresh !== "all" && text.fresh.length === 0) return;
  if (depth >= archiveDepth) {
    onUnread(text.path, `an archive in an archive, more than ${archiveDepth} deep`);
    return;
  }
  for (const member of openContainer(text.bytes, budget)) {
    const path = member.path === "" ? text.path : `${text.path}!${member.path}`;
    if ("why" in member) {
      onUnread(path, member.why);
      continue;
    }
    if (containerKind(member.bytes) === null && !mayHold(member.bytes, rules)) continue;
    // A delta says which bytes of the container are new, not which of its members': a changed container is new as a whole.
    yield* documentsOf({ id: text.id, path, bytes: member.bytes, fresh: "all" }, rules, onUnread, budget, depth + 1);
  }
}

/** Whether the bytes are few and the path's last part says secret: a file that holds nothing else is labelled by its name. */
export function isNamedSecret(bytes: Uint8Array, path: string): boolean {
  return bytes.length <= secretFileSize && bytes.length >= 40 && /secret[^/]*$/i.test(path);
}

const searches = new WeakMap<readonly Detector[], Search>();

/** Whether the bytes can hold anything that these rules report: one of the literals, or a container. */
export function mayHold(bytes: Uint8Array, rules: Rules): boolean {
  let search = searches.get(rules.detectors);
  if (search === undefined) {
    search = compileSearch(prefilterLiterals(rules));
    searches.set(rules.detectors, search);
  }
  if (search.test(bytes)) return true;
  return containerMagic.some(
    ({ bytes: magic, offset }) =>
      bytes.length > offset + magic.length && latin1(bytes.subarray(offset, offset + magic.length)) === magic,
  );
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** A candidate with the way back to the document's bytes. */
interface Seen extends Candidate {
  readonly view: View;
  readonly span: Span;
}

/** A credential put together from what was seen in one document. */
interface Assembled {
  readonly kind: CredentialKind;
  readonly detector: string;
  readonly parts: ReadonlyMap<Part, string>;
  readonly cost: number;
  /** Not reported by itself; another file may hold its access key id. */
  readonly half?: boolean;
}

interface Reading {
  readonly seen: readonly Seen[];
  readonly assembled: readonly Assembled[];
  /** Why a candidate that is not clean by itself was not reported after all, by its value. */
  readonly dropped: ReadonlyMap<string, string>;
}

function readDocument(document: Document, rules: Rules): Reading {
  const seen: Seen[] = [];
  const known = new Set<string>();
  const best = new Map<string, Assembled>();
  const lone = new Map<string, { candidate: Candidate; view: View }>();
  const dropped = new Map<string, string>();
  const pairedValues = new Set<string>();
  for (const view of decodeViews(document.bytes, document.raw)) {
    const candidates: Candidate[] = [];
    for (const detector of rules.detectors) {
      for (const match of detector.find(view.text, document.path)) {
        const value = match.value ?? view.text.slice(match.span.start, match.span.end);
        const candidate: Candidate = { detector: detector.id, match, value };
        const span = view.spanOf(match.span.start, match.span.end);
        const key = `${match.part} ${span.start} ${value}`;
        if (!known.has(key) || match.clean === undefined) {
          if (!known.has(key)) seen.push({ ...candidate, view, span });
          known.add(key);
        }
        if (match.clean === undefined) candidates.push(candidate);
      }
    }
    if (candidates.length === 0) continue;
    const { pairs, alone } = pair(view.text, withoutNested(candidates));
    for (const { id, secret, token, cost } of pairs) {
      const parts = new Map<Part, string>([
        ["accessKeyId", id.value],
        ["secretAccessKey", secret.value],
      ]);
      if (token !== null) parts.set("sessionToken", token.value);
      const key = `${id.value} ${secret.value}`;
      const before = best.get(key);
      if (before === undefined || before.cost > cost || (token !== null && !before.parts.has("sessionToken")))
        best.set(key, { kind: "aws-access-key", detector: secret.detector, parts, cost });
      for (const value of parts.values()) pairedValues.add(value);
    }
    for (const candidate of alone) if (!lone.has(candidate.value)) lone.set(candidate.value, { candidate, view });
  }
  dropDearer(best);
  // A token split over literals is seen first by its first piece alone.
  const whole = wholeTokens(seen);
  const assembled: Assembled[] = [...best.values()].map((one) => {
    const token = whole.get(one.parts.get("sessionToken") ?? "");
    return token === undefined ? one : { ...one, parts: new Map([...one.parts, ["sessionToken", token]]) };
  });
  for (const token of whole.values())
    if (assembled.some(({ parts }) => parts.get("sessionToken") === token)) pairedValues.add(token);
  for (const { candidate, view } of lone.values()) {
    if (pairedValues.has(candidate.value) || whole.has(candidate.value)) continue;
    const why = whyNotAlone(candidate, view, document.path);
    if (why !== null) dropped.set(candidate.value, why);
    const half =
      why !== null &&
      why !== otherStoreKey &&
      candidate.match.weak === true &&
      isSecretName(candidate.match.label ?? "") &&
      isNeutralName(candidate.match.label ?? "");
    if (why === null || half) assembled.push({ ...assembleLone(candidate, rules), half });
  }
  return { seen, assembled: foldIntoValues(assembled, document.raw, seen), dropped };
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
function dropDearer(best: Map<string, Assembled>): void {
  const all = [...best.entries()].sort(([, a], [, b]) => a.cost - b.cost);
  const ids = new Set<string>();
  const secrets = new Set<string>();
  for (const [key, { parts, cost }] of all) {
    const id = parts.get("accessKeyId")!;
    const secret = parts.get("secretAccessKey")!;
    if (ids.has(id) && secrets.has(secret)) best.delete(key);
    else if ((ids.has(id) || secrets.has(secret)) && cost > 60) best.delete(key);
    else {
      ids.add(id);
      secrets.add(secret);
    }
  }
}

const otherStoreKey = "a key of another store than AWS";

/** Why a candidate without a partner is not reported, or null when it is. */
function whyNotAlone({ match, value }: Candidate, view: View, path: string): string | null {
  if (match.part === "accessKeyId" && match.weak === true) return "a word, and no secret beside it";
  if (match.part !== "secretAccessKey") return null;
  const { start, end } = match.span;
  if (isOtherStore(view.text, start, end)) return otherStoreKey;
  if (match.weak !== true) return null;
  const label = match.label ?? "";
  const named = isSecretName(label);
  if (!named) return "no access key id near it, and no label that says it is a secret access key";
  if (!/key/i.test(label) && !/s3a?:\/\/|[?&]access=|\baws\b/i.test(lineAround(view.text, start, end)))
    return "no access key id near it, and its label does not say that it is AWS's";
  if (!isNeutralName(label)) return "no access key id near it, and its label names something else";
  if (!isKeysOther(view.text, start, end, path))
    return "no access key id near it, and nothing beside it makes it an access key's";
  if (!speaksOfAws(view.text, start, end, path)) return "nothing around it speaks of AWS";
  return value.length === 40 ? null : "not 40 characters";
}

function isSecretName(label: string): boolean {
  return /secret[ _.-]?(?:access[ _.-]?)?key|secret$|^secret|secret[ _.-]?value/i.test(label);
}

function lineAround(text: string, start: number, end: number): string {
  const before = text.slice(Math.max(0, start - 400), start);
  const after = text.slice(start, end + 200);
  return (
    before.slice(before.lastIndexOf("\n") + 1) +
    after.slice(0, end - start) +
    after.slice(end - start).replace(/\n.*/s, "")
  );
}

function assembleLone({ match, value, detector }: Candidate, rules: Rules): Assembled {
  const kind = rules.detectors.find(({ id }) => id === detector)?.kind ?? "custom";
  return { kind, detector, parts: new Map([[match.part, value]]), cost: 0 };
}

/**
 * The key id in a presigned URL or beside an SMTP password is that finding's, not one of its own; so is the token in
 * the URL's query.
 */
function foldIntoValues(assembled: readonly Assembled[], raw: View, seen: readonly Seen[]): Assembled[] {
  const owners = assembled.filter(({ kind }) => kind === "aws-presigned-url" || kind === "aws-ses-smtp-password");
  if (owners.length === 0) return [...assembled];
  const result: Assembled[] = [];
  const folded = new Set<Assembled>();
  for (const owner of owners) {
    const parts = new Map(owner.parts);
    const own = seen.filter(({ match, value }) => match.part === "value" && value === owner.parts.get("value"));
    for (const other of assembled) {
      const part = other.parts.has("accessKeyId") ? "accessKeyId" : "sessionToken";
      const value = other.parts.get(part);
      if (
        other.parts.size !== 1 ||
        value === undefined ||
        (part === "sessionToken" && owner.kind !== "aws-presigned-url")
      )
        continue;
      const near = seen.some(
        (candidate) =>
          candidate.value === value && own.some(({ span }) => belongs(owner.kind, raw.text, candidate.span, span)),
      );
      if (!near) continue;
      if (!parts.has(part)) parts.set(part, value);
      folded.add(other);
    }
    result.push({ ...owner, parts });
  }
  return [...assembled.filter((one) => !owners.includes(one) && !folded.has(one)), ...result];
}

function belongs(kind: CredentialKind, text: string, a: Span, b: Span): boolean {
  const between = text.slice(Math.min(a.end, b.end), Math.max(a.start, b.start));
  if (kind === "aws-presigned-url") return between.length < 4000 && !/[\s"'<>`]/.test(between);
  return between.length < 600 && (between.match(/\n/g)?.length ?? 0) <= 8;
}

function sightDocument(document: Document, rules: Rules): Sighting[] {
  const { seen, assembled } = readDocument(document, rules);
  if (assembled.length === 0) return [];
  const lines = new LineIndex(document.raw.text, isWide(document));
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

/** Whether lines must be counted in UTF-16. */
function isWide(document: Document): boolean {
  return decodeViews(document.bytes, document.raw).some(({ via }) => via[0] === "utf-16");
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

const criticalKinds: ReadonlySet<CredentialKind> = new Set([
  "aws-access-key",
  "aws-secret-access-key",
  "aws-bedrock-api-key",
  "aws-ses-smtp-password",
  "private-key",
]);

/** By what it is; lowered for test data, with the reason. Expiry is a matter of the clock and judged by the caller. */
function judgeSeverity(
  kind: CredentialKind,
  parts: ReadonlyMap<Part, string>,
  path: string,
  rules: Rules,
  notes: readonly string[],
): { severity: Severity; notes: readonly string[] } {
  const id = parts.get("accessKeyId") ?? "";
  let severity: Severity = criticalKinds.has(kind) ? "critical" : "high";
  if (kind === "aws-access-key-id") severity = id.startsWith("AKIA") ? "medium" : "low";
  if (
    kind === "aws-appsync-api-key" ||
    kind === "aws-mws-auth-token" ||
    kind === "aws-session-token" ||
    kind === "custom"
  )
    severity = "high";
  if (kind === "aws-presigned-url") severity = "medium";
  const said = [...notes];
  if (kind === "private-key" && notes.length > 0) severity = "medium";
  if (isCanary(accountOf(id)))
    said.push("its account is known for canary tokens: calling AWS with it alerts its owner");
  return lowerForPath({ severity, notes: said }, path, rules);
}

/** The severity at a path: that of test data and documentation is lower. Other paths change nothing. */
export function lowerForPath(
  judged: { readonly severity: Severity; readonly notes: readonly string[] },
  path: string,
  rules: Rules,
): { severity: Severity; notes: readonly string[] } {
  const { severity, notes } = judged;
  if (rules.testData !== "lower" || !isTestData(path)) return { severity, notes };
  const lowered: Severity = severity === "critical" || severity === "high" ? "medium" : "low";
  const why = severity === lowered ? "" : `: ${severity} lowered to ${lowered}`;
  return { severity: lowered, notes: [...notes, `it stands in test data or documentation${why}`] };
}

function explainDocument(document: Document, rules: Rules): Considered[] {
  const { seen, assembled, dropped } = readDocument(document, rules);
  const lines = new LineIndex(document.raw.text, isWide(document));
  const reported = new Map<string, Assembled>();
  for (const one of assembled.filter(({ half }) => half !== true))
    for (const value of one.parts.values()) reported.set(value, one);
  return [...seen]
    .sort((a, b) => a.span.start - b.span.start)
    .map(({ span, match, value, detector, view }) => {
      const position = lines.position(span);
      const one = match.clean === undefined ? reported.get(value) : undefined;
      const why =
        match.clean ??
        (one === undefined
          ? (dropped.get(value) ?? "part of a longer secret")
          : one.parts.size > 1
            ? `reported: pairs with ${[...one.parts.keys()]
                .filter((part) => part !== match.part)
                .map(partName)
                .join(" and ")} of the same structure`
            : `reported: ${match.label === undefined ? "its form is enough" : `named ${match.label}`}`);
      return {
        path: document.path,
        ...position,
        detector,
        part: match.part,
        masked: match.part === "accessKeyId" ? `${value.slice(0, 6)}…${value.slice(-6)}` : new Secret(value).mask,
        via: view.via,
        label: match.label ?? null,
        reported: one !== undefined,
        why,
      };
    });
}

function partName(part: Part): string {
  return {
    accessKeyId: "the access key id",
    secretAccessKey: "the secret",
    sessionToken: "the session token",
    value: "the value",
  }[part];
}
