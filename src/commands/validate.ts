import { describeFailure, whyUnknown } from "../aws/aws-failure.ts";
import { type Clients, type KeyPair, openClients } from "../aws/clients.ts";
import { describeKey, type KeyDescription, ownerOf, readLastUsed } from "../aws/describe-key.ts";
import { loadIam } from "../aws/load-sdk.ts";
import { partitionOf } from "../aws/partitions.ts";
import { resolveCredentials } from "../aws/resolve-credentials.ts";
import type { AwsSettings } from "../aws/settings.ts";
import { validateFindings } from "../aws/validate-findings.ts";
import { VerdictCache } from "../aws/verdict-cache.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Finding } from "../model/finding.ts";
import type { CommandModule, ExitCode, Io } from "./command.ts";
import { findByIds, findInReport, findInStdin, findingOf } from "./find-credentials.ts";
import { startProgress } from "./progress.ts";
import { loadSettings } from "./settings.ts";
import { describeValidated, type Validated, validatedJson } from "./validation-text.ts";

const examples = `
Examples:
  keyguard validate AKIA…                   the secret is looked for in this folder
                                            and in your own profiles
  keyguard validate --from report.json      everything that a scan found
  keyguard validate --profile lab           a profile of yours
  keyguard validate --stdin < leaked.env    whatever credentials come in
  keyguard validate AKIA… --describe        and what it may do, seen with its own eyes
  keyguard validate AKIA… --admin-profile admin
                                            the same with an administrator's eyes;
                                            the secret is not needed

One call is made for each credential: sts:GetCallerIdentity, which changes nothing
and needs no permission. Never type a secret on a command line.

Exit codes: 0 none of them works, 1 at least one works, 2 it could not be found out.`;

export const command: CommandModule = {
  define(validate, io, exit) {
    validate
      .argument("[id...]", "access key ids: AKIA… or ASIA…")
      .option("--from <report>", "the findings of a JSON report")
      .option("--profile <name>", "a profile of ~/.aws")
      .option("--stdin", "credentials in any form on standard input")
      .option("--describe", "show what the key may do, asked with the key itself, read-only")
      .option("--admin-profile <name>", "show what the key may do, asked as an administrator; implies --describe")
      .option("--allow-canary", "ask AWS about trip-wires too, which alerts whoever laid them out")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("--timeout <seconds>", "how long one request may take (default: 8)", readSeconds)
      .option("-j, --jobs <n>", "how many credentials are asked about at once (default: 4)", readJobs)
      .option("--no-cache", "ask AWS even about what it was asked a few minutes ago")
      .option("--json", "as JSON")
      .option("-q, --quiet", "no progress and no notes on standard error")
      .addHelpText("after", examples)
      .action(async (ids, options) => exit(await run(ids, options, io)));
  },
};

interface Options {
  readonly from?: string | undefined;
  readonly profile?: string | undefined;
  readonly stdin?: true | undefined;
  readonly describe?: true | undefined;
  readonly adminProfile?: string | undefined;
  readonly allowCanary?: true | undefined;
  readonly endpoint?: string | undefined;
  readonly timeout?: number | undefined;
  readonly jobs?: number | undefined;
  readonly cache: boolean;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

function readSeconds(value: string): number {
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 600))
    throw new KeyguardError("usage", "--timeout must be a number of seconds up to 600");
  return seconds * 1000;
}

function readJobs(value: string): number {
  const jobs = Number(value);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 32)
    throw new KeyguardError("usage", "--jobs must be a number from 1 to 32");
  return jobs;
}

/** An argument must be an id: whatever else was typed may be a secret, and is not repeated. */
function checkIds(ids: readonly string[]): void {
  for (const id of ids)
    if (!/^[A-Z0-9]{16,32}$/.test(id))
      throw new KeyguardError(
        "usage",
        "this is no access key id: one is AKIA or ASIA and 16 more capital letters and digits",
        {
          hint: "a secret never belongs on a command line, where other programs can read it: keyguard validate --stdin",
        },
      );
}

