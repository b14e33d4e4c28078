import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type KeyPair, openClients } from "../aws/clients.ts";
import { lookUpEvents, usualRegions } from "../aws/look-up-events.ts";
import { openCloud } from "../aws/open-cloud.ts";
import { partitionOf } from "../aws/partitions.ts";
import { type ResolvedCredentials, resolveCredentials } from "../aws/resolve-credentials.ts";
import { type AwsSettings, pause } from "../aws/settings.ts";
import type { Cloud } from "../model/cloud.ts";
import { KeyguardError } from "../model/errors.ts";
import { candidateFiles } from "../remediate/consumers/candidate-files.ts";
import { backupPath, readPair, restoreFile, writeKeys } from "../remediate/consumers/key-file.ts";
import { readCredentialFormat, writeCredentials } from "../remediate/credentials-text.ts";
import { describeIncident, incidentJson, incidentMarkdown, incidentText, type Trail } from "../remediate/incident.ts";
import { type Journal, JournalFolder } from "../remediate/journal.ts";
import { describeStep, type Facts, makePlan, type Plan } from "../remediate/plan.ts";
import { inlinePolicyLimit, nameScope, type PolicyDocument } from "../remediate/policy.ts";
import { rollBack } from "../remediate/roll-back.ts";
import type { RunContext } from "../remediate/run-context.ts";
import { runPlan } from "../remediate/run-plan.ts";
import { shortKeyId } from "../report/finding-words.ts";
import type { CommandModule, ExitCode, Io } from "./command.ts";
import { findByIds, findInReport } from "./find-credentials.ts";
import { gatherFacts } from "./rotation-facts.ts";
import { collect, readAbilities, readBounds, type ScopeOptions } from "./scope-options.ts";
import { loadSettings, nameFrom } from "./settings.ts";

const examples = `
Examples:
  keyguard rotate AKIA… --admin-profile admin --dry-run
                                    the facts and the plan; nothing is changed
  keyguard rotate AKIA… --admin-profile admin
                                    stop the key first, then replace it
  keyguard rotate AKIA… --admin-profile admin --order replace-first
                                    replace it first, for jobs that must not stop
  keyguard rotate AKIA… --bucket lab-volumes --read-only --prefix data/
  keyguard rotate --from report.json --admin-profile admin
  keyguard rotate --resume          go on after an interruption
  keyguard rotate --rollback        take back what an interrupted run made

A new user gets one narrow policy and one key. The key is tried, written where the old
one stands, and tried again as its reader would. Its secret is nowhere else.

Exit codes: 0 the old key is dead and the new one works, 2 it did not come to that.`;

export const command: CommandModule = {
  define(rotate, io, exit) {
    rotate
      .argument("[id]", "the leaked key's id: AKIA…")
      .option("--from <report>", "the key of a JSON report")
      .option("--profile <name>", "the key of a profile of ~/.aws")
      .option("--file <path>", "a file that holds the key, to be written; may be repeated", collect)
      .option("--skip-file <path>", "a file to leave alone; may be repeated", collect)
      .option("--admin-profile <name>", "an administrator, with whose rights it is done")
      .option("--self", "the leaked key is the administrator's own, and there is no other")
      .option("--bucket <name>", "the bucket that the new key is for")
      .option("--read-only", "list and get")
      .option("--read-write", "list, get, put and delete")
      .option("--write-only", "put, and nothing else")
      .option("--prefix <prefix>", "only below this folder, which ends with /; may be repeated", collect)
      .option("--kms-key <arn>", "a key that encrypts objects there; may be repeated", collect)
      .option("--source-ip <range>", "only from these addresses; may be repeated", collect)
      .option("--permissions-boundary <arn>", "the most that the new user may ever do")
      .option("--policy <file>", "a policy of your own in place of ours")
      .option("--name <user>", "the new user's name")
      .option("--same-user", "a second key on the same user, with all its rights")
      .option("--order <order>", "contain-first or replace-first", "contain-first")
      .option("--delete-after", "delete the old key at the end, in place of leaving it inactive")
      .option("--out <file>", "write the new key into a new file where no file here holds the old one")
      .option("--format <format>", "of --out and of the key on the screen: json, ini, env, csv, process", "json")
      .option("--report <file>", "write the incident report: .md, .json or text")
      .option("--all-regions", "ask CloudTrail in every usual region, not only where the key was used")
      .option("--dry-run", "print facts and plan, and stop")
      .option("-y, --yes", "do not ask before it begins")
      .option("--json", "facts, plan and report as JSON")
      .option("--resume [run]", "go on with a run that was interrupted")
      .option("--rollback [run]", "take back what an interrupted run made")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("-q, --quiet", "no progress on standard error")
      .addHelpText("after", examples)
      .action(async (id, options) => exit(await run(id, options, io)));
  },
};

