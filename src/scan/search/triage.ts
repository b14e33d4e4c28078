import { randomBytes } from "node:crypto";
import type { Detector } from "../../detectors/detector.ts";
import { secretAccessKey } from "../../detectors/secret-access-key.ts";
import { sesSmtpPassword } from "../../detectors/ses-smtp-password.ts";
import { sessionToken } from "../../detectors/session-token.ts";
import { whyNotAccessKeyId, whyNotSecret } from "../../detectors/token-shape.ts";
import type { Place, Sighting } from "../../model/finding.ts";
import { containerKind } from "../decode/archive.ts";
import { decodeBase64 } from "../decode/base64.ts";
import { decodeConstants } from "../decode/constants.ts";
import { decodeEntities } from "../decode/entities.ts";
import { decodeEscapes } from "../decode/escapes.ts";
import { decodeHex } from "../decode/hex.ts";
import { decodeJoins } from "../decode/joins.ts";
import { decodePercent } from "../decode/percent.ts";
import { decodeTags } from "../decode/tags.ts";
import { decodeUtf16 } from "../decode/utf16.ts";
import { type OnUnread, type Rules, scanText } from "../engine.ts";
import { type Literal, prefilterLiterals } from "../prefilter.ts";
import { View } from "../view.ts";
import { compileSearch, searchTableSize } from "./compile-search.ts";
import { searchKernel } from "./search-kernel.ts";

/**
 * Finds out at the speed of the kernel whether a text needs the engine, and gives what the engine gives. For sources that
 * look at gigabytes, most of which say `secret` somewhere and hold none.
 *
 * What the engine reports has an *anchor* in the bytes: a literal that only credentials have (`AKIA`, `-----BEGIN`, an
 * encoded keyword), or, behind a mere label (`secret`, `smtp`), something that can be a token or become one by decoding.
 * The engine first sees windows around the anchors, each content once in a run: texts of which it reports nothing in any
 * window are clean. Only the others are scanned whole; and one whose windows are, byte for byte, those of a text that
 * was scanned before gets that text's sightings, moved to where they stand here. That is how the hundreds of versions of
 * a file with a key in it are all known while the engine saw one.
 *
 * Memory is the caller's: texts lie in it with 64 bytes of padding behind them, and it may grow between calls.
 */
export interface Triage {
  /**
   * Whether an excerpt of a text, which holds everything that a change touches, holds anything that can be a part of a
   * credential. Where the text `before` the change held a literal, a bare token matters too. `false`,
   * where the text before the change had no anchor: the text after it is clean too, and flagged as it was.
   */
  mayMatter(at: number, length: number, before: Pick<Judgement, "flagged" | "long">): boolean;
  /** Whether the text has an anchor: without one the engine reports nothing on it. */
  isSuspect(at: number, length: number): boolean;
  /** All that the engine reports on the text. */
  judge(at: number, length: number, id: string, onUnread?: OnUnread): Judgement;
  /** What the engine was given, in bytes and texts; for benchmarks. */
  readonly cost: { windows: number; windowBytes: number; texts: number; textBytes: number; moved: number };
}

export interface Judgement {
  readonly sightings: readonly Sighting[];
  /** Whether it holds any literal, or is a container. */
  readonly flagged: boolean;
  /** Whether it names session tokens, whose pieces are long runs. */
  readonly long: boolean;
  /** Whether there was an anchor: then every later version of the text must be judged as well. */
  readonly armed: boolean;
}

interface Kernel {
  suspects(from: number, to: number, out: number, capacity: number, long: number): number;
  digest(from: number, length: number, seed: bigint): bigint;
}

/** Kinds of suspects, as wasm/search.ts has them. */
const kind = { run: 1, encoded: 2, pieces: 3, constant: 4, long: 5, list: 6 } as const;

/** What most areas hold. */
const nothing = new Uint32Array(0);
/**
 * How far around an anchor the engine looks, in bytes. What vouches for a token stands within 1,500 characters of it; an
 * id further away is an anchor itself. A presigned URL reaches back 4,000.
 */
const reach = 2200;
const urlReach = 4600;
/** A PEM block ends at most so far behind its beginning. */
const pemReach = 17_500;
/**
 * How far behind its label a token may stand in the bytes: 240 characters, some of them written as escapes of six bytes,
 * and mark-up; and how far before it, where the label is SMTP's or the token is put together from named constants.
 */
