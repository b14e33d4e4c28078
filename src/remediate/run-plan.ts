import type { CloudPair, CloudSeat } from "../model/cloud.ts";
import { KeyguardError } from "../model/errors.ts";
import { madeKeys, type StepData } from "./journal.ts";
import { denyPolicyName, type Plan, runTag, type Step } from "./plan.ts";
import { denyEverything, denySessionsBefore } from "./policy.ts";
import type { RunContext } from "./run-context.ts";
import { verifyCredentials } from "./verify.ts";

/** How long a dead key may go on working, in milliseconds. IAM usually needs 3 to 4 s. */
const settleLimit = 120_000;

/** What passes from step to step within one process, and is lost with it. */
interface Memory {
  pair: CloudPair | null;
}

/**
 * Runs exactly the plan of the journal, from wherever it stands. Every step looks at the world before it changes it, so
 * that it may be run again whatever became of the run before.
 *
 * @throws KeyguardError with what to do: the journal says where it stopped.
 */
export async function runPlan(context: RunContext): Promise<void> {
  const { journal } = context;
  const { plan } = journal;
  const memory: Memory = { pair: null };
  recoverPair(context, plan, memory);
  for (const step of plan.steps) {
    const done = journal.done();
    if (done.has(step.id)) {
      context.tell({ step: step.id, phase: "skipped" });
      continue;
    }
    journal.add({ kind: "intent", step: step.id, data: {} });
    context.tell({ step: step.id, phase: "started" });
    try {
      const data = await perform(step, plan, context, memory);
      journal.add({ kind: "done", step: step.id, data });
      context.tell({
        step: step.id,
        phase: "done",
        ...(typeof data.detail === "string" ? { detail: data.detail } : {}),
      });
    } catch (error) {
      context.crashed(error);
      const told = explain(error, step, context);
      journal.add({ kind: "failed", step: step.id, why: told.message, data: { code: told.code } });
      throw told;
    }
  }
  journal.add({ kind: "finished" });
}

/** Steps that need the new secret in memory; the last reads it back from the files. */
const needsSecret = (step: Step) => step.kind === "verify" || step.kind === "write" || step.kind === "hand-over";

/**
 * A new secret is in memory or in a file, nowhere else. Where a run before had made a key and not yet put it everywhere,
 * the secret is taken from a file that has it already; else that key is lost, and another one is made.
 */
function recoverPair(context: RunContext, plan: Plan, memory: Memory): void {
  const done = context.journal.done();
  const id = done.get("create-key")?.keyId;
  if (typeof id !== "string") return;
  const open = plan.steps.filter((step) => !done.has(step.id) && (needsSecret(step) || step.kind === "verify-files"));
  if (open.length === 0) return;
  for (const step of plan.steps) {
    if (step.kind !== "write") continue;
    memory.pair = context.files.read(step.file.path, id);
    if (memory.pair) return;
  }
  context.journal.add({
    kind: "redo",
    step: "create-key",
    why: "the secret of the key was lost with the run that made it",
  });
}

function explain(error: unknown, step: Step, { cloud }: RunContext): KeyguardError {
  if (error instanceof KeyguardError) return error;
  const failure = cloud.failureOf(error);
  // No answer and no system's error: a mistake of ours, which must not pass for one of AWS.
  if (failure.kind === "local") throw error;
  const again = "then keyguard rotate --resume, or --rollback";
  const doing = `could not ${step.kind.replaceAll("-", " ")}`;
  if (failure.kind === "stopped")
    return new KeyguardError("aws", "stopped before the end", {
      cause: error,
      hint: "keyguard rotate --resume goes on, --rollback takes back",
    });
  if (/AccessDenied|Unauthorized/.test(failure.code))
    return new KeyguardError("aws", `${doing}: AWS refuses the administrator: ${failure.message}`, {
      cause: error,
      hint: `give it that permission (docs/rotation.md lists them all), ${again}`,
    });
  if (failure.kind === "refused")
    return new KeyguardError("aws", `${doing}: ${failure.code}: ${failure.message}`, {
      cause: error,
      hint: `mend it, ${again}`,
    });
  const why =
    failure.kind === "throttled"
      ? "AWS asks to slow down"
      : failure.kind === "broken"
        ? `AWS answered ${failure.status}`
        : `AWS cannot be reached (${failure.code})`;
  return new KeyguardError("aws", `${doing}: ${why}`, { cause: error, hint: `wait a minute, ${again}` });
}

async function perform(step: Step, plan: Plan, context: RunContext, memory: Memory): Promise<StepData> {
  switch (step.kind) {
    case "deactivate":
      return deactivate(plan, context);
    case "revoke":
      return revoke(plan, context, step.deny);
    case "settle":
      return settle(plan, context);
    case "create-user":
      return createUser(plan, context);
    case "put-policy":
      await context.cloud.putUserPolicy(plan.user.name, plan.policy.name, JSON.stringify(plan.policy.document));
      return {};
    case "create-key":
      return createKey(plan, context, memory);
    case "verify": {
      const checks = await withSeat(context, plan, pairOf(memory), (seat) =>
        verifyCredentials(context, seat, plan, wasInterrupted(step, context)),
      );
      return { checks: checks.map(({ what, result }) => `${what} ${result}`) };
    }
    case "write":
      return writeFile(step, plan, context, memory);
    case "hand-over":
      context.handOver(pairOf(memory));
      return {};
    case "verify-files":
      return verifyFiles(step, plan, context);
    case "delete-old":
      await context.cloud.deleteKey(plan.key.user, plan.key.id);
      return {};
  }
}

