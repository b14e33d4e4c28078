/** The hooks that keyguard knows, by git's names. */
export const hookNames = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive", "update"] as const;
export type HookName = (typeof hookNames)[number];

export function isHookName(name: string): name is HookName {
  return hookNames.some((known) => known === name);
}
