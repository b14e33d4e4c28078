import type { Detector } from "../detectors/detector.ts";
import type { Sighting } from "../model/finding.ts";
import type { Text } from "../model/text.ts";

/** What the engine goes by: the detectors, and how test data is judged. Compiled once from the configuration. */
export interface Rules {
  readonly detectors: readonly Detector[];
  /** What to do with AWS-shaped keys under test/, fixtures/, docs/: lower their severity with a note, or leave it. */
  readonly testData: "lower" | "as-is" | "ignore";
}

/** The part of a `Text` that scanning needs; workers rebuild it from a message. */
export type Scannable = Pick<Text, "id" | "path" | "bytes" | "fresh">;

/**
 * Every credential in a text of which a part touches a fresh span. Pure and synchronous; takes time linear in the
 * text; never throws on any bytes.
 */
export function scanText(_text: Scannable, _rules: Rules): Sighting[] {
  return [];
}
