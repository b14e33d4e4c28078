import { View } from "../view.ts";

/**
 * UTF-16 with or without a byte order mark, as PowerShell's `>` writes it: two bytes a character. Characters beyond
 * latin1 cannot be part of a credential and become `?`.
 */
export function decodeUtf16(bytes: Uint8Array, raw: View): View | null {
  const order = orderOf(bytes);
  if (order === null) return null;
  const bom = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) ? 2 : 0;
  const low = order === "little" ? 0 : 1;
  const characters: string[] = [];
  for (let i = bom; i + 1 < bytes.length; i += 2) {
    characters.push(bytes[i + 1 - low] === 0 ? String.fromCharCode(bytes[i + low] ?? 0) : "?");
  }
  return new View(characters.join(""), raw, [{ at: 0, from: bom, scale: 2 }], ["utf-16"]);
}

/** Which byte of a pair is the low one, or null when this is not UTF-16. */
function orderOf(bytes: Uint8Array): "little" | "big" | null {
  if (bytes.length < 4) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "little";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "big";
  // Without a mark: Latin text in UTF-16 has a zero in nearly every second byte, and nearly none in the others.
  const sample = Math.min(bytes.length & ~1, 4096);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < sample; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  const pairs = sample / 2;
  if (odd > pairs * 0.7 && even < pairs * 0.1) return "little";
  if (even > pairs * 0.7 && odd < pairs * 0.1) return "big";
  return null;
}
