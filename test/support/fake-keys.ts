/**
 * Invented keys for tests. They are made when a test runs and stand nowhere in the repository, so that neither push
 * protection nor keyguard's own scan of itself trips on them. Equal seeds give equal keys.
 */

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** As first character after the prefix, these carry an account id (the top bit of the decoded bytes is set). */
const base32Upper = "QRSTUVWXYZ234567";
const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A small seeded generator of numbers in [0, 1): mulberry32 over an FNV-1a hash of the seed. */
export function seededRandom(seed: number | string): () => number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(String(seed))) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick(random: () => number, alphabet: string, length: number): string {
  let picked = "";
  for (let i = 0; i < length; i++) picked += alphabet.charAt(Math.floor(random() * alphabet.length));
  return picked;
}

/** Shannon entropy in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** An access key id: the prefix and 16 base32 characters, with an (invented) account id inside. */
export function fakeAccessKeyId(seed: number | string, prefix: "AKIA" | "ASIA" | "ABIA" | "ACCA" = "AKIA"): string {
  const random = seededRandom(`id ${seed}`);
  for (;;) {
    const rest = pick(random, base32Upper, 1) + pick(random, base32, 15);
    if (entropy(rest) > 3.2 && !rest.endsWith("EXAMPLE")) return prefix + rest;
  }
}

/** A secret access key: 40 base64 characters, more than 4.3 bits of entropy each. */
export function fakeSecret(seed: number | string): string {
  const random = seededRandom(`secret ${seed}`);
  for (;;) {
    const secret = pick(random, base64, 40);
    if (entropy(secret) > 4.3 && /[0-9]/.test(secret) && /[a-z]/.test(secret) && /[A-Z]/.test(secret)) return secret;
  }
}

/** A session token: the usual beginning and several hundred base64 characters, padded to whole groups of four. */
export function fakeSessionToken(seed: number | string, length = 640): string {
  const beginning = ["IQoJb3Jp", "Z2luX2Vj"].join("");
  return `${beginning}${pick(seededRandom(`token ${seed}`), base64, Math.ceil(length / 4) * 4 - beginning.length - 1)}=`;
}
