import { detectors } from "../detectors/table.ts";
import type { Rules } from "./engine.ts";

/** The rules of a run without a configuration: every built-in detector, test data at a lower severity. */
export const defaultRules: Rules = { detectors, testData: "lower" };
