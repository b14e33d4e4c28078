import { existsSync, lstatSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { credentialsFileOf } from "../aws/endpoint.ts";
import { loadConfigReader } from "../aws/load-sdk.ts";
import { accountOf, isCanary } from "../detectors/account.ts";
import { startGit } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Credential, Finding, Report } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import { type JsonFinding, reportSchema } from "../report/json-schema.ts";
import { scanText } from "../scan/engine.ts";
import { fingerprintOf } from "../scan/gather.ts";
import type { Io } from "./command.ts";
import { scanTexts } from "./scan-texts.ts";
import { loadSettings, type Settings } from "./settings.ts";

/** A credential to ask AWS about, as a finding without a place. */
export function findingOf(credential: Credential, kind: Finding["kind"], notes: readonly string[] = []): Finding {
  const account = credential.accessKeyId === null ? null : accountOf(credential.accessKeyId);
  return {
    fingerprint: fingerprintOf(credential),
    detector: kind,
    kind,
    severity: credential.secretAccessKey === null && credential.value === null ? "medium" : "critical",
    confidence: "certain",
    credential,
    account,
    accountName: null,
    canary: isCanary(account),
    expires: null,
    verdict: { status: "unchecked" },
    notes,
    locations: [],
    exposure: null,
  };
}

/** Everything of a report: what was let pass is as live as the rest. */
function everyFinding(report: Report): Finding[] {
  return [...report.findings, ...report.allowed.map(({ finding }) => finding)];
}

async function openSettings(io: Io): Promise<Settings> {
  return loadSettings({ cwd: io.cwd, env: io.env });
}

/** The credentials in whatever comes in on standard input: JSON, INI, a shell's exports, a whole log. */
export async function findInStdin(io: Io, quiet: boolean): Promise<Finding[]> {
  const report = await scanTexts({ mode: "stdin", path: "stdin" }, await openSettings(io), io, quiet);
  const found = everyFinding(report);
  if (found.length === 0)
    throw new KeyguardError("usage", "standard input holds no credential", {
      hint: 'for example: echo "aws_access_key_id=AKIA… aws_secret_access_key=…" | keyguard validate --stdin',
    });
  return found;
}

/** A pair of the person's own credentials file, by its id. */
async function findInProfiles(io: Io, accessKeyId: string): Promise<Finding | null> {
  const { loadSharedConfigFiles } = await loadConfigReader();
  const { credentialsFile } = await loadSharedConfigFiles({ filepath: credentialsFileOf(io.env), ignoreCache: true });
  for (const [profile, section] of Object.entries(credentialsFile)) {
    if (section.aws_access_key_id !== accessKeyId || !section.aws_secret_access_key) continue;
    const token = section.aws_session_token;
    const credential = {
      accessKeyId,
      secretAccessKey: new Secret(section.aws_secret_access_key),
      sessionToken: token ? new Secret(token) : null,
      value: null,
    };
    return findingOf(credential, "aws-access-key", [`from profile ${profile}`]);
  }
  return null;
}

/**
 * The credentials of the ids that a person typed: the secret is looked for in this folder's files, then in the person's
 * own profiles. An id whose secret is nowhere comes back alone.
 */
export async function findByIds(io: Io, accessKeyIds: readonly string[], quiet: boolean): Promise<Finding[]> {
  const report = await scanTexts({ mode: "tree", paths: [] }, await openSettings(io), io, quiet);
  const here = everyFinding(report);
  const found: Finding[] = [];
  for (const accessKeyId of accessKeyIds) {
    const pairs = here.filter(
      ({ credential }) => credential.accessKeyId === accessKeyId && credential.secretAccessKey !== null,
    );
    if (pairs.length > 0) found.push(...pairs);
    else {
      const own = await findInProfiles(io, accessKeyId);
      const alone = { accessKeyId, secretAccessKey: null, sessionToken: null, value: null };
      found.push(own ?? findingOf(alone, "aws-access-key-id"));
    }
  }
  return found;
}

const masked = /^.{0,2}…\(\d+ characters\)$/;

function revealed(value: string | null): Secret | null {
  return value === null || masked.test(value) ? null : new Secret(value);
}

