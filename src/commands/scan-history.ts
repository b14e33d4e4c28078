import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { findRepository, type Repository } from "../git/repository.ts";
import { type GitPlace, startGit, tryGit } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Coverage, Credential, Exposure, Finding, Report, Sighting } from "../model/finding.ts";
import type { Origin } from "../model/text.ts";
import { describeBytes } from "../report/text.ts";
import { matchPath } from "../scan/allow.ts";
import { lowerForPath } from "../scan/engine.ts";
import { gather } from "../scan/gather.ts";
import { isTestData } from "../scan/surroundings.ts";
import { type HistoryCache, openCache } from "../sources/history/cache.ts";
import { type HistoryMap, listRefs, mapHistory, type Ref } from "../sources/history/map-history.ts";
import { type HistoryScan, type Hit, readHistory, type Shard } from "../sources/history/read-history.ts";
import type { Shared } from "../sources/history/serve.ts";
import type { Io } from "./command.ts";
import { orderRules } from "./history-rules.ts";
import { startProgress } from "./progress.ts";
import type { Settings } from "./settings.ts";
import { stoppedNote } from "./write-report.ts";

/** What a person asked of `keyguard scan --history`. */
export interface HistoryRequest {
  /** The repository: a folder in it, or a bare one. */
  readonly dir: string;
  /** Threads; the cores by default. */
  readonly jobs?: number | undefined;
  /** Only what refs reach. */
  readonly refsOnly?: boolean | undefined;
  /** Only what is newer: a date as git takes it, or a revision. */
  readonly since?: string | undefined;
  /** `i/n`. */
  readonly shard?: string | undefined;
  /** False reads everything anew, and remembers nothing. */
  readonly cache?: boolean | undefined;
  /** A partial or shallow clone is complete enough. */
  readonly allowPartial?: boolean | undefined;
  readonly quiet: boolean;
}

/**
 * Scans all that git keeps, and makes a report of it: which commit brought a credential and which removed it, whether
 * it still stands, and which refs reach it.
 *
 * @throws KeyguardError `usage` for a shard or a date that is none, `git` where there is no repository.
 */
export async function scanHistory(request: HistoryRequest, settings: Settings, io: Io): Promise<Report> {
  const started = performance.now();
  const place: GitPlace = { dir: request.dir, env: io.env };
  const repository = await findRepository(place);
  if (repository === null) {
    throw new KeyguardError("git", `${request.dir} is not in a git repository`, {
      hint: "keyguard scan FOLDER reads files without git",
    });
  }
  const jobs = request.jobs ?? availableParallelism();
  const shard = request.shard === undefined ? null : readShard(request.shard);
  const refs = await listRefs(place);
  const wanted = await listWanted(place, request, refs);
  const cache =
    request.cache === false
      ? null
      : openCache(join(repository.commonDir, "keyguard", "history"), rulesVersion(settings, io));
  const progress = startProgress(io, request.quiet);
  const begun = performance.now();
  let scan: HistoryScan;
  try {
    scan = await readHistory({
      place,
      repository,
      rules: settings.rules,
      jobs,
      startThread: threadStarter(settings),
      wanted,
      shard,
      cache,
      signal: io.signal,
      onProgress: ({ objects, ofObjects, bytes }) => {
        const spent = (performance.now() - begun) / 1000;
        const left = objects > 0 ? Math.ceil((spent * (ofObjects - objects)) / objects) : 0;
        progress.show(
          `${objects.toLocaleString("en-US")} of ${ofObjects.toLocaleString("en-US")} objects, ${describeBytes(bytes)} read, about ${left} s left`,
        );
      },
    });
  } finally {
    progress.end();
  }

  const map = await mapHits(place, scan, refs, jobs, scan.stopped ? null : cache);
  const resolved = resolveHits(scan.hits, map, settings);
  const reviewed = (await settings.reviewSightings?.(resolved.sightings)) ?? resolved.sightings;
  const gathered = gather(reviewed, {
    accounts: settings.config.accounts,
    allow: settings.config.allow,
    baseline: settings.baseline,
    now: io.now().toISOString(),
    originsOf: ({ textId, path }) => resolved.origins.get(`${textId}\0${path}`) ?? [],
  });
  const expose = (finding: Finding): Finding => ({
    ...finding,
    exposure: exposureOf(finding, reviewed, map, repository),
  });
  const incomplete = await describeGaps(place, repository, scan, request, io);
  const hasRemote = (await tryGit(place, ["remote"])).stdout.length > 0;
  return {
    complete: scan.unread.length === 0 && !scan.stopped && incomplete.accepted,
    coverage: coverageOf(scan, refs, request, [...incomplete.notes, ...map.notes], shard, hasRemote),
    unread: [...scan.unread, ...incomplete.unread],
    findings: gathered.findings.map(expose).sort(byExposure),
    allowed: gathered.allowed.map((one) => ({ ...one, finding: expose(one.finding) })),
    elapsed: performance.now() - started,
  };
}

