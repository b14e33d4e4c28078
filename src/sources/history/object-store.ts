import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Repository } from "../../git/repository.ts";
import { type GitPlace, tryGit } from "../../git/spawn-git.ts";

/** Where a repository's objects lie. Paths are absolute. */
export interface ObjectStore {
  /** Bytes of an object's id. */
  readonly hashSize: 20 | 32;
  /** The repository's own folder of objects, then its alternates. */
  readonly folders: readonly string[];
  readonly packs: readonly PackFile[];
  /** Packs that git itself would not read, and why. */
  readonly unread: readonly { readonly path: string; readonly why: string }[];
  /** Objects may be missing that a remote has: a partial clone. */
  readonly partial: boolean;
}

export interface PackFile {
  readonly pack: string;
  readonly index: string;
}

/** Finds the packs and the folders of loose objects, alternates included. */
export async function openObjectStore(place: GitPlace, repository: Repository): Promise<ObjectStore> {
  const own = await tryGit(place, ["rev-parse", "--git-path", "objects"]);
  const first = resolve(
    place.dir,
    own.status === 0 ? own.stdout.toString("utf8").replace(/\n$/, "") : join(repository.commonDir, "objects"),
  );
  const folders = withAlternates(
    first,
    (place.env.GIT_ALTERNATE_OBJECT_DIRECTORIES ?? "").split(delimiter).filter(Boolean),
  );
  const packs: PackFile[] = [];
  const unread: { path: string; why: string }[] = [];
  let promisor = false;
  for (const folder of folders) {
    const dir = join(folder, "pack");
    const names = new Set(namesIn(dir));
    for (const name of [...names].sort()) {
      if (name.endsWith(".promisor")) promisor = true;
      const stem = name.replace(/\.(?:pack|idx)$/, "");
      if (name.endsWith(".idx")) {
        if (names.has(`${stem}.pack`)) packs.push({ pack: join(dir, `${stem}.pack`), index: join(dir, name) });
        else unread.push({ path: join(dir, name), why: "its pack is missing" });
      } else if (name.startsWith("pack-") && name.endsWith(".pack") && !names.has(`${stem}.idx`)) {
        unread.push({ path: join(dir, name), why: "it has no index: git index-pack makes one" });
      }
    }
  }
  const config = await tryGit(place, [
    "config",
    "--get-regexp",
    String.raw`^(remote\..*\.promisor|extensions\.partialclone)$`,
  ]);
  const configured = config.status === 0 && !/ false$/m.test(config.stdout.toString("utf8"));
  return {
    hashSize: repository.objectFormat === "sha256" ? 32 : 20,
    folders,
    packs,
    unread,
    partial: promisor || configured,
  };
}

/** A folder of objects with all that it borrows from, each once. git follows five steps; so do we. */
function withAlternates(first: string, more: readonly string[]): string[] {
  const found = [first];
  const follow = (folder: string, depth: number): void => {
    let lines: string[] = [];
    try {
      lines = readFileSync(join(folder, "info", "alternates"), "utf8").split("\n");
    } catch {
      return; // there is none
    }
    for (const line of lines) {
      if (line === "" || line.startsWith("#")) continue;
      add(resolve(folder, line.startsWith('"') ? unquote(line) : line), depth);
    }
  };
  const add = (folder: string, depth: number): void => {
    if (depth > 5 || found.includes(folder) || !existsSync(folder)) return;
    found.push(folder);
    follow(folder, depth + 1);
  };
  follow(first, 1);
  for (const folder of more) add(resolve(folder), 1);
  return found;
}

function unquote(line: string): string {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "string" ? value : line;
  } catch {
    return line;
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** The loose objects of a folder: ids and paths. */
export function* listLoose(folder: string, hashSize: number): Iterable<{ id: string; path: string }> {
  for (const head of namesIn(folder)) {
    if (!/^[0-9a-f]{2}$/.test(head)) continue;
    for (const tail of namesIn(join(folder, head))) {
      if (/^[0-9a-f]+$/.test(tail) && tail.length === 2 * hashSize - 2) {
        yield { id: head + tail, path: join(folder, head, tail) };
      }
    }
  }
}