export interface RotateOptions extends ScopeOptions {
  readonly from?: string | undefined;
  readonly profile?: string | undefined;
  readonly file?: readonly string[] | undefined;
  readonly skipFile?: readonly string[] | undefined;
  readonly adminProfile?: string | undefined;
  readonly self?: true | undefined;
  readonly bucket?: string | undefined;
  readonly permissionsBoundary?: string | undefined;
  readonly policy?: string | undefined;
  readonly name?: string | undefined;
  readonly sameUser?: true | undefined;
  readonly order: string;
  readonly deleteAfter?: true | undefined;
  readonly out?: string | undefined;
  readonly format: string;
  readonly report?: string | undefined;
  readonly allRegions?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
  readonly resume?: string | true | undefined;
  readonly rollback?: string | true | undefined;
  readonly endpoint?: string | undefined;
  readonly quiet?: true | undefined;
}

/** Journals lie where programs keep their state, and nowhere in a repository. */
export function journalFolder(io: Io): JournalFolder {
  const home = io.env.HOME ?? io.env.USERPROFILE ?? homedir();
  const state = io.env.XDG_STATE_HOME || join(home, ".local", "state");
  return new JournalFolder(join(state, "keyguard", "rotations"), () => io.now());
}

async function run(id: string | undefined, options: RotateOptions, io: Io): Promise<ExitCode> {
  readCredentialFormat(options.format);
  const { root } = await loadSettings({ cwd: io.cwd, env: io.env, baseline: false });
  const settings: AwsSettings = { env: io.env, endpoint: options.endpoint, untrusted: root, signal: io.signal };
  if (options.resume !== undefined && options.rollback !== undefined)
    throw new KeyguardError("usage", "either --resume or --rollback");
  if (options.resume !== undefined || options.rollback !== undefined) return takeUp(id, options, settings, io);
  return begin(id, options, settings, io);
}

/** The key to rotate: its id, and its secret where it is known. */
interface Leak {
  readonly id: string;
  readonly pair: KeyPair | null;
  readonly leakedIn: readonly string[];
}

function checkId(id: string): string {
  if (!/^[A-Z0-9]{16,128}$/.test(id))
    throw new KeyguardError("usage", "this is no access key id: one is AKIA and 16 more capital letters and digits", {
      hint: "a secret never belongs on a command line; keyguard rotate takes the id alone",
    });
  return id;
}

/** The pair of an id, from the files that hold it. */
function pairInFiles(id: string, paths: readonly string[]): KeyPair | null {
  for (const path of paths) {
    const pair = readPair(path, id);
    if (pair) return { ...pair, sessionToken: null };
  }
  return null;
}

