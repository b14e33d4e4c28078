import type { Span } from "../model/span.ts";
import { overlapFrom, windowSize } from "./read-windows.ts";
import { emptyTally, type Sink, type Tally } from "./sink.ts";

export interface StdinOptions {
  readonly stream: AsyncIterable<Uint8Array>;
  /** What the text is called in reports, and for detectors that look at the name. */
  readonly path: string;
}

/** Reads a stream to its end as one text called `path`; in windows where it is long, so that memory stays bounded. */
export async function readStdin({ stream, path }: StdinOptions, sink: Sink): Promise<Tally> {
  const tally = emptyTally();
  let memory = new Uint8Array(65536);
  let length = 0;
  let shown = 0;
  let offset = 0;
  let firstLine = 1;

  const give = async (): Promise<void> => {
    const bytes = memory.subarray(0, length);
    if (sink.excluded?.(path) || length === shown || sink.prefilter?.test(bytes, path) === false) return;
    const fresh: readonly Span[] | "all" = shown === 0 ? "all" : [{ start: shown, end: length }];
    const id = offset === 0 ? path : `${path}@${offset}`;
    await sink.onText({ id, path, bytes, fresh, origin: { kind: "stdin", path }, firstLine });
  };

  for await (const chunk of stream) {
    tally.bytes += chunk.length;
    for (let taken = 0; taken < chunk.length; ) {
      if (length === memory.length && memory.length < windowSize) {
        const larger = new Uint8Array(Math.min(windowSize, 2 * memory.length));
        larger.set(memory);
        memory = larger;
      }
      if (length === memory.length) {
        await give();
        const keep = overlapFrom(memory);
        for (let i = 0; i < keep; i++) if (memory[i] === 0x0a) firstLine++;
        memory.copyWithin(0, keep);
        offset += keep;
        length -= keep;
        shown = length;
      }
      const count = Math.min(memory.length - length, chunk.length - taken);
      memory.set(chunk.subarray(taken, taken + count), length);
      length += count;
      taken += count;
    }
    sink.onProgress?.(tally);
  }
  tally.texts++;
  await give();
  return tally;
}
