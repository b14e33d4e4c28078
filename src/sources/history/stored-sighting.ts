import { createHash } from "node:crypto";
import type { Part, Sighting } from "../../model/finding.ts";
import { Secret } from "../../model/secret.ts";

/** Where a part of a credential stands in its text, and the hash by which it is known again. */
interface StoredPart {
  readonly start: number;
  readonly end: number;
  readonly hash: string;
}

/** A sighting without its credential: what a cache may hold. */
export interface StoredSighting {
  readonly sighting: Omit<Sighting, "credential" | "textId">;
  readonly parts: Readonly<Partial<Record<Part, StoredPart>>>;
}

const parts = ["accessKeyId", "secretAccessKey", "sessionToken", "value"] as const;

/** Sightings to be remembered; null when one of them stands there encoded, and must be worked out anew each time. */
export function storeSightings(sightings: readonly Sighting[]): StoredSighting[] | null {
  const stored: StoredSighting[] = [];
  for (const { credential, textId: _textId, ...sighting } of sightings) {
    const kept: Partial<Record<Part, StoredPart>> = {};
    for (const part of parts) {
      const held = credential[part];
      if (held === null) continue;
      const value = typeof held === "string" ? held : held.reveal();
      const place = sighting.places.find((one) => one.part === part && one.span.end - one.span.start === value.length);
      if (place === undefined) return null;
      kept[part] = { ...place.span, hash: hash(value) };
    }
    stored.push({ sighting, parts: kept });
  }
  return stored;
}

/** The sightings again, from the text that they were made of; null when the text is not what it was. */
export function restoreSightings(stored: readonly StoredSighting[], bytes: Uint8Array, id: string): Sighting[] | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sightings: Sighting[] = [];
  for (const { sighting, parts: kept } of stored) {
    const values: Partial<Record<Part, string>> = {};
    for (const part of parts) {
      const place = kept[part];
      if (place === undefined) continue;
      const value = text.toString("latin1", place.start, place.end);
      if (hash(value) !== place.hash) return null;
      values[part] = value;
    }
    const secret = (value: string | undefined): Secret | null => (value === undefined ? null : new Secret(value));
    sightings.push({
      ...sighting,
      textId: id,
      credential: {
        accessKeyId: values.accessKeyId ?? null,
        secretAccessKey: secret(values.secretAccessKey),
        sessionToken: secret(values.sessionToken),
        value: secret(values.value),
      },
    });
  }
  return sightings;
}

function hash(value: string): string {
  return createHash("sha256").update("keyguard/stored\0").update(value, "latin1").digest("hex");
}
