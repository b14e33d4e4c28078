import type { ObjectReader } from "../git/object-reader.ts";
import type { Span } from "../model/span.ts";
import type { Origin, Text } from "../model/text.ts";
import { addedSpans, commonSpans } from "./added-spans.ts";
import type { Change } from "./raw-diff.ts";
import { giveText } from "./read-windows.ts";
import type { Sink } from "./sink.ts";

/** Lines are compared up to this size of the two sides together; what is larger counts as new from end to end. */
const largestCompared = 256 * 2 ** 20;

/** Whether a change brings content: not a deletion, a submodule, a mere rename or a change of mode. */
export function bringsContent(change: Change): change is Change & { readonly id: string } {
  return change.id !== null && !change.status.includes("D") && !change.olds.includes(change.id);
}

/**
 * Gives the new content of a change to the sink, with the lines that it adds as fresh spans: added in the eyes of each
 * parent. An old side that cannot be read leaves all lines fresh.
 */
export async function giveChange(
  change: Change & { readonly id: string },
  bytes: Buffer,
  origin: Origin,
  reader: ObjectReader,
  sink: Sink,
): Promise<void> {
  const sides: (readonly Span[] | "all")[] = [];
  for (const id of new Set(change.olds)) {
    const old = id === null ? null : await reader.read(id);
    const comparable = old !== null && "bytes" in old && old.bytes.length + bytes.length <= largestCompared;
    sides.push(comparable ? addedSpans(old.bytes, bytes) : "all");
  }
  const fresh = commonSpans(sides);
  if (fresh !== "all" && fresh.length === 0) return;
  const text: Text = { id: change.id, path: change.path, bytes, fresh, origin };
  await giveText(text, sink);
}
