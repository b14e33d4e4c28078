import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Document, isMap, isSeq, type YAMLMap, type YAMLSeq } from "yaml";
import { KeyguardError } from "../../model/errors.ts";
import { type HookName, hookNames, subjectOf } from "../hook-name.ts";
import { callsKeyguard, projectCommand } from "./project-command.ts";
import { runTool } from "./run-tool.ts";
import type { Site } from "./site.ts";
import type { Way } from "./way.ts";
import { readYaml, writeYaml } from "./yaml-file.ts";

/** In the order in which lefthook looks. JSON is YAML; TOML is not, and is left to the person. */
const names = ["lefthook", ".lefthook", join(".config", "lefthook")];
const readable = [".yml", ".yaml", ".json"];

/**
 * lefthook writes .git/hooks itself and runs what its configuration lists. `{1}` is git's first argument; a pre-push
 * command gets git's refs only with `use_stdin`. https://lefthook.dev/configuration/
 */
export const lefthook: Way = {
  id: "lefthook",
  name: "lefthook",
  detect: (site) => configOf(site) !== null,

  install(site, hooks) {
    const path = demandYaml(site, hooks);
    const document = readYaml(path);
    const notes = new Set<string>();
    for (const hook of hooks) {
      const { anywhere, note } = projectCommand(site, hook);
      if (note !== null) notes.add(note);
      add(document, hook, `${anywhere}${argumentsFor(hook)}`);
    }
    const changes = writeYaml(path, document, "added keyguard to");
    if (runTool(site, "lefthook", ["install"]))
      changes.push({ path: site.hooksDir, what: "ran lefthook install, which wrote" });
    else notes.add("git does not run lefthook's hooks yet: run lefthook install once in each clone");
    return { changes, notes: [...notes] };
  },

  uninstall(site) {
    const path = configOf(site);
    if (path === null || !isReadable(path)) return { changes: [], notes: [] };
    const document = readYaml(path);
    for (const hook of hookNames) take(document, hook);
    return { changes: writeYaml(path, document, "took keyguard out of"), notes: [] };
  },

  installed(site) {
    const path = configOf(site);
    if (path === null) return [];
    const text = readFileSync(path, "utf8");
    return hookNames.filter((hook) => callsKeyguard(text, hook));
  },
};

function argumentsFor(hook: HookName): string {
  return subjectOf(hook) === "message" ? " {1}" : hook === "pre-push" ? " {1} {2}" : "";
}

function configOf(site: Site): string | null {
  for (const name of names) {
    for (const extension of [...readable, ".toml"]) {
      const path = join(site.top, `${name}${extension}`);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

function isReadable(path: string): boolean {
  return readable.some((extension) => path.endsWith(extension));
}

function demandYaml(site: Site, hooks: readonly HookName[]): string {
  const path = configOf(site);
  if (path !== null && isReadable(path)) return path;
  const lines = hooks.map(
    (hook) => `[${hook}.commands.keyguard] run = "${projectCommand(site, hook).anywhere}${argumentsFor(hook)}"`,
  );
  throw new KeyguardError("config", `${path ?? "lefthook.toml"} is TOML, which keyguard does not edit`, {
    hint: `add by hand: ${lines.join("; ")}`,
  });
}

/** Among the `jobs` where the hook has them, else among the `commands`: lefthook runs both kinds. */
function add(document: Document, hook: HookName, run: string): void {
  take(document, hook);
  if (!isMap(document.contents)) document.contents = document.createNode({}) as YAMLMap as never;
  const entry = { run, ...(hook === "pre-push" ? { use_stdin: true } : {}) };
  const jobs = document.getIn([hook, "jobs"]);
  if (isSeq(jobs)) jobs.add(document.createNode({ name: "keyguard", ...entry }));
  else document.setIn([hook, "commands", "keyguard"], document.createNode(entry));
}

function take(document: Document, hook: HookName): void {
  if (!isMap(document.contents)) return;
  const jobs = document.getIn([hook, "jobs"]);
  if (isSeq(jobs)) {
    const list = jobs as YAMLSeq;
    list.items = list.items.filter((job) => !(isMap(job) && job.get("name") === "keyguard"));
  }
  for (const path of [[hook, "commands", "keyguard"], [hook, "commands"], [hook]]) {
    const node = document.getIn(path);
    const ours = path.length === 3;
    if (document.hasIn(path) && (ours || (isMap(node) && node.items.length === 0))) document.deleteIn(path);
  }
}
