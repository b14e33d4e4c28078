import type { Origin, Text } from "../../src/model/text.ts";
import type { Prefilter, Sink, Tally } from "../../src/sources/sink.ts";

export interface Collected {
  readonly path: string;
  readonly id: string;
  /** All of the text, as latin1. */
  readonly content: string;
  /** The pieces that are fresh. */
  readonly fresh: readonly string[];
  readonly firstLine: number;
  readonly origin: Origin;
}

/** A sink that keeps all that it is told, and what it was told in words. */
export interface Collector extends Sink {
  readonly texts: Collected[];
  readonly unread: { path: string; why: string }[];
  /** path → fresh pieces, joined. */
  fresh(): Record<string, string>;
  paths(): string[];
}

export function collector(options: { excluded?: (path: string) => boolean; prefilter?: Prefilter } = {}): Collector {
  const texts: Collected[] = [];
  const unread: { path: string; why: string }[] = [];
  return {
    ...options,
    texts,
    unread,
    onText(text: Text) {
      const content = Buffer.from(text.bytes).toString("latin1");
      const spans = text.fresh === "all" ? [{ start: 0, end: content.length }] : text.fresh;
      texts.push({
        path: text.path,
        id: text.id,
        content,
        fresh: spans.map(({ start, end }) => content.slice(start, end)),
        firstLine: text.firstLine ?? 1,
        origin: text.origin,
      });
    },
    onUnread(path, why) {
      unread.push({ path, why });
    },
    fresh: () => Object.fromEntries(texts.map((text) => [text.path, text.fresh.join("")])),
    paths: () => texts.map(({ path }) => path).sort(),
  };
}

/** A prefilter that lets through what holds the word, and counts what it was asked. */
export function wordPrefilter(word: string): Prefilter & { asked: number } {
  const prefilter = {
    asked: 0,
    reserve: (size: number) => new Uint8Array(size),
    test(bytes: Uint8Array) {
      prefilter.asked++;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(word);
    },
  };
  return prefilter;
}

export type { Tally };
