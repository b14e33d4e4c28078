/** The hooks that keyguard knows, by git's names. */
export const hookNames = [
  "pre-commit",
  "pre-merge-commit",
  "pre-applypatch",
  "commit-msg",
  "applypatch-msg",
  "pre-push",
  "pre-receive",
  "update",
] as const;
export type HookName = (typeof hookNames)[number];

export function isHookName(name: string): name is HookName {
  return hookNames.some((known) => known === name);
}

/** What a hook is asked about: the index, a commit message, or the objects of a push. */
export function subjectOf(hook: HookName): "staged" | "message" | "push" {
  switch (hook) {
    case "pre-commit":
    case "pre-merge-commit":
    case "pre-applypatch":
      return "staged";
    case "commit-msg":
    case "applypatch-msg":
      return "message";
    case "pre-push":
    case "pre-receive":
    case "update":
      return "push";
  }
}
