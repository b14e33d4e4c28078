import { accountOf, isCanary } from "../detectors/account.ts";
import type { Credential, Finding, Location, Report, Severity, Sighting } from "../model/finding.ts";
import { severities } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import type { Origin } from "../model/text.ts";
import { type AllowEntry, compileAllow } from "./allow.ts";
import { joinAcrossTexts, type LonePart } from "./join-across-texts.ts";
import { isTestData } from "./surroundings.ts";

/** What turns sightings into findings beside the sightings themselves. Everything in it comes from the caller. */
export interface GatherContext {
  /** One's own accounts: id → name. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly allow: readonly AllowEntry[];
  /** Fingerprints of the baseline. */
  readonly baseline: ReadonlySet<string>;
  /** The present, ISO 8601 in UTC: allowances and credentials expire. */
  readonly now: string;
  /**
   * Where a sighting's text comes from; a text may stand in several places (one blob, many commits). Without it, or
   * where it gives none, the sighting's own path is the only place and no commit is known.
   */
  readonly originsOf?: (sighting: Sighting) => readonly Origin[];
}

export type Allowed = Report["allowed"][number];

export interface Gathered {
  readonly findings: readonly Finding[];
  readonly allowed: readonly Allowed[];
}

/** A sighting with the hashes of its parts, by which equal credentials are told. */
interface Seen {
  readonly sighting: Sighting;
  readonly id: string | null;
  readonly secret: string | null;
  readonly token: string | null;
  readonly value: string | null;
}

/** A credential that is becoming a finding. */
interface Group {
  readonly id: string | null;
  readonly secret: string | null;
  token: string | null;
  readonly value: string | null;
  readonly seen: Seen[];
  /** Said of the whole, not of one sighting. */
  readonly notes: string[];
  /** Its parts were brought together from different texts. */
  joined: boolean;
}

/** A location with what its sighting says about it. */
interface Placed {
  readonly location: Location;
  readonly inline: Sighting["allow"];
}

/**
 * Makes findings of the sightings of all texts: one credential, one finding with all its places. An id, secret or
 * token that stands alone in one text is folded into the credential that it belongs to in another; a lone id and a lone
 * secret that have only each other in their folder or commit become one finding, said to be likely. Then allowances and
 * the baseline are applied, place by place.
 *
 * Pure. Findings come the most severe first, then by path and line.
 */
export function gather(sightings: readonly Sighting[], context: GatherContext): Gathered {
  const groups = joinHalves(group(sightings), context);
  const clashes = findClashes(groups);
  const allow = compileAllow(context.allow, context.now.slice(0, 10));
  const findings: Finding[] = [];
  const allowed: Allowed[] = [];
  for (const one of groups) {
    const { finding, placed } = toFinding(one, clashes, context);
    settle(finding, placed, allow, context.baseline, findings, allowed);
  }
  const order = byWeight();
  return { findings: findings.sort(order), allowed: allowed.sort((a, b) => order(a.finding, b.finding)) };
}

function group(sightings: readonly Sighting[]): Group[] {
  const seen = sightings.map(hashParts);
  const groups = new Map<string, Group>();
  const open = (one: Seen): void => {
    const key = [
      one.sighting.kind === "custom" ? one.sighting.detector : "",
      one.id,
      one.secret,
      one.token,
      one.value,
    ].join(" ");
    const known = groups.get(key);
    if (known !== undefined) known.seen.push(one);
    else groups.set(key, { ...pick(one), seen: [one], notes: [], joined: false });
  };

  // The fullest credentials first, so that what stands alone finds the whole it is a part of.
  const partial: Seen[] = [];
  for (const one of seen) {
    if (countParts(one) > 1 || one.value !== null) open(one);
    else partial.push(one);
  }
  dropTokenless(groups);

  const wholes = [...groups.values()].filter((whole) => canTakeParts(whole));
  const byId = index(wholes, ({ id }) => id);
  const bySecret = index(wholes, ({ secret }) => secret);
  const byToken = index(wholes, ({ token }) => token);
  for (const one of partial) {
    const homes =
      (one.id !== null
        ? byId.get(one.id)
        : one.secret !== null
          ? bySecret.get(one.secret)
          : byToken.get(one.token ?? "")) ?? [];
    for (const home of homes) home.seen.push(one);
    if (homes.length === 0) open(one);
  }
  return [...groups.values()];
}

