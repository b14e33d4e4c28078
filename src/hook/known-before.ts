import type { Sighting } from "../model/finding.ts";
import { type Rules, type Scannable, scanText } from "../scan/engine.ts";

/**
 * Those of a text's sightings that its earlier versions do not hold. By the credential, not by the line: a key that
 * moves within its file, or stands in a file of one long line, was there before.
 */
export function withoutKnown(
  sightings: readonly Sighting[],
  text: Scannable,
  before: readonly Uint8Array[],
  rules: Rules,
): Sighting[] {
  if (before.length === 0) return [...sightings];
  const known = new Set(before.flatMap((bytes) => scanText({ ...text, bytes, fresh: "all" }, rules).map(identityOf)));
  return sightings.filter((sighting) => !known.has(identityOf(sighting)));
}

function identityOf({ kind, detector, credential }: Sighting): string {
  const { accessKeyId, secretAccessKey, sessionToken, value } = credential;
  return JSON.stringify([kind, detector, accessKeyId, secretAccessKey?.hash, sessionToken?.hash, value?.hash]);
}