/** A finding as the report has it; null where its secrets are masked. */
function fromJson(finding: JsonFinding): Finding | null {
  const { accessKeyId, secretAccessKey, sessionToken } = finding.credential;
  const single = secretAccessKey === null && sessionToken === null ? (finding.secrets[0] ?? null) : null;
  const credential: Credential = {
    accessKeyId,
    secretAccessKey: revealed(secretAccessKey),
    sessionToken: revealed(sessionToken),
    value: revealed(single),
  };
  const hidden =
    finding.secrets.length > 0 &&
    credential.secretAccessKey === null &&
    credential.sessionToken === null &&
    credential.value === null;
  if (hidden) return null;
  return {
    ...findingOf(credential, finding.kind, finding.notes),
    ...placesOf(finding),
    fingerprint: finding.fingerprint,
  };
}

function placesOf(finding: JsonFinding): Pick<Finding, "locations" | "accountName" | "expires" | "severity"> {
  const { locations, accountName, expires, severity } = finding;
  return { locations, accountName, expires, severity };
}

async function readCommitted(io: Io, commit: string, path: string): Promise<Buffer | null> {
  // A report may come from anywhere: what git takes as an option is no commit.
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) return null;
  const git = startGit({ dir: io.cwd, env: io.env }, ["cat-file", "blob", `${commit}:${path}`]);
  git.stdin.end();
  const chunks: Buffer[] = [];
  for await (const chunk of git.stdout) chunks.push(chunk as Buffer);
  return (await git.ended).status === 0 ? Buffer.concat(chunks) : null;
}

/** Larger files than this are not read again for a secret. */
const largestFile = 256 * 2 ** 20;

function readHere(io: Io, path: string): Buffer | null {
  const whole = resolve(io.cwd, path);
  try {
    const stats = lstatSync(whole);
    return stats.isFile() && stats.size <= largestFile ? readFileSync(whole) : null;
  } catch {
    return null;
  }
}

/** Looks a masked finding up again where the report says that it stands: in a commit, or in this folder. */
async function readAgain(io: Io, settings: Settings, finding: JsonFinding): Promise<Finding> {
  const tried = new Set<string>();
  for (const { path, commit } of finding.locations) {
    const name = `${commit ?? ""}:${path}`;
    if (tried.has(name) || tried.size >= 8) continue;
    tried.add(name);
    const bytes = commit === null ? readHere(io, path) : await readCommitted(io, commit, path);
    if (bytes === null) continue;
    const seen = scanText({ id: name, path, bytes, fresh: "all" }, settings.rules);
    const same = seen.find(({ credential }) => fingerprintOf(credential) === finding.fingerprint);
    if (same) return { ...findingOf(same.credential, finding.kind, finding.notes), ...placesOf(finding) };
  }
  const alone = { accessKeyId: finding.credential.accessKeyId, secretAccessKey: null, sessionToken: null, value: null };
  const why = "the report masks its secret, and it no longer stands where it was found; scan again with --show-secrets";
  const kind = alone.accessKeyId === null ? finding.kind : "aws-access-key-id";
  return { ...findingOf(alone, kind, [why]), ...placesOf(finding), fingerprint: finding.fingerprint };
}

/**
 * The credentials of a report that `keyguard scan --format json` wrote. Where it masks them they are read again from the
 * files and commits that it names.
 *
 * @throws KeyguardError `unread` where it is no such report.
 */
export async function findInReport(io: Io, file: string): Promise<Finding[]> {
  if (!existsSync(resolve(io.cwd, file))) {
    throw new KeyguardError("usage", `${file}: no such file`, {
      hint: "keyguard scan --format json -o report.json writes a report",
    });
  }
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(resolve(io.cwd, file), "utf8"));
  } catch (cause) {
    throw new KeyguardError("unread", "the report cannot be read as JSON", {
      cause,
      hint: "keyguard scan --format json -o report.json writes one",
    });
  }
  const parsed = reportSchema.safeParse(data);
  if (!parsed.success)
    throw new KeyguardError("unread", "this is no keyguard report", {
      hint: "keyguard scan --format json -o report.json writes one",
    });
  const settings = await openSettings(io);
  const found: Finding[] = [];
  for (const finding of [...parsed.data.findings, ...parsed.data.allowed.map((allowed) => allowed.finding)])
    found.push(fromJson(finding) ?? (await readAgain(io, settings, finding)));
  return found;
}