const labelReach = { before: 1024, after: 2560 } as const;
/** Suspects that one call may tell; more than that is for the engine as a whole. */
const mostSuspects = 4096;
const mostLiterals = 65_536;
/** Windows that together are longer than this share of the text save nothing. */
const windowShare = 0.7;

/** The detectors whose keywords, in either case, are labels: words that stand before a secret far more seldom than not. */
const labelled: readonly Detector[] = [secretAccessKey, sessionToken, sesSmtpPassword];
const isLabel = ({ ignoreCase }: { ignoreCase?: boolean }): boolean => ignoreCase === true;

/** The rules' literals as labels and as what is an anchor by itself. */
function splitLiterals(rules: Rules): { labels: string[]; all: readonly Literal[] } {
  const only = rules.detectors
    .filter((detector) => labelled.includes(detector))
    .map((detector) => ({ ...detector, keywords: detector.keywords.filter(isLabel) }));
  const others = rules.detectors.map((detector) =>
    labelled.includes(detector)
      ? { ...detector, keywords: detector.keywords.filter((keyword) => !isLabel(keyword)) }
      : detector,
  );
  const anchors = prefilterLiterals({ ...rules, detectors: others });
  // A keyword of the repository's own detector that holds a label (`my_secret`) makes the label an anchor.
  const plain = new Set(
    only
      .flatMap(({ keywords }) => keywords.map(({ text }) => text.toLowerCase()))
      .filter((label) => !anchors.some(({ bytes }) => bytes.toLowerCase().includes(label))),
  );
  return { labels: [...plain], all: prefilterLiterals(rules) };
}

/** How much room the tables of `createTriage` take in the memory, in bytes. */
export function triageTableSize(rules: Rules): number {
  return searchTableSize(prefilterLiterals(rules)) + 12 * mostSuspects + 16;
}

interface Known {
  /** Where the windows began in the text that was scanned. */
  readonly starts: readonly number[];
  readonly sightings: readonly Sighting[];
}