async function findLeak(id: string | undefined, options: RotateOptions, settings: AwsSettings, io: Io): Promise<Leak> {
  const files = (options.file ?? []).map((path) => resolve(io.cwd, path));
  if (id !== undefined) {
    checkId(id);
    const known = pairInFiles(id, [...files, ...candidateFiles(io.env, io.cwd)]);
    if (known) return { id, pair: known, leakedIn: [] };
    const [found] = await findByIds(io, [id], true);
    return leakOf(id, found);
  }
  if (options.from !== undefined) {
    const found = (await findInReport(io, options.from)).filter(({ credential }) => credential.accessKeyId !== null);
    const ids = [...new Set(found.map(({ credential }) => credential.accessKeyId ?? ""))];
    const [only] = ids;
    if (only === undefined || ids.length > 1)
      throw new KeyguardError(
        "usage",
        only === undefined ? "the report holds no access key id" : "the report holds several keys",
        {
          hint:
            only === undefined
              ? "keyguard scan --format json -o report.json writes one"
              : `one at a time: keyguard rotate ${only}`,
        },
      );
    return leakOf(checkId(only), found.find(({ credential }) => credential.secretAccessKey !== null) ?? found[0]);
  }
  if (options.profile !== undefined) {
    const { pair } = await resolveCredentials(settings, { profile: options.profile });
    return { id: pair.accessKeyId, pair, leakedIn: [] };
  }
  const ids = new Set(files.flatMap((path) => readText(path).match(/\bAKIA[A-Z2-7]{16}\b/g) ?? []));
  const [only] = ids;
  if (only === undefined || ids.size > 1)
    throw new KeyguardError(
      "usage",
      ids.size > 1 ? "the file holds several keys" : "rotate needs the key that leaked",
      {
        hint:
          ids.size > 1
            ? `say which: keyguard rotate ${only} --file …`
            : "its id, --from report.json, --profile name or --file path",
      },
    );
  return { id: only, pair: pairInFiles(only, files), leakedIn: files };
}

function leakOf(id: string, found: Awaited<ReturnType<typeof findByIds>>[number] | undefined): Leak {
  const { secretAccessKey = null, sessionToken = null } = found?.credential ?? {};
  const leakedIn = (found?.locations ?? []).filter(({ commit }) => commit === null).map(({ path }) => path);
  return { id, pair: secretAccessKey === null ? null : { accessKeyId: id, secretAccessKey, sessionToken }, leakedIn };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    throw new KeyguardError("usage", `cannot read ${path}`, { cause });
  }
}

export function readOwnPolicy(path: string | undefined, io: Io): PolicyDocument | null {
  if (path === undefined) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(readText(resolve(io.cwd, path)));
  } catch (cause) {
    if (cause instanceof KeyguardError) throw cause;
    throw new KeyguardError("usage", `${path} is no JSON`, {
      cause,
      hint: "keyguard policy BUCKET prints one to begin with",
    });
  }
  if (typeof parsed !== "object" || parsed === null || !("Statement" in parsed))
    throw new KeyguardError("usage", `${path} is no policy: it has no Statement`, {
      hint: "keyguard policy BUCKET prints one to begin with",
    });
  const document = { Version: "2012-10-17", ...parsed } as PolicyDocument;
  if (JSON.stringify(document).length > inlinePolicyLimit)
    throw new KeyguardError("usage", `${path} has more than ${inlinePolicyLimit} characters, which IAM does not take`);
  return document;
}

