/** Which characters base64 is made of, by their code. */
const base64 = tableOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const base64OrUrlSafe = tableOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(65536);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/**
 * Every longest run of base64's characters of at least `least` of them, as [start, end). Looks at every `least`th
 * character only until one fits, so that a text without long runs costs a fraction of its length.
 */
export function* tokenRuns(
  text: string,
  least: number,
  alphabet: "base64" | "url-safe" = "base64",
): Iterable<[number, number]> {
  const table = alphabet === "base64" ? base64 : base64OrUrlSafe;
  const length = text.length;
  let start = 0;
  while (start + least <= length) {
    let probe = start + least - 1;
    while (probe >= start && table[text.charCodeAt(probe)] === 1) probe--;
    if (probe >= start) {
      start = probe + 1;
      continue;
    }
    let end = start + least;
    while (end < length && table[text.charCodeAt(end)] === 1) end++;
    yield [start, end];
    start = end + 1;
  }
}
