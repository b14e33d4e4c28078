import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { Argument } from "@commander-js/extra-typings";
import { type HookName, hookNames, isHookName, subjectOf } from "../hook/hook-name.ts";
import { installedGlobally, installGlobally, uninstallGlobally } from "../hook/install/global-hook.ts";
import { proveGuarded } from "../hook/install/probe.ts";
import { findProvenGrep } from "../hook/install/proven-grep.ts";
import { findPackage, findSite, type Site } from "../hook/install/site.ts";
import type { Outcome, Way } from "../hook/install/way.ts";
import { detectWay, usesLintStaged, ways } from "../hook/install/ways.ts";
import { KeyguardError } from "../model/errors.ts";
import type { CommandModule, ExitCode, Io } from "./command.ts";

const examples = `
Examples:
  keyguard hook install              guard commits in this repository
  keyguard hook install --pre-push   and look once more at what is pushed
  keyguard hook install --global     guard every repository of this user
  keyguard hook status               plant a key, and see whether it is refused
  keyguard hook uninstall            take it all out again`;

const actions = ["install", "uninstall", "status", "run"] as const;

export const command: CommandModule = {
  define(hook, io, exit) {
    hook
      .addArgument(
        new Argument("<action>", "what to do; run is for hook managers: run HOOK [ARGUMENTS]").choices(actions),
      )
      .argument("[words...]", "what git calls the hook with, for run")
      .option("--global", "all repositories of this user: sets core.hooksPath of your git configuration")
      .option("--pre-push", "also look at what is pushed")
      .option("--hooks <names>", "exactly these hooks, separated by commas")
      .option("--with <manager>", `install through: ${ways.map(({ id }) => id).join(", ")}`)
      .option("--verbose", "status: print what the hook said")
      .allowUnknownOption(false)
      .passThroughOptions(false)
      .addHelpText("after", examples)
      .action(async (action, words, options) => {
        switch (action) {
          case "install":
            return exit(install(io, options));
          case "uninstall":
            return exit(uninstall(io, options));
          case "status":
            return exit(status(io, options));
          case "run":
            return exit(await run(words));
        }
      });
  },
};

interface Options {
  readonly global?: true | undefined;
  readonly prePush?: true | undefined;
  readonly hooks?: string | undefined;
  readonly with?: string | undefined;
  readonly verbose?: true | undefined;
}

function install(io: Io, options: Options): ExitCode {
  const found = findPackage();
  const keyguard = { ...found, grep: findProvenGrep(found.home, io.env) };
  if (options.global) {
    print(io, installGlobally(io.env, keyguard, chooseHooks(options, false)), io.cwd);
    io.stderr.write("keyguard: every repository of yours is guarded; keyguard hook status in one of them proves it\n");
    return 0;
  }
  const site = findSite(io.cwd, io.env, keyguard);
  const way = chooseWay(site, options);
  const hooks = chooseHooks(options, site.bare);
  print(io, way.install(site, hooks), site.top);
  if (usesLintStaged(site)) io.stderr.write("note: keyguard looks at what lint-staged leaves staged\n");
  if (site.bare) {
    io.stderr.write(`keyguard: pushes to this repository are guarded (${hooks.join(", ")})\n`);
    return 0;
  }
  if (!hooks.includes("pre-commit")) {
    io.stderr.write(`keyguard: installed: ${hooks.join(", ")}; commits themselves are not looked at\n`);
    return 0;
  }
  return confirm(io, findSite(io.cwd, io.env, keyguard), way, options);
}

function uninstall(io: Io, options: Options): ExitCode {
  if (options.global) {
    const outcome = uninstallGlobally(io.env);
    print(io, outcome, io.cwd);
    if (outcome.changes.length === 0) io.stderr.write("keyguard: there was nothing to take out\n");
    return 0;
  }
  const site = findSite(io.cwd, io.env, findPackage());
  const outcomes = ways.filter((way) => way.installed(site).length > 0).map((way) => way.uninstall(site));
  for (const outcome of outcomes) print(io, outcome, site.top);
  if (outcomes.length === 0) {
    const global =
      installedGlobally(io.env).length > 0 ? " here; --global takes out the hooks of all repositories" : "";
    io.stderr.write(`keyguard: there was nothing to take out${global}\n`);
  }
  return 0;
}

function status(io: Io, options: Options): ExitCode {
  const site = findSite(io.cwd, io.env, findPackage());
  for (const way of ways) {
    const hooks = way.installed(site);
    if (hooks.length > 0) io.stdout.write(`installed with ${way.name}: ${hooks.join(", ")}\n`);
  }
  const global = installedGlobally(io.env);
  if (global.length > 0) io.stdout.write(`installed globally: ${global.join(", ")}\n`);
  io.stdout.write(`git looks for hooks in ${site.hooksDir}\n`);
  if (site.bare) {
    io.stdout.write("a bare repository has no commits to guard; push a planted key to see it refused\n");
    return site.bare && ways.some((way) => way.installed(site).length > 0) ? 0 : 1;
  }
  return confirm(io, site, detectWay(site), options);
}

/** Says whether commits are guarded, by trying. 0 when they are, 1 when not. */
function confirm(io: Io, site: Site, way: Way, options: Options): ExitCode {
  const proof = proveGuarded(site);
  if (proof.guarded) {
    io.stderr.write("keyguard: commits here are guarded: a planted key was refused\n");
    return 0;
  }
  io.stderr.write(`keyguard: commits here are NOT guarded: ${proof.why}\n`);
  const installed = way.installed(site).length > 0;
  io.stderr.write(
    installed
      ? `hint: ${way.name} names keyguard; see that its hooks are installed in this clone (keyguard hook status --verbose tells what ran)\n`
      : "hint: keyguard hook install\n",
  );
  if (options.verbose && proof.said !== "") io.stderr.write(proof.said);
  return 1;
}

/** Runs a hook as git would have run it, for hook managers that call keyguard by name. */
async function run(words: readonly string[]): Promise<ExitCode> {
  const [name = "", ...rest] = words;
  if (!isHookName(name)) {
    throw new KeyguardError("usage", "keyguard hook run needs the name of a hook", { hint: hookNames.join(", ") });
  }
  const front: { main(argv: readonly string[]): Promise<ExitCode> } = createRequire(import.meta.url)(
    join(findPackage().home, "dist", "hook.cjs"),
  );
  return front.main([name, ...rest]);
}

function chooseWay(site: Site, options: Options): Way {
  if (options.with === undefined) return detectWay(site);
  const way = ways.find(({ id }) => id === options.with);
  if (way === undefined) {
    throw new KeyguardError("usage", "--with names no hook manager that keyguard knows", {
      hint: ways.map(({ id }) => id).join(", "),
    });
  }
  return way;
}

function chooseHooks(options: Options, bare: boolean): readonly HookName[] {
  if (options.hooks !== undefined) {
    const names = options.hooks.split(",").map((name) => name.trim());
    const known = names.filter(isHookName);
    if (known.length === names.length) return known;
    throw new KeyguardError("usage", "--hooks names a hook that keyguard has not", { hint: hookNames.join(", ") });
  }
  if (bare) return ["pre-receive"];
  const always = hookNames.filter((hook) => subjectOf(hook) !== "push");
  return options.prePush ? [...always, "pre-push"] : always;
}

function print(io: Io, outcome: Outcome, top: string): void {
  for (const { what, path } of outcome.changes) {
    const near = relative(top, path);
    io.stdout.write(`${what} ${near === "" || near.startsWith("..") ? path : near}\n`);
  }
  for (const note of outcome.notes) io.stderr.write(`note: ${note}\n`);
}
