import { scanText } from "../scan/engine.ts";
import { defaultRules } from "../scan/rules.ts";

/**
 * Whether the built-in detectors see anything in a text, in whatever part of it and of whatever severity, or could not
 * read all of it: what they do not see here, no configuration without detectors of its own can report. The entry of
 * dist/hook-engine.cjs.
 */
export function mayHoldCredential(bytes: Uint8Array, path: string): boolean {
  let unread = false;
  const sightings = scanText({ id: path, path, bytes, fresh: "all" }, defaultRules, () => {
    unread = true;
  });
  return unread || sightings.length > 0;
}
