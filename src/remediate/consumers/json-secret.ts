import type { Span } from "../../model/span.ts";
import type { Consumer, KeySpans } from "./consumer.ts";

interface Member {
  readonly name: string;
  readonly text: string;
  /** Between the quotes. */
  readonly value: Span;
}

/** Reads JSON only far enough to know which strings are members of the same object. */
class Reader {
  readonly objects: Member[][] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A byte order mark, as latin1.
    if (text.startsWith("\u00ef\u00bb\u00bf")) this.#at = 3;
    this.#value();
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #string(): { text: string; span: Span } {
    const start = this.#at;
    const found = /"(?:[^"\\]|\\[\s\S])*"/y;
    found.lastIndex = start;
    if (!found.test(this.#text)) throw new SyntaxError("a string was expected");
    this.#at = found.lastIndex;
    const text: unknown = JSON.parse(this.#text.slice(start, this.#at));
    return { text: String(text), span: { start: start + 1, end: this.#at - 1 } };
  }

  /** The next value; its string where it is one. */
  #value(): { text: string; span: Span } | null {
    this.#space();
    const character = this.#text[this.#at];
    if (character === '"') return this.#string();
    if (character === "{") {
      const members: Member[] = [];
      this.objects.push(members);
      this.#items("}", () => {
        const { text: name } = this.#string();
        this.#space();
        if (this.#text[this.#at++] !== ":") throw new SyntaxError("a colon was expected");
        const value = this.#value();
        if (value) members.push({ name, text: value.text, value: value.span });
      });
      return null;
    }
    if (character === "[") {
      this.#items("]", () => void this.#value());
      return null;
    }
    const scalar = /[-+.\w]+/y;
    scalar.lastIndex = this.#at;
    if (!scalar.test(this.#text)) throw new SyntaxError("a value was expected");
    this.#at = scalar.lastIndex;
    return null;
  }

  #items(close: string, read: () => void): void {
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === close) break;
      read();
      this.#space();
      if (this.#text[this.#at] !== ",") break;
      this.#at++;
    }
    if (this.#text[this.#at++] !== close) throw new SyntaxError(`${close} was expected`);
  }
}

const plain = (name: string) => name.toLowerCase().replaceAll(/[_-]/g, "");

/**
 * `aws-secret.json` of CloudVolume and cloud-files, also by bucket (`lab-aws-secret.json`), and whatever other JSON holds
 * a pair as members of one object. https://github.com/seung-lab/cloud-files#credentials
 */
export const jsonSecret: Consumer = {
  kind: "JSON secret",
  expects: (path) => path.endsWith(".json"),
  find(text, accessKeyId) {
    let objects: Member[][];
    try {
      objects = new Reader(text).objects;
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) return [];
      throw error;
    }
    return objects.flatMap((members) =>
      members
        .filter((member) => member.text === accessKeyId)
        .map((member): KeySpans => {
          const named = (pattern: RegExp) => members.find(({ name }) => pattern.test(plain(name)));
          return {
            id: member.value,
            secret: named(/secretaccesskey$|secretkey$|awssecret$|^secret$/)?.value ?? null,
            token: named(/sessiontoken$|securitytoken$/)?.value ?? null,
            name: member.name,
          };
        }),
    );
  },
};
