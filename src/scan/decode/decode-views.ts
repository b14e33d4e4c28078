import type { View } from "../view.ts";
import { decodeBase64 } from "./base64.ts";
import { decodeConstants } from "./constants.ts";
import { decodeEntities } from "./entities.ts";
import { decodeEscapes } from "./escapes.ts";
import { decodeFormats } from "./formats.ts";
import { decodeHex } from "./hex.ts";
import { decodeJoins } from "./joins.ts";
import { decodePercent } from "./percent.ts";
import { decodeTags } from "./tags.ts";
import { decodeUtf16 } from "./utf16.ts";
import { decodeWideRuns } from "./wide-runs.ts";

/**
 * In this order, each on what the one before gave: an escaped string may hold base64, base64 a JSON document with
 * escapes of its own, which is why the whole list is gone through again.
 */
const decoders: readonly ((view: View) => View | null)[] = [
  decodeWideRuns,
  decodeEscapes,
  decodePercent,
  decodeEntities,
  decodeBase64,
  decodeHex,
  decodeConstants,
  decodeFormats,
  decodeJoins,
  decodeTags,
];

/** Three layers deep: JSON in a string in JSON in base64. */
const rounds = 3;
/** Views of one text that together grow beyond this are cut off, in bytes: decoding only ever makes a text shorter, gzip aside. */
const viewBudget = 256 << 20;

/** The text as it stands, and as each decoder that changes it reads it. The first is the bytes, or their UTF-16. */
export function decodeViews(bytes: Uint8Array, raw: View): View[] {
  const first = decodeUtf16(bytes, raw) ?? raw;
  const views = [first];
  let current = first;
  let size = current.text.length;
  for (let round = 0; round < rounds; round++) {
    const before = current;
    for (const decode of decoders) {
      const view = decode(current);
      if (view === null || view.text === current.text) continue;
      size += view.text.length;
      if (size > viewBudget) return views;
      views.push(view);
      current = view;
    }
    if (current === before) break;
  }
  return views;
}
