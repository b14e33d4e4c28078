import { createHash } from "node:crypto";
import { inspect } from "node:util";

/**
 * A value that must never be shown by accident. Printing, inspecting, interpolating or serialising it gives a mask;
 * the one way to the value is `reveal()`, which is therefore easy to search for.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The raw value. Every call is a place that a review must look at. */
  reveal(): string {
    return this.#value;
  }

  /** Length in characters. */
  get length(): number {
    return this.#value.length;
  }

  /** Two characters and the length: enough to recognise one's own secret, too little to use. */
  get mask(): string {
    const head = this.#value.length >= 16 ? this.#value.slice(0, 2) : "";
    return `${head}…(${this.#value.length} characters)`;
  }

  /** SHA-256 of the value in hex: stable over files, lines and commits. */
  get hash(): string {
    return createHash("sha256").update("keyguard/1\0").update(this.#value, "latin1").digest("hex");
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return this.mask;
  }

  toJSON(): string {
    return this.mask;
  }

  [inspect.custom](): string {
    return `Secret(${this.mask})`;
  }
}