/** The newest exposure first, within the same severity. */
function byExposure(a: Finding, b: Finding): number {
  const order = ["critical", "high", "medium", "low"];
  const date = ({ exposure }: Finding): string => exposure?.introduced?.date ?? "";
  return order.indexOf(a.severity) - order.indexOf(b.severity) || (date(a) < date(b) ? 1 : date(a) > date(b) ? -1 : 0);
}

function readShard(text: string): Shard {
  const parsed = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(text);
  const [index, of] = [Number(parsed?.[1]), Number(parsed?.[2])];
  if (parsed === null || of < 1 || index < 1 || index > of) {
    throw new KeyguardError("usage", "--shard takes i/n, with i from 1 to n", { hint: "for example --shard 3/8" });
  }
  return { index, of };
}

/** What decides what is found: keyguard itself, and the detectors of the configuration. */
function rulesVersion({ config }: Settings, { version }: Io): string {
  const own = fileURLToPath(import.meta.url);
  // A bundle's file changes with what it holds; from source it is this file, which is enough for whoever works on it.
  const build = createHash("sha256").update(readFileSync(own)).digest("hex");
  const detectors = config.detectors.map(({ id, keywords, find }) => [id, keywords, String(find)]);
  const file = config.detectors.length > 0 && config.source !== null ? safeRead(config.source) : "";
  return JSON.stringify(["1", version, build, detectors, file, [...config.disable].sort()]);
}

function safeRead(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return String(Math.random());
  }
}

/** How to start a thread, or null where this program is not a bundle: a thread needs a file that Node can run. */
function threadStarter(settings: Settings): ((shared: Shared) => Worker) | null {
  for (const name of ["./history-worker.js", "../history-worker.js"]) {
    const file = fileURLToPath(new URL(name, import.meta.url));
    if (!existsSync(file)) continue;
    const rules = orderRules(settings);
    return (shared) => new Worker(file, { workerData: { rules, shared }, stdin: false });
  }
  return null;
}

/**
 * The ids that `--refs-only` and `--since` leave, or null for everything. `--since` alone leaves out what older commits
 * reach, and nothing else: a lost commit, an entry of a reflog and a dangling object have no date that could be trusted.
 */