async function begin(id: string | undefined, options: RotateOptions, settings: AwsSettings, io: Io): Promise<ExitCode> {
  const { order } = options;
  if (order !== "contain-first" && order !== "replace-first")
    throw new KeyguardError("usage", "--order is contain-first or replace-first");
  const leak = await findLeak(id, options, settings, io);
  const folder = journalFolder(io);
  const runsBefore = new Set(folder.list().map((journal) => journal.run));
  const [unfinished] = folder.openRuns(leak.id);
  if (unfinished && !options.dryRun)
    throw new KeyguardError("refused", `a rotation of this key was begun ${unfinished.began} and is not finished`, {
      hint: `keyguard rotate --resume ${unfinished.run}, or --rollback ${unfinished.run}`,
    });
  const admin = await resolveCredentials(settings, { profile: options.adminProfile });
  const inFolder = (path: string) => resolve(io.cwd, path);
  const facts = await gatherFacts(
    {
      accessKeyId: leak.id,
      pair: leak.pair,
      admin,
      adminProfile: options.adminProfile,
      self: options.self === true,
      bucket: options.bucket,
      files: (options.file ?? []).map(inFolder),
      skipFiles: (options.skipFile ?? []).map(inFolder),
      leakedIn: leak.leakedIn.map(inFolder),
    },
    settings,
    io,
  );
  const { prefixes, kmsKeys, sourceIps } = readBounds(options);
  const choices = {
    order,
    newUser: options.sameUser !== true,
    deleteAfter: options.deleteAfter === true,
    can: readAbilities(options),
    prefixes,
    kmsKeys,
    sourceIps,
    boundary: options.permissionsBoundary ?? null,
    policy: readOwnPolicy(options.policy, io),
    name: options.name ?? null,
    self: options.self === true,
  } as const;
  const plan = makePlan(facts, choices, randomUUID().replaceAll("-", "").slice(0, 12));
  if (
    options.json &&
    !options.dryRun &&
    plan.steps.some(({ kind }) => kind === "hand-over") &&
    options.out === undefined
  )
    throw new KeyguardError("usage", "no file here holds the old key, and --json prints no secret", {
      hint: "--out FILE takes the new key, or --file PATH names a file that holds the old one",
    });
  const shown = describeFacts(facts, io) + describePlan(plan, io);
  if (options.dryRun) {
    io.stdout.write(
      options.json ? `${JSON.stringify({ schema: "keyguard-rotate/1", facts, plan }, null, 2)}\n` : shown,
    );
    return 0;
  }
  io.stderr.write(shown);
  await agree(options, io);
  const cloud = openCloud(settings, admin.pair, {
    profile: options.adminProfile,
    region: partitionOf(facts.owner.arn).region,
  });
  const unlock = folder.lock(plan.key.id);
  try {
    // Whoever waited at the question may have been overtaken: these facts are no longer true.
    if (folder.list().some((other) => other.plan.key.id === leak.id && !runsBefore.has(other.run)))
      throw new KeyguardError("refused", "another keyguard has rotated this key meanwhile", {
        hint: "keyguard rotate again looks at what there is now",
      });
    const journal = folder.begin(plan);
    return await follow(contextOf(journal, cloud, leak.pair, options, settings, io), options, settings, admin, io);
  } finally {
    cloud.close();
    unlock();
  }
}

/** Goes on with a run, or takes it back. */
async function takeUp(
  id: string | undefined,
  options: RotateOptions,
  settings: AwsSettings,
  io: Io,
): Promise<ExitCode> {
  const folder = journalFolder(io);
  const named = options.resume ?? options.rollback;
  const journal = typeof named === "string" ? folder.open(checkRun(named)) : folder.openRuns(id)[0];
  if (journal === undefined)
    throw new KeyguardError("usage", "no rotation is open", { hint: "keyguard rotate AKIA… begins one" });
  const { plan } = journal;
  if (options.resume !== undefined) checkOpen(journal);
  const files = plan.steps.flatMap((step) => (step.kind === "write" ? [step.file.path] : []));
  const backups = files.map((path) => backupPath(path, plan.run));
  const oldPair =
    pairInFiles(plan.key.id, [...files, ...backups]) ??
    leakOf(plan.key.id, (await findByIds(io, [plan.key.id], true))[0]).pair;
  const resolved = await resolveCredentials(settings, { profile: options.adminProfile });
  // The profile may hold the new key already, which may do nothing of this.
  const admin = plan.self && oldPair ? { ...resolved, pair: oldPair } : resolved;
  const region = partitionOf(`arn:${plan.key.partition}:iam::${plan.key.account}:root`).region;
  const cloud = openCloud(settings, admin.pair, { profile: options.adminProfile, region });
  const unlock = folder.lock(plan.key.id);
  try {
    // Another process may have ended this run while this one waited for the lock.
    const current = folder.open(journal.run);
    if (options.resume !== undefined) checkOpen(current);
    const context = contextOf(current, cloud, oldPair, options, settings, io);
    if (options.rollback !== undefined) return await takeBack(context, options, io);
    if (!options.quiet) io.stderr.write(`going on with ${plan.run}, begun ${journal.began}\n`);
    return await follow(context, options, settings, admin, io);
  } finally {
    cloud.close();
    unlock();
  }
}

