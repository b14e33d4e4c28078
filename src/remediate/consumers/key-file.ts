import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { KeyguardError } from "../../model/errors.ts";
import { Secret } from "../../model/secret.ts";
import { replaceKeys } from "./consumer.ts";
import { findKeys } from "./table.ts";

/** A file that holds a key, as it was when the plan was made. */
export interface KeyFile {
  readonly path: string;
  /** `aws profile`, `JSON secret`, … */
  readonly kind: string;
  /** Places in it, for a person: `[lab]`. */
  readonly places: readonly string[];
  /** SHA-256 of its bytes, hex. */
  readonly hash: string;
}

/** Larger files than this hold no settings. */
const largest = 8 * 2 ** 20;

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function read(path: string): { bytes: Buffer; mode: number; uid: number; gid: number } {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ELOOP")
      throw new KeyguardError("refused", `${path} is a symbolic link, which is not written through`, {
        hint: "name the file that it leads to with --file",
      });
    throw new KeyguardError("io", `cannot read ${path}`, { cause });
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > largest)
      throw new KeyguardError("refused", `${path} is no plain file of a reasonable size`);
    return { bytes: readFileSync(file), mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
  } finally {
    closeSync(file);
  }
}

/**
 * Looks into a file for a key. Null where there is no such file or the key is not in it.
 *
 * @throws KeyguardError `refused` where the key is there and the file cannot be written: a link, or a form that is not known.
 */
export function findKeyFile(path: string, accessKeyId: string): KeyFile | null {
  try {
    const isLink = lstatSync(path).isSymbolicLink();
    const text = isLink ? readFileSync(path, "latin1") : read(path).bytes.toString("latin1");
    if (!text.includes(accessKeyId)) return null;
    if (isLink)
      throw new KeyguardError("refused", `${path} holds the key and is a symbolic link, which is not written through`, {
        hint: "name the file that it leads to with --file",
      });
    const found = findKeys(path, text, accessKeyId);
    if (found === null || found.places.some(({ secret }) => secret === null))
      throw new KeyguardError("refused", `${path} holds the key in a form that keyguard cannot write`, {
        hint: "change it by hand afterwards; --skip-file PATH leaves it out",
      });
    return {
      path,
      kind: found.consumer.kind,
      places: found.places.map(({ name }) => name),
      hash: hashOf(Buffer.from(text, "latin1")),
    };
  } catch (error) {
    if (isGone(error) || (error instanceof KeyguardError && isGone(error.cause))) return null;
    throw error;
  }
}

/** The pair that stands in a file by its id, or null. */
export function readPair(path: string, accessKeyId: string): { accessKeyId: string; secretAccessKey: Secret } | null {
  let text: string;
  try {
    text = read(path).bytes.toString("latin1");
  } catch (error) {
    if (error instanceof KeyguardError) return null;
    throw error;
  }
  const span = findKeys(path, text, accessKeyId)?.places.find(({ secret }) => secret !== null)?.secret;
  return span ? { accessKeyId, secretAccessKey: new Secret(text.slice(span.start, span.end)) } : null;
}

function sync(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Windows opens no folders; the rename is as durable there as it gets.
  }
}

