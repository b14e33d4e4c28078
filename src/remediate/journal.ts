import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { kill, pid } from "node:process";
import { KeyguardError } from "../model/errors.ts";
import type { Plan } from "./plan.ts";

/** What a step leaves for those after it: ids, names and times. Never a secret. */
export type StepData = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export type JournalEntry = { readonly at: string } & (
  | { readonly kind: "plan"; readonly plan: Plan }
  | { readonly kind: "intent" | "done"; readonly step: string; readonly data: StepData }
  | { readonly kind: "failed"; readonly step: string; readonly why: string; readonly data: StepData }
  /** What was done from a step on counts no longer: it is done anew. */
  | { readonly kind: "redo"; readonly step: string; readonly why: string }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "rolling-back" | "rolled-back" | "finished" }
);

type Unstamped<T> = T extends unknown ? Omit<T, "at"> : never;

/**
 * What a run wanted and did, line by line, on the disk before anything follows from it. It can be read by its owner only
 * and holds no secret: of a new key the id.
 */
export class Journal {
  readonly path: string;
  readonly run: string;
  readonly entries: JournalEntry[] = [];
  readonly #now: () => Date;

  constructor(path: string, run: string, entries: readonly JournalEntry[], now: () => Date) {
    this.path = path;
    this.run = run;
    this.entries.push(...entries);
    this.#now = now;
  }

  /** Writes an entry down and waits until the disk has it. */
  add(entry: Unstamped<JournalEntry>): void {
    const whole = { at: this.#now().toISOString(), ...entry } as JournalEntry;
    const bytes = Buffer.from(`${JSON.stringify(whole)}\n`);
    const file = openSync(this.path, "a+", 0o600);
    try {
      // A crash may have torn the last line: what follows begins on one of its own.
      const { size } = fstatSync(file);
      const last = Buffer.alloc(1);
      const torn = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
      const text = torn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes;
      for (let done = 0; done < text.length; ) done += writeSync(file, text, done);
      fsyncSync(file);
    } catch (cause) {
      throw new KeyguardError("io", `cannot write the journal ${this.path}`, {
        cause,
        hint: "make room on the disk, then keyguard rotate --resume",
      });
    } finally {
      closeSync(file);
    }
    this.entries.push(whole);
  }

  /** The plan that this run follows. */
  get plan(): Plan {
    for (const entry of this.entries) if (entry.kind === "plan") return entry.plan;
    throw new KeyguardError("unread", `the journal ${this.path} holds no plan`, {
      hint: "it was torn at its first line; remove it",
    });
  }

  /** What each step that is done left, by its name. */
  done(): ReadonlyMap<string, StepData> {
    const order: readonly string[] = this.plan.steps.map(({ id }) => id);
    const done = new Map<string, StepData>();
    for (const entry of this.entries) {
      if (entry.kind === "done") done.set(entry.step, entry.data);
      if (entry.kind === "redo") {
        const from = order.indexOf(entry.step);
        for (const id of order.slice(from)) done.delete(id);
      }
    }
    return done;
  }

  get state(): "open" | "rolling-back" | "rolled-back" | "finished" {
    let state: "open" | "rolling-back" | "rolled-back" | "finished" = "open";
    for (const { kind } of this.entries)
      if (kind === "rolling-back" || kind === "rolled-back" || kind === "finished") state = kind;
    return state;
  }

  /** When the run began, ISO 8601. */
  get began(): string {
    return this.entries[0]?.at ?? "";
  }
}

function parse(line: string): JournalEntry[] {
  try {
    const entry: unknown = JSON.parse(line);
    // Written by this class alone, into a folder of the owner's.
    return typeof entry === "object" && entry !== null && "kind" in entry ? [entry as JournalEntry] : [];
  } catch {
    return [];
  }
}

/** Ids of the keys that a run made, the latest last. */
export function madeKeys({ entries }: Journal): string[] {
  return entries.flatMap((entry) =>
    entry.kind === "done" && entry.step === "create-key" && typeof entry.data.keyId === "string"
      ? [entry.data.keyId]
      : [],
  );
}

const runName = /^([a-z0-9]{4,32})\.jsonl$/;

/** The folder of the journals of one machine's owner. */
export class JournalFolder {
  readonly path: string;
  readonly #now: () => Date;