function checkOpen({ run, state }: Journal): void {
  if (state === "open") return;
  const rolling = state === "rolling-back";
  throw new KeyguardError(
    "refused",
    rolling ? `run ${run} is being rolled back` : `run ${run} is ${state === "finished" ? "finished" : "rolled back"}`,
    rolling ? { hint: `keyguard rotate --rollback ${run}` } : {},
  );
}

function checkRun(run: string): string {
  if (!/^[a-z0-9]{4,32}$/.test(run)) throw new KeyguardError("usage", "this is no name of a run");
  return run;
}

/** What a run works with, as the command line has it. */
export function contextOf(
  journal: Journal,
  cloud: Cloud,
  oldPair: KeyPair | null,
  options: { readonly quiet?: true | undefined; readonly format: string; readonly out?: string | undefined },
  settings: AwsSettings,
  io: Io,
): RunContext {
  const { plan } = journal;
  const name = namer(io);
  const total = plan.steps.length;
  return {
    cloud,
    journal,
    oldPair,
    files: { write: writeKeys, read: readPair, restore: restoreFile },
    now: () => settings.now?.() ?? Date.now(),
    pause: (milliseconds) => pause(settings, milliseconds),
    nonce: () => randomUUID().slice(0, 8),
    note: (text) => {
      journal.add({ kind: "note", text });
      if (!options.quiet) io.stderr.write(`      note: ${text}\n`);
    },
    tell: ({ step, phase, detail }) => {
      if (options.quiet || phase === "started") return;
      const index = plan.steps.findIndex(({ id }) => id === step);
      const found = plan.steps[index];
      if (found === undefined) return;
      const mark = phase === "done" ? "ok    " : "before";
      io.stderr.write(
        `  ${mark}  ${String(index + 1).padStart(2)}/${total}  ${describeStep(found, plan, name)}${detail ? `: ${detail}` : ""}\n`,
      );
    },
    handOver: (pair) => {
      const text = writeCredentials(pair, readCredentialFormat(options.format));
      if (options.out === undefined) io.stdout.write(text);
      else writeSecretFile(resolve(io.cwd, options.out), text);
    },
    crashed: () => undefined,
  };
}

/** A new file for its owner alone, on the disk before anything else happens. */
export function writeSecretFile(path: string, text: string): void {
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
  } catch (cause) {
    throw new KeyguardError("io", `cannot write ${path}`, {
      cause,
      hint: "it must not be there yet; then keyguard rotate --resume --out FILE",
    });
  }
}

async function follow(
  context: RunContext,
  options: RotateOptions,
  settings: AwsSettings,
  admin: ResolvedCredentials,
  io: Io,
): Promise<ExitCode> {
  const { journal } = context;
  await runPlan(context);
  const { plan } = journal;
  const trail = await readTrail(plan, options, settings, admin);
  const incident = describeIncident(plan, journal.entries, trail);
  if (options.report !== undefined) {
    const path = resolve(io.cwd, options.report);
    const text = path.endsWith(".md")
      ? incidentMarkdown(incident)
      : path.endsWith(".json")
        ? incidentJson(incident)
        : incidentText(incident);
    writeSecretFile(path, text);
  }
  const shown = options.json ? incidentJson(incident) : incidentText(incident);
  // Where the new key was printed, the report would run into it.
  const handedOver = plan.steps.some(({ kind }) => kind === "hand-over") && options.out === undefined;
  (handedOver ? io.stderr : io.stdout).write(shown);
  return 0;
}

async function readTrail(
  plan: Plan,
  options: RotateOptions,
  settings: AwsSettings,
  admin: ResolvedCredentials,
): Promise<Trail | null> {
  if (plan.self) return null;
  const regions =
    options.allRegions && plan.key.partition === "aws"
      ? usualRegions
      : [...new Set([partitionOf(`arn:${plan.key.partition}:`).region, plan.target.region])];
  const clients = openClients(settings, admin.pair, { profile: options.adminProfile });
  try {
    return await lookUpEvents(clients, plan.key.id, regions);
  } finally {
    clients.close();
  }
}

