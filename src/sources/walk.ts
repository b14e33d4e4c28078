import { type Dirent, readdirSync } from "node:fs";
import { asBytePath, type BytePath, fsPath, joinBytePath, readablePath } from "./byte-path.ts";
import { codeOf, whyUnread } from "./why-unread.ts";

/** Folders that package managers fill: what lies in them came from a registry, and there can be a million files. */
const installed = new Set(["node_modules", "bower_components", "site-packages", "__pycache__", ".tox", ".nox"]);

export interface WalkOptions {
  /** Skip what package managers install; for walks that look for names only. */
  readonly skipInstalled: boolean;
  /** Skip the insides of other repositories. */
  readonly skipRepositories: boolean;
  readonly excluded: (path: string) => boolean;
  onUnread(path: string, why: string): void;
}

export interface Walked {
  readonly files: BytePath[];
  readonly links: BytePath[];
}

/**
 * Every file and symbolic link below `folder`, as paths that begin with `prefix`. Links are not followed, so that no
 * loop is possible and nothing outside is reached; what is neither file, folder nor link is told as unread.
 */
export function walk(folder: BytePath, prefix: BytePath, options: WalkOptions): Walked {
  const files: BytePath[] = [];
  const links: BytePath[] = [];
  const waiting: { folder: BytePath; prefix: BytePath }[] = [{ folder, prefix }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    let entries: Dirent[];
    try {
      entries = readdirSync(fsPath(next.folder), { withFileTypes: true, encoding: "latin1" });
    } catch (error) {
      // A folder that went away meanwhile holds nothing.
      if (codeOf(error) !== "ENOENT") options.onUnread(readablePath(next.prefix) || ".", whyUnread(error));
      continue;
    }
    const inside = next.folder !== folder;
    if (inside && options.skipRepositories && entries.some((entry) => entry.name === ".git")) continue;
    for (const entry of entries) {
      const path = asBytePath(next.prefix + entry.name);
      if (entry.isFile()) files.push(path);
      else if (entry.isDirectory()) {
        if (entry.name === ".git" || (options.skipInstalled && installed.has(entry.name))) continue;
        const within = asBytePath(`${path}/`);
        if (options.excluded(readablePath(within))) continue;
        waiting.push({ folder: joinBytePath(next.folder, asBytePath(entry.name)), prefix: within });
      } else if (entry.isSymbolicLink()) links.push(path);
      else if (!options.excluded(readablePath(path))) options.onUnread(readablePath(path), "not a regular file");
    }
  }
  return { files, links };
}
