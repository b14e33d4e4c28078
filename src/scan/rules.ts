import type { Detector } from "../detectors/detector.ts";
import { detectors } from "../detectors/table.ts";

/** What the engine goes by: the detectors, and how test data is judged. Compiled once from the configuration. */
export interface Rules {
  readonly detectors: readonly Detector[];
  /** What to do with AWS-shaped keys under test/, fixtures/, docs/: lower their severity with a note, or leave it. */
  readonly testData: "lower" | "as-is" | "ignore";
}

/** The rules of a run without a configuration: every built-in detector, test data at a lower severity. */
export const defaultRules: Rules = { detectors, testData: "lower" };