function chooseSource(ids: readonly string[], options: Options): "ids" | "report" | "profile" | "stdin" {
  const chosen = [
    ...(ids.length > 0 ? (["ids"] as const) : []),
    ...(options.from === undefined ? [] : (["report"] as const)),
    ...(options.profile === undefined ? [] : (["profile"] as const)),
    ...(options.stdin ? (["stdin"] as const) : []),
  ];
  const [source] = chosen;
  if (source === undefined || chosen.length > 1)
    throw new KeyguardError(
      "usage",
      source === undefined ? "validate needs something to validate" : "validate takes one kind of thing at a time",
      {
        hint: "an access key id, --from report.json, --profile name or --stdin",
      },
    );
  return source;
}

async function collect(ids: readonly string[], options: Options, settings: AwsSettings, io: Io): Promise<Finding[]> {
  const quiet = options.quiet === true;
  switch (chooseSource(ids, options)) {
    case "ids":
      return findByIds(io, ids, quiet);
    case "report":
      return findInReport(io, options.from ?? "");
    case "stdin":
      return findInStdin(io, quiet);
    case "profile": {
      const { pair, from } = await resolveCredentials(settings, { profile: options.profile });
      return [findingOf({ ...pair, value: null }, "aws-access-key", [`from ${from.join(", ")}`])];
    }
  }
}

async function run(ids: readonly string[], options: Options, io: Io): Promise<ExitCode> {
  checkIds(ids);
  const { config, root } = await loadSettings({ cwd: io.cwd, env: io.env, baseline: false });
  const settings: AwsSettings = {
    env: io.env,
    endpoint: options.endpoint,
    timeout: options.timeout,
    untrusted: root,
    signal: io.signal,
  };
  const found = (await collect(ids, options, settings, io)).map((finding) => ({
    ...finding,
    accountName: finding.account === null ? null : (config.accounts[finding.account] ?? finding.accountName),
  }));
  const admin = await openAdmin(options, settings);
  const progress = startProgress(io, options.quiet === true);
  try {
    // Trying a key is using it: its last use is read first.
    const lastUses = admin === null ? new Map() : await readLastUses(found, admin);
    const findings = await validateFindings(found, {
      settings,
      concurrency: options.jobs,
      allowCanary: options.allowCanary,
      cache: options.cache ? new VerdictCache(settings) : null,
      onProgress: (done, total) => progress.show(`asked AWS about ${done} of ${total} credentials`),
    });
    const described: Validated[] = [];
    for (const finding of findings) {
      const wanted = admin !== null || options.describe === true;
      described.push(
        wanted ? await describe(finding, admin, lastUses, settings) : { finding, description: null, undescribed: null },
      );
    }
    progress.end();
    return show(described, options, io);
  } finally {
    progress.end();
    admin?.clients.close();
  }
}

function show(described: readonly Validated[], options: Options, io: Io): ExitCode {
  if (options.json) {
    const results = described.map(validatedJson);
    io.stdout.write(`${JSON.stringify({ schema: "keyguard-validate/1", results }, null, 2)}\n`);
  } else if (described.length === 0) io.stderr.write("keyguard: there is no credential to ask about\n");
  else io.stdout.write(described.map(describeValidated).join("\n"));
  return exitCodeOf(described);
}

/** An administrator's clients, and a region of the partition whose keys it can see. */
interface Admin {
  readonly clients: Clients;
  readonly region: string;
}

async function openAdmin(options: Options, settings: AwsSettings): Promise<Admin | null> {
  if (options.adminProfile === undefined) return null;
  const { pair, region } = await resolveCredentials(settings, { profile: options.adminProfile });
  return {
    clients: openClients(settings, pair, { profile: options.adminProfile }),
    region: partitionOf(region ?? "").region,
  };
}

type LastUses = ReadonlyMap<string, KeyDescription["lastUsed"]>;

async function readLastUses(findings: readonly Finding[], { clients, region }: Admin): Promise<LastUses> {
  const ids = new Set(findings.map(({ credential }) => credential.accessKeyId).filter((id) => id !== null));
  const read = new Map<string, KeyDescription["lastUsed"]>();
  for (const id of ids) read.set(id, await readLastUsed(clients, id, region));
  return read;
}

