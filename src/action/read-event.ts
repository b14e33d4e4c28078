import { KeyguardError } from "../model/errors.ts";

/** What made the workflow run, as far as it decides what is read. Commit ids are checked to be nothing else. */
export type Occasion =
  | {
      readonly kind: "pull-request";
      readonly number: number;
      readonly base: string;
      readonly head: string;
    }
  | {
      readonly kind: "push";
      /** `refs/heads/…` or `refs/tags/…`. */
      readonly ref: string;
      /** Where the ref was; null for a new one. */
      readonly before: string | null;
      /** Where it is; null for one that was deleted. */
      readonly after: string | null;
      readonly defaultBranch: string | null;
    }
  | { readonly kind: "merge-group"; readonly base: string; readonly head: string }
  | { readonly kind: "other"; readonly name: string };

/**
 * Reads the event that the runner describes: its name and its payload (the JSON of `GITHUB_EVENT_PATH`). Base and head
 * come from it and not from a list of commits, which GitHub cuts off.
 *
 * @throws KeyguardError `usage` when the payload lacks what its event always has.
 */
export function readEvent(name: string, payload: unknown): Occasion {
  const pull = get(payload, "pull_request");
  if (pull !== undefined && pull !== null) {
    const number = get(pull, "number") ?? get(payload, "number");
    return {
      kind: "pull-request",
      number: typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : 0,
      base: demandCommit(get(get(pull, "base"), "sha"), name, "pull_request.base.sha"),
      head: demandCommit(get(get(pull, "head"), "sha"), name, "pull_request.head.sha"),
    };
  }
  const group = get(payload, "merge_group");
  if (name === "merge_group" && group !== undefined) {
    return {
      kind: "merge-group",
      base: demandCommit(get(group, "base_sha"), name, "merge_group.base_sha"),
      head: demandCommit(get(group, "head_sha"), name, "merge_group.head_sha"),
    };
  }
  if (name === "push") {
    const ref = get(payload, "ref");
    const branch = get(get(payload, "repository"), "default_branch");
    return {
      kind: "push",
      ref: typeof ref === "string" ? ref : "",
      before: unlessNone(demandCommit(get(payload, "before"), name, "before")),
      after: unlessNone(demandCommit(get(payload, "after"), name, "after")),
      defaultBranch: typeof branch === "string" && isRefName(branch) ? branch : null,
    };
  }
  return { kind: "other", name };
}

function get(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** A full commit id, so that no event can hand git an option or a revision expression. */
function demandCommit(value: unknown, event: string, field: string): string {
  if (typeof value === "string" && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value;
  throw new KeyguardError("usage", `the ${event} event has no commit id in ${field}`, {
    hint: "is GITHUB_EVENT_PATH the file that the runner wrote?",
  });
}

/** GitHub writes a branch that is not there as zeros. */
function unlessNone(commit: string): string | null {
  return /^0+$/.test(commit) ? null : commit;
}

/** What may stand behind `refs/heads/`: a part of what git allows, and nothing that git reads as anything else. */
function isRefName(name: string): boolean {
  return (
    /^[^\s\x00-\x1f\x7f~^:?*[\\-][^\s\x00-\x1f\x7f~^:?*[\\]*$/.test(name) &&
    !/\.\.|@\{|\/\/|\.lock(\/|$)|\/$|\.$/.test(name)
  );
}
