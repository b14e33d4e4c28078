import { randomBytes } from "node:crypto";
import type { Detector } from "../../detectors/detector.ts";
import { secretAccessKey } from "../../detectors/secret-access-key.ts";
import { sesSmtpPassword } from "../../detectors/ses-smtp-password.ts";
import { sessionToken } from "../../detectors/session-token.ts";
import { whyNotSecret } from "../../detectors/token-shape.ts";
import type { Place, Sighting } from "../../model/finding.ts";
import { containerKind } from "../decode/archive.ts";
import { decodeBase64 } from "../decode/base64.ts";
import { decodeConstants } from "../decode/constants.ts";
import { decodeViews } from "../decode/decode-views.ts";
import { decodeUtf16 } from "../decode/utf16.ts";
import { type OnUnread, type Rules, scanText } from "../engine.ts";
import { type Literal, prefilterLiterals } from "../prefilter.ts";
import { View } from "../view.ts";
import { compileSearch, type Search, searchPadding, searchTableSize } from "./compile-search.ts";
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
  /** Whether the text holds any literal of the rules, or is a container. `false`: nothing in it can be reported. */
  mayHold(at: number, length: number): boolean;
  /**
   * Whether an excerpt of a text, which holds everything that a change touches, holds anything that can be a part of a
   * credential. `false`, where the text before the change had a label but no anchor: the text after it is clean too.
   */
  mayMatter(at: number, length: number): boolean;
  /** All that the engine reports on the text, which `mayHold` let through. */
  judge(at: number, length: number, id: string, onUnread?: OnUnread): Judgement;
  /** What the engine was given, in bytes and texts; for benchmarks. */
  readonly cost: { windows: number; windowBytes: number; texts: number; textBytes: number; moved: number };
}

export interface Judgement {
  readonly sightings: readonly Sighting[];
  /** Whether there was an anchor: then every later version of the text must be judged as well. */
  readonly armed: boolean;
}

interface Kernel {
  suspects(from: number, to: number, out: number, capacity: number, long: number): number;
  digest(from: number, length: number, seed: bigint): bigint;
}

/** Kinds of suspects, as wasm/search.ts has them. */
const kind = { run: 1, encoded: 2, pieces: 3, constant: 4, long: 5, list: 6 } as const;

/** How far around an anchor the engine looks, in bytes: a presigned URL reaches 4,000, the surroundings that a weak label needs 1,500. */
const reach = 4600;
/** A PEM block ends at most so far behind its beginning. */
const pemReach = 17_500;
/**
 * How far from a token its label may stand in the bytes: 240 characters, some of them written as escapes of six bytes, and
 * mark-up. Pieces of a token that are named constants must stand as near.
 */
const labelReach = 3072;
/** Suspects that one call may tell; more than that is for the engine as a whole. */
const mostSuspects = 4096;
const mostLiterals = 65_536;
/** Windows that together are longer than this share of the text save nothing. */
const windowShare = 0.7;

/** The detectors whose keywords, in either case, are labels: words that stand before a secret far more seldom than not. */
const labelled: readonly Detector[] = [secretAccessKey, sessionToken, sesSmtpPassword];
const isLabel = ({ ignoreCase }: { ignoreCase?: boolean }): boolean => ignoreCase === true;

/** The rules' literals as labels and as what is an anchor by itself. */
function splitLiterals(rules: Rules): { labels: Literal[]; anchors: Literal[] } {
  const only = rules.detectors
    .filter((detector) => labelled.includes(detector))
    .map((detector) => ({ ...detector, keywords: detector.keywords.filter(isLabel) }));
  const others = rules.detectors.map((detector) =>
    labelled.includes(detector)
      ? { ...detector, keywords: detector.keywords.filter((keyword) => !isLabel(keyword)) }
      : detector,
  );
  const plain = new Set(only.flatMap(({ keywords }) => keywords.map(({ text }) => text.toLowerCase())));
  const spelled = prefilterLiterals({ ...rules, detectors: only });
  return {
    labels: spelled.filter(({ bytes, ignoreCase }) => ignoreCase && plain.has(bytes)),
    anchors: [
      ...prefilterLiterals({ ...rules, detectors: others }),
      ...spelled.filter(({ bytes, ignoreCase }) => !(ignoreCase && plain.has(bytes))),
    ],
  };
}

