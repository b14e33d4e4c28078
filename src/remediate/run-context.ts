import type { Cloud, CloudPair } from "../model/cloud.ts";
import type { Journal } from "./journal.ts";

/** What touches files, so that a test can stop the program between any two of them. */
export interface KeyFiles {
  write: typeof import("./consumers/key-file.ts").writeKeys;
  read: typeof import("./consumers/key-file.ts").readPair;
  restore: typeof import("./consumers/key-file.ts").restoreFile;
}

/** What a run works with. */
export interface RunContext {
  readonly cloud: Cloud;
  readonly journal: Journal;
  readonly files: KeyFiles;
  /** The leaked pair where its secret is known: only with it AWS can be asked whether it is refused. */
  readonly oldPair: CloudPair | null;
  /** Milliseconds since 1970. */
  now(): number;
  pause(milliseconds: number): Promise<void>;
  /** A word that no run said before, for names of objects. */
  nonce(): string;
  /** A step begins or ends. */
  tell(event: {
    readonly step: string;
    readonly phase: "started" | "done" | "skipped";
    readonly detail?: string;
  }): void;
  /** Something that belongs into the report. */
  note(text: string): void;
  /** Gives the new key to the person, where no file takes it. */
  handOver(pair: CloudPair): void;
  /** Rethrows what is the end of the program and no answer of AWS. */
  crashed(error: unknown): void;
}
