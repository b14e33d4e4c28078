import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Span } from "../model/span.ts";
import type { Origin, Text } from "../model/text.ts";
import type { Sink, Tally } from "./sink.ts";

/** Files up to this many bytes are one text; larger ones are read in windows of it, so that memory stays bounded. */
export const windowSize = 32 * 2 ** 20;
/** What two windows share: more than any credential file, and than any list that the engine pairs over. */
export const windowOverlap = 2 ** 20;

/** Never waits for a FIFO's writer, never follows a link, never becomes the controlling terminal's reader. */
const openFlags =
  constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0) | (constants.O_NOCTTY ?? 0);

export interface FileReader {
  /**
   * Reads the file at `path` and gives its texts to the sink. Returns a promise only where the sink does.
   *
   * @throws what `node:fs` throws, before anything of the file was given to the sink or after a part of it.
   */
  read(path: string | Buffer, name: string): void | Promise<void>;
}

/** Reads files one after the other into the same memory, with the fewest system calls: open, read, read (0 bytes), close. */
export function fileReader(sink: Sink, tally: Tally): FileReader {
  const memory = sink.prefilter?.reserve(windowSize) ?? new Uint8Array(windowSize);
  return {
    read(path, name) {
      const file = openSync(path, openFlags);
      let pending: Promise<void> | undefined;
      try {
        // A short read is not the end on every file system, and one more call is cheaper than asking for the size.
        const length = fill(file, memory, 0);
        tally.texts++;
        tally.bytes += length;
        if (length < memory.length) {
          const bytes = memory.subarray(0, length);
          if (length > 0 && (sink.prefilter === undefined || sink.prefilter.test(bytes, name))) {
            return sink.onText({ id: name, path: name, bytes, fresh: "all", origin: { kind: "file", path: name } });
          }
          return;
        }
        pending = readOn(file, memory, name, sink, tally).finally(() => closeSync(file));
        return pending;
      } finally {
        if (pending === undefined) closeSync(file);
      }
    },
  };
}

function fill(file: number, memory: Uint8Array, from: number): number {
  let length = from;
  while (length < memory.length) {
    const count = readSync(file, memory, length, memory.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** The windows of a large file, of which the first stands in the memory. */
async function readOn(file: number, memory: Uint8Array, name: string, sink: Sink, tally: Tally): Promise<void> {
  const lines = lineCounter(file);
  let length = memory.length;
  /** Where the window begins in the file, and how much of it the one before has shown. */
  let offset = 0;
  let shown = 0;
  for (;;) {
    const bytes = memory.subarray(0, length);
    if (sink.prefilter === undefined || sink.prefilter.test(bytes, name)) {
      await sink.onText(windowText(name, { kind: "file", path: name }, bytes, shown, offset, lines(offset)));
    }
    sink.onProgress?.(tally);
    if (length < memory.length) return;
    const keep = overlapFrom(memory);
    memory.copyWithin(0, keep);
    offset += keep;
    shown = memory.length - keep;
    // Between two windows others get their turn: a signal, the progress bar.
    await new Promise(setImmediate);
    length = fill(file, memory, shown);
    tally.bytes += length - shown;
    if (length === shown) return;
  }
}

function windowText(
  id: string,
  origin: Origin,
  bytes: Uint8Array,
  shown: number,
  offset: number,
  firstLine: number,
): Text {
  const fresh: readonly Span[] | "all" = shown === 0 ? "all" : [{ start: shown, end: bytes.length }];
  return { id: offset === 0 ? id : `${id}@${offset}`, path: origin.path, bytes, fresh, origin, firstLine };
}

/** Where in a full window the next one begins: at a line's start where there is one, so that columns stay right. */
export function overlapFrom(window: Uint8Array): number {
  const latest = window.length - windowOverlap;
  const newline = window.subarray(latest - windowOverlap, latest).lastIndexOf(0x0a);
  return newline < 0 ? latest : latest - windowOverlap + newline + 1;
}

/** Counts the lines before an offset, by reading the file again: only windows that the prefilter hits need it. */
function lineCounter(file: number): (offset: number) => number {
  let counted = 0;
  let line = 1;
  return (offset) => {
    const piece = offset > counted ? new Uint8Array(2 ** 20) : new Uint8Array(0);
    while (counted < offset) {
      const count = readSync(file, piece, 0, Math.min(piece.length, offset - counted), counted);
      if (count === 0) break;
      for (let i = 0; i < count; i++) if (piece[i] === 0x0a) line++;
      counted += count;
    }
    return line;
  };
}

/**
 * Gives bytes that lie in memory already to the sink, as one text or, where they are long, as windows of it. `fresh`
 * spans are cut at the windows' edges.
 */
export async function giveText(text: Text, sink: Sink): Promise<void> {
  const { bytes } = text;
  if (bytes.length <= windowSize) {
    if (bytes.length > 0) await sink.onText(text);
    return;
  }
  let line = 1;
  let shown = 0;
  for (let offset = 0; ; ) {
    const window = bytes.subarray(offset, offset + windowSize);
    const piece = windowText(text.id, text.origin, window, shown, offset, line);
    const fresh =
      text.fresh === "all" ? piece.fresh : cutSpans(text.fresh, offset + shown, offset + window.length, offset);
    if (fresh === "all" || fresh.length > 0) await sink.onText({ ...piece, fresh });
    if (window.length < windowSize || offset + windowSize === bytes.length) return;
    const keep = overlapFrom(window);
    for (let i = 0; i < keep; i++) if (window[i] === 0x0a) line++;
    offset += keep;
    shown = windowSize - keep;
  }
}

/** The parts of the spans within [start, end), counted from `origin`. */
function cutSpans(spans: readonly Span[], start: number, end: number, origin: number): Span[] {
  return spans
    .map((span) => ({ start: Math.max(span.start, start) - origin, end: Math.min(span.end, end) - origin }))
    .filter((span) => span.start < span.end);
}
