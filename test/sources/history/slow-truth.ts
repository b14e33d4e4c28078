import { spawnSync } from "node:child_process";
import type { Credential, Sighting } from "../../../src/model/finding.ts";
import { mayHold, scanText } from "../../../src/scan/engine.ts";
import { defaultRules } from "../../../src/scan/rules.ts";

/** The parts of a credential, spelled so that two sets can be compared. */
export function spell({ accessKeyId, secretAccessKey, sessionToken, value }: Credential): string {
  const hash = (secret: { hash: string } | null): string => secret?.hash.slice(0, 12) ?? "-";
  return [accessKeyId ?? "-", hash(secretAccessKey), hash(sessionToken), hash(value)].join(" ");
}

/** What each object holds, and where: one line a sighting, sorted. */
export function spellHits(hits: readonly { id: string; sightings: readonly Sighting[] }[]): string[] {
  return hits
    .flatMap(({ id, sightings }) =>
      sightings.map(
        ({ credential, kind, places }) =>
          `${id.slice(0, 10)} ${kind} ${spell(credential)} ${places.map(({ line, column }) => `${line}:${column}`).join(" ")}`,
      ),
    )
    .sort();
}

/** Every object that git can list, whole, through `cat-file`: slow, simple, and what the fast way is measured against. */
export function slowTruth(repo: { dir: string; env: NodeJS.ProcessEnv }): { id: string; sightings: Sighting[] }[] {
  const { stdout, status, stderr } = spawnSync("git", ["cat-file", "--batch-all-objects", "--batch", "--unordered"], {
    cwd: repo.dir,
    env: repo.env,
    maxBuffer: 2 ** 31 - 1,
  });
  if (status !== 0) throw new Error(String(stderr));
  const hits: { id: string; sightings: Sighting[] }[] = [];
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(10, at);
    const [id = "", type, size] = stdout.toString("latin1", at, end).split(" ");
    const content = stdout.subarray(end + 1, end + 1 + Number(size));
    at = end + 2 + Number(size);
    if (type === "tree") continue;
    const head = content.indexOf("\n\n");
    const bytes = type === "blob" ? content : head < 0 ? Buffer.alloc(0) : content.subarray(head + 2);
    if (!mayHold(bytes, defaultRules)) continue;
    const sightings = scanText({ id, path: "", bytes, fresh: "all" }, defaultRules);
    if (sightings.length > 0) hits.push({ id, sightings });
  }
  return hits;
}
