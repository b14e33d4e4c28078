import { substitute, type View } from "../view.ts";

const pattern = /(?<![0-9A-Fa-f])(?:0x)?((?:[2-7][0-9A-Fa-f]|0[9AaDd]){20,})(?![0-9A-Fa-f])/g;

/** A text written as hexadecimal digits: only pairs that are printable ASCII, at least as many as a key id has. */
export function decodeHex(view: View): View | null {
  return substitute(view, pattern, "hex", (match) => {
    const text = Buffer.from(match[1] ?? "", "hex").toString("latin1");
    // Commit ids are made of such pairs by chance now and then; a text with a credential has its head in it.
    return /A[KSBC][IC]A[A-Z2-7]{16}|secret/i.test(text) ? text : null;
  });
}