/** An id + secret that stands elsewhere with its session token is the same credential. */
function dropTokenless(groups: Map<string, Group>): void {
  const withToken = new Map<string, Group>();
  for (const whole of groups.values()) {
    if (whole.token !== null && whole.secret !== null) withToken.set(`${whole.id} ${whole.secret}`, whole);
  }
  for (const [key, whole] of groups) {
    if (whole.token !== null || whole.secret === null) continue;
    const fuller = withToken.get(`${whole.id} ${whole.secret}`);
    if (fuller === undefined) continue;
    fuller.seen.push(...whole.seen);
    groups.delete(key);
  }
}

/**
 * A presigned URL names the id that signed it, and holds no credential of it: the id elsewhere stays a finding of its
 * own. The user name of an SES password is the id.
 */
function canTakeParts({ secret, token, seen }: Group): boolean {
  return secret !== null || token !== null || seen[0]?.sighting.kind === "aws-ses-smtp-password";
}

function hashParts(sighting: Sighting): Seen {
  const { accessKeyId, secretAccessKey, sessionToken, value } = sighting.credential;
  return {
    sighting,
    id: accessKeyId,
    secret: secretAccessKey?.hash ?? null,
    token: sessionToken?.hash ?? null,
    value: value?.hash ?? null,
  };
}

function pick({ id, secret, token, value }: Seen): Pick<Seen, "id" | "secret" | "token" | "value"> {
  return { id, secret, token, value };
}

function countParts({ id, secret, token, value }: Seen): number {
  return [id, secret, token, value].filter((part) => part !== null).length;
}

function index(groups: readonly Group[], keyOf: (group: Group) => string | null): Map<string, Group[]> {
  const found = new Map<string, Group[]>();
  for (const one of groups) {
    const key = keyOf(one);
    if (key === null) continue;
    const same = found.get(key);
    if (same === undefined) found.set(key, [one]);
    else same.push(one);
  }
  return found;
}

/**
 * Joins a lone id and a lone secret that stand in different texts near each other; within one text the engine has
 * already decided. A secret that is only half of something goes where it finds no id.
 */
function joinHalves(groups: readonly Group[], context: GatherContext): Group[] {
  const lone = groups.filter(
    ({ id, secret, token, value }) => token === null && value === null && (id === null) !== (secret === null),
  );
  const joined = new Map<Group, Group | null>();
  for (const { id, secret } of joinAcrossTexts(lone.map((one) => lonePart(one, context)))) {
    const [idGroup, secretGroup] = [lone[id]!, lone[secret]!];
    const token = idGroup.id?.startsWith("ASIA") ? loneTokenBeside(idGroup, groups, context) : null;
    joined.set(idGroup, {
      id: idGroup.id,
      secret: secretGroup.secret,
      token: token?.token ?? null,
      value: null,
      seen: [...idGroup.seen, ...secretGroup.seen, ...(token?.seen ?? [])],
      notes: ["the id and the secret stand in different files: that they belong together is likely, not certain"],
      joined: true,
    });
    joined.set(secretGroup, null);
    if (token !== null) joined.set(token, null);
  }
  return groups.flatMap((one) => {
    const pair = joined.get(one);
    if (pair === undefined) return one.seen.every(({ sighting }) => sighting.half === true) ? [] : [one];
    return pair === null ? [] : [pair];
  });
}

function lonePart(group: Group, context: GatherContext): LonePart {
  return {
    part: group.id !== null ? "accessKeyId" : "secretAccessKey",
    half: group.seen.every(({ sighting }) => sighting.half === true),
    texts: new Set(group.seen.map(({ sighting }) => `${sighting.textId}\0${sighting.path}`)),
    places: group.seen
      .flatMap(({ sighting }) => originsOf(sighting, context))
      .slice(0, 20)
      .map((origin) => ({
        path: origin.path,
        commit: "commit" in origin ? origin.commit : null,
        testData: isTestData(origin.path),
      })),
    names: new Set(group.seen.flatMap(({ sighting }) => sighting.names ?? [])),
  };
}

/** The only lone session token in the id's folders, or null. */
function loneTokenBeside(id: Group, groups: readonly Group[], context: GatherContext): Group | null {
  const folders = foldersOf(id, context);
  const tokens = groups.filter(
    (one) =>
      one.token !== null &&
      one.id === null &&
      one.secret === null &&
      [...foldersOf(one, context)].some((folder) => folders.has(folder)),
  );
  return tokens.length === 1 ? (tokens[0] ?? null) : null;
}

