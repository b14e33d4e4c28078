import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Document, isMap, isSeq } from "yaml";
import { KeyguardError } from "../../model/errors.ts";
import { type HookName, hookNames } from "../hook-name.ts";
import { projectCommand } from "./project-command.ts";
import { runTool } from "./run-tool.ts";
import type { Way } from "./way.ts";
import { readYaml, writeYaml } from "./yaml-file.ts";

const name = ".pre-commit-config.yaml";

/** One entry a hook: the framework tells a program neither the stage nor the refs in the same way for all of them. */
const ids: Readonly<Record<string, readonly HookName[]>> = {
  keyguard: ["pre-commit", "pre-merge-commit"],
  "keyguard-commit-msg": ["commit-msg"],
  "keyguard-pre-push": ["pre-push"],
};

/**
 * The pre-commit framework (pre-commit.com). A `local` entry runs the keyguard that is already here; a project may list
 * keyguard's repository instead, which has a .pre-commit-hooks.yaml.
 */
export const preCommitFramework: Way = {
  id: "pre-commit",
  name: "the pre-commit framework",
  detect: (site) => existsSync(join(site.top, name)),

  install(site, wanted) {
    // The framework knows no applypatch hooks: pre-commit.com/#supported-git-hooks
    const known = Object.values(ids).flat();
    const hooks = wanted.filter((hook) => known.includes(hook));
    const path = join(site.top, name);
    const document = readYaml(path);
    const notes = new Set<string>();
    const repos = document.get("repos");
    if (!isSeq(repos))
      throw new KeyguardError("config", `${path} has no list of repos`, { hint: "see pre-commit.com" });
    const missing = hooks.filter((hook) => !named(document).includes(hook));
    const entries = Object.entries(ids).flatMap(([id, covers]) => {
      const lacking = covers.filter((hook) => missing.includes(hook));
      const [first] = lacking;
      if (first === undefined) return [];
      const { anywhere, note } = projectCommand(site, first);
      if (note !== null) notes.add(note);
      return [
        {
          id,
          name: "keyguard",
          entry: anywhere,
          language: "system",
          always_run: true,
          pass_filenames: id === "keyguard-commit-msg",
          stages: [...lacking],
        },
      ];
    });
    if (entries.length > 0) repos.add(document.createNode({ repo: "local", hooks: entries }));
    const changes = writeYaml(path, document, "added keyguard to");
    const types = hooks.flatMap((hook) => ["--hook-type", hook]);
    if (runTool(site, "pre-commit", ["install", ...types])) {
      changes.push({ path: site.hooksDir, what: "ran pre-commit install, which wrote" });
    } else notes.add(`git does not run it yet: run pre-commit install ${types.join(" ")} once in each clone`);
    if (hooks.includes("pre-push")) {
      notes.add("the framework looks at only one ref of a push: git push origin a b is guarded for a alone");
    }
    return { changes, notes: [...notes] };
  },

  uninstall(site) {
    const path = join(site.top, name);
    if (!existsSync(path)) return { changes: [], notes: [] };
    const document = readYaml(path);
    const repos = document.get("repos");
    if (isSeq(repos)) {
      for (const repo of repos.items) {
        if (!isMap(repo) || repo.get("repo") !== "local") continue;
        const list = repo.get("hooks");
        if (isSeq(list)) list.items = list.items.filter((hook) => !(isMap(hook) && String(hook.get("id")) in ids));
      }
      repos.items = repos.items.filter((repo) => {
        const list = isMap(repo) && repo.get("repo") === "local" ? repo.get("hooks") : null;
        return !(isSeq(list) && list.items.length === 0);
      });
    }
    return { changes: writeYaml(path, document, "took keyguard out of"), notes: [] };
  },

  installed: (site) => {
    const path = join(site.top, name);
    return existsSync(path) ? named(readYaml(path)) : [];
  },
};

/** The hooks for which keyguard is listed, by an entry of `hook install` or by its repository. */
function named(document: Document): HookName[] {
  const found = new Set<HookName>();
  const repos = document.get("repos");
  for (const repo of isSeq(repos) ? repos.items : []) {
    const list = isMap(repo) ? repo.get("hooks") : null;
    for (const hook of isSeq(list) ? list.items : []) {
      if (!isMap(hook)) continue;
      const id = String(hook.get("id"));
      const stages = hook.get("stages");
      const own = isSeq(stages) ? stages.items.map(String) : (ids[id] ?? []);
      if (id in ids) for (const stage of own) for (const known of hookNames) if (known === stage) found.add(known);
    }
  }
  return [...found];
}