  constructor(path: string, now: () => Date) {
    this.path = path;
    this.#now = now;
  }

  #pathOf(run: string): string {
    return join(this.path, `${run}.jsonl`);
  }

  /** Begins a journal with its plan. */
  begin(plan: Plan): Journal {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const path = this.#pathOf(plan.run);
    if (existsSync(path)) throw new KeyguardError("io", `a run ${plan.run} is there already: ${path}`);
    const journal = new Journal(path, plan.run, [], this.#now);
    journal.add({ kind: "plan", plan });
    return journal;
  }

  open(run: string): Journal {
    let text: string;
    try {
      text = readFileSync(this.#pathOf(run), "utf8");
    } catch (cause) {
      throw new KeyguardError("usage", `there is no run ${run} in ${this.path}`, {
        cause,
        hint: "keyguard rotate --resume without a name takes the latest",
      });
    }
    return new Journal(this.#pathOf(run), run, text.split("\n").flatMap(parse), this.#now);
  }

  /** Every run that has a plan, the latest first. */
  list(): Journal[] {
    let names: string[];
    try {
      names = readdirSync(this.path);
    } catch {
      return [];
    }
    return names
      .flatMap((name) => runName.exec(name)?.[1] ?? [])
      .map((run) => this.open(run))
      .filter(({ entries }) => entries[0]?.kind === "plan")
      .sort((a, b) => (a.began < b.began ? 1 : -1));
  }

  /** Runs of a key that neither finished nor were taken back, the latest first. */
  openRuns(accessKeyId?: string): Journal[] {
    return this.list().filter(
      ({ state, plan }) =>
        (state === "open" || state === "rolling-back") && (accessKeyId === undefined || plan.key.id === accessKeyId),
    );
  }

  /**
   * Keeps a second run of the same key away, over processes.
   *
   * @returns Lets go of it.
   * @throws KeyguardError `refused` while another process has it.
   */
  lock(accessKeyId: string, isAlive: (holder: number) => boolean = isRunning, own = pid): () => void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const path = join(this.path, `${accessKeyId}.lock`);
    const mine = `${path}.${own}`;
    writeFileSync(mine, String(own), { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < 3; attempt++) {
        try {
          // A link appears at once with what it leads to: nobody ever reads a lock without its holder.
          linkSync(mine, path);
          return () => rmSync(path, { force: true });
        } catch (cause) {
          if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST"))
            throw new KeyguardError("io", `cannot write into ${this.path}`, { cause });
        }
        const holder = Number(readHolder(path));
        if (holder > 0 && isAlive(holder)) throw refuseSecond(`process ${holder}`);
        // Its holder is gone: it crashed, and what it left is for --resume. Whoever moves the lock away has it.
        const stale = `${mine}.stale`;
        try {
          renameSync(path, stale);
        } catch {
          continue;
        }
        const moved = Number(readHolder(stale));
        if (moved !== holder && isAlive(moved)) {
          renameSync(stale, path);
          throw refuseSecond(`process ${moved}`);
        }
        rmSync(stale, { force: true });
      }
      throw refuseSecond("just begun");
    } finally {
      rmSync(mine, { force: true });
    }
  }
}

/** Signal 0 asks whether a process is there and does nothing to it. */
function isRunning(holder: number): boolean {
  try {
    kill(holder, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function refuseSecond(who: string): KeyguardError {
  return new KeyguardError("refused", `another keyguard (${who}) is at work on this key`, {
    hint: "wait until it has ended, then keyguard rotate --resume if it did not finish",
  });
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
