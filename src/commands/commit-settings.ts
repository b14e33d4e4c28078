import { join } from "node:path";
import { defaultBaseline, parseBaseline } from "../config/baseline.ts";
import { configPlaces } from "../config/find-config.ts";
import { type Config, defaultConfig, largestConfig, loadConfigText } from "../config/load-config.ts";
import { findRepository } from "../git/repository.ts";
import { type GitPlace, runGit, tryGit } from "../git/spawn-git.ts";
import { KeyguardError } from "../model/errors.ts";
import { spellOutInvisible } from "../report/visible.ts";
import type { Io } from "./command.ts";
import { dropNewAllows } from "./review-allows.ts";
import { rulesOf, type Settings } from "./settings.ts";

/** The configuration and baseline of one commit. */
export interface CommitSettings {
  readonly config: Config;
  readonly baseline: ReadonlySet<string>;
  /** What could not be used, and that the scan was the stricter for it. */
  readonly warnings: readonly string[];
}

export interface CommitSettingsRequest {
  readonly place: GitPlace;
  /** Null where there was nothing before: then the defaults hold, which allow nothing. */
  readonly commit: string | null;
  /** A name from the top of the repository; null for the usual places, false for none. */
  readonly config: string | null | false;
  readonly baseline: string | null | false;
}

/**
 * Reads configuration and baseline as they stand in a commit, never from the working tree: what a pull request changes
 * in them counts once it is merged. A mistake in them does not end the scan, since the pull request that mends it would
 * fail too: the defaults hold, which allow nothing.
 */
export async function readCommitSettings(request: CommitSettingsRequest): Promise<CommitSettings> {
  const { commit, place } = request;
  const warnings: string[] = [];
  if (commit === null) return { config: defaultConfig, baseline: new Set(), warnings };
  const leniently = async <T>(read: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof KeyguardError) || error.code !== "config") throw error;
      warnings.push(
        `${error.message} (in ${commit.slice(0, 12)}); it was left out, so that nothing it allows is allowed`,
      );
      return otherwise;
    }
  };
  const config =
    request.config === false
      ? defaultConfig
      : await leniently(() => readConfig(place, commit, request.config || null), defaultConfig);
  const baseline =
    request.baseline === false
      ? new Set<string>()
      : await leniently(() => readBaselineOf(place, commit, request.baseline || config.baseline), new Set<string>());
  return { config, baseline, warnings };
}

/**
 * Settings that go by one commit alone, for `scan --rules-of`: its configuration and baseline, and of the inline
 * allowances those that it has. What was left out for that is told on standard error.
 *
 * @throws KeyguardError `usage` when there is no such commit, `git` outside of a repository.
 */
export async function loadSettingsOf(
  revision: string,
  chosen: { readonly config: string | boolean | undefined; readonly baseline: string | boolean | undefined },
  io: Io,
): Promise<Settings> {
  const repository = await findRepository({ dir: io.cwd, env: io.env });
  if (repository === null) throw new KeyguardError("git", "this is not a git repository");
  const place = { dir: repository.top ?? repository.gitDir, env: io.env };
  const found = await tryGit(place, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  const commit = found.stdout.toString("latin1").trim();
  if (found.status !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new KeyguardError("usage", `--rules-of ${revision}: no such commit here`, {
      hint: "name the commit before the change, as in --range origin/main...HEAD --rules-of origin/main",
    });
  }
  const named = (value: string | boolean | undefined): string | false | null =>
    typeof value === "string" ? value : value === false ? false : null;
  const request = { place, commit, config: named(chosen.config), baseline: named(chosen.baseline) };
  const { config, baseline, warnings } = await readCommitSettings(request);
  for (const warning of warnings) io.stderr.write(`keyguard: note: ${spellOutInvisible(warning)}\n`);
  const rules = rulesOf(config);
  return {
    root: place.dir,
    config,
    rules,
    baseline,
    baselinePath: join(place.dir, config.baseline ?? defaultBaseline),
    reviewSightings: async (sightings) => {
      const reviewed = await dropNewAllows(sightings, commit, place, rules);
      for (const { path, line } of reviewed.dropped) {
        const where = spellOutInvisible(`${path}:${line}`);
        io.stderr.write(
          `keyguard: note: the keyguard:allow at ${where} is not in ${revision}, so it does not count here\n`,
        );
      }
      return reviewed.sightings;
    },
  };
}

async function readConfig(place: GitPlace, commit: string, named: string | null): Promise<Config> {
  if (named !== null) {
    const text = await readCommitFile(place, commit, named);
    if (text !== null) return loadConfigText(named, text);
    throw new KeyguardError("config", `there is no ${named}`);
  }
  const found: { name: string; text: string }[] = [];
  for (const name of configPlaces) {
    const text = await readCommitFile(place, commit, name);
    if (text !== null && (name !== "package.json" || /"keyguard"\s*:/.test(text))) found.push({ name, text });
  }
  const [first, second] = found;
  if (first === undefined) return defaultConfig;
  if (second !== undefined) {
    throw new KeyguardError("config", `there are two configurations: ${first.name} and ${second.name}`);
  }
  return loadConfigText(first.name, first.text);
}

async function readBaselineOf(place: GitPlace, commit: string, named: string | null): Promise<ReadonlySet<string>> {
  const text = await readCommitFile(place, commit, named ?? defaultBaseline);
  if (text !== null) return parseBaseline(named ?? defaultBaseline, text);
  if (named === null) return new Set();
  throw new KeyguardError("config", `there is no baseline ${named}`);
}

/** A file as a commit has it; null where it has none. Links are not followed: git gives their target as content. */
export async function readCommitFile(place: GitPlace, commit: string, path: string): Promise<string | null> {
  const name = path.replaceAll("\\", "/").replace(/^(?:\.\/)+/, "");
  // A commit has nothing outside of its tree, and git would take the question for a mistake.
  if (name.startsWith("/") || name.split("/").includes("..")) return null;
  const entry = (await runGit(place, ["ls-tree", "-z", "--full-tree", commit, "--", `:(literal)${name}`])).toString(
    "latin1",
  );
  const found = /^(\d+) blob ([0-9a-f]+)\t/.exec(entry);
  if (found === null) return null;
  const [, mode = "", blob = ""] = found;
  if (mode === "120000") throw new KeyguardError("config", `${name} is no plain file`);
  const size = Number((await runGit(place, ["cat-file", "-s", blob])).toString("latin1"));
  if (size > largestConfig * 80) throw new KeyguardError("config", `${name} is too large`);
  const output = await tryGit(place, ["cat-file", "blob", blob]);
  if (output.status !== 0) throw new KeyguardError("config", `${name} cannot be read from ${commit.slice(0, 12)}`);
  return output.stdout.toString("utf8");
}