async function listWanted(
  place: GitPlace,
  { refsOnly, since }: HistoryRequest,
  refs: readonly Ref[],
): Promise<{ has(id: string): boolean } | null> {
  if (refsOnly !== true && since === undefined) return null;
  const from = [...new Set(refs.map(({ id }) => id))];
  const excluded: string[] = [];
  if (since !== undefined) {
    const revision = await tryGit(place, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${since}^{commit}`]);
    if (revision.status === 0) excluded.push(revision.stdout.toString("latin1").trim());
    else excluded.push(...(await listOlder(place, from, since)));
  }
  if (refsOnly !== true) {
    if (excluded.length === 0) return null;
    const older = await listReached(place, excluded);
    return { has: (id) => !older.has(id) };
  }
  const wanted = await listReached(place, [...from, ...excluded.map((id) => `^${id}`)]);
  // Annotated tags are named by their refs only.
  if (excluded.length === 0) for (const id of from) wanted.add(id);
  return wanted;
}

/** The objects that revisions reach; `^` before one takes away what it reaches. */
async function listReached(place: GitPlace, revisions: readonly string[]): Promise<Set<string>> {
  const reached = new Set<string>();
  const git = startGit(place, ["rev-list", "--objects", "--missing=allow-any", "--stdin"]);
  git.stdin.end(`${revisions.join("\n")}\n`);
  let left = "";
  git.stdout.on("data", (chunk: Buffer) => {
    const lines = (left + chunk.toString("latin1")).split("\n");
    left = lines.pop() ?? "";
    for (const line of lines) reached.add(line.split(" ", 1)[0]!);
  });
  const { status, stderr } = await git.ended;
  if (status !== 0) throw new KeyguardError("git", `git cannot list what commits reach: ${stderr.split("\n")[0]}`);
  return reached;
}

/** The commits at which history becomes older than a date: parents of newer commits that are not newer themselves. */
async function listOlder(place: GitPlace, from: readonly string[], date: string): Promise<string[]> {
  const check = await tryGit(place, ["rev-parse", `--since=${date}`]);
  const seconds = Number(/--max-age=([0-9]+)/.exec(check.stdout.toString("latin1"))?.[1]);
  // git takes any words for a date and makes them the present.
  if (
    check.status !== 0 ||
    !Number.isFinite(seconds) ||
    (Math.abs(Date.now() / 1000 - seconds) < 5 && !/now|second/.test(date))
  ) {
    throw new KeyguardError("usage", "--since is neither a revision here nor a date", {
      hint: "for example --since 2026-01-31, --since '2 weeks ago', --since v1.2",
    });
  }
  const listed = await tryGit(place, ["rev-list", `--before=${seconds}`, "--stdin"], `${from.join("\n")}\n`);
  return listed.stdout.toString("latin1").split("\n").filter(Boolean);
}

async function mapHits(
  place: GitPlace,
  { hits, commitIds, stopped, basis }: HistoryScan,
  refs: readonly Ref[],
  jobs: number,
  cache: HistoryCache | null,
): Promise<HistoryMap> {
  const blobs = hits.filter(({ type }) => type === "blob").map(({ id }) => id);
  const messages = hits.filter(({ type }) => type !== "blob").map(({ id }) => id);
  if (hits.length === 0) {
    return { changes: [], commits: {}, order: [], atHead: [], reach: {}, refs: [], notes: [] };
  }
  if (stopped) {
    // Whoever pressed Ctrl-C wants what was found, now; a pass over all commits would take seconds.
    const notes = ["which commits and paths hold what was found was not worked out"];
    return { changes: [], commits: {}, order: [], atHead: [], reach: {}, refs: [], notes };
  }
  const head = await tryGit(place, ["rev-parse", "HEAD"]);
  const question = JSON.stringify([
    blobs, messages, refs, head.stdout.toString("latin1"), basis,
  ]); // biome-ignore format: a question reads better in a row
  const known = cache?.readAnswer(question);
  if (known !== null && known !== undefined) return known as HistoryMap;
  const map = await mapHistory({ place, blobs, messages, commitIds: [...new Set(commitIds)], jobs, refs });
  cache?.writeAnswer(question, map);
  return map;
}

interface Resolved {
  readonly sightings: Sighting[];
  /** By text id and path. */
  readonly origins: ReadonlyMap<string, Origin[]>;
}

/** Gives each sighting the paths that its blob has, and says where they come from. */
function resolveHits(hits: readonly Hit[], map: HistoryMap, { config, rules }: Settings): Resolved {
  const excluded = matchPath(config.exclude);
  const origins = new Map<string, Origin[]>();
  const sightings: Sighting[] = [];
  const changes = new Map<string, HistoryMap["changes"][number][]>();
  for (const change of map.changes) {
    if (change.to === null) continue;
    const known = changes.get(change.to);
    if (known === undefined) changes.set(change.to, [change]);
    else known.push(change);
  }
  const rank = new Map(map.order.map((id, i) => [id, i]));
  const isNote = (commit: string): boolean => {
    const reach = map.reach[commit] ?? [];
    return reach.length > 0 && reach.every((ref) => map.refs[ref]?.startsWith("refs/notes/"));
  };
  const about = (commit: string): { commit: string; author: string; date: string } => ({
    commit,
    author: map.commits[commit]?.author ?? "",
    date: map.commits[commit]?.date ?? "",
  });
  const add = (sighting: Sighting, path: string, origin: Origin): void => {
    const key = `${sighting.textId}\0${path}`;
    const known = origins.get(key);
    if (known === undefined) origins.set(key, [origin]);
    else if (!known.some((one) => one.path === origin.path)) known.push(origin);
  };
  for (const hit of hits) {
    if (hit.type !== "blob") {
      const path = hit.type === "tag" ? "tag message" : "commit message";
      for (const sighting of hit.sightings) {
        const named = { ...sighting, path: path + sighting.path };
        sightings.push(named);
        add(named, named.path, { kind: `${hit.type}-message`, path: named.path, ...about(hit.id) });
      }
      continue;
    }
    const where = (changes.get(hit.id) ?? []).sort((a, b) => (rank.get(a.commit) ?? 0) - (rank.get(b.commit) ?? 0));
    if (where.length > 0 && where.every(({ path }) => excluded(path))) continue;
    if (where.length === 0) {
      for (const sighting of hit.sightings) {
        const named = { ...sighting, path: `object ${hit.id.slice(0, 12)}${sighting.path}` };
        sightings.push(named);
        add(named, named.path, { kind: "file", path: named.path });
      }
      continue;
    }
    const firstAt = new Map<string, (typeof where)[number]>();
    for (const change of where) {
      if (!excluded(change.path) && !firstAt.has(change.path)) firstAt.set(change.path, change);
    }
    for (const [path, { commit }] of firstAt) {
      for (const sighting of atPath(hit, path, rules)) {
        sightings.push(sighting);
        const note = isNote(commit);
        const shown = note ? `note on ${path.replaceAll("/", "")}` : sighting.path;
        add(sighting, sighting.path, { kind: note ? "note" : "commit", path: shown, ...about(commit) });
      }
    }
  }
  return { sightings, origins };
}

/** A blob's sightings as they are at a path. */
function atPath(hit: Hit, path: string, rules: Settings["rules"]): Sighting[] {
  if (rules.testData === "ignore" && isTestData(path)) return [];
  return hit.sightings.map((sighting) => {
    const full = path + sighting.path;
    return { ...sighting, path: full, ...lowerForPath(sighting, full, rules) };
  });
}

function partsOf({ accessKeyId, secretAccessKey, sessionToken, value }: Credential): string[] {
  return [accessKeyId ?? "", ...[secretAccessKey, sessionToken, value].map((secret) => secret?.hash ?? "")];
}

/** What history says of a credential: the objects that hold it, who brought it, who removed it, and what reaches it. */
function exposureOf(
  finding: Finding,
  sightings: readonly Sighting[],
  map: HistoryMap,
  repository: Repository,
): Exposure {
  const parts = new Set(partsOf(finding.credential).filter((part) => part !== ""));
  const secrets = new Set(partsOf({ ...finding.credential, accessKeyId: null }).filter((part) => part !== ""));
  // A lone id near a whole credential is not the credential; the secret decides where there is one.
  const own = secrets.size > 0 ? secrets : parts;
  const mine = sightings.filter(({ credential }) => partsOf(credential).some((part) => own.has(part)));
  const objects = new Set(mine.map(({ textId }) => textId));
  const gains = new Map<string, number>();
  const losses = new Map<string, number>();
  for (const { commit, to, from } of map.changes) {
    const has = to !== null && objects.has(to);
    const had = from.some((id) => objects.has(id));
    if (has && !had) gains.set(commit, (gains.get(commit) ?? 0) + 1);
    if (had && !has) losses.set(commit, (losses.get(commit) ?? 0) + 1);
  }
  const brought = new Set(gains.keys());
  for (const id of objects) if (map.commits[id] !== undefined) brought.add(id);
  const first =
    map.order.find((commit) => brought.has(commit) && !losses.has(commit)) ??
    map.order.find((commit) => brought.has(commit));
  const atHead = map.atHead.some(({ id }) => objects.has(id));
  const last = atHead ? undefined : [...map.order].reverse().find((commit) => losses.has(commit) && !gains.has(commit));
  const refs = new Set([...brought].flatMap((commit) => map.reach[commit] ?? []));
  return {
    introduced: first === undefined ? null : (map.commits[first] ?? null),
    removed: last === undefined ? null : (map.commits[last] ?? null),
    atHead,
    inWorktree: isInWorktree(finding, mine, repository),
    refs: [...refs].sort((a, b) => a - b).map((ref) => map.refs[ref]!),
    objects: [...objects].sort(),
  };
}

/** Whether one of its files holds it now. */
function isInWorktree({ credential }: Finding, sightings: readonly Sighting[], { top }: Repository): boolean {
  if (top === null) return false;
  const { secretAccessKey, sessionToken, value, accessKeyId } = credential;
  const sought = [secretAccessKey, sessionToken, value].flatMap((secret) => (secret === null ? [] : [secret.reveal()]));
  if (sought.length === 0 && accessKeyId !== null) sought.push(accessKeyId);
  return [...new Set(sightings.map(({ path }) => path.split("!")[0]!))].some((path) => {
    try {
      const bytes = readFileSync(join(top, path));
      return sought.some((text) => bytes.includes(text, 0, "latin1"));
    } catch {
      return false; // it is not there now
    }
  });
}

/** What is not here: the objects of a partial clone, the commits before a shallow one. */
async function describeGaps(
  place: GitPlace,
  { shallow }: Repository,
  scan: HistoryScan,
  { allowPartial }: HistoryRequest,
  io: Io,
): Promise<{ accepted: boolean; notes: string[]; unread: { path: string; why: string }[] }> {
  const notes: string[] = [];
  const unread: { path: string; why: string }[] = [];
  if (shallow) {
    const why = "this clone is shallow: older commits are not here";
    notes.push(why);
    if (!allowPartial)
      unread.push({ path: "history", why: `${why} (git fetch --unshallow, or --allow-partial to accept it)` });
  }
  if (scan.partial && !io.signal.aborted) {
    const missing = await countMissing(place);
    if (missing !== 0) {
      const what =
        missing === null
          ? "some objects are"
          : `${missing.toLocaleString("en-US")} ${missing === 1 ? "object is" : "objects are"}`;
      const why = `this clone is partial: ${what} not here`;
      notes.push(why);
      if (!allowPartial) {
        unread.push({
          path: "history",
          why: `${why} (git fetch --refetch --no-filter, or --allow-partial to accept it)`,
        });
      }
    }
  }
  return { accepted: unread.length === 0, notes, unread };
}

/** How many objects that refs reach are missing here, or null when git cannot tell. */
async function countMissing(place: GitPlace): Promise<number | null> {
  const git = startGit(place, ["rev-list", "--objects", "--all", "--missing=print", "--quiet"]);
  git.stdin.end();
  let missing = 0;
  git.stdout.on("data", (chunk: Buffer) => {
    for (let i = chunk.indexOf(63); i >= 0; i = chunk.indexOf(63, i + 1)) missing++;
  });
  const { status } = await git.ended;
  return status === 0 ? missing : null;
}

/** Counts, and what a person should know of which refs are here. */
function coverageOf(
  scan: HistoryScan,
  refs: readonly Ref[],
  { refsOnly, since }: HistoryRequest,
  notes: readonly string[],
  shard: Shard | null,
  hasRemote: boolean,
): Coverage {
  const said = [...notes];
  if (scan.stopped) said.push(stoppedNote);
  if (refsOnly) said.push("only what refs reach was read: not what a reflog or nothing keeps");
  if (since !== undefined) {
    said.push(
      `only what is newer than ${since} was read${refsOnly ? "" : ", and what no ref reaches, whatever its age"}`,
    );
  }
  if (shard !== null) said.push(`this is part ${shard.index} of ${shard.of}: keyguard report merge puts them together`);
  if (hasRemote && !refs.some(({ name }) => /^refs\/(?:remotes\/[^/]+\/)?(?:pull|merge-requests)\//.test(name))) {
    said.push(
      "pull requests' commits are not here unless they were merged; on GitHub: git fetch origin '+refs/pull/*/head:refs/remotes/origin/pull/*'",
    );
  }
  const kinds = [...new Set(refs.map(({ name }) => /^refs\/[^/]+/.exec(name)?.[0] ?? name))];
  return {
    mode: "history",
    texts: scan.blobs + scan.commits + scan.tags,
    bytes: scan.bytes,
    commits: scan.commits,
    objects: scan.stopped ? scan.done : scan.blobs + scan.commits + scan.tags,
    refs: kinds,
    notes: said,
    ...(shard === null ? {} : { shard: { ...shard, basis: scan.basis } }),
  };
}