/** A triage with its tables at `at` (a multiple of 16) in the memory, which is long enough for them already. */
export function createTriage(rules: Rules, memory: WebAssembly.Memory, at: number): Triage {
  const { labels, all } = splitLiterals(rules);
  const search = compileSearch(all, { memory, at });
  const suspectsAt = at + searchTableSize(all);
  const kernel = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(searchKernel, "base64")), {
    env: { memory },
  }).exports as unknown as Kernel;
  const seed = randomBytes(8).readBigUInt64LE();
  const found = new Int32Array(mostLiterals);
  const labelFound = new Int32Array(mostLiterals);
  const areaSuspects = new Map<bigint, Uint32Array | null>();
  const verdicts = new Map<bigint, boolean>();
  const known = new Map<string, Known>();
  const tokens = new Map<string, boolean>();
  const regions = new Map<bigint, boolean>();
  const cost = { windows: 0, windowBytes: 0, texts: 0, textBytes: 0, moved: 0 };

  let view = Buffer.from(memory.buffer);
  const fresh = (): Buffer => {
    if (view.buffer !== memory.buffer) view = Buffer.from(memory.buffer);
    return view;
  };

  /** Whether a run of 40 can be a secret by its shape; the names of an API come by again and again. */
  const canBeSecret = (token: string): boolean => {
    let can = tokens.get(token);
    if (can === undefined) {
      can = whyNotSecret(token, false) === null;
      if (tokens.size > 200_000) tokens.clear();
      tokens.set(token, can);
    }
    return can;
  };

  /** What becomes of the bytes [start, end) when decoded: whether a token of a length and shape that is reported. */
  const canBecomeSecret = (bytes: Buffer, start: number, end: number): boolean => {
    if (end - start > 20_000) return true;
    const digest = kernel.digest(start, end - start, seed);
    let can = regions.get(digest);
    if (can !== undefined) return can;
    const text = bytes.toString("latin1", start, end);
    can = false;
    for (const view of readings(new View(text))) {
      for (const [run] of view.text.matchAll(/[A-Za-z0-9+/]{40,}/g)) {
        if (run.length === 40 ? canBeSecret(run) : run.length === 44 ? run.startsWith("B") : run.length > 79)
          can = true;
      }
      // Behind an id a secret's end is known, and what follows a percent sign may have stood alone.
      if (/AKIA|ASIA/.test(view.text)) can = true;
    }
    if (regions.size > 100_000) regions.clear();
    regions.set(digest, can);
    return can;
  };

  /** Whether the text that `windowsOf` saw last names session tokens. */
  let namesTokens = false;
  /** Which label stands at an address, or null. */
  const labelAt = (bytes: Buffer, at: number): string | null => {
    for (const label of labels) {
      let i = 0;
      // Folding with 0x20 takes `[` for `{` as well: such a label is no label, and what follows it is looked at in vain.
      while (i < label.length && (bytes[at + i]! | 0x20) === (label.charCodeAt(i) | 0x20)) i++;
      if (i === label.length) return label;
    }
    return null;
  };

  /**
   * What can be or become a token in an area, as triples (kind, start, end) counted from its start; null when there are
   * too many. Versions of a file share most of their areas: each content is looked at once.
   */
  const suspectsIn = (from: number, length: number, long: boolean): Uint32Array | null => {
    const digest = kernel.digest(from, length, long ? ~seed : seed);
    const before = areaSuspects.get(digest);
    if (before !== undefined) return before;
    const bytes = fresh();
    const s = kernel.suspects(from, from + length, suspectsAt, mostSuspects, long ? 1 : 0);
    if (s > mostSuspects) return null;
    const told = new Uint32Array(memory.buffer, suspectsAt, 3 * s);
    const kept: number[] = [];
    let constants = false;
    const to = from + length;
    for (let i = 0; i < 3 * s; i += 3) {
      const what = told[i]!;
      const start = told[i + 1]!;
      const end = told[i + 2]!;
      if (what === kind.run) {
        if (end - start === 44 ? bytes[start] !== 66 : !canBeSecret(bytes.toString("latin1", start, end))) continue;
      } else if (what === kind.encoded) {
        const run = bytes.toString("latin1", start, Math.min(end + 3, start + 65_536, to));
        if (decodeBase64(new View(run)) === null) continue;
      } else if (what === kind.pieces) {
        if (!canBecomeSecret(bytes, Math.max(from, start - 8), Math.min(to, end + 8))) continue;
      } else if (what === kind.list) {
        // Whether a list is joined is said up to 240 characters before it, and 500 behind.
        if (!canBecomeSecret(bytes, Math.max(from, start - 300), Math.min(to, end + 550))) continue;
      } else if (what === kind.constant) {
        constants ||= !isMadeOfWords(bytes.toString("latin1", start, end));
        continue;
      }
      kept.push(what, start - from, end - from);
    }
    if (constants && decodeConstants(new View(bytes.toString("latin1", from, to))) !== null) {
      kept.push(kind.constant, 0, length);
    }
    const result = kept.length === 0 ? nothing : Uint32Array.from(kept);
    if (areaSuspects.size > 100_000) areaSuspects.clear();
    areaSuspects.set(digest, result);
    return result;
  };

  /**
   * The windows around all anchors of a text with these literals, as pairs of offsets in the text, ascending and apart;
   * null when the text must be scanned whole.
   */
  const windowsOf = (from: number, length: number, literals: number): number[] | null => {
    const bytes = fresh();
    const to = from + length;
    const spans: number[] = [];
    const add = (start: number, end: number, around = reach): void => {
      spans.push(Math.max(0, start - around), Math.min(length, end + around));
    };
    let l = 0;
    let long = false;
    namesTokens = false;
    let smtp = false;
    for (let i = 0; i < literals; i++) {
      const at = found[i]!;
      const label = labelAt(bytes, at);
      if (label !== null) {
        labelFound[l++] = at;
        if (label === "smtp") smtp = true;
        else if (label !== "secret") long = true;
      } else if (bytes[at] === 45 && bytes.toString("latin1", at, at + 5) === "-----") {
        // Certificates and signatures outnumber keys. The words may be percent-encoded or wrapped in mark-up.
        if (!/PRIVATE/.test(bytes.toString("latin1", at, Math.min(to, at + 120)))) continue;
        add(at - from, Math.min(length, at - from + pemReach));
      } else if (!isHarmless(bytes, at, to)) {
        // Only X-Amz-Signature begins so; in whatever form it is written, the letter is its first.
        add(at - from, at - from + 20, (bytes[at]! | 0x20) === 120 ? urlReach : reach);
      }
    }
    namesTokens = long;
    // Only what a label is near can be reported.
    const areas = around(labelFound, l, from, length);
    for (let area = 0; area < areas.length; area += 2) {
      const start = areas[area]!;
      const suspects = suspectsIn(from + start, areas[area + 1]! - start, long);
      if (suspects === null) return null;
      for (let i = 0; i < suspects.length; i += 3) {
        const [what, first, last] = [suspects[i]!, suspects[i + 1]!, suspects[i + 2]!];
        if (what === kind.run && last - first === 44 && !smtp) continue;
        add(start + first, start + last);
      }
    }
    return merge(spans);
  };

  const isWhole = (text: Buffer): boolean => {
    if (containerKind(text) !== null) return true;
    let zeros = 0;
    const sample = Math.min(text.length, 512);
    for (let i = 0; i < sample; i++) if (text[i] === 0) zeros++;
    return (zeros > sample * 0.3 || text[0]! >= 0xfe) && decodeUtf16(text, new View("")) !== null;
  };

  const scanWhole = (text: Buffer, id: string, onUnread?: OnUnread): Sighting[] => {
    cost.texts++;
    cost.textBytes += text.length;
    return scanText({ id, path: "", bytes: text, fresh: "all" }, rules, onUnread);
  };

  return {
    cost,
    mayMatter(from, length, { flagged, long }) {
      const bytes = fresh();
      if (search.test(bytes, from, from + length)) return true;
      if (containerKind(bytes.subarray(from, from + length)) !== null) return true;
      if (!flagged) return false;
      const suspects = suspectsIn(from, length, long);
      return suspects === null || suspects.length > 0;
    },
    isSuspect(from, length) {
      const bytes = fresh();
      const text = bytes.subarray(from, from + length);
      const literals = search.find(bytes, from, from + length, found);
      if (literals === 0) return containerKind(text) !== null;
      if (isWhole(text) || literals === mostLiterals) return true;
      const windows = windowsOf(from, length, literals);
      return windows === null || windows.length > 0;
    },
    judge(from, length, id, onUnread) {
      const bytes = fresh();
      const text = bytes.subarray(from, from + length);
      const literals = search.find(bytes, from, from + length, found);
      if (literals === 0 && containerKind(text) === null)
        return { sightings: [], flagged: false, long: false, armed: false };
      if (isWhole(text)) return { sightings: scanWhole(text, id, onUnread), flagged: true, long: true, armed: true };
      const windows = literals === mostLiterals ? null : windowsOf(from, length, literals);
      const long = literals === mostLiterals || namesTokens;
      if (windows !== null && windows.length === 0) return { sightings: [], flagged: true, long, armed: false };
      let total = 0;
      for (let i = 0; windows !== null && i < windows.length; i += 2) total += windows[i + 1]! - windows[i]!;
      // A small text is its own window.
      const spans = windows === null || total > length * windowShare ? [0, length] : windows;
      const starts: number[] = [];
      let key = "";
      let any = false;
      for (let i = 0; i < spans.length; i += 2) {
        const start = spans[i]!;
        const end = spans[i + 1]!;
        const digest = kernel.digest(from + start, end - start, seed);
        starts.push(start);
        key += `${digest},`;
        let verdict = verdicts.get(digest);
        if (verdict === undefined) {
          // A text that is one window is scanned once, below.
          if (spans.length === 2 && end - start === length) verdict = true;
          else {
            cost.windows++;
            cost.windowBytes += end - start;
            const window = text.subarray(start, end);
            verdict = scanText({ id: "", path: "", bytes: window, fresh: "all" }, rules).length > 0;
          }
          verdicts.set(digest, verdict);
        }
        any ||= verdict;
      }
      if (!any) return { sightings: [], flagged: true, long, armed: true };
      const before = known.get(key);
      if (before !== undefined) {
        cost.moved++;
        return { sightings: move(before, starts, text, id), flagged: true, long, armed: true };
      }
      const sightings = scanWhole(text, id, onUnread);
      known.set(key, { starts, sightings: sightings.map((sighting) => relative(sighting, starts, text)) });
      return { sightings, flagged: true, long, armed: true };
    },
  };
}

