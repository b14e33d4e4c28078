import { accountOf, isCanary } from "../detectors/account.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Verdict } from "../model/finding.ts";
import { type AwsFailure, describeFailure, whyUnknown } from "./aws-failure.ts";
import { type KeyPair, openClients } from "./clients.ts";
import { chooseEndpoint } from "./endpoint.ts";
import { loadSts } from "./load-sdk.ts";
import { type Partition, partitions } from "./partitions.ts";
import { type AwsSettings, pause } from "./settings.ts";

/** What one partition says of a pair. */
type Answer =
  | { readonly kind: "live"; readonly arn: string; readonly account: string }
  | { readonly kind: "not-here" | "expired" | "wrong-secret" | "skewed" }
  | { readonly kind: "failed"; readonly failure: AwsFailure };

/**
 * AWS answers two requests within about five seconds that share an id and differ in their secret by refusing the second
 * one, right or wrong. This is a little more than that.
 */
export const quirkDelay = 6_000;

/** Why a trip-wire is not tried. */
export const canaryReason =
  "it is a canary: asking AWS would alert whoever laid it out (--allow-canary asks all the same)";

/**
 * What the checks of one run share: which secret an id was last tried with, and how long to wait before the next request
 * after AWS asked to slow down. Nothing of it is kept, and of secrets only hashes.
 */
export class Pace {
  readonly #last = new Map<string, { readonly at: number; readonly hash: string }>();
  #wait = 0;
  #silence = 0;

  /** Whether AWS could not be reached three times in a row: to go on asking would only keep a person waiting. */
  get isLost(): boolean {
    return this.#silence >= 3;
  }

  /** Notes whether there was any answer at all. */
  heard(answered: boolean): void {
    this.#silence = answered ? 0 : this.#silence + 1;
  }

  /** Notes an attempt and says whether another secret was tried with this id a moment ago. */
  note(pair: KeyPair, now: number): boolean {
    const before = this.#last.get(pair.accessKeyId);
    this.#last.set(pair.accessKeyId, { at: now, hash: pair.secretAccessKey.hash });
    return before !== undefined && before.hash !== pair.secretAccessKey.hash && now - before.at < quirkDelay;
  }

  /** AWS asked to slow down: all wait, twice as long each time, twenty seconds at most. */
  slowDown(): void {
    this.#wait = Math.min(20_000, Math.max(1_000, this.#wait * 2));
  }

  /** A request was answered. */
  speedUp(): void {
    this.#wait = this.#wait < 1_000 ? 0 : this.#wait / 2;
  }

  /** Milliseconds to wait before the next request. */
  get wait(): number {
    return this.#wait;
  }
}

const identityShape = /^arn:[a-z-]{3,20}:(?:iam|sts)::\d{12}:[\w+=,.@:/-]{1,600}$/;

async function ask(pair: KeyPair, partition: Partition, settings: AwsSettings): Promise<Answer> {
  const clients = openClients(settings, pair);
  try {
    const { GetCallerIdentityCommand } = await loadSts();
    const sts = await clients.sts(partition.region);
    const signal = settings.signal;
    const identity = await sts.send(new GetCallerIdentityCommand(), signal ? { abortSignal: signal } : {});
    // An endpoint of somebody's own may answer anything: what is shown to a person must look like what AWS says.
    if (!identityShape.test(identity.Arn ?? "") || !/^\d{12}$/.test(identity.Account ?? ""))
      return { kind: "failed", failure: { kind: "broken", code: "NoIdentity", status: 200, message: "" } };
    return { kind: "live", arn: identity.Arn ?? "", account: identity.Account ?? "" };
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    const failure = describeFailure(error);
    if (failure.kind !== "refused") return { kind: "failed", failure };
    switch (failure.code) {
      case "InvalidClientTokenId":
      case "InvalidClientTokenIdException":
      case "UnrecognizedClientException":
        return { kind: "not-here" };
      case "ExpiredToken":
      case "ExpiredTokenException":
        return { kind: "expired" };
      case "SignatureDoesNotMatch":
        // The same code stands for a clock that is wrong; the SDK has corrected it once already.
        return /expired|not yet current/i.test(failure.message) ? { kind: "skewed" } : { kind: "wrong-secret" };
      default:
        return { kind: "failed", failure };
    }
  } finally {
    clients.close();
  }
}

