import type { Span } from "../model/span.ts";

/** Insertions plus deletions up to which the shortest edit is looked for; its memory grows with the square. */
const longestEdit = 768;

/**
 * The lines of `now` that are not in `old`, as spans of bytes with their newlines, as `git diff` would show them added.
 * git's own diff is not asked: attributes (`-diff`), size and binary content hide files from it. Where two texts have
 * too little in common for the shortest edit, more lines may count as added, never fewer.
 */
export function addedSpans(old: Uint8Array, now: Uint8Array): Span[] {
  const range = trim(old, now);
  const names = new Map<string, number>();
  const before = splitLines(old, range.start, range.oldEnd, names);
  const after = splitLines(now, range.start, range.nowEnd, names);
  const kept = new Uint8Array(after.names.length);
  keepCommon(before.names, after.names, kept);
  const spans: { start: number; end: number }[] = [];
  for (let i = 0; i < kept.length; i++) {
    if (kept[i] === 1) continue;
    const start = after.starts[i]!;
    const end = after.starts[i + 1]!;
    const last = spans.at(-1);
    if (last !== undefined && last.end === start) last.end = end;
    else spans.push({ start, end });
  }
  return spans;
}

/** What the two differ in, widened to whole lines; usually little of a large file. */
function trim(old: Uint8Array, now: Uint8Array): { start: number; oldEnd: number; nowEnd: number } {
  const shorter = Math.min(old.length, now.length);
  let same = 0;
  while (same < shorter && old[same] === now[same]) same++;
  let tail = 0;
  while (tail < shorter - same && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (same === old.length && same === now.length) return { start: same, oldEnd: same, nowEnd: same };
  const start = same === 0 ? 0 : now.lastIndexOf(0x0a, same - 1) + 1;
  // The tail begins after a newline that both have.
  let end = now.length - tail;
  if (tail > 0) {
    const newline = now.indexOf(0x0a, end);
    end = newline < 0 ? now.length : newline + 1;
  }
  return { start, oldEnd: old.length - (now.length - end), nowEnd: end };
}

interface Lines {
  /** Where each line starts, and at last the end. */
  readonly starts: number[];
  /** Equal lines have equal numbers. */
  readonly names: Int32Array;
}

function splitLines(bytes: Uint8Array, start: number, end: number, names: Map<string, number>): Lines {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts: number[] = [];
  const numbers: number[] = [];
  for (let at = start; at < end; ) {
    const newline = view.indexOf(0x0a, at);
    // Whether the last line ends in a newline makes it no other line.
    const lineEnd = newline < 0 || newline >= end ? end : newline;
    const line = view.toString("latin1", at, lineEnd);
    let name = names.get(line);
    if (name === undefined) {
      name = names.size;
      names.set(line, name);
    }
    starts.push(at);
    numbers.push(name);
    at = lineEnd + 1;
  }
  starts.push(end);
  return { starts, names: Int32Array.from(numbers) };
}

/** Marks in `kept` which lines of `after` belong to a common subsequence of the two. */
function keepCommon(before: Int32Array, after: Int32Array, kept: Uint8Array): void {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) kept[head++] = 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    kept[after.length - 1 - tail++] = 1;
  }
  const old = before.subarray(head, before.length - tail);
  const now = after.subarray(head, after.length - tail);
  const mark = kept.subarray(head, after.length - tail);
  if (old.length === 0 || now.length === 0 || keepByShortestEdit(old, now, mark)) return;
  const anchors = uniqueAnchors(old, now);
  let oldFrom = 0;
  let nowFrom = 0;
  for (const { old: oldAt, now: nowAt } of anchors) {
    if (oldFrom < oldAt && nowFrom < nowAt) {
      keepCommon(old.subarray(oldFrom, oldAt), now.subarray(nowFrom, nowAt), mark.subarray(nowFrom, nowAt));
    }
    mark[nowAt] = 1;
    oldFrom = oldAt + 1;
    nowFrom = nowAt + 1;
  }
  if (anchors.length > 0 && oldFrom < old.length && nowFrom < now.length) {
    keepCommon(old.subarray(oldFrom), now.subarray(nowFrom), mark.subarray(nowFrom));
  }
}

