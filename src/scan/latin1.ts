/** Bytes as a string of which every character is one byte: what patterns are matched against, offsets being offsets of bytes. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const length = Math.max(0, Math.min(end, bytes.length) - start);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1");
}
