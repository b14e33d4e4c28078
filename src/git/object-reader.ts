import { type GitPlace, type GitProcess, startGit, tryGit } from "./spawn-git.ts";

export interface GitObject {
  readonly id: string;
  readonly type: "blob" | "commit" | "tag" | "tree";
  readonly bytes: Buffer;
}

/** Why an object could not be read, as a short phrase: it is missing, damaged, or larger than the reader's limit. */
export interface NoObject {
  readonly id: string;
  readonly why: string;
}

interface Waiting {
  readonly id: string;
  readonly resolve: (result: GitObject | NoObject) => void;
  readonly reject: (error: unknown) => void;
}

/** Larger objects are told and not read: 512 MiB, well below what one Buffer and one string can hold. */
const largestObject = 512 * 2 ** 20;

const absent = "its content is not in this clone";
const newline = 0x0a;
const idShape = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * One `git cat-file --batch` that lives as long as objects are asked for. Answers come in the order of the questions;
 * whoever asks for several at once (`readAhead`) decides by that how many wait in memory. Missing objects are never
 * fetched. When git dies over a damaged object, that object is told and a new git goes on with the next.
 */
export class ObjectReader {
  readonly #place: GitPlace;
  #git: GitProcess | null = null;
  readonly #waiting: Waiting[] = [];
  /** How often git died because an object is elsewhere; after a few times its list of what is here is asked for. */
  #absences = 0;
  #present: ReadonlySet<string> | null = null;
  #listing = false;
  /** Bytes of the header line, or of the object and its closing newline, as far as they have come. */
  #header = "";
  #type: GitObject["type"] = "blob";
  #body: Buffer | null = null;
  #filled = 0;
  /** What of a body (with its newline) is still to come; -1 while a header is awaited. */
  #left = -1;

  constructor(place: GitPlace) {
    this.#place = place;
  }

  /** Starts git now, so that it is up when the first question comes. */
  start(): this {
    this.#git ??= this.#begin();
    return this;
  }

  read(id: string): Promise<GitObject | NoObject> {
    // Anything else would be taken for a revision, or for two questions.
    if (!idShape.test(id)) return Promise.resolve({ id, why: "its id is malformed" });
    if (this.#present?.has(id) === false) return Promise.resolve({ id, why: absent });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      if (this.#listing) return;
      this.start();
      this.#git!.stdin.write(`${id}\n`);
    });
  }

  /** Ends git. What has not been answered never will be. */
  close(): void {
    const git = this.#git;
    this.#git = null;
    this.#waiting.length = 0;
    if (git !== null) {
      git.stdin.end();
      git.stdout.destroy();
      git.child.kill();
    }
  }

  #begin(): GitProcess {
    this.#header = "";
    this.#body = null;
    this.#left = -1;
    const git = startGit(this.#place, ["cat-file", "--batch"]);
    git.stdout.on("data", (chunk: Buffer) => {
      if (this.#git === git) this.#take(chunk);
    });
    git.ended.then(
      ({ stderr }) => {
        if (this.#git !== git) return;
        this.#git = null;
        this.#fail(stderr);
      },
      (error: unknown) => {
        if (this.#git === git) this.#git = null;
        for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
      },
    );
    return git;
  }

  /** git died: over the object it was about to give, as a rule. The others are asked for again. */
  #fail(stderr: string): void {
    const failed = this.#waiting.shift();
    if (failed === undefined) return;
    const said = stderr.split("\n").find((line) => /^(fatal|error): /.test(line));
    const isAbsent = /promisor remote|lazy fetching/.test(stderr);
    const reason = said?.replace(/^\w+: /, "") ?? "no reason given";
    failed.resolve({ id: failed.id, why: isAbsent ? absent : `git cannot read it (${reason})` });
    if (isAbsent) this.#absences++;
    if (this.#absences === 4 && this.#present === null) this.#list();
    else this.#askAgain();
  }

  #askAgain(): void {
    if (this.#waiting.length === 0) return;
    this.start();
    for (const { id } of this.#waiting) this.#git!.stdin.write(`${id}\n`);
  }

  /**
   * In a partial clone git dies over each object that it may not fetch. Starting it anew thousands of times would take
   * minutes: better know what is here.
   */
  #list(): void {
    this.#listing = true;
    const every = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"];
    const goOn = (present: ReadonlySet<string> | null): void => {
      this.#listing = false;
      this.#present = present;
      for (const waiting of this.#waiting.splice(0)) {
        if (present?.has(waiting.id) === false) waiting.resolve({ id: waiting.id, why: absent });
        else this.#waiting.push(waiting);
      }
      this.#askAgain();
    };
    tryGit(this.#place, every).then(
      ({ status, stdout }) => goOn(status === 0 ? new Set(stdout.toString("latin1").split("\n")) : null),
      () => goOn(null),
    );
  }

  #take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left < 0) {
        const end = chunk.indexOf(newline, at);
        this.#header += chunk.toString("latin1", at, end < 0 ? chunk.length : end);
        if (end < 0) return;
        at = end + 1;
        this.#takeHeader();
        continue;
      }
      const count = Math.min(this.#left, chunk.length - at);
      if (this.#body !== null && this.#filled < this.#body.length) {
        this.#filled += chunk.copy(this.#body, this.#filled, at, at + count);
      }
      this.#left -= count;
      at += count;
      if (this.#left === 0) {
        this.#left = -1;
        const { id, resolve } = this.#waiting.shift()!;
        resolve(
          this.#body === null
            ? { id, why: `it is larger than ${largestObject / 2 ** 20} MiB` }
            : { id, type: this.#type, bytes: this.#body },
        );
        this.#body = null;
      }
    }
  }

  /** `<id> <type> <size>`, or `<id> missing`. */
  #takeHeader(): void {
    const [, type, size] = this.#header.split(" ");
    this.#header = "";
    if (size === undefined) {
      const { id, resolve } = this.#waiting.shift()!;
      resolve({ id, why: type === "missing" ? absent : `git says it is ${type}` });
      return;
    }
    this.#type = type as GitObject["type"];
    const length = Number(size);
    this.#body = length > largestObject ? null : Buffer.allocUnsafe(length);
    this.#filled = 0;
    this.#left = length + 1;
  }
}

/**
 * Pairs each item with its object, asking for a few more while the first ones are being looked at. An item without an
 * id comes with null.
 */
export async function* readAhead<T>(
  items: Iterable<T> | AsyncIterable<T>,
  idOf: (item: T) => string | null,
  reader: ObjectReader,
  ahead = 8,
): AsyncGenerator<readonly [T, GitObject | NoObject | null]> {
  const asked: { item: T; answer: Promise<GitObject | NoObject> | null }[] = [];
  for await (const item of items) {
    const id = idOf(item);
    asked.push({ item, answer: id === null ? null : reader.read(id) });
    if (asked.length > ahead) {
      const first = asked.shift()!;
      yield [first.item, await first.answer];
    }
  }
  for (const { item, answer } of asked) yield [item, await answer];
}