/** Writes bytes beside a file, synced, never over anything. */
function writeNew(path: string, bytes: Uint8Array, mode: number, owner: { uid: number; gid: number } | null): void {
  const file = openSync(path, "wx", mode & 0o777);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    const stats = fstatSync(file);
    if (owner && (stats.uid !== owner.uid || stats.gid !== owner.gid)) fchownSync(file, owner.uid, owner.gid);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Where a file's earlier contents are kept. */
export function backupPath(path: string, run: string): string {
  return join(dirname(path), `.${basename(path)}.keyguard-${run}`);
}

export interface WriteRequest {
  readonly path: string;
  readonly run: string;
  /** Ids that may stand there: the leaked one, and keys of this run that were made and lost. */
  readonly oldIds: readonly string[];
  readonly pair: { readonly accessKeyId: string; readonly secretAccessKey: Secret };
  /** SHA-256 that the file must have; null takes it as it is. */
  readonly expected: string | null;
}

/**
 * Puts new keys where the old id stands, and nothing else: whole or not at all, with mode and owner kept and the earlier
 * bytes beside it (0600). Run again after a crash it finds its own work and leaves it.
 *
 * @returns SHA-256 of what the file holds now.
 * @throws KeyguardError `refused` for a link, a file that was edited meanwhile, or one that the key has left.
 */
export function writeKeys(request: WriteRequest): { readonly hash: string } {
  const { path, run, oldIds, pair, expected } = request;
  const before = read(path);
  const text = before.bytes.toString("latin1");
  if (findKeys(path, text, pair.accessKeyId)) return { hash: hashOf(before.bytes) };
  const hash = hashOf(before.bytes);
  const changed = (why: string) =>
    new KeyguardError("refused", `${path} ${why}; it was left as it is`, {
      hint: "look at it; keyguard rotate --resume then takes it as it is",
    });
  if (expected !== null && hash !== expected) throw changed("was edited since the plan was made");
  const found = oldIds.map((id) => findKeys(path, text, id)).find((one) => one !== null);
  if (!found || found.places.some(({ secret }) => secret === null)) throw changed("no longer holds the old key");
  const raw = { accessKeyId: pair.accessKeyId, secretAccessKey: pair.secretAccessKey.reveal() };
  const bytes = Buffer.from(replaceKeys(text, found.places, raw), "latin1");

  const beside = join(dirname(path), `.${basename(path)}.keyguard-${run}.new`);
  rmSync(beside, { force: true });
  try {
    const backup = backupPath(path, run);
    if (lstatSync(backup, { throwIfNoEntry: false }) === undefined) {
      // Whole or not there: a torn backup would be taken for a good one.
      writeNew(beside, before.bytes, 0o600, null);
      renameSync(beside, backup);
    }
    writeNew(beside, bytes, before.mode, before);
    if (hashOf(read(path).bytes) !== hash) throw changed("was edited at this very moment");
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    if (cause instanceof KeyguardError) throw cause;
    throw new KeyguardError("io", `cannot write ${path}: ${reasonOf(cause)}`, {
      cause,
      hint: "mend it, then keyguard rotate --resume",
    });
  }
  sync(dirname(path));
  return { hash: hashOf(bytes) };
}

/**
 * Puts a file's earlier bytes back, if what stands there now is exactly what this run made of them.
 *
 * @param oldIds ids that may stand in the backup
 * @param newIds ids of keys that this run wrote
 */
export function restoreFile(
  path: string,
  run: string,
  oldIds: readonly string[],
  newIds: readonly string[],
): "restored" | "edited" | "no backup" {
  const backup = backupPath(path, run);
  if (lstatSync(backup, { throwIfNoEntry: false }) === undefined) return "no backup";
  const now = read(path);
  const old = read(backup).bytes;
  if (old.equals(now.bytes)) return "restored";
  if (!newIds.some((id) => isOurs(path, old.toString("latin1"), now.bytes.toString("latin1"), oldIds, id)))
    return "edited";
  const beside = join(dirname(path), `.${basename(path)}.keyguard-${run}.new`);
  rmSync(beside, { force: true });
  writeNew(beside, old, now.mode, now);
  renameSync(beside, path);
  sync(dirname(path));
  return "restored";
}

/** Whether a text is another one with its old key replaced, and nothing else. */
function isOurs(path: string, old: string, now: string, oldIds: readonly string[], newId: string): boolean {
  const secret = findKeys(path, now, newId)?.places[0]?.secret;
  const before = oldIds.map((id) => findKeys(path, old, id)).find((one) => one !== null);
  if (!secret || !before) return false;
  const pair = { accessKeyId: newId, secretAccessKey: now.slice(secret.start, secret.end) };
  return replaceKeys(old, before.places, pair) === now;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  return /^[A-Z0-9]+: ([^,]+),/.exec(error.message)?.[1] ?? error.message;
}
