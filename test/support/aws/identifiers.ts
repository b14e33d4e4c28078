import { seededRandom } from "../fake-keys.ts";

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Makes the identifiers that AWS would: equal seeds give equal ones, so that a failing test fails the same way again. */
export class Identifiers {
  readonly #random: () => number;

  constructor(seed: string) {
    this.#random = seededRandom(`emulator ${seed}`);
  }

  #pick(alphabet: string, length: number): string {
    let picked = "";
    for (let i = 0; i < length; i++) picked += alphabet.charAt(Math.floor(this.#random() * alphabet.length));
    return picked;
  }

  /**
   * An access key id that carries its account as real ones do: 16 base32 characters are 10 bytes, the first 6 of them
   * hold a set bit, 40 bits of account and 7 others.
   */
  accessKeyId(prefix: "AKIA" | "ASIA", account: string): string {
    let bits = (1n << 47n) | (BigInt(account) << 7n) | BigInt(Math.floor(this.#random() * 128));
    bits = (bits << 32n) | BigInt(Math.floor(this.#random() * 2 ** 32));
    let id = "";
    for (let shift = 75n; shift >= 0n; shift -= 5n) id += base32.charAt(Number((bits >> shift) & 31n));
    return prefix + id;
  }

  /** 40 characters, with upper and lower case letters and a digit among them. */
  secretAccessKey(): string {
    for (;;) {
      const secret = this.#pick(base64, 40);
      if (/[0-9]/.test(secret) && /[a-z]/.test(secret) && /[A-Z]/.test(secret)) return secret;
    }
  }

  /** Opaque to the caller, some 350 characters with the usual beginning. */
  sessionToken(): string {
    const beginning = ["IQoJb3Jp", "Z2luX2Vj"].join("");
    return `${beginning}${this.#pick(base64, 335)}=`;
  }

  /** Of users (AIDA), roles (AROA), groups (AGPA), policies (ANPA). */
  uniqueId(prefix: "AIDA" | "AROA" | "AGPA" | "ANPA"): string {
    return prefix + this.#pick(base32, 17);
  }

  /** Lower-case hexadecimal, for request ids, version ids and the like. */
  hex(length: number): string {
    return this.#pick("0123456789abcdef", length);
  }

  uuid(): string {
    return [8, 4, 4, 4, 12].map((length) => this.hex(length)).join("-");
  }
}
