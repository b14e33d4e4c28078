import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Verdict } from "../model/finding.ts";
import type { AwsSettings } from "./settings.ts";

/** How long a verdict is believed, in milliseconds. What could not be found out is asked again each time. */
const lifetimes: Partial<Record<Verdict["status"], number>> = {
  live: 5 * 60_000,
  "wrong-secret": 5 * 60_000,
  // An inactive key can be made active again.
  dead: 30 * 60_000,
};

interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly verdict: Verdict;
}

const schema = "keyguard-verdicts/1";

function cacheFile(env: AwsSettings["env"]): string {
  const folder = env.XDG_CACHE_HOME ?? env.LOCALAPPDATA ?? join(env.HOME ?? homedir(), ".cache");
  return join(folder, "keyguard", "verdicts.json");
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== "object" || value === null) return false;
  const { status, why, arn, account } = value as Record<string, unknown>;
  if (typeof why !== "string") return false;
  if (status === "live") return typeof arn === "string" && typeof account === "string";
  return status === "dead" || status === "wrong-secret";
}

function readEntries(path: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  try {
    const data = JSON.parse(readFileSync(path, "utf8")) as { schema?: unknown; verdicts?: unknown };
    if (data.schema !== schema || typeof data.verdicts !== "object" || data.verdicts === null) return entries;
    for (const [key, value] of Object.entries(data.verdicts as Record<string, { at?: unknown; verdict?: unknown }>))
      if (typeof value.at === "number" && isVerdict(value.verdict))
        entries.set(key, { at: value.at, verdict: value.verdict });
  } catch {
    // Not there, not readable or damaged: it is only a cache.
  }
  return entries;
}

/**
 * Verdicts of the last minutes, so that asking twice does not call AWS twice. On disk stands a hash of each credential
 * and what AWS said: no id, no secret. A damaged file is thrown away, and one that cannot be written is no error.
 */
export class VerdictCache {
  readonly #path: string;
  readonly #now: () => number;
  #entries: Map<string, Entry> | null = null;
  #changed = false;

  constructor(settings: Pick<AwsSettings, "env" | "now">) {
    this.#path = cacheFile(settings.env);
    this.#now = settings.now ?? Date.now;
  }

  /** The name of a credential in the cache; the same credential asked elsewhere has another. */
  static keyOf(parts: readonly string[]): string {
    const hash = createHash("sha256").update(schema);
    for (const part of parts) hash.update("\0").update(part);
    return hash.digest("hex");
  }

  get(key: string): Verdict | null {
    this.#entries ??= readEntries(this.#path);
    const entry = this.#entries.get(key);
    if (!entry) return null;
    const age = this.#now() - entry.at;
    const lifetime = lifetimes[entry.verdict.status] ?? 0;
    return age >= 0 && age < lifetime ? entry.verdict : null;
  }

  set(key: string, verdict: Verdict): void {
    if (lifetimes[verdict.status] === undefined) return;
    this.#entries ??= readEntries(this.#path);
    this.#entries.set(key, { at: this.#now(), verdict });
    this.#changed = true;
  }

  /** Writes what was learnt, whole or not at all, without what is out of date. */
  save(): void {
    if (!this.#changed || !this.#entries) return;
    const now = this.#now();
    // Another run may have learnt something meanwhile.
    const entries = new Map([...readEntries(this.#path), ...this.#entries]);
    const fresh = [...entries].filter(([, { at, verdict }]) => now - at < (lifetimes[verdict.status] ?? 0));
    const temporary = `${this.#path}.${process.pid}`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const file = openSync(temporary, "wx", 0o600);
      try {
        writeSync(file, `${JSON.stringify({ schema, verdicts: Object.fromEntries(fresh) })}\n`);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, this.#path);
    } catch {
      rmSync(temporary, { force: true });
    }
    this.#changed = false;
  }
}
