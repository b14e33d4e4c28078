import type { Text } from "../model/text.ts";

/**
 * Decides quickly whether bytes can hold anything that the engine reports on. A source asks before it makes a `Text`,
 * so that what is clean costs one pass of a literal search and nothing else.
 */
export interface Prefilter {
  /**
   * Memory of at least `size` bytes to read into. What is read there is tested without being copied first. The same
   * memory is handed out again by the next call.
   */
  reserve(size: number): Uint8Array;
  /** Whether the engine can report anything on bytes that stand under this path. `false` is certain. */
  test(bytes: Uint8Array, path: string): boolean;
}

/** What a source tells about what it reads. Each text and each failure is told once. */
export interface Sink {
  /** Without one every text is handed on. */
  readonly prefilter?: Prefilter;
  /** Paths for which it answers true are not read. Given as in `Text.path`; for a folder, with a `/` at its end. */
  readonly excluded?: (path: string) => boolean;
  /**
   * Takes a text that the prefilter lets through. Its bytes are valid during the call only (until the promise is
   * settled, where one is returned): whoever keeps them copies them.
   */
  onText(text: Text): void | Promise<void>;
  /** What was in reach and could not be read. `why` is a short phrase in lower case. */
  onUnread(path: string, why: string): void;
  /** Told now and then, at most once per few milliseconds of work. */
  onProgress?(tally: Tally): void;
}

/** What a source looked at, including what the prefilter found clean. */
export interface Tally {
  /** Files, blobs and messages. */
  texts: number;
  bytes: number;
  /** Commits looked at, by the sources that have them. */
  commits?: number;
  /** What a person should know of what was not in reach, one sentence each. */
  readonly notes: string[];
}

export function emptyTally(): Tally {
  return { texts: 0, bytes: 0, notes: [] };
}