/** Asks when it is time to; a request that AWS throttles in spite of the SDK's own retries gets one more go, later. */
async function askAtPace(pair: KeyPair, partition: Partition, settings: AwsSettings, pace: Pace): Promise<Answer> {
  for (let again = false; ; again = true) {
    if (pace.wait > 0) await pause(settings, pace.wait);
    const answer = await ask(pair, partition, settings);
    pace.heard(answer.kind !== "failed" || !["unreachable", "slow"].includes(answer.failure.kind));
    if (answer.kind !== "failed" || answer.failure.kind !== "throttled") {
      pace.speedUp();
      return answer;
    }
    pace.slowDown();
    if (again) return answer;
  }
}

/** A 403 that may be a mistake of AWS and not of the pair: it is asked again, once, later. */
function isDoubtful(answer: Answer, quirk: boolean): boolean {
  if (answer.kind === "wrong-secret") return true;
  if (answer.kind === "not-here") return quirk;
  return answer.kind === "failed" && answer.failure.kind === "refused" && answer.failure.status === 403;
}

export interface CheckOptions {
  readonly settings: AwsSettings;
  /** Shared by the checks of a run. */
  readonly pace?: Pace;
  /** Calls AWS even with keys of accounts that are known for trip-wires. */
  readonly allowCanary?: boolean | undefined;
}

/**
 * Asks AWS whose a pair is: one GetCallerIdentity, which needs no permission, works under an explicit deny and changes
 * nothing, sent with the session token if there is one. Partitions are asked in turn; only all of them together can say
 * that a key is dead. What could not be found out is `unknown`, with the reason, and never anything else. Canaries are
 * not sent unless that is wanted: this call is what trips them.
 */
export async function checkIdentity(pair: KeyPair, options: CheckOptions): Promise<Verdict> {
  const { settings, pace = new Pace() } = options;
  if (!options.allowCanary && isCanary(accountOf(pair.accessKeyId))) return { status: "unknown", why: canaryReason };
  const temporary = pair.accessKeyId.startsWith("ASIA");
  if (temporary && pair.sessionToken === null)
    return {
      status: "unknown",
      why: "a temporary key says nothing without its session token, which was not found with it",
    };
  const endpoint = await chooseEndpoint("sts", settings);
  const elsewhere = endpoint === null ? "" : ` (asked ${new URL(endpoint.url).host}, as ${endpoint.from} says)`;
  const now = settings.now ?? Date.now;
  const silentPartitions: string[] = [];
  for (const partition of partitions) {
    const quirk = pace.note(pair, now());
    let answer = await askAtPace(pair, partition, settings, pace);
    if (isDoubtful(answer, quirk)) {
      await pause(settings, quirkDelay);
      answer = await askAtPace(pair, partition, settings, pace);
    }
    switch (answer.kind) {
      case "live": {
        const where = partition.name === "aws" ? "" : ` in ${partition.about}`;
        return { status: "live", arn: answer.arn, account: answer.account, why: `AWS accepts it${where}${elsewhere}` };
      }
      case "expired":
        return { status: "dead", why: `its session has expired${elsewhere}` };
      case "wrong-secret":
        return { status: "wrong-secret", why: `the key id exists and this is not its secret${elsewhere}` };
      case "skewed":
        return {
          status: "unknown",
          why: "this machine's clock is wrong, so that AWS takes no signature from it; set it and try again",
        };
      case "failed":
        // The first partition holds nearly every key: without its answer the others' prove nothing.
        if (partition === partitions[0]) return { status: "unknown", why: `${whyUnknown(answer.failure)}${elsewhere}` };
        silentPartitions.push(`${partition.about}: ${whyUnknown(answer.failure)}`);
        break;
      case "not-here":
        break;
    }
  }
  if (silentPartitions.length > 0)
    return {
      status: "unknown",
      why: `AWS does not know it, but not every partition answered (${silentPartitions.join("; ")})`,
    };
  const why = temporary
    ? "AWS does not take it: the session was ended, or its token belongs to another key"
    : "AWS does not know it: the key was deleted or is inactive";
  return { status: "dead", why: `${why}${elsewhere}` };
}
