import { resolve } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { KeyguardError } from "../model/errors.ts";
import { type Report, severities } from "../model/finding.ts";
import type { CommandModule, Io } from "./command.ts";
import { formatNames, readFormats } from "./formats.ts";
import { type ScanTarget, scanTexts } from "./scan-texts.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { writeReport } from "./write-report.ts";

const examples = `
Examples:
  keyguard scan                        what this folder holds: in a repository what
                                       git tracks, what is untracked and not
                                       ignored, and ignored credential files
  keyguard scan src deploy.env         these paths only
  keyguard scan --staged               what the next commit would bring
  keyguard scan --range main...HEAD    what the commits of this branch bring;
      --rules-of main                  what they allow themselves does not count
  keyguard scan --history              everything that git keeps: all branches,
                                       stashes, dangling objects, tags, messages
  kubectl get cm -o yaml | keyguard scan --stdin --stdin-path cm.yaml
  keyguard scan --format json -o report.json
  keyguard scan --format text --format sarif=keyguard.sarif

Exit codes: 0 clean and complete, 1 something as severe as --fail-on was found,
2 could not finish, or something could not be read.`;

export const command: CommandModule = {
  define(scan, io, exit) {
    // commander keeps the last of `--config FILE` and `--no-config` only.
    const typed = new Set<string>();
    for (const name of ["config", "no-config", "baseline", "no-baseline"]) {
      scan.on(`option:${name}`, () => typed.add(name));
    }
    scan
      .argument("[path...]", "files and folders; - is standard input; with --history a repository")
      .option("--staged", "what is staged, not what lies in the working tree")
      .option("--range <A..B>", "the commits of a range, as git log takes it; A...B: since B left A")
      .option("--history", "every object that git keeps")
      .option("--stdin", "standard input")
      .option("--stdin-path <name>", "what standard input is called in reports, and judged by")
      .addOption(
        new Option("-f, --format <format[=file]>", "how to report; several at once")
          .choices(formatNames)
          .argParser(collect),
      )
      .option("-o, --output <file>", "where the report goes; - is standard output")
      .addOption(new Option("--fail-on <severity>", "lowest severity that fails (default: medium)").choices(severities))
      .option("-c, --config <file>", "this configuration (JSON or YAML) and not the repository's")
      .option("--no-config", "no configuration at all")
      .option(
        "--rules-of <commit>",
        "go by this commit's configuration, baseline and allowances, not by the work tree's",
      )
      .option("--baseline <file>", "let pass what this baseline knows")
      .option("--no-baseline", "let pass nothing of a baseline")
      .option("--validate", "ask AWS whether what was found works (sts:GetCallerIdentity)")
      .option("--allow-canary", "with --validate: also ask about canary tokens, which alerts their owner")
      .option("--show-secrets", "print secrets as they are; files get mode 600")
      .option("--refs-only", "with --history: only what branches, tags and other refs reach")
      .option("--since <date|rev>", "with --history: only what is newer, and what no ref reaches")
      .option("--shard <i/n>", "with --history: one of n parts of the objects; their union is the whole")
      .option("--no-cache", "with --history: read everything anew, and remember nothing")
      .option("--allow-partial", "with --history: a shallow or partial clone is complete enough")
      .option("-j, --jobs <n>", "with --history: threads (default: the cores)", readJobs)
      .option("-q, --quiet", "no progress and no notes on standard error")
      .addHelpText("after", examples)
      .action(async (paths, options) => {
        const clash = [
          ["config", "no-config"],
          ["baseline", "no-baseline"],
        ].find((pair) => pair.every((name) => typed.has(name)));
        if (clash !== undefined) throw new KeyguardError("usage", `--${clash[0]} and --${clash[1]} do not go together`);
        if (options.allowCanary === true && options.validate !== true) {
          throw new KeyguardError("usage", "--allow-canary goes with --validate");
        }
        const requests = readFormats(options.format ?? [], options.output);
        const target = chooseTarget(paths, options);
        const settings = await settingsFor(target, options, io);
        const quiet = options.quiet === true;
        const scanned =
          target.mode === "history"
            ? await history(target, options, settings, io, quiet)
            : await scanTexts(target, settings, io, quiet);
        const report =
          options.validate === true
            ? await validated(scanned, settings, io, options.allowCanary === true, quiet)
            : scanned;
        const failOn = options.failOn ?? settings.config.failOn;
        exit(
          await writeReport(
            report,
            { formats: requests, showSecrets: options.showSecrets === true, quiet, failOn },
            io,
          ),
        );
      });
  },
};