function pairOf({ pair }: Memory): CloudPair {
  if (pair === null) throw new Error("a step needs the new key before it was made");
  return pair;
}

async function withSeat<T>(
  context: RunContext,
  plan: Plan,
  pair: CloudPair,
  use: (seat: CloudSeat) => Promise<T>,
): Promise<T> {
  const seat = context.cloud.as(pair, plan.target.bucket, plan.target.region);
  try {
    return await use(seat);
  } finally {
    seat.close();
  }
}

async function deactivate(plan: Plan, context: RunContext): Promise<StepData> {
  const { user, id } = plan.key;
  try {
    await context.cloud.deactivateKey(user, id);
  } catch (error) {
    context.crashed(error);
    // Someone deleted it meanwhile: that is as dead as it gets.
    if (!/^NoSuchEntity/.test(context.cloud.failureOf(error).code)) throw error;
    return { detail: "it is gone already" };
  }
  return {};
}

async function revoke(plan: Plan, context: RunContext, deny: "sessions" | "everything"): Promise<StepData> {
  const at = new Date(context.now() + (await context.cloud.clockOffset()));
  const document = deny === "everything" ? denyEverything() : denySessionsBefore(at);
  try {
    await context.cloud.putUserPolicy(plan.key.user, denyPolicyName, JSON.stringify(document));
  } catch (error) {
    context.crashed(error);
    if (!/^NoSuchEntity/.test(context.cloud.failureOf(error).code)) throw error;
    return { detail: "the user is gone already" };
  }
  return { before: at.toISOString() };
}

/**
 * Waits until the old key is refused twice in a row, and sees that nobody used the time: a key that the user was given
 * meanwhile is switched off too, and the denial is put again.
 */
async function settle(plan: Plan, context: RunContext): Promise<StepData> {
  const { oldPair } = context;
  // One seat for the whole wait: it learns AWS's clock from the first answer.
  return oldPair
    ? withSeat(context, plan, oldPair, (seat) => settleWith(plan, context, seat))
    : settleWith(plan, context, null);
}

async function settleWith(plan: Plan, context: RunContext, old: CloudSeat | null): Promise<StepData> {
  const { cloud } = context;
  const { user, id } = plan.key;
  const end = context.now() + settleLimit;
  let proof = "";
  for (let streak = 0, wait = 500; streak < 2; wait = Math.min(wait * 2, 8_000)) {
    let refused: boolean;
    if (old) {
      refused = await isRefused(context, old);
      proof = "AWS refuses it";
    } else {
      refused = (await cloud.listKeys(user))?.every((key) => key.id !== id || key.status === "Inactive") ?? true;
      proof = "IAM has it as inactive (its secret is not known here, so it was not tried)";
    }
    streak = refused ? streak + 1 : 0;
    if (streak >= 2) break;
    // Still accepted after a while: somebody may have switched it on again, or an answer of AWS was wrong.
    if (!refused && wait >= 2_000 && !plan.self) await deactivate(plan, context);
    if (context.now() >= end)
      throw new KeyguardError("aws", "AWS still accepts the old key two minutes after it was deactivated", {
        hint: "look at it in the console, then keyguard rotate --resume",
      });
    await context.pause(wait);
  }
  if (plan.self) return { detail: proof, proof };

  const found: string[] = [];
  const ours = new Set(madeKeys(context.journal));
  for (let calm = 0; calm < 2; ) {
    const strangers = ((await cloud.listKeys(user)) ?? []).filter(
      (key) => !plan.knownKeys.includes(key.id) && !ours.has(key.id) && key.status === "Active",
    );
    for (const stranger of strangers) {
      await cloud.deactivateKey(user, stranger.id);
      found.push(stranger.id);
      context.note(`${user} was given another key during the rotation, ${stranger.id}, which was deactivated`);
    }
    calm = strangers.length === 0 ? calm + 1 : 0;
    if (calm < 2) await context.pause(1_000);
  }
  const deny = plan.steps.find((step) => step.kind === "revoke")?.deny;
  const names = deny ? await cloud.listUserPolicies(user) : [];
  if (deny && !names.includes(denyPolicyName))
    context.note(`the denial on ${user} was taken away during the rotation, and was put again`);
  // With a fresh time: sessions may have been opened while the key still worked.
  if (deny) await revoke(plan, context, deny);
  return { detail: proof, proof, ...(found.length > 0 ? { strangers: found } : {}) };
}