function foldersOf(group: Group, context: GatherContext): Set<string> {
  const paths = group.seen.flatMap(({ sighting }) => originsOf(sighting, context)).map(({ path }) => path);
  return new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/") + 1)));
}

function originsOf(sighting: Sighting, context: GatherContext): readonly Origin[] {
  const origins = context.originsOf?.(sighting) ?? [];
  return origins.length > 0 ? origins : [{ kind: "file", path: sighting.path }];
}

/** One secret beside several ids, and one id beside several secrets: at most one of the pairs is real. */
function findClashes(groups: readonly Group[]): ReadonlyMap<Group, string> {
  const notes = new Map<Group, string>();
  const pairs = groups.filter(({ id, secret }) => id !== null && secret !== null);
  for (const same of index(pairs, ({ secret }) => secret).values()) {
    const ids = [...new Set(same.map(({ id }) => id))];
    if (ids.length < 2) continue;
    for (const one of same) {
      const others = ids.filter((id) => id !== one.id);
      notes.set(one, `the same secret also stands with ${others.slice(0, 3).join(", ")}: it can belong to only one id`);
    }
  }
  for (const same of index(pairs, ({ id }) => id).values()) {
    const secrets = new Set(same.map(({ secret }) => secret));
    if (secrets.size < 2) continue;
    for (const one of same) {
      notes.set(one, `this id stands with ${secrets.size} different secrets: only one of them can be its own`);
    }
  }
  return notes;
}

function toFinding(
  group: Group,
  clashes: ReadonlyMap<Group, string>,
  context: GatherContext,
): { finding: Finding; placed: Placed[] } {
  const sightings = group.seen.map(({ sighting }) => sighting);
  // Of a joined pair nobody saw the whole; it is the secret that makes it one.
  const whole =
    sightings.find((sighting) => isWhole(sighting, group)) ??
    sightings.find(({ credential }) => credential.secretAccessKey !== null) ??
    sightings[0];
  if (whole === undefined) throw new Error("a group has at least one sighting");

  const credential = unite(sightings);
  const placed = place(sightings, context);
  const account = credential.accessKeyId === null ? null : accountOf(credential.accessKeyId);
  const expires = sightings.find((sighting) => sighting.expires !== null)?.expires ?? null;
  const clash = clashes.get(group);
  const ownNotes = [...group.notes, ...(clash === undefined ? [] : [clash]), ...refusedAllows(sightings)];

  // The worst sighting decides, and only its reasons are told: "lowered, because it is test data" is untrue of a
  // credential that stands in production code as well.
  const secretive = sightings.filter((sighting) => !group.joined || sighting.credential.accessKeyId === null);
  const worst = worstOf(secretive.map(({ severity }) => severity));
  const notes = secretive.filter(({ severity }) => severity === worst).flatMap((sighting) => sighting.notes);
  const expired = expires !== null && Date.parse(expires) <= Date.parse(context.now);
  if (expired) notes.push(`expired ${expires}`);

  const finding: Finding = {
    fingerprint: fingerprintOf(credential),
    detector: whole.detector,
    kind: group.joined ? "aws-access-key" : whole.kind,
    severity: expired ? "low" : worst,
    confidence:
      group.joined || !sightings.some((one) => isWhole(one, group) && one.confidence === "certain")
        ? "likely"
        : "certain",
    credential,
    account,
    accountName: account === null ? null : (ownName(context.accounts, account) ?? null),
    canary: isCanary(account),
    expires,
    verdict: { status: "unchecked" },
    notes: [...new Set([...notes, ...ownNotes])],
    locations: placed.map(({ location }) => location),
    exposure: null,
  };
  return { finding, placed };
}

function ownName(accounts: Readonly<Record<string, string>>, account: string): string | undefined {
  return Object.hasOwn(accounts, account) ? accounts[account] : undefined;
}

/** Whether a sighting shows all the parts that its group has (of a joined group, none does). */
function isWhole({ credential }: Sighting, group: Group): boolean {
  return (
    (group.id === null) === (credential.accessKeyId === null) &&
    (group.secret === null) === (credential.secretAccessKey === null) &&
    (group.token === null) === (credential.sessionToken === null) &&
    (group.value === null) === (credential.value === null)
  );
}