/** A change is judged by the rules of the commit before it where that is asked for: it must not allow its own leak. */
async function settingsFor(
  target: ScanTarget | HistoryTarget,
  options: {
    readonly rulesOf?: string | undefined;
    readonly config?: string | boolean | undefined;
    readonly baseline?: string | boolean | undefined;
  },
  io: Io,
): Promise<Settings> {
  const { rulesOf, config, baseline } = options;
  if (rulesOf !== undefined) {
    const { loadSettingsOf } = await import("./commit-settings.ts");
    return loadSettingsOf(rulesOf, { config, baseline }, io);
  }
  const paths = target.mode === "tree" ? target.paths : target.mode === "history" ? [target.dir] : undefined;
  return loadSettings({ cwd: io.cwd, env: io.env, paths, config, baseline });
}

/** The AWS SDK is loaded only here: a scan that does not ask starts without it. */
async function validated(
  report: Report,
  settings: Settings,
  io: Io,
  allowCanary: boolean,
  quiet: boolean,
): Promise<Report> {
  const { validateReport } = await import("./validate-report.ts");
  return validateReport(report, settings, io, { allowCanary, quiet });
}

interface HistoryTarget {
  readonly mode: "history";
  /** The repository, absolute or relative to the folder the person is in. */
  readonly dir: string;
}

const historyOptions = [
  { key: "refsOnly", flag: "--refs-only" },
  { key: "since", flag: "--since" },
  { key: "shard", flag: "--shard" },
  { key: "cache", flag: "--no-cache" },
  { key: "allowPartial", flag: "--allow-partial" },
  { key: "jobs", flag: "--jobs" },
] as const;

/** `--no-cache` makes `cache` false; without it commander says true. */
function defaultOf(key: (typeof historyOptions)[number]["key"]): true | undefined {
  return key === "cache" ? true : undefined;
}

interface HistoryOptions {
  readonly jobs?: number | undefined;
  readonly refsOnly?: true | undefined;
  readonly since?: string | undefined;
  readonly shard?: string | undefined;
  readonly cache?: boolean | undefined;
  readonly allowPartial?: true | undefined;
}

/** Reading packs and mapping commits is loaded for --history alone. */
async function history(target: HistoryTarget, options: HistoryOptions, settings: Settings, io: Io, quiet: boolean) {
  const { scanHistory } = await import("./scan-history.ts");
  const { jobs, refsOnly, since, shard, cache, allowPartial } = options;
  return scanHistory(
    { dir: resolve(io.cwd, target.dir), jobs, refsOnly, since, shard, cache, allowPartial, quiet },
    settings,
    io,
  );
}

interface TargetOptions extends HistoryOptions {
  readonly staged?: true | undefined;
  readonly range?: string | undefined;
  readonly history?: true | undefined;
  readonly stdin?: true | undefined;
  readonly stdinPath?: string | undefined;
}

/** One mode at a time: two of them are a misunderstanding, and to pick one would be to scan less than was meant. */
function chooseTarget(paths: readonly string[], options: TargetOptions): ScanTarget | HistoryTarget {
  const stdin = options.stdin === true || paths.includes("-");
  const chosen = [
    ...(options.staged ? ["--staged"] : []),
    ...(options.range === undefined ? [] : ["--range"]),
    ...(options.history ? ["--history"] : []),
    ...(stdin ? ["--stdin"] : []),
  ];
  const [mode, second] = chosen;
  if (mode !== undefined && second !== undefined) {
    throw new KeyguardError("usage", `${mode} and ${second} do not go together`, {
      hint: "run keyguard scan once for each",
    });
  }
  const named = paths.filter((path) => path !== "-");
  const forHistory = historyOptions.find(({ key }) => options[key] !== undefined && options[key] !== defaultOf(key));
  if (forHistory !== undefined && !options.history) {
    throw new KeyguardError("usage", `${forHistory.flag} goes with --history`);
  }
  if (options.history) {
    if (named.length > 1) throw new KeyguardError("usage", "--history takes one repository");
    return { mode: "history", dir: named[0] ?? "." };
  }
  if (mode !== undefined && named.length > 0) {
    throw new KeyguardError("usage", `${mode} takes no paths`, { hint: `keyguard scan ${mode} reads all of it` });
  }
  if (options.stdinPath !== undefined && !stdin) {
    throw new KeyguardError("usage", "--stdin-path goes with --stdin");
  }
  if (options.staged) return { mode: "staged" };
  if (options.range !== undefined) return { mode: "range", range: options.range };
  if (stdin) return { mode: "stdin", path: options.stdinPath ?? "stdin" };
  return { mode: "tree", paths: named };
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function readJobs(value: string): number {
  const jobs = Number(value);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 256) {
    throw new KeyguardError("usage", "--jobs must be a number from 1 to 256");
  }
  return jobs;
}
