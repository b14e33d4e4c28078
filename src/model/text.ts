import type { Span } from "./span.ts";

/** Where a text comes from. Paths are as git spells them: relative to the top of the work tree, `/` between parts. */
export type Origin =
  | { readonly kind: "file" | "staged" | "stdin"; readonly path: string }
  | {
      readonly kind: "commit" | "commit-message" | "tag-message" | "note";
      readonly path: string;
      readonly commit: string;
      readonly author: string;
      /** ISO 8601 with the author's offset. */
      readonly date: string;
    };

/**
 * Something to scan: bytes, where they come from, and which spans of them are new. A finding counts when it touches a
 * fresh span; that one rule serves the working tree (all fresh), a staged file (the added lines), a pull request and
 * an object in a pack (what its delta inserts).
 */
export interface Text {
  /** The blob id where git has one, else the path: equal ids hold equal bytes. */
  readonly id: string;
  /** The path that detectors and globs look at. Empty when there is none yet (a blob seen before its path is known). */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly fresh: readonly Span[] | "all";
  readonly origin: Origin;
  /** The line, counted from 1, that the first byte stands on, where the bytes are a later part of a larger whole. */
  readonly firstLine?: number;
}

/** What a source yields: a text, or what it could not read and why. Unread is never silent. */
export type Sourced =
  | { readonly ok: true; readonly text: Text }
  | { readonly ok: false; readonly path: string; readonly why: string };
