import { type GitPlace, runGit, tryGit } from "../git/spawn-git.ts";
import type { Sighting } from "../model/finding.ts";
import { type Rules, scanText } from "../scan/engine.ts";
import { fingerprintOf } from "../scan/gather.ts";

/** An inline allowance that a change brings. It does not count for the change itself. */
export interface NewAllow {
  readonly path: string;
  readonly line: number;
  readonly reason: string | null;
}

/** Blobs with allowances that are read of the trusted commit; a repository with more is not asked. */
const mostFiles = 5000;

/**
 * Takes the inline allowances away that the trusted commit does not have: those count only for a credential that one of
 * its own files lets pass, wherever the change moves it.
 */
export async function dropNewAllows(
  sightings: readonly Sighting[],
  trusted: string | null,
  place: GitPlace,
  rules: Rules,
): Promise<{ readonly sightings: readonly Sighting[]; readonly dropped: readonly NewAllow[] }> {
  if (!sightings.some(({ allow }) => allow !== null)) return { sightings, dropped: [] };
  const known = trusted === null ? new Set<string>() : await allowedIn(trusted, place, rules);
  const dropped = new Map<string, NewAllow>();
  const reviewed = sightings.map((sighting) => {
    if (sighting.allow === null || known.has(fingerprintOf(sighting.credential))) return sighting;
    const { path, allow } = sighting;
    dropped.set(JSON.stringify([path, allow.line]), { path, line: allow.line, reason: allow.reason });
    return { ...sighting, allow: null };
  });
  return { sightings: reviewed, dropped: [...dropped.values()] };
}

/** Fingerprints of what the files of a commit let pass by a comment with a reason. */
async function allowedIn(commit: string, place: GitPlace, rules: Rules): Promise<Set<string>> {
  // Only files with the words of an allowance can hold one; git finds them without their being checked out.
  const found = await tryGit(place, ["grep", "-l", "-z", "-F", "--full-name", "-e", "keyguard:allow", commit, "--"]);
  const paths = found.stdout
    .toString("utf8")
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => line.slice(commit.length + 1));
  const allowed = new Set<string>();
  for (const path of paths.slice(0, mostFiles)) {
    const entry = (await runGit(place, ["ls-tree", "-z", "--full-tree", commit, "--", `:(literal)${path}`])).toString(
      "latin1",
    );
    const id = /^\d+ blob ([0-9a-f]+)\t/.exec(entry)?.[1];
    if (id === undefined) continue;
    const blob = await tryGit(place, ["cat-file", "blob", id]);
    if (blob.status !== 0) continue;
    for (const sighting of scanText({ id, path, bytes: blob.stdout, fresh: "all" }, rules)) {
      if ((sighting.allow?.reason ?? "").trim() !== "") allowed.add(fingerprintOf(sighting.credential));
    }
  }
  return allowed;
}
