/**
 * Checks that a pattern from a configuration takes time linear in the text, whoever wrote it and whatever the text is:
 * JavaScript's engine backtracks, and a scanned repository may be hostile. Rather than to time it, we read it: back
 * references, general look-arounds and nested repetition are refused, repetition is given an end, and what remains is
 * refused where one place could be matched in too many ways.
 */

/** `*` and `+` reach this far, in characters. */
export const openEnd = 512;
/** Ways to try × characters to try, at one place of the text. */
const budget = 5_000;

export interface BoundPattern {
  /** The pattern with an end to each repetition. */
  readonly source: string;
  /** Which group is the secret; 0 is the whole match. */
  readonly group: number | "value";
}

/** Why a pattern is refused, as the end of a sentence that begins with its name. */
export class PatternRefusal extends Error {}

/** A set of latin1 characters: index → 1. Texts are searched through a latin1 view. */
type Letters = Uint8Array;

type Piece =
  | { readonly kind: "letters"; readonly letters: Letters }
  /** `\b`, `^`, look-behinds: takes nothing, and says nothing of what follows. */
  | { readonly kind: "edge" }
  /** A look-ahead, or `$`: takes nothing, and what follows must be of `letters`. */
  | { readonly kind: "ahead"; readonly letters: Letters }
  | { readonly kind: "sequence"; readonly pieces: readonly Piece[] }
  | { readonly kind: "choice"; readonly options: readonly Piece[] }
  | { readonly kind: "repeat"; readonly piece: Piece; readonly least: number; readonly most: number };

/** @throws PatternRefusal with what was expected. */
export function boundPattern(pattern: string, ignoreCase: boolean): BoundPattern {
  if (/[^\x20-\x7e]/.test(pattern))
    throw new PatternRefusal("may hold printable ASCII only (write other bytes as \\xNN)");
  try {
    new RegExp(pattern);
  } catch {
    throw new PatternRefusal("is no valid regular expression");
  }
  const reader = new Reader(pattern, ignoreCase);
  const tree = reader.readAll();
  const ways = countWays(tree, none());
  const length = longest(tree);
  if (ways * length > budget) {
    throw new PatternRefusal(
      ways > 1
        ? "can match the same text in too many ways: what follows a repetition should begin with something that the repetition does not match"
        : `is too long: it can match ${length} characters (at most ${budget})`,
    );
  }
  if (shortest(tree) === 0) throw new PatternRefusal("matches nothing at all: it needs at least one character");
  return { source: reader.bounded, group: reader.hasValueGroup ? "value" : reader.groups > 0 ? 1 : 0 };
}

class Reader {
  /** What was read so far, with an end to each repetition. */
  bounded = "";
  groups = 0;
  hasValueGroup = false;
  #at = 0;
  readonly #pattern: string;
  readonly #flags: string;

  constructor(pattern: string, ignoreCase: boolean) {
    this.#pattern = pattern;
    this.#flags = ignoreCase ? "i" : "";
  }

  readAll(): Piece {
    return this.#choice();
  }

  #choice(): Piece {
    const options = [this.#sequence()];
    while (this.#peek() === "|") {
      this.#take(1);
      options.push(this.#sequence());
    }
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: "choice", options };
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#pattern.length && this.#peek() !== "|" && this.#peek() !== ")") {
      pieces.push(this.#repeated(this.#atom()));
    }
    return { kind: "sequence", pieces };
  }

  #atom(): Piece {
    const rest = this.#pattern.slice(this.#at);
    const [first] = rest;
    if (first === "(") return this.#group(rest);
    if (first === "^") return this.#edge(1);
    if (first === "$") {
      this.#take(1);
      return { kind: "ahead", letters: none() };
    }
    if (/^\\[bB]/.test(rest)) return this.#edge(2);
    if (/^\\(?:[1-9]|k)/.test(rest)) throw new PatternRefusal("may not refer back to a group");
    const token =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\c[A-Za-z]|\\.|.)/.exec(rest)?.[0] ?? rest;
    this.#take(token.length);
    return { kind: "letters", letters: this.#lettersOf(token) };
  }

  #edge(length: number): Piece {
    this.#take(length);
    return { kind: "edge" };
  }

  #group(rest: string): Piece {
    const look = /^\(\?(<?)([=!])/.exec(rest);
    if (look !== null) {
      this.#take(look[0].length);
      const inner = this.#choice();
      this.#close();
      const letters = singleLetters(inner);
      if (letters === null) throw new PatternRefusal("may look ahead or behind by one character only");
      if (look[1] === "<") return { kind: "edge" };
      return { kind: "ahead", letters: look[2] === "=" ? letters : letters.map((has) => 1 - has) };
    }
    const named = /^\(\?<([A-Za-z_$][\w$]*)>/.exec(rest);
    if (named !== null) {
      this.groups++;
      if (named[1] === "value") this.hasValueGroup = true;
      this.#take(named[0].length);
    } else if (rest.startsWith("(?:")) {
      this.#take(3);
    } else if (rest.startsWith("(?")) {
      throw new PatternRefusal("uses a kind of group that is not known here");
    } else {
      this.groups++;
      this.#take(1);
    }
    const inner = this.#choice();
    this.#close();
    return inner;
  }

  #close(): void {
    if (this.#peek() !== ")") throw new PatternRefusal("is no valid regular expression");
    this.#take(1);
  }

  #repeated(piece: Piece): Piece {
    const token = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})(\??)/.exec(this.#pattern.slice(this.#at));
    if (token === null) return piece;
    if (longest(piece) === 0) throw new PatternRefusal("repeats what takes no character");
    const lazy = token[4] ?? "";
    const sign = token[0][0];
    let least = 0;
    let most = openEnd;
    if (sign === "+") least = 1;
    else if (sign === "?") most = 1;
    else if (sign === "{") {
      least = Number(token[1]);
      most = token[2] === undefined ? least : token[3] === "" ? least + openEnd : Number(token[3]);
    }
    if (most > budget) throw new PatternRefusal(`repeats more than ${budget} times`);
    if (most > 1 && !hasOneLength(piece)) {
      throw new PatternRefusal("repeats a group in which something repeats, is optional or is a choice of lengths");
    }
    this.#at += token[0].length;
    this.bounded += `{${least},${most}}${lazy}`;
    return { kind: "repeat", piece, least, most };
  }

  #lettersOf(token: string): Letters {
    const one = new RegExp(`^${token}$`, this.#flags);
    return Uint8Array.from({ length: 256 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0));
  }

  #peek(): string | undefined {
    return this.#pattern[this.#at];
  }

  #take(length: number): void {
    this.bounded += this.#pattern.slice(this.#at, this.#at + length);
    this.#at += length;
  }
}

