import type { CloudFailure, CloudSeat } from "../model/cloud.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Plan } from "./plan.ts";
import type { RunContext } from "./run-context.ts";

/** How long new credentials may take to work everywhere, in milliseconds: IAM needs 8 to 15 s, and more on a bad day. */
const limit = 60_000;

/** One thing that was tried. */
export interface Check {
  readonly what: string;
  /** `allowed` and `refused` are what was wanted; `open` means that it does not prove anything. */
  readonly result: "allowed" | "refused" | "open";
}

type Tried = { readonly ok: true } | { readonly ok: false; readonly failure: CloudFailure };

async function attempt(context: RunContext, call: () => Promise<unknown>): Promise<Tried> {
  try {
    await call();
    return { ok: true };
  } catch (error) {
    context.crashed(error);
    return { ok: false, failure: context.cloud.failureOf(error) };
  }
}

class NotYet extends Error {
  readonly what: string;
  readonly failure: CloudFailure;
  constructor(what: string, failure: CloudFailure) {
    super(what);
    this.what = what;
    this.failure = failure;
  }
}

/** A key that nobody has, below a prefix. */
export function checkFolder(prefix: string, run: string): string {
  return `${prefix}_keyguard_check/${run}/`;
}

/** The operations that the scope allows, on a new object below one prefix; every object that was made is named. */
async function useBucket(
  context: RunContext,
  seat: CloudSeat,
  plan: Plan,
  prefix: string,
  made: Set<string>,
): Promise<Check[]> {
  const { can } = plan.target;
  const folder = checkFolder(prefix, plan.run);
  const key = `${folder}${context.nonce()}.txt`;
  const body = `keyguard verifies new credentials in run ${plan.run}; this object may be deleted\n`;
  const checks: Check[] = [];
  const need = async (what: string, call: () => Promise<unknown>) => {
    const tried = await attempt(context, call);
    if (!tried.ok) throw new NotYet(what, tried.failure);
    checks.push({ what, result: "allowed" });
  };
  const wrote = can.includes("write");
  if (wrote) {
    made.add(key);
    await need("put", () => seat.put(key, body));
  }
  if (can.includes("list"))
    await need("list", async () => {
      const listed = await seat.list(folder);
      if (wrote && !listed.includes(key)) throw new Error("the new object is not in the list");
    });
  if (can.includes("read") && wrote) {
    await need("head", () => seat.head(key));
    await need("get", async () => {
      if ((await seat.get(key)) !== body) throw new Error("another content came back");
    });
  } else if (can.includes("read")) {
    // Nothing may be written: a 404 for an object that is not there proves access, which a 403 would not.
    const tried = await attempt(context, () => seat.head(key));
    if (!tried.ok && tried.failure.status !== 404) {
      if (can.includes("list")) throw new NotYet("head", tried.failure);
      checks.push({ what: "get", result: "open" });
    } else checks.push({ what: "get", result: "allowed" });
  }
  if (can.includes("delete")) {
    await need("delete", () => seat.remove(key));
    if (!plan.target.versioned) made.delete(key);
  }
  return checks;
}

/** What must be refused: another bucket, the account's list of buckets, outside of the prefix, IAM. */
async function trespass(context: RunContext, seat: CloudSeat, plan: Plan): Promise<Check[]> {
  if (!plan.newUser || plan.policy.own) return [];
  const { target } = plan;
  const name = `_keyguard_check/${plan.run}/none`;
  const tries: { what: string; call: () => Promise<unknown>; may: boolean }[] = [
    { what: "list every bucket", call: () => seat.listBuckets(), may: false },
    { what: "its own keys in IAM", call: () => seat.listOwnKeys(), may: false },
    ...(target.neighbour === null
      ? []
      : // A bucket that is open to everybody is open to the new key too, through no fault of its own.
        [{ what: `s3://${target.neighbour}`, call: () => seat.get(name, target.neighbour ?? ""), may: true }]),
    ...(target.prefixes.length === 0 || target.prefixes.some((prefix) => name.startsWith(prefix))
      ? []
      : [{ what: "outside of the prefix", call: () => seat.get(name), may: false }]),
  ];
  const checks: Check[] = [];
  for (const { what, call, may } of tries) {
    const tried = await attempt(context, call);
    if (!tried.ok && tried.failure.status === 403) checks.push({ what, result: "refused" });
    else if (!tried.ok && (tried.failure.kind !== "refused" || !(may || tried.failure.status === 404)))
      throw new NotYet(what, tried.failure);
    else if (may) checks.push({ what, result: "open" });
    else
      throw new KeyguardError("refused", `the new key may do more than it should: ${what}`, {
        hint: "look for policies that reach every user (groups, bucket policies), then keyguard rotate --rollback",
      });
  }
  return checks;
}

/**
 * Uses new credentials as their reader will, until it has worked twice in a row: one success proves nothing while IAM
 * spreads the news. Objects that were written are taken away again, by the administrator where the new key may not.
 *
 * @param again whether an earlier attempt of this run was interrupted
 * @throws KeyguardError `aws` when it does not work within a minute, with AWS's own words.
 */
export async function verifyCredentials(
  context: RunContext,
  seat: CloudSeat,
  plan: Plan,
  again = false,
): Promise<Check[]> {
  const prefixes = plan.target.prefixes.length === 0 ? [""] : plan.target.prefixes;
  // A life before this one may have left an object behind, whose name is forgotten.
  const made = new Set<string>(again ? prefixes.map((prefix) => checkFolder(prefix, plan.run)) : []);
  const end = context.now() + limit;
  let streak = 0;
  try {
    for (let wait = 500; ; wait = Math.min(wait * 2, 8_000)) {
      try {
        const checks: Check[] = [];
        for (const prefix of prefixes) checks.push(...(await useBucket(context, seat, plan, prefix, made)));
        if (++streak === 2) return [...checks, ...(await trespass(context, seat, plan))];
      } catch (error) {
        if (!(error instanceof NotYet)) throw error;
        streak = 0;
        if (context.now() >= end) throw neverWorked(error, plan);
      }
      await context.pause(wait);
    }
  } finally {
    await removeChecks(context, plan, made);
  }
}

async function removeChecks(context: RunContext, plan: Plan, made: ReadonlySet<string>): Promise<void> {
  for (const key of made) {
    const tried = await attempt(context, () => context.cloud.purgeObjects(plan.target.bucket, plan.target.region, key));
    if (!tried.ok) context.note(`a check object may be left: s3://${plan.target.bucket}/${key}`);
  }
}

function neverWorked({ what, failure }: NotYet, plan: Plan): KeyguardError {
  const said =
    failure.message === "" || failure.message === failure.code ? failure.code : `${failure.code}: ${failure.message}`;
  const denied = failure.status === 403;
  return new KeyguardError("aws", `the new key does not work after a minute: ${what}: ${said}`, {
    hint: denied
      ? `the policy of s3://${plan.target.bucket} or of its KMS key may deny ${plan.user.name}; mend it and keyguard rotate --resume, or --rollback`
      : "keyguard rotate --resume tries again, --rollback takes back what was made",
  });
}
