import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyguardError } from "../../model/errors.ts";
import { hookNames } from "../hook-name.ts";
import { argumentsOf, callsKeyguard, projectCommand } from "./project-command.ts";
import { runTool } from "./run-tool.ts";
import type { Site } from "./site.ts";
import type { Change, Way } from "./way.ts";

type Commands = Record<string, string>;

/** A configuration that keyguard can edit: the file, all of it, and the commands within. */
interface Found {
  readonly path: string;
  readonly whole: Record<string, unknown>;
  readonly commands: Commands;
  readonly indent: string;
}

/** In simple-git-hooks' own order. The others are programs, which keyguard neither runs nor edits. */
const jsonNames = [".simple-git-hooks.json", "simple-git-hooks.json"];
const programNames = [
  ".simple-git-hooks.cjs",
  ".simple-git-hooks.js",
  ".simple-git-hooks.mjs",
  "simple-git-hooks.cjs",
  "simple-git-hooks.js",
  "simple-git-hooks.mjs",
];

/**
 * simple-git-hooks has one command line a hook and overwrites .git/hooks with it. keyguard goes behind what is there
 * with `&&`. https://github.com/toplenboren/simple-git-hooks
 */
export const simpleGitHooks: Way = {
  id: "simple-git-hooks",
  name: "simple-git-hooks",
  detect: (site) => programOf(site) !== null || find(site) !== null,

  install(site, hooks) {
    const program = programOf(site);
    const found = find(site);
    if (found === null || program !== null) {
      throw new KeyguardError("config", `${program} is a program, which keyguard does not edit`, {
        hint: `add to its commands: ${hooks.map((hook) => `"${hook}": "${projectCommand(site, hook).shell}${argumentsOf(hook).replaceAll('"', '\\"')}"`).join(", ")}`,
      });
    }
    const notes = new Set<string>();
    for (const hook of hooks) {
      const { shell, note } = projectCommand(site, hook);
      if (note !== null) notes.add(note);
      const kept = withoutOurs(found.commands[hook] ?? "");
      found.commands[hook] = `${kept === "" ? "" : `${kept} && `}${shell}${argumentsOf(hook)}`;
    }
    const changes = write(found, "added keyguard to");
    if (runTool(site, "simple-git-hooks", []))
      changes.push({ path: site.hooksDir, what: "ran simple-git-hooks, which wrote" });
    else notes.add("git does not run it yet: run npx simple-git-hooks once in each clone");
    return { changes, notes: [...notes] };
  },

  uninstall(site) {
    const found = find(site);
    if (found === null) return { changes: [], notes: [] };
    let changed = false;
    for (const hook of hookNames) {
      const before = found.commands[hook];
      if (before === undefined || !callsKeyguard(before)) continue;
      const kept = withoutOurs(before);
      if (kept === "") delete found.commands[hook];
      else found.commands[hook] = kept;
      changed = true;
    }
    if (!changed) return { changes: [], notes: [] };
    const changes = write(found, "took keyguard out of");
    if (runTool(site, "simple-git-hooks", []))
      changes.push({ path: site.hooksDir, what: "ran simple-git-hooks, which wrote" });
    return { changes, notes: [] };
  },

  installed(site) {
    const commands = find(site)?.commands ?? {};
    return hookNames.filter((hook) => callsKeyguard(commands[hook] ?? "", hook));
  },
};

function programOf(site: Site): string | null {
  return programNames.find((name) => existsSync(join(site.top, name))) ?? null;
}

function find(site: Site): Found | null {
  for (const name of jsonNames) {
    const path = join(site.top, name);
    if (!existsSync(path)) continue;
    const { whole, indent } = readJson(path);
    return { path, whole, commands: whole as Commands, indent };
  }
  const path = join(site.top, "package.json");
  if (!existsSync(path)) return null;
  const { whole, indent } = readJson(path);
  const commands = whole["simple-git-hooks"];
  if (typeof commands !== "object" || commands === null) return null;
  return { path, whole, commands: commands as Commands, indent };
}

function readJson(path: string): { whole: Record<string, unknown>; indent: string } {
  const text = readFileSync(path, "utf8");
  try {
    return {
      whole: JSON.parse(text.replace(/^\ufeff/, "")) as Record<string, unknown>,
      indent: /^[ \t]+(?=")/m.exec(text)?.[0] ?? "  ",
    };
  } catch (error) {
    throw new KeyguardError("config", `${path} is no JSON`, { hint: "mend it first", cause: error });
  }
}

function write(found: Found, what: string): Change[] {
  const text = `${JSON.stringify(found.whole, null, found.indent)}\n`;
  if (text === readFileSync(found.path, "utf8")) return [];
  writeFileSync(found.path, text);
  return [{ path: found.path, what }];
}

function withoutOurs(command: string): string {
  return command
    .split(/\s*&&\s*/)
    .filter((part) => part !== "" && !callsKeyguard(part))
    .join(" && ");
}
