import { isCanary } from "../detectors/account.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Finding, Verdict } from "../model/finding.ts";
import { checkBedrockKey } from "./check-bedrock-key.ts";
import { canaryReason, checkIdentity, Pace } from "./check-identity.ts";
import type { KeyPair } from "./clients.ts";
import { chooseEndpoint } from "./endpoint.ts";
import type { AwsSettings } from "./settings.ts";
import { VerdictCache } from "./verdict-cache.ts";

export interface ValidateOptions {
  readonly settings: AwsSettings;
  /** How many credentials are asked about at once (usual: 4). */
  readonly concurrency?: number | undefined;
  readonly allowCanary?: boolean | undefined;
  /** Verdicts of the last minutes; null asks AWS each time. */
  readonly cache?: VerdictCache | null | undefined;
  /** Called after each credential. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What can be asked about a finding, and under which name its verdict is remembered. */
interface Question {
  /** Questions of one group are asked one after the other: AWS minds several secrets for one id at once. */
  readonly group: string;
  readonly key: string;
  ask(pace: Pace): Promise<Verdict>;
}

function pairOf({ credential }: Finding): KeyPair | null {
  const { accessKeyId, secretAccessKey, sessionToken } = credential;
  return accessKeyId === null || secretAccessKey === null ? null : { accessKeyId, secretAccessKey, sessionToken };
}

/** The verdict that needs no network, or null. */
function verdictOffline(finding: Finding, options: ValidateOptions): Verdict | null {
  const now = options.settings.now?.() ?? Date.now();
  if (finding.expires !== null && Date.parse(finding.expires) <= now)
    return { status: "dead", why: `it ended at ${finding.expires}` };
  if ((finding.canary || isCanary(finding.account)) && !options.allowCanary)
    return { status: "unknown", why: canaryReason };
  return null;
}

function questionOf(finding: Finding, where: string, options: ValidateOptions): Question | null {
  const { settings, allowCanary } = options;
  // Keys of other stores look alike, and are nobody's business at AWS.
  if (finding.kind === "aws-bedrock-api-key" && finding.credential.value) {
    const key = finding.credential.value;
    const name = VerdictCache.keyOf(["bedrock", key.hash, where]);
    return { group: name, key: name, ask: () => checkBedrockKey(key, { settings, allowCanary }) };
  }
  const pair = finding.kind === "aws-access-key" ? pairOf(finding) : null;
  if (!pair) return null;
  const { accessKeyId, secretAccessKey, sessionToken } = pair;
  return {
    group: accessKeyId,
    key: VerdictCache.keyOf([accessKeyId, secretAccessKey.hash, sessionToken?.hash ?? "", where]),
    ask: (pace) => checkIdentity(pair, { settings, pace, allowCanary }),
  };
}

/** A verdict of one endpoint says nothing of another. */
async function nameEndpoints(settings: AwsSettings): Promise<string> {
  try {
    const [sts, bedrock] = [await chooseEndpoint("sts", settings), await chooseEndpoint("bedrock", settings)];
    return `${sts?.url ?? ""} ${bedrock?.url ?? ""}`;
  } catch (error) {
    // Whoever asks will be told the same, credential by credential.
    if (error instanceof KeyguardError) return "";
    throw error;
  }
}

/** Broken settings of a person's own must not cost the findings of a whole scan: they are the reason for not knowing. */
async function askOrSayWhyNot(question: Question, pace: Pace): Promise<Verdict> {
  try {
    return await question.ask(pace);
  } catch (error) {
    if (error instanceof KeyguardError) return { status: "unknown", why: `not asked: ${error.message}` };
    throw error;
  }
}

function reasonNotToAsk({ signal }: AwsSettings, pace: Pace): Verdict | null {
  if (signal?.aborted) return { status: "unknown", why: "the run was ended before AWS was asked" };
  if (pace.isLost) return { status: "unknown", why: "not asked: AWS could not be reached for those before it" };
  return null;
}

/**
 * Findings with the verdicts that AWS gave on them, in the same order. Each credential is asked about once, a few at a
 * time. What cannot be asked about (a lone id, a lone secret, a private key, another store's key) stays unchecked; what
 * has ended by its own word is dead without a call; canaries are not sent unless that is wanted.
 */
export async function validateFindings(findings: readonly Finding[], options: ValidateOptions): Promise<Finding[]> {
  const { settings, cache } = options;
  const verdicts = new Map<string, Verdict>();
  const groups = new Map<string, Question[]>();
  const where = await nameEndpoints(settings);
  const asked = findings.map((finding) => {
    const offline = verdictOffline(finding, options);
    if (offline) return { finding, verdict: offline, key: null };
    const question = questionOf(finding, where, options);
    if (!question) return { finding, verdict: null, key: null };
    const known = verdicts.get(question.key) ?? cache?.get(question.key);
    if (known) verdicts.set(question.key, known);
    else {
      const group = groups.get(question.group) ?? [];
      if (!group.some((other) => other.key === question.key)) group.push(question);
      groups.set(question.group, group);
    }
    return { finding, verdict: null, key: question.key };
  });

  const pace = new Pace();
  const waiting = [...groups.values()];
  const total = waiting.reduce((sum, group) => sum + group.length, 0);
  let done = 0;
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group; group = waiting.shift())
      for (const question of group) {
        const verdict = reasonNotToAsk(settings, pace) ?? (await askOrSayWhyNot(question, pace));
        verdicts.set(question.key, verdict);
        cache?.set(question.key, verdict);
        options.onProgress?.(++done, total);
      }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.concurrency ?? 4) }, work));
  cache?.save();

  return asked.map(({ finding, verdict, key }) => {
    const found = verdict ?? (key === null ? undefined : verdicts.get(key));
    if (!found) return finding;
    // AWS knows the account also where the id does not tell it.
    const account = finding.account ?? (found.status === "live" ? found.account : null);
    return { ...finding, account, verdict: found };
  });
}