/** How much room the tables of `createTriage` take in the memory, in bytes. */
export function triageTableSize(rules: Rules): number {
  const { labels, anchors } = splitLiterals(rules);
  return (
    searchTableSize(prefilterLiterals(rules)) +
    searchTableSize(labels) +
    searchTableSize(anchors) +
    12 * mostSuspects +
    16
  );
}

interface Known {
  /** Where the windows began in the text that was scanned. */
  readonly starts: readonly number[];
  readonly sightings: readonly Sighting[];
}

/** A triage with its tables at `at` (a multiple of 16) in the memory, which is long enough for them already. */
export function createTriage(rules: Rules, memory: WebAssembly.Memory, at: number): Triage {
  const { labels, anchors } = splitLiterals(rules);
  const all = prefilterLiterals(rules);
  let next = at;
  const place = (literals: readonly Literal[]): Search => {
    const search = compileSearch(literals, { memory, at: next });
    next += searchTableSize(literals);
    return search;
  };
  const search = place(all);
  const labelSearch = place(labels);
  const anchorSearch = place(anchors);
  const suspectsAt = next;
  const kernel = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(searchKernel, "base64")), {
    env: { memory },
  }).exports as unknown as Kernel;
  const seed = randomBytes(8).readBigUInt64LE();
  const found = new Int32Array(mostLiterals);
  const labelFound = new Int32Array(mostLiterals);
  const verdicts = new Map<bigint, boolean>();
  const known = new Map<string, Known>();
  const tokens = new Map<string, boolean>();
  const regions = new Map<string, boolean>();
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
    const text = bytes.toString("latin1", start, end);
    let can = regions.get(text);
    if (can !== undefined) return can;
    can = false;
    for (const view of decodeViews(Buffer.from(text, "latin1"), new View(text))) {
      for (const [run] of view.text.matchAll(/[A-Za-z0-9+/]{40,}/g)) {
        if (run.length === 40 ? canBeSecret(run) : run.length === 44 ? run.startsWith("B") : run.length > 79)
          can = true;
      }
      // Behind an id a secret's end is known, and what follows a percent sign may have stood alone.
      if (/AKIA|ASIA/.test(view.text)) can = true;
    }
    if (regions.size > 20_000) regions.clear();
    regions.set(text, can);
    return can;
  };

  /**
   * The windows around all anchors, as pairs of offsets in the text, ascending and apart; null when the text must be
   * scanned whole.
   */
  const windowsOf = (from: number, length: number, excerpt: boolean): number[] | null => {
    const bytes = fresh();
    const to = from + length;
    const spans: number[] = [];
    const add = (start: number, end: number): void => {
      spans.push(Math.max(0, start - reach), Math.min(length, end + reach));
    };
    const n = anchorSearch.find(bytes, from, to, found);
    if (n === mostLiterals) return null;
    for (let i = 0; i < n; i++) {
      const start = found[i]! - from;
      if (bytes[from + start] === 45 && bytes.toString("latin1", from + start, from + start + 5) === "-----") {
        // Certificates and signatures outnumber keys. The words may be percent-encoded or wrapped in mark-up.
        if (!/PRIVATE/.test(bytes.toString("latin1", from + start, Math.min(to, from + start + 120)))) continue;
        add(start, Math.min(length, start + pemReach));
      } else add(start, start + 20);
    }
    const l = labelSearch.find(bytes, from, to, labelFound);
    if (l === mostLiterals) return null;
    if (l > 0 || excerpt) {
      let constants = false;
      let long = excerpt;
      let smtp = excerpt;
      for (let i = 0; i < l && !(long && smtp); i++) {
        const letter = bytes[labelFound[i]! + 1]! | 0x20;
        if (letter === 109)
          smtp = true; // s-m-t-p
        else if (bytes[labelFound[i]! + 2]! !== 99 && bytes[labelFound[i]! + 2]! !== 67)
          long = true; // se-s-sion
        else if ((bytes[labelFound[i]! + 3]! | 0x20) === 117) long = true; // sec-u-rity
      }
      // Only what a label is near can be reported; an excerpt is looked at as a whole, its labels may have been left out.
      const areas = excerpt ? [0, length] : around(labelFound, l, from, length);
      for (let area = 0; area < areas.length; area += 2) {
        const s = kernel.suspects(from + areas[area]!, from + areas[area + 1]!, suspectsAt, mostSuspects, long ? 1 : 0);
        if (s > mostSuspects) return null;
        const suspects = new Uint32Array(memory.buffer, suspectsAt, 3 * s);
        for (let i = 0; i < s; i++) {
          const what = suspects[3 * i]!;
          const start = suspects[3 * i + 1]!;
          const end = suspects[3 * i + 2]!;
          if (what === kind.run) {
            if (end - start === 44 ? !smtp || bytes[start] !== 66 : !canBeSecret(bytes.toString("latin1", start, end)))
              continue;
          } else if (what === kind.encoded) {
            const run = bytes.toString("latin1", start, Math.min(end + 3, start + 65_536, to));
            if (decodeBase64(new View(run)) === null) continue;
          } else if (what === kind.pieces) {
            if (!canBecomeSecret(bytes, Math.max(from, start - 8), Math.min(to, end + 8))) continue;
          } else if (what === kind.list) {
            // Whether a list is joined is said up to 240 characters before it, and 500 behind.
            if (!canBecomeSecret(bytes, Math.max(from, start - 300), Math.min(to, end + 550))) continue;
          } else if (what === kind.constant) {
            constants = true;
            continue;
          }
          add(start - from, end - from);
        }
      }
      // A piece is put together with others anywhere in the text.
      if (constants) {
        if (excerpt) return null;
        if (decodeConstants(new View(bytes.toString("latin1", from, to))) !== null) return null;
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
    mayHold(from, length) {
      const bytes = fresh();
      return search.test(bytes, from, from + length) || containerKind(bytes.subarray(from, from + length)) !== null;
    },
    mayMatter(from, length) {
      const bytes = fresh();
      if (containerKind(bytes.subarray(from, from + length)) !== null) return true;
      if (search.test(bytes, from, from + length)) return true;
      const windows = windowsOf(from, length, true);
      return windows === null || windows.length > 0;
    },
    judge(from, length, id, onUnread) {
      const bytes = fresh();
      const text = bytes.subarray(from, from + length);
      if (isWhole(text)) return { sightings: scanWhole(text, id, onUnread), armed: true };
      const windows = windowsOf(from, length, false);
      if (windows !== null && windows.length === 0) return { sightings: [], armed: false };
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
      if (!any) return { sightings: [], armed: true };
      const before = known.get(key);
      if (before !== undefined) {
        cost.moved++;
        return { sightings: move(before, starts, text, id), armed: true };
      }
      const sightings = scanWhole(text, id, onUnread);
      known.set(key, { starts, sightings: sightings.map((sighting) => relative(sighting, starts, text)) });
      return { sightings, armed: true };
    },
  };
}

/** The areas within reach of the labels at the first `n` addresses, as pairs of offsets, ascending and apart. */
function around(labels: Int32Array, n: number, from: number, length: number): number[] {
  const areas: number[] = [];
  for (let i = 0; i < n; i++) {
    const start = Math.max(0, labels[i]! - from - labelReach);
    const end = Math.min(length, labels[i]! - from + labelReach);
    const last = areas.length - 1;
    if (last > 0 && start <= areas[last]!) areas[last] = end;
    else areas.push(start, end);
  }
  return areas;
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

export { searchPadding };
