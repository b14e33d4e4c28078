import { lstatSync, readFileSync, type Stats } from "node:fs";
import { join, relative, resolve } from "node:path";
import { KeyguardError } from "../model/errors.ts";
import { type Config, defaultConfig, largestConfig } from "./config.ts";
import { refuseCode } from "./refuse-code.ts";

// Most runs have no configuration: what reads one (the schema, cosmiconfig, YAML) is loaded only where there is one,
// which saves 20 ms.

/** Where a configuration may stand, in the top folder of what is scanned. None of them is code. */
export const configPlaces = [
  ".keyguardrc",
  ".keyguardrc.json",
  ".keyguardrc.yaml",
  ".keyguardrc.yml",
  "keyguard.config.json",
  "keyguard.config.yaml",
  "keyguard.config.yml",
  "package.json",
] as const;

/**
 * Loads the configuration of the repository (or folder) whose top is `root`: the one file of `configPlaces` that is
 * there, or the defaults. No folder above or below is searched, so that what a scan obeys is what the repository shows.
 *
 * @throws KeyguardError `config` for mistakes in it, for two configurations at once, and for one that cannot be read.
 */
export async function findConfig(root: string): Promise<Config> {
  const places = configPlaces.filter((place) => mayHold(join(root, place), place));
  const [place, second] = places;
  if (place === undefined) return defaultConfig;
  if (second !== undefined) {
    throw new KeyguardError("config", `there are two configurations: ${place} and ${second}`, {
      hint: "keep one of them; keyguard does not merge configurations",
    });
  }
  const { searchText } = await import("./search-text.ts");
  const text = searchText(root, places);
  if (text === null) {
    // Cosmiconfig passes over what it may not read; to go on with the defaults would be to scan by other rules.
    if (isBlank(join(root, place))) return { ...defaultConfig, source: place };
    throw new KeyguardError("config", `${place} cannot be read`, {
      hint: `check its permissions, or pass --no-config`,
    });
  }
  const { loadConfigText } = await import("./load-config.ts");
  return loadConfigText(place, text);
}

/**
 * Loads the configuration file that a person named.
 *
 * @throws KeyguardError `config` as `findConfig` does, and when there is no such file.
 */
export async function loadConfigFile(path: string, cwd: string): Promise<Config> {
  const full = resolve(cwd, path);
  const name = relative(cwd, full).startsWith("..") ? full : relative(cwd, full);
  if (/\.(?:[cm]?[jt]s|[jt]sx)$/.test(full)) throw refuseCode(name);
  try {
    // A person may well name a link; that the file ends and is small is still demanded.
    const stats = lstatSync(full);
    if (!stats.isSymbolicLink()) demandPlainFile(stats, name);
    const { loadConfigText } = await import("./load-config.ts");
    return await loadConfigText(name, readFileSync(full, "utf8"));
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    throw new KeyguardError("config", `${name} cannot be read`, {
      cause: error,
      hint: "--config names a JSON or YAML file",
    });
  }
}

/** Whether there is a file at this place that says anything to keyguard. */
function mayHold(path: string, place: string): boolean {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch {
    return false;
  }
  if (place === "package.json") {
    // Most have nothing for us. The rest of npm's world decides whether it is a good package.json.
    return (
      stats.isFile() && stats.size <= largestConfig && readOrBlank(path).includes('"keyguard"') && hasProperty(path)
    );
  }
  demandPlainFile(stats, place);
  return true;
}

/** A link may lead out of the repository or to a device, and a pipe would be waited for without end. */
function demandPlainFile(stats: Stats, name: string): void {
  if (!stats.isFile()) {
    throw new KeyguardError("config", `${name} is no plain file`, {
      hint: "a configuration is read only from a file of its own; pass --config FILE or --no-config",
    });
  }
  if (stats.size > largestConfig) {
    throw new KeyguardError("config", `${name} is larger than ${largestConfig / 1e6} MB, which no configuration is`);
  }
}

function readOrBlank(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function isBlank(path: string): boolean {
  try {
    return readFileSync(path, "utf8").trim() === "";
  } catch {
    return false;
  }
}

function hasProperty(path: string): boolean {
  try {
    const parsed: unknown = JSON.parse(readOrBlank(path));
    return typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, "keyguard");
  } catch {
    return false;
  }
}
