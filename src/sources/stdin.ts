import type { Sink, Tally } from "./sink.ts";

/** Reads a stream to its end as one text called `path`. */
export async function readStdin(
  _options: { readonly stream: AsyncIterable<Uint8Array>; readonly path: string },
  _sink: Sink,
): Promise<Tally> {
  throw new Error("not written yet");
}
