import type { Match } from "../detectors/detector.ts";
import { assign } from "./assign.ts";
import { readSpots, type Spot } from "./structure.ts";
import { compareWords, tellingWords } from "./telling-words.ts";

/** A match in one view, with its value; what pairing works on. */
export interface Candidate {
  readonly detector: string;
  readonly match: Match;
  readonly value: string;
}

/** Parts that belong together, and how dear it was to believe so: the structure and the lines between them. */
export interface Pairing {
  readonly id: Candidate;
  readonly secret: Candidate;
  readonly token: Candidate | null;
  readonly cost: number;
}

export interface Paired {
  readonly pairs: readonly Pairing[];
  /** Candidates that stay alone; weak ones among them are not reported. */
  readonly alone: readonly Candidate[];
}

/** What it costs to leave a candidate alone; two that cost more than twice this to join are not joined. */
const aloneCost = 150;
/** More candidates than this are paired in runs of it, so that time stays bounded. */
const mostAtOnce = 64;

/** Costs of what stands between two parts. A line is the unit. */
const price = {
  line: 1,
  /** They stand on different lines at all: a row belongs together, however long it is. */
  apart: 6,
  blankLine: 4,
  /** One stands deeper in brackets than the other. */
  depth: 10,
  /** They stand in brackets beside each other: two calls, two objects. */
  sibling: 4,
  /** They are indented under different lines. */
  block: 8,
  /** A heading or a line of comment stands between them. */
  heading: 6,
  /** A line between documents (`---`) stands between them. */
  document: 40,
  /** A new profile begins between them. */
  section: 400,
  /** Their names lead to different things: `prod` here, `staging` there. */
  otherName: 600,
  /** Only one of them has a name that tells things apart. */
  halfNamed: 30,
  /** Its label says secret, not whose. */
  weak: 3,
  /** No label vouches for the secret. */
  unnamed: 25,
  /** On one line it is the characters between that count. */
  character: 0.01,
  /** The order that is less usual: the secret before the id. Decides only where all else is equal. */
  reversed: 0.3,
} as const;

/** Pairs ids with secrets, then gives each session token to the pair or the id that it stands nearest to. */
export function pair(text: string, candidates: readonly Candidate[]): Paired {
  const ids = candidates.filter(({ match }) => match.part === "accessKeyId");
  const secrets = candidates.filter(({ match }) => match.part === "secretAccessKey");
  const tokens = candidates.filter(({ match }) => match.part === "sessionToken");
  const others = candidates.filter(({ match }) => match.part === "value");
  if (ids.length === 0 || ids.length + secrets.length + tokens.length < 2) return { pairs: [], alone: candidates };
  const sorted = [...ids, ...secrets, ...tokens].sort((a, b) => a.match.span.start - b.match.span.start);
  const spots = new Map<Candidate, Spot>();
  const read = readSpots(
    text,
    sorted.map(({ match }) => match.span),
  );
  for (const [i, candidate] of sorted.entries()) spots.set(candidate, read[i]!);
  const telling = tellingWords(
    ids.map((id) => spots.get(id)!.words),
    secrets.map((secret) => spots.get(secret)!.words),
  );
  const found: { id: Candidate; secret: Candidate; cost: number }[] = [];
  const tokenOf = new Map<Candidate, Candidate>();
  for (const run of runsOf(sorted, spots)) {
    const rows = run.filter(({ match }) => match.part === "accessKeyId");
    const columns = run.filter(({ match }) => match.part === "secretAccessKey");
    const costs = rows.map((id) => columns.map((secret) => costOf(id, secret, spots, telling)));
    const paired = columns.length === 0 ? [] : assign(costs, aloneCost);
    const here = [...paired.entries()]
      .filter(([, column]) => column >= 0)
      .map(([row, column]) => ({ id: rows[row]!, secret: columns[column]!, cost: costs[row]![column]! }));
    found.push(...here);
    const loose = run.filter(({ match }) => match.part === "sessionToken");
    for (const [id, token] of giveTokens(loose, rows, here, spots)) tokenOf.set(id, token);
  }
  const taken = new Set<Candidate>(found.flatMap(({ id, secret }) => [id, secret]));
  for (const token of tokenOf.values()) taken.add(token);
  const pairs = found.map((pairing) => ({ ...pairing, token: tokenOf.get(pairing.id) ?? null }));
  return { pairs, alone: [...ids, ...secrets, ...tokens, ...others].filter((candidate) => !taken.has(candidate)) };
}

/**
 * The candidates in runs of at most `mostAtOnce`, cut where the text itself has its widest gap, and in a row without
 * gaps before what each credential begins with.
 */
function runsOf(sorted: readonly Candidate[], spots: ReadonlyMap<Candidate, Spot>): Candidate[][] {
  const runs: Candidate[][] = [];
  let start = 0;
  while (sorted.length - start > mostAtOnce) {
    const first = sorted[start]!.match.part;
    let cut = start + mostAtOnce;
    let widest = -1;
    for (let i = start + (mostAtOnce >> 1); i <= start + mostAtOnce; i++) {
      const [before, after] = [spots.get(sorted[i - 1]!)!, spots.get(sorted[i]!)!];
      const begins = sorted[i]!.match.part === first && sorted[i - 1]!.match.part !== first;
      const gap = (after.line - before.line) * 4 + (after.section - before.section) * 1000 + (begins ? 3 : 0);
      if (gap >= widest) [widest, cut] = [gap, i];
    }
    runs.push(sorted.slice(start, cut));
    start = cut;
  }
  runs.push(sorted.slice(start));
  return runs;
}

