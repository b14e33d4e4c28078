import { statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type Config, defaultBaseline, defaultConfig } from "../config/config.ts";
import { findConfig, loadConfigFile } from "../config/find-config.ts";
import { detectors as builtIn } from "../detectors/table.ts";
import { findRepository } from "../git/repository.ts";
import type { Sighting } from "../model/finding.ts";
import type { Rules } from "../scan/engine.ts";

/** What a person chose on the command line. */
export interface SettingsRequest {
  readonly cwd: string;
  /** What git inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is scanned; the first one decides whose configuration holds. */
  readonly paths?: readonly string[] | undefined;
  /** A configuration by name; false for none. */
  readonly config?: string | boolean | undefined;
  /** A baseline by name; false for none. */
  readonly baseline?: string | boolean | undefined;
}

/** What a run goes by. */
export interface Settings {
  /** The top of the repository, or the folder that is scanned where there is none. Absolute. */
  readonly root: string;
  readonly config: Config;
  readonly rules: Rules;
  readonly baseline: ReadonlySet<string>;
  /** Where the baseline is or would be. Absolute. */
  readonly baselinePath: string;
  /** Looks at all that was seen before it becomes findings: the GitHub Action drops a pull request's own allowances. */
  readonly reviewSightings?: (sightings: readonly Sighting[]) => Promise<readonly Sighting[]>;
}

/**
 * Finds the configuration and baseline of what is scanned.
 *
 * @throws KeyguardError `config` for a mistake in either, `git` when git refuses the repository.
 */
export async function loadSettings(request: SettingsRequest): Promise<Settings> {
  const root = await findRoot(request);
  const config =
    typeof request.config === "string"
      ? await loadConfigFile(request.config, request.cwd)
      : request.config === false
        ? defaultConfig
        : await findConfig(root);
  const named = typeof request.baseline === "string" ? resolve(request.cwd, request.baseline) : null;
  const configured = config.baseline === null ? null : join(root, config.baseline);
  const baselinePath = named ?? configured ?? join(root, defaultBaseline);
  // One that was asked for must be there; the default one may be.
  const wanted = request.baseline !== false && (named !== null || configured !== null || isThere(baselinePath));
  return {
    root,
    config,
    rules: rulesOf(config),
    baseline: wanted ? await readFingerprints(baselinePath, nameFrom(root, baselinePath)) : new Set(),
    baselinePath,
  };
}

async function readFingerprints(path: string, name: string): Promise<ReadonlySet<string>> {
  const { readBaseline } = await import("../config/baseline.ts");
  return readBaseline(path, name);
}

/** The detectors and the judgement of test data that a configuration asks for. */
export function rulesOf(config: Config): Rules {
  const detectors = [...builtIn, ...config.detectors].filter(({ id }) => !config.disable.includes(id));
  return { detectors, testData: config.testData };
}

async function findRoot({ cwd, env, paths }: SettingsRequest): Promise<string> {
  const dir = paths?.[0] === undefined ? cwd : folderOf(resolve(cwd, paths[0]));
  const repository = await findRepository({ dir, env });
  return repository === null ? dir : (repository.top ?? repository.gitDir);
}

/** The folder that a path is or stands in; of one that does not exist, of which the source will tell, the next above. */
function folderOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  return dirname(path) === path ? path : folderOf(dirname(path));
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A path as a person would name it: relative where it lies below. */
export function nameFrom(root: string, path: string): string {
  const name = relative(root, path);
  return name.startsWith("..") ? path : name;
}
