import type { HookName } from "../hook-name.ts";
import type { Site } from "./site.ts";

/** One thing that installing or uninstalling did, for the person to read. */
export interface Change {
  /** Absolute path. */
  readonly path: string;
  /** `wrote`, `added keyguard to`, `removed` … */
  readonly what: string;
}

export interface Outcome {
  readonly changes: readonly Change[];
  /** What the person should know or still has to do, one sentence each. */
  readonly notes: readonly string[];
}

/** A way in which a repository has its hooks run. One file each. */
export interface Way {
  readonly id: string;
  /** As its makers write it. */
  readonly name: string;
  /** Whether this repository works so. */
  detect(site: Site): boolean;
  /** @throws KeyguardError `config` when its configuration cannot be changed safely; nothing is changed then. */
  install(site: Site, hooks: readonly HookName[]): Outcome;
  uninstall(site: Site): Outcome;
  /** The hooks in which keyguard is named. That git really runs them is for the probe to say. */
  installed(site: Site): readonly HookName[];
}
