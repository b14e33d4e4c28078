import type { Detector } from "../detectors/detector.ts";
import type { Severity } from "../model/finding.ts";
import type { ConfigFile } from "./config-schema.ts";

/** An allowance as the configuration gives it; see src/scan/allow.ts for what it means. */
export type ConfiguredAllow = NonNullable<ConfigFile["allow"]>[number];

/** The configuration with its defaults filled in and its own detectors compiled. */
export interface Config {
  /** Globs of what is not scanned. */
  readonly exclude: readonly string[];
  readonly allow: readonly ConfiguredAllow[];
  /** The repository's own detectors, checked on their examples. */
  readonly detectors: readonly Detector[];
  /** Ids of detectors that do not run. */
  readonly disable: readonly string[];
  /** One's own accounts: 12-digit id → name. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly failOn: Severity;
  readonly testData: "lower" | "as-is" | "ignore";
  /** The baseline's path as configured, relative to the top; null for the default name, which may be absent. */
  readonly baseline: string | null;
  /** The file it came from, or null for the defaults. */
  readonly source: string | null;
}

/** Where a run has no configuration. This file imports no code, so that such a run loads none. */
export const defaultConfig: Config = {
  exclude: [],
  allow: [],
  detectors: [],
  disable: [],
  accounts: {},
  failOn: "medium",
  testData: "lower",
  baseline: null,
  source: null,
};

/** Bytes; a larger file is no configuration that a person wrote. */
export const largestConfig = 1_000_000;

/** Where the baseline stands when the configuration does not say, relative to the top of the repository. */
export const defaultBaseline = ".keyguard-baseline.json";