function pairOf({ credential }: Finding): KeyPair | null {
  const { accessKeyId, secretAccessKey, sessionToken } = credential;
  return accessKeyId === null || secretAccessKey === null ? null : { accessKeyId, secretAccessKey, sessionToken };
}

async function describe(
  finding: Finding,
  admin: Admin | null,
  lastUses: LastUses,
  settings: AwsSettings,
): Promise<Validated> {
  const { accessKeyId } = finding.credential;
  const without = (undescribed: string): Validated => ({ finding, description: null, undescribed });
  if (accessKeyId === null || finding.kind === "other-store-key")
    return without("nothing can be asked about this kind of credential");
  const live = finding.verdict.status === "live" ? finding.verdict : null;
  if (admin) return describeAsAdmin(finding, accessKeyId, admin, lastUses.get(accessKeyId));
  const pair = pairOf(finding);
  if (!live || !pair) return without("not asked: the key does not work, or is not known to");
  const clients = openClients(settings, pair);
  try {
    const description = await describeKey({ clients, accessKeyId, owner: ownerOf(live.arn), withOwnKey: true });
    return { finding, description, undescribed: null };
  } finally {
    clients.close();
  }
}

/** With an administrator's eyes the secret is not needed: IAM knows whose key it is and whether it is active. */
async function describeAsAdmin(
  finding: Finding,
  accessKeyId: string,
  { clients, region }: Admin,
  lastUsed: KeyDescription["lastUsed"] | undefined,
): Promise<Validated> {
  const without = (undescribed: string): Validated => ({ finding, description: null, undescribed });
  const { verdict } = finding;
  let arn = verdict.status === "live" ? verdict.arn : null;
  const sdk = await loadIam();
  const iam = await clients.iam(region);
  if (arn === null) {
    try {
      const { UserName } = await iam.send(new sdk.GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }));
      if (!UserName) return without("IAM names no user for it: a root key, or a temporary one");
      arn = (await iam.send(new sdk.GetUserCommand({ UserName }))).User?.Arn ?? null;
    } catch (error) {
      const failure = describeFailure(error);
      return without(
        failure.kind === "refused"
          ? `the administrator is not allowed to see it: it belongs to another account, is gone, or iam:GetAccessKeyLastUsed is missing (${failure.code})`
          : whyUnknown(failure),
      );
    }
    if (arn === null) return without("IAM names no user for it");
  }
  const owner = ownerOf(arn);
  const description = await describeKey({ clients, accessKeyId, owner, withOwnKey: false, lastUsed });
  return { finding: { ...finding, ...judgeByIam(finding, description, accessKeyId) }, description, undescribed: null };
}

/** What the administrator saw of a key that could not be tried itself. */
function judgeByIam(
  finding: Finding,
  description: KeyDescription,
  accessKeyId: string,
): Pick<Finding, "verdict" | "account"> {
  const key = description.keys.seen ? description.keys.value.find(({ id }) => id === accessKeyId) : undefined;
  const { arn, account } = description.owner;
  if (finding.verdict.status !== "unchecked" || !key) return { verdict: finding.verdict, account: finding.account };
  if (key.status === "Active")
    return {
      account,
      verdict: { status: "live", arn, account, why: "IAM has it as active (its secret was not tried)" },
    };
  return { account, verdict: { status: "dead", why: "IAM has it as inactive" } };
}

/** Whether an answer was to be expected: a canary was left alone on purpose, and a private key cannot be asked about. */
function isOpen({ verdict, canary, kind }: Finding): boolean {
  if (verdict.status === "unknown") return !canary;
  return (
    verdict.status === "unchecked" && ["aws-access-key", "aws-access-key-id", "aws-bedrock-api-key"].includes(kind)
  );
}

function exitCodeOf(validated: readonly Validated[]): ExitCode {
  if (validated.some(({ finding }) => finding.verdict.status === "live")) return 1;
  return validated.some(({ finding }) => isOpen(finding)) ? 2 : 0;
}
