import type { CredentialKind, Part } from "../model/finding.ts";
import type { Span } from "../model/span.ts";
import type { Candidate } from "./pair.ts";
import type { View } from "./view.ts";

/** A candidate with the way back to the document's bytes. */
export interface Seen extends Candidate {
  readonly view: View;
  readonly span: Span;
}

/** A credential put together from what was seen in one document. */
export interface Assembled {
  readonly kind: CredentialKind;
  readonly detector: string;
  readonly parts: ReadonlyMap<Part, string>;
  readonly cost: number;
  /** Not reported by itself; another file may hold its access key id. */
  readonly half?: boolean;
}

/** What was read in one document, before it is placed and judged. */
export interface Reading {
  readonly seen: readonly Seen[];
  readonly assembled: readonly Assembled[];
  /** Whether it is UTF-16, whose lines and columns are counted in pairs of bytes. */
  readonly wide: boolean;
  /** Why a candidate that is not clean by itself was not reported after all, by its value. */
  readonly dropped: ReadonlyMap<string, string>;
}
