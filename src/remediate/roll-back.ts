import { KeyguardError } from "../model/errors.ts";
import { madeKeys } from "./journal.ts";
import { runTag } from "./plan.ts";
import type { RunContext } from "./run-context.ts";

/** What became of each thing that a run had made or changed. */
export interface RolledBack {
  readonly restored: readonly string[];
  /** Files that somebody edited since: left as they are. */
  readonly edited: readonly string[];
  readonly deleted: readonly string[];
  /** What stays as the run left it, a sentence each. */
  readonly stays: readonly string[];
}

/**
 * Takes back what a run made: files whose contents are still ours get their earlier bytes, our user goes with its key and
 * policy. The leaked key is never made active again: that is for a person to type. May be run again after a crash.
 *
 * @throws KeyguardError `refused` once the old key was deleted: nothing could take its place.
 */
export async function rollBack(context: RunContext): Promise<RolledBack> {
  const { journal, files } = context;
  const { plan, state } = journal;
  const done = journal.done();
  if (done.has("delete-old"))
    throw new KeyguardError("refused", "the old key was deleted: there is nothing to go back to", {
      hint: "keyguard rotate --resume finishes what is left",
    });
  if (state === "finished" || state === "rolled-back")
    throw new KeyguardError(
      "refused",
      `run ${plan.run} is ${state === "finished" ? "finished" : "rolled back already"}`,
    );
  if (state !== "rolling-back") journal.add({ kind: "rolling-back" });
  const restored: string[] = [];
  const edited: string[] = [];
  const made = madeKeys(journal);
  for (const step of plan.steps) {
    if (step.kind !== "write") continue;
    const { path } = step.file;
    const outcome = files.restore(path, plan.run, [plan.key.id, ...made], made);
    if (outcome === "restored") restored.push(path);
    else if (outcome === "edited") edited.push(path);
  }
  const deleted = await removeUser(context);
  const contained = journal.entries.some((entry) => entry.kind === "intent" && entry.step === "deactivate");
  const stays = contained
    ? [
        `the leaked key stays inactive; if you must: aws iam update-access-key --user-name ${plan.key.user} --access-key-id ${plan.key.id} --status Active`,
        ...(plan.steps.some(({ kind }) => kind === "revoke")
          ? [
              `the denial on ${plan.key.user} stays: aws iam delete-user-policy --user-name ${plan.key.user} --policy-name keyguard-revoke`,
            ]
          : []),
      ]
    : plan.key.id === ""
      ? []
      : [`the leaked key ${plan.key.id} is active: it was not touched`];
  journal.add({ kind: "rolled-back" });
  return { restored, edited, deleted, stays };
}

async function removeUser({ journal, cloud }: RunContext): Promise<string[]> {
  const { plan } = journal;
  if (!plan.newUser) {
    const deleted: string[] = [];
    const begun = journal.entries.some((entry) => entry.kind === "intent" && entry.step === "create-key");
    for (const key of begun ? ((await cloud.listKeys(plan.key.user)) ?? []) : [])
      if (!plan.knownKeys.includes(key.id)) {
        await cloud.deleteKey(plan.key.user, key.id);
        deleted.push(key.id);
      }
    return deleted;
  }
  const user = await cloud.getUser(plan.user.name);
  if (user === null || user.tags[runTag] !== plan.run) return [];
  for (const key of (await cloud.listKeys(plan.user.name)) ?? []) await cloud.deleteKey(plan.user.name, key.id);
  for (const policy of await cloud.listUserPolicies(plan.user.name))
    await cloud.deleteUserPolicy(plan.user.name, policy);
  await cloud.deleteUser(plan.user.name);
  return [plan.user.name];
}