/** The areas within reach of the labels at the first `n` addresses, as pairs of offsets, ascending and apart. */
function around(labels: Int32Array, n: number, from: number, length: number): number[] {
  const areas: number[] = [];
  for (let i = 0; i < n; i++) {
    const start = Math.max(0, labels[i]! - from - labelReach.before);
    const end = Math.min(length, labels[i]! - from + labelReach.after);
    const last = areas.length - 1;
    if (last > 0 && start <= areas[last]!) areas[last] = end;
    else areas.push(start, end);
  }
  return areas;
}

/** What may stand between two pieces of an id or hide its next letter: quotes, escapes, mark-up, an operator. */
const mayGoOn = /["'`\\%&<={$+\x1b\x80-\xff]/;

/**
 * Whether a literal is one that documentation is full of: an id that is an example or no id at all, and a signature
 * that is none.
 */
function isHarmless(bytes: Buffer, at: number, to: number): boolean {
  const text = bytes.toString("latin1", at, Math.min(to, at + 120));
  const id = /^A[KSBC][IC]A([A-Z2-7]{0,16})(.?)/s.exec(text);
  if (id !== null) {
    const [whole, tail = "", next = ""] = id;
    if (tail.length === 16) return whyNotAccessKeyId(whole.slice(0, 20)) !== null;
    // The words of a `%w[AKIA …].join` go on behind a blank.
    return !mayGoOn.test(next) && !(next === " " && bytes.toString("latin1", Math.max(0, at - 3), at).startsWith("%w"));
  }
  if (/^x-amz-signature/i.test(text)) return !/[0-9a-f]{16}/i.test(text);
  return false;
}

/** Names have runs of lower-case letters and capitals ahead; half of a random token hardly ever is made of such. */
function isMadeOfWords(piece: string): boolean {
  let inWords = 0;
  for (const word of piece.match(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g) ?? []) inWords += word.length;
  return inWords * 2 >= piece.length;
}

/** As the engine reads a text, without what needs all of it: constants are a suspect of their own kind. */
const decoders = [decodeEscapes, decodePercent, decodeEntities, decodeBase64, decodeHex, decodeJoins, decodeTags];

function readings(raw: View): View[] {
  const views = [raw];
  let current = raw;
  for (let round = 0; round < 3; round++) {
    const before = current;
    for (const decode of decoders) {
      const view = decode(current);
      if (view === null || view.text === current.text) continue;
      views.push(view);
      current = view;
    }
    if (current === before) break;
  }
  return views;
}

/** Spans given as pairs, sorted and joined where they touch. */
function merge(spans: readonly number[]): number[] {
  if (spans.length <= 2) return [...spans];
  const pairs: [number, number][] = [];
  for (let i = 0; i < spans.length; i += 2) pairs.push([spans[i]!, spans[i + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [start, end] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && start <= merged[last]!) merged[last] = Math.max(merged[last]!, end);
    else merged.push(start, end);
  }
  return merged;
}

/** The window that an offset is in: the last one that begins at or before it. */
function windowOf(starts: readonly number[], offset: number): number {
  let i = starts.length - 1;
  while (i > 0 && starts[i]! > offset) i--;
  return i;
}

function countLines(text: Buffer, end: number): number {
  let lines = 0;
  for (let i = text.indexOf(10); i >= 0 && i < end; i = text.indexOf(10, i + 1)) lines++;
  return lines;
}

/** A sighting with lines counted from the beginning of its window, so that it can be moved with it. */
function relative(sighting: Sighting, starts: readonly number[], text: Buffer): Sighting {
  const lines = starts.map((start) => countLines(text, start));
  const shift = (place: Place): Place => {
    const lost = lines[windowOf(starts, place.span.start)]!;
    return { ...place, line: place.line - lost, endLine: place.endLine - lost };
  };
  const { allow } = sighting;
  const first = sighting.places[0];
  const lost = first === undefined ? 0 : lines[windowOf(starts, first.span.start)]!;
  return {
    ...sighting,
    places: sighting.places.map(shift),
    allow: allow === null ? null : { ...allow, line: allow.line - lost },
  };
}

/** The sightings of a text with the same windows, put where the windows stand in this one. */
function move(known: Known, starts: readonly number[], text: Buffer, id: string): Sighting[] {
  const lines = starts.map((start) => countLines(text, start));
  return known.sightings.map((sighting) => {
    const shift = (place: Place): Place => {
      const window = windowOf(known.starts, place.span.start);
      const by = starts[window]! - known.starts[window]!;
      return {
        ...place,
        span: { start: place.span.start + by, end: place.span.end + by },
        line: place.line + lines[window]!,
        endLine: place.endLine + lines[window]!,
      };
    };
    const first = sighting.places[0];
    const gained = first === undefined ? 0 : lines[windowOf(known.starts, first.span.start)]!;
    return {
      ...sighting,
      textId: id,
      places: sighting.places.map(shift),
      allow: sighting.allow === null ? null : { ...sighting.allow, line: sighting.allow.line + gained },
    };
  });
}
