import { basename } from "node:path";
import type { Detector } from "../detectors/detector.ts";
import { detectors as builtIn } from "../detectors/table.ts";
import { KeyguardError } from "../model/errors.ts";
import { type Config, type ConfiguredAllow, defaultConfig, largestConfig } from "./config.ts";
import { type ConfigFile, configSchema } from "./config-schema.ts";
import { type DataPath, describeIssues, type Mistake, mistakesError } from "./mistakes.ts";
import { compileOwnDetectors } from "./own-detectors.ts";
import { parseData } from "./parse-data.ts";
import { suggest } from "./suggest.ts";

export { type Config, type ConfiguredAllow, defaultConfig, largestConfig };

/**
 * Reads a configuration from a text. `name` is what errors call it, and its last part tells the format: `*.json` and
 * `*.yaml` by name, a `package.json`'s `keyguard`, anything else JSON or YAML by what it begins with.
 *
 * @throws KeyguardError `config` with file, line, column and what was expected, for each mistake. Nothing in it quotes
 *   a value of the file.
 */
export async function loadConfigText(name: string, text: string): Promise<Config> {
  if (text.length > largestConfig) {
    throw new KeyguardError("config", `${name} is larger than ${largestConfig / 1e6} MB, which no configuration is`);
  }
  const inPackage = basename(name.replaceAll("\\", "/")) === "package.json";
  const prefix: DataPath = inPackage ? ["keyguard"] : [];
  const whole = await parseData(name, text);
  const data = dropEmptyKeys(inPackage ? propertyOf(whole, "keyguard") : whole);
  if (data === undefined || data === null) return { ...defaultConfig, source: name };

  const parsed = configSchema.safeParse(data);
  if (!parsed.success) {
    throw await mistakesError(name, text, describeIssues(parsed.error.issues, data, knownKeys), prefix);
  }
  const file = parsed.data;
  const { detectors, mistakes } = compileOwnDetectors(
    file.detectors ?? [],
    builtIn.map(({ id }) => id),
  );
  mistakes.push(...checkDetectorNames(file, detectors));
  if (mistakes.length > 0) throw await mistakesError(name, text, mistakes, prefix);
  return {
    exclude: file.exclude ?? [],
    allow: file.allow ?? [],
    detectors,
    disable: file.disable ?? [],
    accounts: file.accounts ?? {},
    failOn: file.failOn ?? defaultConfig.failOn,
    testData: file.testData ?? defaultConfig.testData,
    baseline: file.baseline ?? null,
    source: name,
  };
}

/** A name that no detector has does nothing, and whoever wrote it believes that it does. */
function checkDetectorNames(file: ConfigFile, own: readonly Detector[]): Mistake[] {
  const known = [...builtIn, ...own].map(({ id }) => id);
  const check = (id: string, path: DataPath): Mistake[] => {
    if (known.includes(id)) return [];
    const meant = suggest(id, known);
    return [
      {
        path,
        message: "names no detector",
        hint: meant === null ? `detectors: ${known.join(", ")}` : `did you mean ${meant}?`,
      },
    ];
  };
  return [
    ...(file.disable ?? []).flatMap((id, i) => check(id, ["disable", i])),
    ...(file.allow ?? []).flatMap(({ detector }, i) =>
      detector === undefined ? [] : check(detector, ["allow", i, "detector"]),
    ),
  ];
}

function knownKeys(path: DataPath): readonly string[] {
  const shape = configSchema.shape;
  switch (path[0]) {
    case undefined:
      return Object.keys(shape);
    case "allow":
      return Object.keys(shape.allow.def.innerType.def.element.shape);
    case "detectors": {
      const detector = shape.detectors.def.innerType.def.element.shape;
      return Object.keys(path[2] === "examples" ? detector.examples.shape : detector);
    }
    default:
      return [];
  }
}

/** `allow:` with nothing but comments below it is null in YAML, and means what its absence means. */
function dropEmptyKeys(data: unknown): unknown {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}

function propertyOf(data: unknown, key: string): unknown {
  if (typeof data !== "object" || data === null || !Object.hasOwn(data, key)) return undefined;
  return (data as Record<string, unknown>)[key];
}