async function isRefused(context: RunContext, seat: CloudSeat): Promise<boolean> {
  try {
    await seat.identity();
    return false;
  } catch (error) {
    context.crashed(error);
    const { kind, code } = context.cloud.failureOf(error);
    return kind === "refused" && /InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient/.test(code);
  }
}

/** Throws where a user of that name is not of this run. */
async function ownUser(plan: Plan, context: RunContext): Promise<boolean> {
  const user = await context.cloud.getUser(plan.user.name);
  if (user === null) return false;
  if (user.tags[runTag] !== plan.run)
    throw new KeyguardError("refused", `a user ${plan.user.name} is there already and is not of this run`, {
      hint: "keyguard rotate --rollback, then rotate again with another --name",
    });
  return true;
}

async function createUser(plan: Plan, context: RunContext): Promise<StepData> {
  if (await ownUser(plan, context)) return { detail: "it was there from the run before" };
  const { name, path, tags, boundary } = plan.user;
  if ((await context.cloud.createUser({ name, path, tags, boundary })) === "created") return {};
  // Taken: by a call of ours whose answer was lost, or by somebody else. IAM may need a moment to say.
  for (let wait = 500; wait <= 16_000; wait *= 2) {
    if (await ownUser(plan, context)) return {};
    await context.pause(wait);
  }
  throw new KeyguardError("aws", `IAM says that ${name} is there, and does not show it`, {
    hint: "keyguard rotate --resume in a minute",
  });
}

/** Takes away what runs before made and lost, so that there never is a third key. */
async function deleteStrays(plan: Plan, context: RunContext, keep: string | null): Promise<void> {
  const ours = new Set(madeKeys(context.journal));
  for (const key of (await context.cloud.listKeys(plan.user.name)) ?? []) {
    if (key.id === keep) continue;
    // On a user of ours every key is; on the old user only what it did not have before.
    if (!plan.newUser && plan.knownKeys.includes(key.id)) continue;
    await context.cloud.deleteKey(plan.user.name, key.id);
    if (!ours.has(key.id)) context.note(`deleted ${key.id}, a key that was made and whose secret never arrived`);
  }
}

async function createKey(plan: Plan, context: RunContext, memory: Memory): Promise<StepData> {
  const { cloud } = context;
  if (plan.newUser && !(await ownUser(plan, context)))
    throw new KeyguardError("aws", `${plan.user.name} is gone`, {
      hint: "keyguard rotate --rollback, then rotate again",
    });
  for (let attempt = 1; ; attempt++) {
    await deleteStrays(plan, context, null);
    try {
      const pair = await cloud.createKey(plan.user.name);
      memory.pair = pair;
      return { keyId: pair.accessKeyId };
    } catch (error) {
      context.crashed(error);
      const { kind, code } = cloud.failureOf(error);
      // A key may have been made and its answer lost, or a deleted one still counts: look again, a little later.
      const passing = kind === "broken" || kind === "unreachable" || kind === "slow" || kind === "throttled";
      if ((!passing && !/^LimitExceeded/.test(code)) || attempt >= 4) throw error;
      await context.pause(2_000 * attempt);
    }
  }
}

function writeFile(step: Step & { kind: "write" }, plan: Plan, context: RunContext, memory: Memory): StepData {
  const { journal } = context;
  // A person who types --resume after a refusal has looked at the file: it is taken as it is now.
  const refusedBefore = journal.entries.some(
    (entry) => entry.kind === "failed" && entry.step === step.id && entry.data.code === "refused",
  );
  const { hash } = context.files.write({
    path: step.file.path,
    run: plan.run,
    oldIds: [plan.key.id, ...madeKeys(journal)],
    pair: pairOf(memory),
    expected: refusedBefore || madeKeys(journal).length > 1 ? null : step.file.hash,
  });
  return { hash };
}

/** Whether this step was begun before: what it had made then may still be there. */
function wasInterrupted(step: Step, { journal }: RunContext): boolean {
  return journal.entries.filter((entry) => entry.kind === "intent" && entry.step === step.id).length > 1;
}

async function verifyFiles(step: Step, plan: Plan, context: RunContext): Promise<StepData> {
  const id = context.journal.done().get("create-key")?.keyId;
  const checks: string[] = [];
  const tried = new Set<string>();
  for (const { path } of plan.steps.flatMap((one) => (one.kind === "write" ? [one.file] : []))) {
    const pair = typeof id === "string" ? context.files.read(path, id) : null;
    if (pair === null)
      throw new KeyguardError("refused", `${path} does not hold the new key`, {
        hint: "somebody wrote over it; put it back from its backup, then keyguard rotate --resume",
      });
    // Files that hold the very same pair prove the same.
    if (tried.has(pair.secretAccessKey.hash)) continue;
    tried.add(pair.secretAccessKey.hash);
    const results = await withSeat(context, plan, pair, (seat) =>
      verifyCredentials(context, seat, plan, wasInterrupted(step, context)),
    );
    checks.push(...results.map(({ what, result }) => `${what} ${result}`));
  }
  // What IAM did not show at the time shows now: a key whose answer was lost.
  await deleteStrays(plan, context, typeof id === "string" ? id : null);
  return { checks };
}
