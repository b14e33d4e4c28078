import type { HookName } from "./hook-name.ts";

/** What a hook was called with, and what of it the front could not clear. */
export interface HookRequest {
  readonly hook: HookName;
  /** Where git runs the hook: the top of the work tree, or the bare repository. */
  readonly cwd: string;
  /** commit-msg: the file that holds the message. */
  readonly messageFile: string | null;
  /** pre-push, pre-receive, update: arguments of `git rev-list` that name the commits and tags in question. */
  readonly revisions: readonly string[];
  /** pre-push: the remote's name, or its address where it has none. */
  readonly remote: string | null;
  /**
   * Those of the new objects that the engine must look at, oldest last; null for all of them, because the configuration
   * has detectors of its own, of which the front knows nothing.
   */
  readonly objects: readonly { readonly oid: string; readonly type: string; readonly path: string }[] | null;
}

/** Decides with everything keyguard has: the configuration, the baseline, allows. Prints why it refuses. */
export type Judge = (request: HookRequest) => Promise<0 | 1 | 2>;