/** E. W. Myers, "An O(ND) difference algorithm and its variations" (1986). False where the edit is too long. */
function keepByShortestEdit(old: Int32Array, now: Int32Array, kept: Uint8Array): boolean {
  const most = Math.min(longestEdit, old.length + now.length);
  const reach = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    history.push(reach.slice(most + 1 - edits, most + 2 + edits));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const at = most + 1 + diagonal;
      const down = diagonal === -edits || (diagonal !== edits && reach[at - 1]! < reach[at + 1]!);
      let x = down ? reach[at + 1]! : reach[at - 1]! + 1;
      while (x < old.length && x - diagonal < now.length && old[x] === now[x - diagonal]) x++;
      reach[at] = x;
      if (x >= old.length && x - diagonal >= now.length) {
        walkBack(old.length, now.length, history, kept);
        return true;
      }
    }
  }
  return false;
}

/** Follows the shortest edit from its end, by what each round of edits had reached. */
function walkBack(oldLength: number, nowLength: number, history: readonly Int32Array[], kept: Uint8Array): void {
  let x = oldLength;
  let y = nowLength;
  for (let edits = history.length - 1; edits >= 0; edits--) {
    const reached = history[edits]!;
    const at = (diagonal: number): number => reached[diagonal + edits]!;
    const diagonal = x - y;
    let fromX = 0;
    let startX = 0;
    let fromY = 0;
    if (edits > 0) {
      const down = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1));
      const from = down ? diagonal + 1 : diagonal - 1;
      fromX = at(from);
      fromY = fromX - from;
      startX = down ? fromX : fromX + 1;
    }
    while (x > startX) {
      x--;
      kept[--y] = 1;
    }
    x = fromX;
    y = fromY;
  }
}

/** Lines that stand once in each, in the longest order that both share: what patience diff holds on to. */
function uniqueAnchors(old: Int32Array, now: Int32Array): { old: number; now: number }[] {
  const places = new Map<number, { old: number; now: number; oldCount: number; nowCount: number }>();
  const placeOf = (name: number) => {
    let place = places.get(name);
    if (place === undefined) {
      place = { old: 0, now: 0, oldCount: 0, nowCount: 0 };
      places.set(name, place);
    }
    return place;
  };
  for (const [index, name] of old.entries()) {
    const place = placeOf(name);
    place.old = index;
    place.oldCount++;
  }
  for (const [index, name] of now.entries()) {
    const place = placeOf(name);
    place.now = index;
    place.nowCount++;
  }
  const shared = [...places.values()]
    .filter(({ oldCount, nowCount }) => oldCount === 1 && nowCount === 1)
    .sort((a, b) => a.now - b.now);
  // The longest increasing subsequence of the old places, by patience sorting.
  const piles: number[] = [];
  const previous = new Int32Array(shared.length).fill(-1);
  for (const [index, { old: value }] of shared.entries()) {
    let low = 0;
    let high = piles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shared[piles[middle]!]!.old < value) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[index] = piles[low - 1]!;
    piles[low] = index;
  }
  const anchors: { old: number; now: number }[] = [];
  for (let index = piles.at(-1) ?? -1; index >= 0; index = previous[index]!) anchors.push(shared[index]!);
  return anchors.reverse();
}

/** What lies in all of the lists of spans, each of them sorted and without overlap. */
export function commonSpans(lists: readonly (readonly Span[] | "all")[]): readonly Span[] | "all" {
  return lists.reduce<readonly Span[] | "all">((common, list) => {
    if (common === "all") return list;
    if (list === "all") return common;
    const both: Span[] = [];
    for (let i = 0, j = 0; i < common.length && j < list.length; ) {
      const start = Math.max(common[i]!.start, list[j]!.start);
      const end = Math.min(common[i]!.end, list[j]!.end);
      if (start < end) both.push({ start, end });
      if (common[i]!.end < list[j]!.end) i++;
      else j++;
    }
    return both;
  }, "all");
}