async function takeBack(context: RunContext, options: RotateOptions, io: Io): Promise<ExitCode> {
  const result = await rollBack(context);
  if (options.json) {
    io.stdout.write(
      `${JSON.stringify({ schema: "keyguard-rollback/1", run: context.journal.run, ...result }, null, 2)}\n`,
    );
    return 0;
  }
  const name = namer(io);
  const lines = [
    ...result.restored.map((path) => `put back   ${name(path)}`),
    ...result.edited.map((path) => `left alone ${name(path)}: it was edited since; it may hold a key that is gone`),
    ...result.deleted.map((what) => `deleted    ${what}`),
    ...result.stays.map((what) => `stays      ${what}`),
  ];
  io.stdout.write(`rotation ${context.journal.run} is taken back\n${lines.map((line) => `  ${line}\n`).join("")}`);
  return result.edited.length > 0 ? 2 : 0;
}

async function agree(options: RotateOptions, io: Io): Promise<void> {
  if (options.yes) return;
  if (!io.stdin.isTerminal || !io.stderr.isTerminal)
    throw new KeyguardError("refused", "nothing was changed: nobody is here to say yes", {
      hint: "--yes goes on without asking, --dry-run only shows the plan",
    });
  io.stderr.write("go on? [y/N] ");
  let answer = "";
  for await (const bytes of io.stdin) {
    answer += Buffer.from(bytes).toString("utf8");
    if (answer.includes("\n")) break;
  }
  if (!/^y(es)?\s*$/i.test(answer)) throw new KeyguardError("refused", "nothing was changed");
}

function namer(io: Io): (path: string) => string {
  const home = io.env.HOME ?? io.env.USERPROFILE ?? "";
  return (path) => {
    const name = nameFrom(io.cwd, path);
    return home !== "" && name.startsWith(`${home}/`) ? `~${name.slice(home.length)}` : name;
  };
}

function ago(date: string, now: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - Date.parse(date)) / 60_000));
  if (minutes < 2) return "just now";
  if (minutes < 120) return `${minutes} minutes ago`;
  return minutes < 72 * 60 ? `${Math.round(minutes / 60)} hours ago` : `${Math.round(minutes / 1440)} days ago`;
}

function describeFacts(facts: Facts, io: Io): string {
  const { key, owner, bucket } = facts;
  const used =
    key.lastUsed === null
      ? "never used"
      : `last used ${ago(key.lastUsed.date, io.now())} (${key.lastUsed.service}, ${key.lastUsed.region})`;
  const can = facts.administrator
    ? "everything: it is an administrator's"
    : facts.can.length === 0
      ? `nothing known on s3://${bucket.name}`
      : `${nameScope(facts.can)} on s3://${bucket.name}`;
  return [
    `${shortKeyId(key.id)} belongs to user ${owner.name} in ${facts.account}, ${key.status.toLowerCase()}, ${used}`,
    `it can: ${can}${facts.reachesOther.length > 0 ? `, and reaches ${facts.reachesOther.slice(0, 4).join(", ")}` : ""}`,
    `quarantined by AWS: ${facts.quarantine.length > 0 ? facts.quarantine.join(", ") : "no"}`,
    "",
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function describePlan(plan: Plan, io: Io): string {
  const name = namer(io);
  const lines = [
    `plan ${plan.run} (${plan.order.replace("-", " ")})`,
    ...plan.steps.map((step, index) => `  ${String(index + 1).padStart(2)}  ${describeStep(step, plan, name)}`),
    ...plan.warnings.map((warning) => `  mind: ${warning}`),
    ...(plan.left.length > 0 ? ["  left for you:", ...plan.left.map((what) => `    ${what}`)] : []),
    "  rather no long-lived key at all? docs/rotation.md",
  ];
  return `${lines.join("\n")}\n`;
}