function costOf(
  id: Candidate,
  secret: Candidate,
  spots: ReadonlyMap<Candidate, Spot>,
  telling: ReadonlySet<string>,
): number {
  const a = spots.get(id)!;
  const b = spots.get(secret)!;
  const lines = Math.abs(a.line - b.line);
  const gap = a.start < b.start ? b.start - a.end : a.start - b.end;
  const apart = bracketsApart(a, b);
  const together = apart.depth === 0 && apart.siblings === 0 && a.brackets.length > 0;
  const weak = secret.match.weak === true;
  const names = compareWords(a.words, b.words, telling);
  const sameName = names.shared > 0 && names.shared === names.id && names.shared === names.secret;
  if (weak && !(sameName && lines <= 40) && !reaches(secret, lines, gap, together)) return Number.POSITIVE_INFINITY;
  let cost = linesCost(lines, weak) + Math.min(Math.abs(a.blanks - b.blanks), 15) * price.blankLine + bracketCost(a, b);
  cost += Math.min(Math.abs(a.headings - b.headings), 5) * price.heading;
  if (a.block !== b.block) cost += price.block;
  cost += lines === 0 ? Math.min(gap, 4000) * price.character : price.apart;
  if (weak) cost += secret.match.label === undefined ? price.unnamed : price.weak;
  if (b.start < a.start) cost += price.reversed;
  if (sameName) cost *= 0.2;
  else if (names.id > 0 && names.secret > 0) {
    if (names.shared === 0) cost += price.otherName;
    else cost += price.halfNamed * (1 - names.shared / Math.max(names.id, names.secret));
  } else if (names.id !== names.secret) cost += price.halfNamed;
  if (!sameName) {
    if (a.section !== b.section) cost += price.section;
    cost += Math.abs(a.documents - b.documents) * price.document;
  }
  return cost;
}

/**
 * Where its name vouches for a secret the lines between are other variables, and count half. A little more than
 * proportional, so that of two lists one after the other each keeps its own.
 */
function linesCost(lines: number, weak: boolean): number {
  return lines * (weak ? 1 : 0.5) * price.line + lines * lines * 0.0005;
}

/** How far the brackets around two places differ: by depth, and by what is left and entered at the same depth. */
function bracketsApart(a: Spot, b: Spot): { depth: number; siblings: number } {
  let common = 0;
  while (common < a.brackets.length && common < b.brackets.length && a.brackets[common] === b.brackets[common])
    common++;
  return {
    depth: Math.abs(a.brackets.length - b.brackets.length),
    siblings: Math.min(a.brackets.length, b.brackets.length) - common,
  };
}

function bracketCost(a: Spot, b: Spot): number {
  const { depth, siblings } = bracketsApart(a, b);
  return depth * price.depth + siblings * price.sibling;
}

/** How near a secret that no AWS label vouches for must stand to an id. */
function reaches(secret: Candidate, lines: number, gap: number, together: boolean): boolean {
  if (secret.match.label !== undefined) return lines <= 40 && gap <= (together ? 200_000 : 4000);
  if (lines === 0) return gap <= 600;
  if (lines <= 3) return gap <= 600;
  if (together && lines <= 14) return gap <= 2000;
  return false;
}

/** Each token goes to the nearest temporary id without one, else to the nearest id of its own structure. */
function giveTokens(
  tokens: readonly Candidate[],
  ids: readonly Candidate[],
  pairs: readonly { id: Candidate; secret: Candidate }[],
  spots: ReadonlyMap<Candidate, Spot>,
): Map<Candidate, Candidate> {
  const given = new Map<Candidate, Candidate>();
  if (tokens.length === 0) return given;
  const secretOf = new Map(pairs.map(({ id, secret }) => [id, secret]));
  const temporary = ids.filter(({ value }) => value.startsWith("ASIA"));
  const owners = temporary.length > 0 ? temporary : ids.filter((id) => secretOf.has(id));
  if (owners.length === 0) return given;
  const costs = owners.map((id) => {
    const secret = secretOf.get(id);
    return tokens.map((token) => {
      const near = [id, ...(secret === undefined ? [] : [secret])].map((part) =>
        tokenCost(spots.get(part)!, spots.get(token)!),
      );
      return Math.min(...near) + (secret === undefined ? 10 : 0);
    });
  });
  for (const [row, column] of assign(costs, aloneCost).entries())
    if (column >= 0) given.set(owners[row]!, tokens[column]!);
  return given;
}

function tokenCost(a: Spot, b: Spot): number {
  const lines = Math.abs(a.line - b.line);
  const gap = lines === 0 ? Math.abs(a.start - b.start) * price.character : 0;
  return (
    (lines * price.line +
      Math.min(Math.abs(a.blanks - b.blanks), 15) * price.blankLine +
      bracketCost(a, b) +
      Math.min(gap, 40)) *
      0.5 +
    (a.section === b.section ? 0 : price.section)
  );
}
