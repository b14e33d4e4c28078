import type { Literal, Magic } from "../scan/prefilter.ts";
import { searchLiterals } from "./literal-search.ts";
import type { ObjectHeader } from "./object-stream.ts";

/** An object that the prefilter cannot clear. */
export interface Suspect extends ObjectHeader {
  /** Its content, where it is small enough to be kept; else it must be read again. */
  readonly bytes: Buffer | null;
  /** Nothing but a label stands in it. */
  readonly labelOnly: boolean;
}

/** What makes a suspect; see literals.ts. */
export interface Signs {
  readonly literals: readonly Literal[];
  readonly labels?: readonly Literal[];
  readonly magic: readonly Magic[];
  readonly patterns?: readonly string[];
  readonly pathPattern?: string;
  /** Bytes up to which a file is judged by its path as well. */
  readonly smallFile?: number;
}

export interface Limits {
  /** Bytes of an object that are held at once: a larger object is searched in pieces of this size. */
  readonly window: number;
  /** Bytes of all suspects together that are kept for the engine. */
  readonly kept: number;
}

const defaultLimits: Limits = { window: 1 << 20, kept: 32 << 20 };

/**
 * Looks at objects as they stream by and keeps those in which a literal stands, or that are containers. Memory is
 * bounded by the limits whatever the size of an object.
 */
export function watchForSuspects(
  { literals, labels = [], magic, patterns = [], pathPattern, smallFile = 0 }: Signs,
  limits: Limits = defaultLimits,
): {
  begin(header: ObjectHeader): void;
  data(bytes: Buffer, from: number, to: number): void;
  end(): void;
  readonly suspects: readonly Suspect[];
  /** What went by: objects and their bytes. */
  readonly seen: { objects: number; bytes: number };
} {
  const search = searchLiterals(literals, patterns);
  const labelSearch = searchLiterals(labels);
  const longest = Math.max(search.longest, labelSearch.longest);
  const path = pathPattern === undefined ? null : new RegExp(pathPattern);
  const headLength = Math.max(0, ...magic.map(({ bytes, offset }) => offset + bytes.length));
  const window = Math.max(limits.window, 2 * longest, headLength);
  let buffer = Buffer.allocUnsafe(Math.min(window, 1 << 16));
  let filled = 0;
  /** The object's offset of the buffer's first byte. */
  let offset = 0;
  let suspicious = false;
  let labelled = false;
  let header: ObjectHeader = { oid: "", type: "", size: 0, rest: "" };
  let kept = 0;
  const suspects: Suspect[] = [];
  const seen = { objects: 0, bytes: 0 };

  const isContainer = (): boolean =>
    magic.some(
      ({ bytes, offset: at }) =>
        filled >= at + bytes.length && buffer.toString("latin1", at, at + bytes.length) === bytes,
    );

  const look = (): void => {
    if (suspicious) return;
    suspicious = (offset === 0 && isContainer()) || search.test(buffer, 0, filled);
    labelled ||= labelSearch.test(buffer, 0, filled);
  };

  return {
    suspects,
    seen,
    begin(next) {
      header = next;
      filled = 0;
      offset = 0;
      labelled = false;
      suspicious = next.size < smallFile && (path?.test(next.rest) ?? false);
      const wanted = Math.min(window, next.size);
      if (buffer.length < wanted) buffer = Buffer.allocUnsafe(wanted);
    },
    data(bytes, from, to) {
      let at = from;
      while (at < to) {
        if (filled === buffer.length) {
          look();
          // What two windows share: a literal may lie across their border.
          const shared = Math.max(0, longest - 1);
          buffer.copy(buffer, 0, filled - shared, filled);
          offset += filled - shared;
          filled = shared;
        }
        const take = Math.min(to - at, buffer.length - filled);
        bytes.copy(buffer, filled, at, at + take);
        filled += take;
        at += take;
      }
    },
    end() {
      look();
      seen.objects++;
      seen.bytes += header.size;
      if (!suspicious && !labelled) return;
      const whole = offset === 0 && kept + header.size <= limits.kept;
      if (whole) kept += header.size;
      suspects.push({
        ...header,
        bytes: whole ? Buffer.from(buffer.subarray(0, filled)) : null,
        labelOnly: !suspicious,
      });
    },
  };
}
