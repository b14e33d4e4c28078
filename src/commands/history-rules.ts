import { loadConfigFile } from "../config/find-config.ts";
import { defaultConfig } from "../config/load-config.ts";
import type { Rules } from "../scan/engine.ts";
import { rulesOf, type Settings } from "./settings.ts";

/** What a thread needs to compile the rules for itself: functions cannot be handed to it. */
export interface RulesOrder {
  readonly disable: readonly string[];
  readonly testData: Rules["testData"];
  /** The configuration's file and the folder that its name is relative to, where it has detectors of its own. */
  readonly file: { readonly name: string; readonly root: string } | null;
}

export function orderRules({ config, root }: Settings): RulesOrder {
  const { disable, testData, source, detectors } = config;
  return { disable, testData, file: detectors.length > 0 && source !== null ? { name: source, root } : null };
}

/** The rules that were ordered. */
export async function rulesFor({ disable, testData, file }: RulesOrder): Promise<Rules> {
  if (file !== null) return rulesOf(await loadConfigFile(file.name, file.root));
  return rulesOf({ ...defaultConfig, disable, testData });
}