function unite(sightings: readonly Sighting[]): Credential {
  const first = <T>(pickPart: (credential: Credential) => T | null): T | null => {
    for (const { credential } of sightings) {
      const part = pickPart(credential);
      if (part !== null) return part;
    }
    return null;
  };
  return {
    accessKeyId: first(({ accessKeyId }) => accessKeyId),
    secretAccessKey: first(({ secretAccessKey }) => secretAccessKey),
    sessionToken: first(({ sessionToken }) => sessionToken),
    value: first(({ value }) => value),
  };
}

function place(sightings: readonly Sighting[], context: GatherContext): Placed[] {
  const placed = new Map<string, Placed>();
  for (const sighting of sightings) {
    for (const origin of originsOf(sighting, context)) {
      const commit =
        "commit" in origin
          ? { commit: origin.commit, author: origin.author, date: origin.date }
          : { commit: null, author: null, date: null };
      for (const { span: _span, ...rest } of sighting.places) {
        const key = [origin.path, commit.commit, rest.line, rest.column, rest.part].join("\0");
        if (!placed.has(key)) {
          placed.set(key, { location: { path: origin.path, ...commit, ...rest }, inline: sighting.allow });
        }
      }
    }
  }
  return [...placed.values()].sort(
    (a, b) =>
      compare(a.location.path, b.location.path) ||
      a.location.line - b.location.line ||
      a.location.column - b.location.column,
  );
}

/** The fingerprint of a credential: the hash of its secret, or of the id where that is all there is. */
export function fingerprintOf(credential: Credential): string {
  const secret = credential.secretAccessKey ?? credential.value ?? credential.sessionToken;
  return (secret ?? new Secret(credential.accessKeyId ?? "")).hash;
}

function refusedAllows(sightings: readonly Sighting[]): string[] {
  return sightings
    .filter(({ allow }) => allow !== null && (allow.reason ?? "").trim() === "")
    .map(({ path, allow }) => `the keyguard:allow at ${path}:${allow?.line} gives no reason, so it was refused`);
}

/** Decides, place by place, whether a finding stands, and says so of what is let pass. */
function settle(
  finding: Finding,
  placed: readonly Placed[],
  allow: ReturnType<typeof compileAllow>,
  baseline: ReadonlySet<string>,
  findings: Finding[],
  allowed: Allowed[],
): void {
  const pass = placed.map(({ location, inline }) => {
    const reason = inline?.reason?.trim() ?? "";
    if (reason !== "") return { by: "inline" as const, reason };
    const entry = allow.find(finding, location.path);
    return entry === null ? null : { by: "config" as const, reason: entry.reason };
  });
  const open = placed.filter((_, i) => pass[i] === null).map(({ location }) => location);
  const first = pass.find((one) => one !== null) ?? null;

  // Where every place of the secret is let pass, what is left of it elsewhere is an id, which opens nothing alone.
  const secretive = placed.some(({ location }) => location.part !== "accessKeyId");
  const settled =
    first !== null && (open.length === 0 || (secretive && open.every(({ part }) => part === "accessKeyId")));
  if (settled) {
    allowed.push({ finding, ...first });
    return;
  }
  if (baseline.has(finding.fingerprint)) {
    allowed.push({ finding, by: "baseline", reason: "it is in the baseline" });
    return;
  }

  const notes = [...finding.notes];
  const hidden = placed.length - open.length;
  if (hidden > 0)
    notes.push(`${hidden} more ${hidden === 1 ? "place is" : "places are"} let pass: ${first?.reason ?? ""}`);
  for (const { path } of open) {
    for (const { reason, expires } of allow.findExpired(finding, path)) {
      notes.push(`an allowance for it expired on ${expires}: ${reason}`);
    }
  }
  findings.push({ ...finding, notes: [...new Set(notes)], locations: open });
}

function worstOf(found: readonly Severity[]): Severity {
  return found.reduce<Severity>(
    (worst, one) => (severities.indexOf(one) > severities.indexOf(worst) ? one : worst),
    "low",
  );
}

function byWeight(): (a: Finding, b: Finding) => number {
  return (a, b) =>
    severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
    compare(a.locations[0]?.path ?? "", b.locations[0]?.path ?? "") ||
    (a.locations[0]?.line ?? 0) - (b.locations[0]?.line ?? 0) ||
    compare(a.fingerprint, b.fingerprint) ||
    compare(a.credential.accessKeyId ?? "", b.credential.accessKeyId ?? "");
}

/** By code units, so that the order is the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
