import { asBytePath, readablePath } from "./byte-path.ts";

/** One file of a `--raw -z` diff: what it was (in each parent, for a merge) and what it has become. */
export interface Change {
  readonly path: string;
  /** `A`, `M`, `T`, `R`, `D`, `U` …; of a merge one letter a parent. */
  readonly status: string;
  readonly mode: string;
  /** The new blob; null where there is none. */
  readonly id: string | null;
  /** What it is compared with, one a parent; null where that side has no such file, or one of another type. */
  readonly olds: readonly (string | null)[];
}

const link = "120000";
const submodule = "160000";

/**
 * Reads a diff as git writes it with `--raw -z --no-abbrev`: an id for each commit (where commits are diffed), then its
 * files. Takes text read as latin1, in pieces of any size.
 */
export class RawDiffParser {
  readonly #onCommit: (id: string) => void;
  readonly #onChange: (change: Change) => void;
  #rest = "";
  /** The fields of a file's record whose paths are still to come. */
  #record: readonly string[] | null = null;
  #paths: string[] = [];

  constructor(onChange: (change: Change) => void, onCommit: (id: string) => void = () => {}) {
    this.#onChange = onChange;
    this.#onCommit = onCommit;
  }

  take(piece: string): void {
    const fields = (this.#rest + piece).split("\0");
    this.#rest = fields.pop()!;
    for (const field of fields) {
      if (this.#record === null) {
        if (field.startsWith(":")) this.#record = field.split(" ");
        else this.#onCommit(field);
        continue;
      }
      this.#paths.push(field);
      const status = this.#record.at(-1)!;
      // A rename has two paths; in a merge's record only the new one is told.
      const expected = !this.#record[0]!.startsWith("::") && /^[RC]/.test(status) ? 2 : 1;
      if (this.#paths.length < expected) continue;
      this.#onChange(toChange(this.#record, readablePath(asBytePath(this.#paths.at(-1)!))));
      this.#record = null;
      this.#paths = [];
    }
  }
}

/** `:mode mode id id status`, with one more mode, id and colon for each further parent. */
function toChange(record: readonly string[], path: string): Change {
  const parents = /^:+/.exec(record[0]!)![0].length;
  const modes = record.slice(0, parents + 1).map((mode) => mode.replace(/^:+/, ""));
  const ids = record.slice(parents + 1, 2 * parents + 2);
  const mode = modes[parents]!;
  const isLink = mode === link;
  return {
    path,
    status: record.at(-1)!,
    mode,
    id: mode === submodule || isZero(ids[parents]!) ? null : ids[parents]!,
    olds: ids.slice(0, parents).map((id, parent) => {
      const old = modes[parent]!;
      // A link's target and a file's content have no lines in common, nor has a submodule's commit.
      return isZero(id) || old === submodule || (old === link) !== isLink ? null : id;
    }),
  };
}

function isZero(id: string): boolean {
  return /^0*$/.test(id);
}
