import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { KeyguardError } from "../model/errors.ts";
import { severities } from "../model/finding.ts";
import { type JsonReport, reportSchema } from "../report/json-schema.ts";
import { mergeReports } from "../report/merge-reports.ts";
import type { CommandModule, Io } from "./command.ts";
import { formatNames, readFormats } from "./formats.ts";
import { writeReport } from "./write-report.ts";

const examples = `
Examples:
  keyguard report merge shard-*.json                  on the terminal
  keyguard report merge shard-*.json -f json -o all.json
  keyguard report merge */report.json -f html=keyguard.html

The reports are those of keyguard scan --format json. Secrets that are masked in
them stay masked. A shard that is missing makes the result incomplete (exit 2).`;

export const command: CommandModule = {
  define(report, io, exit) {
    report
      .command("merge")
      .summary("one report of many: of the shards of a scan, or of several repositories")
      .description("Puts reports together, of the shards of a scan or of several repositories.")
      .argument("<file...>", "reports of keyguard scan --format json")
      .addOption(
        new Option("-f, --format <format[=file]>", "how to report; several at once")
          .choices(formatNames)
          .argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]),
      )
      .option("-o, --output <file>", "where the report goes; - is standard output")
      .addOption(
        new Option("--fail-on <severity>", "lowest severity that fails").choices(severities).default("medium" as const),
      )
      .option("-q, --quiet", "no notes on standard error")
      .addHelpText("after", examples)
      .action(async (files, options) => {
        const formats = readFormats(options.format ?? [], options.output);
        const merged = mergeReports(files.map((file) => readReport(file, io)));
        const quiet = options.quiet === true;
        exit(await writeReport(merged, { formats, showSecrets: false, quiet, failOn: options.failOn }, io));
      });
  },
};

/** @throws KeyguardError `unread` where a file is no report: to leave one out would be to lose its findings. */
function readReport(file: string, io: Io): JsonReport {
  if (!existsSync(resolve(io.cwd, file))) throw new KeyguardError("usage", `${file}: no such file`);
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(resolve(io.cwd, file), "utf8"));
  } catch (cause) {
    throw new KeyguardError("unread", `${file} cannot be read as JSON`, {
      cause,
      hint: "a scan that was cut off leaves no whole report: run that shard again",
    });
  }
  const parsed = reportSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new KeyguardError("unread", `${file} is no keyguard report`, {
    hint: "keyguard scan --history --shard 1/4 --format json -o shard-1.json writes one",
  });
}