function none(): Letters {
  return new Uint8Array(256);
}

function join(a: Letters, b: Letters): Letters {
  return a.map((has, code) => has | (b[code] ?? 0));
}

function overlap(a: Letters, b: Letters): boolean {
  return a.some((has, code) => has === 1 && b[code] === 1);
}

/** The letters of a piece that is exactly one character, else null. */
function singleLetters(piece: Piece): Letters | null {
  if (piece.kind === "letters") return piece.letters;
  if (piece.kind === "sequence")
    return piece.pieces.length === 1 && piece.pieces[0] ? singleLetters(piece.pieces[0]) : null;
  if (piece.kind !== "choice") return null;
  const options = piece.options.map(singleLetters);
  return options.reduce((all, one) => (all === null || one === null ? null : join(all, one)));
}

function hasOneLength(piece: Piece): boolean {
  switch (piece.kind) {
    case "letters":
      return true;
    case "edge":
    case "ahead":
      return true;
    case "sequence":
      return piece.pieces.every(hasOneLength);
    case "choice":
      // Options that begin alike would be tried again and again in each round.
      return singleLetters(piece) !== null;
    case "repeat":
      return piece.least === piece.most && hasOneLength(piece.piece);
  }
}

function shortest(piece: Piece): number {
  switch (piece.kind) {
    case "letters":
      return 1;
    case "edge":
    case "ahead":
      return 0;
    case "sequence":
      return piece.pieces.reduce((sum, one) => sum + shortest(one), 0);
    case "choice":
      return Math.min(...piece.options.map(shortest));
    case "repeat":
      return piece.least * shortest(piece.piece);
  }
}

function longest(piece: Piece): number {
  switch (piece.kind) {
    case "letters":
      return 1;
    case "edge":
    case "ahead":
      return 0;
    case "sequence":
      return piece.pieces.reduce((sum, one) => sum + longest(one), 0);
    case "choice":
      return Math.max(...piece.options.map(longest));
    case "repeat":
      return piece.most * longest(piece.piece);
  }
}

/** What a piece can begin with; `through` when it can also take nothing, so that what follows it may begin. */
function beginning(piece: Piece): { letters: Letters; through: boolean } {
  switch (piece.kind) {
    case "letters":
    case "ahead":
      return { letters: piece.letters, through: false };
    case "edge":
      return { letters: none(), through: true };
    case "sequence": {
      let letters = none();
      for (const one of piece.pieces) {
        const start = beginning(one);
        letters = join(letters, start.letters);
        if (!start.through) return { letters, through: false };
      }
      return { letters, through: true };
    }
    case "choice": {
      const starts = piece.options.map(beginning);
      return {
        letters: starts.reduce((all, { letters }) => join(all, letters), none()),
        through: starts.some(({ through }) => through),
      };
    }
    case "repeat": {
      const start = beginning(piece.piece);
      return { letters: start.letters, through: start.through || piece.least === 0 };
    }
  }
}

/**
 * An upper bound of the ways in which a piece can match at one place, when what comes after it begins with `next`. A
 * repetition whose end is told by the next character has one way, any other as many as it has lengths.
 */
function countWays(piece: Piece, next: Letters): number {
  switch (piece.kind) {
    case "letters":
    case "edge":
    case "ahead":
      return 1;
    case "sequence": {
      let ways = 1;
      let after = next;
      for (const one of piece.pieces.toReversed()) {
        ways *= countWays(one, after);
        const start = beginning(one);
        after = start.through ? join(start.letters, after) : start.letters;
      }
      return ways;
    }
    case "choice": {
      const ways = piece.options.map((option) => countWays(option, next));
      const starts = piece.options.map((option) => {
        const start = beginning(option);
        return start.through ? join(start.letters, next) : start.letters;
      });
      const apart = starts.every((a, i) => starts.every((b, j) => j <= i || !overlap(a, b)));
      return apart ? Math.max(...ways) : ways.reduce((sum, one) => sum + one, 0);
    }
    case "repeat": {
      const start = beginning(piece.piece);
      const inner = countWays(piece.piece, join(start.letters, next)) ** Math.min(piece.most, 64);
      const choices = overlap(start.letters, next) ? piece.most - piece.least + 1 : 1;
      return inner * choices;
    }
  }
}
