import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hookNames } from "../hook-name.ts";
import { argumentsOf, callsKeyguard, projectCommand } from "./project-command.ts";
import { runTool } from "./run-tool.ts";
import type { Site } from "./site.ts";
import type { Change, Way } from "./way.ts";

const begin = "# keyguard: refuses a commit that would add a credential";

/**
 * husky 9 has git look in `.husky/_`, whose hooks run `.husky/<hook>` with `sh -e`: a command that fails stops git.
 * keyguard's line goes last, so that it sees what formatters and lint-staged have left staged.
 * https://typicode.github.io/husky/how-to.html
 */
export const husky: Way = {
  id: "husky",
  name: "husky",
  detect: (site) => pointsToHusky(site) || (existsSync(join(site.top, ".husky")) && usesHusky(site)),

  install(site, hooks) {
    const changes: Change[] = [];
    const notes = new Set<string>();
    if (!pointsToHusky(site)) {
      const ran = runTool(site, "husky", []);
      if (ran) changes.push({ path: join(site.top, ".husky"), what: "ran husky, so that git looks in" });
      else notes.add("git does not look in .husky yet: run npx husky once in each clone (npm's prepare script does)");
    }
    for (const hook of hooks) {
      const path = join(site.top, ".husky", hook);
      const { shell, note } = projectCommand(site, hook);
      if (note !== null) notes.add(note);
      const before = existsSync(path) ? readFileSync(path, "utf8") : "";
      const kept = withoutOurs(before);
      const text = `${kept}${kept === "" || kept.endsWith("\n") ? "" : "\n"}${begin}\n${shell}${argumentsOf(hook)}\n`;
      if (text === before) continue;
      writeFileSync(path, text);
      changes.push({ path, what: before === "" ? "wrote" : "added keyguard to" });
      if (/^\s*exec\s|^\s*exit\b/m.test(kept)) {
        notes.add(`${path} has an exit or exec above keyguard's line: see that it does not end there on success`);
      }
    }
    return { changes, notes: [...notes] };
  },

  uninstall(site) {
    const changes: Change[] = [];
    for (const hook of hookNames) {
      const path = join(site.top, ".husky", hook);
      if (!existsSync(path)) continue;
      const before = readFileSync(path, "utf8");
      const kept = withoutOurs(before);
      if (kept === before) continue;
      if (kept.trim() === "") rmSync(path);
      else writeFileSync(path, kept);
      changes.push({ path, what: kept.trim() === "" ? "removed" : "took keyguard out of" });
    }
    return { changes, notes: [] };
  },

  installed: (site) =>
    hookNames.filter((hook) => {
      const path = join(site.top, ".husky", hook);
      return existsSync(path) && callsKeyguard(readFileSync(path, "utf8"), hook);
    }),
};

function pointsToHusky(site: Site): boolean {
  return /(^|[\\/])\.husky([\\/]_)?[\\/]?$/.test(site.hooksPath?.value ?? "");
}

function usesHusky(site: Site): boolean {
  const path = join(site.top, "package.json");
  return existsSync(path) && readFileSync(path, "utf8").includes('"husky"');
}

function withoutOurs(text: string): string {
  const lines = text.split("\n");
  return lines.filter((line, i) => line !== begin && !(lines[i - 1] === begin && callsKeyguard(line))).join("\n");
}
