import { resolve } from "node:path";
import { writeBaseline } from "../config/baseline.ts";
import { count } from "../report/finding-words.ts";
import { spellOutInvisible } from "../report/visible.ts";
import type { CommandModule } from "./command.ts";
import { scanTexts } from "./scan-texts.ts";
import { loadSettings, nameFrom } from "./settings.ts";
import { describeUnread } from "./write-report.ts";

const examples = `
A baseline lets a repository with old findings start to guard itself: what it knows
is let pass, what is new fails. It holds hashes of the secrets and nothing else, so
moves, squashes and rebases leave it valid. What it lets pass is still leaked:
rotate it, then write the baseline anew.

Examples:
  keyguard baseline                    writes .keyguard-baseline.json
  keyguard baseline --history          and lets pass what only history holds
  keyguard baseline --output old.json  keyguard scan --baseline old.json reads it

Exit codes: 0 written, 2 could not finish, or something could not be read.`;

export const command: CommandModule = {
  define(baseline, io, exit) {
    baseline
      .argument("[path...]", "files and folders to scan; the whole working tree without any")
      .option("--history", "also what history holds: every object that git keeps")
      .option("-o, --output <file>", "where it goes (default: .keyguard-baseline.json at the top of the repository)")
      .option("-c, --config <file>", "this configuration (JSON or YAML) and not the repository's")
      .option("--no-config", "no configuration at all")
      .option("-q, --quiet", "no progress and no notes on standard error")
      .addHelpText("after", examples)
      .action(async (paths, options) => {
        const settings = await loadSettings({
          cwd: io.cwd,
          env: io.env,
          paths,
          config: options.config,
          baseline: false,
        });
        const quiet = options.quiet === true;
        // Without the old baseline: what is gone from the files goes from the baseline too.
        const reports = [await scanTexts({ mode: "tree", paths }, settings, io, quiet)];
        if (options.history === true) {
          const { scanHistory } = await import("./scan-history.ts");
          reports.push(await scanHistory({ dir: settings.root, quiet }, settings, io));
        }
        const path = options.output === undefined ? settings.baselinePath : resolve(io.cwd, options.output);
        const fingerprints = new Set(reports.flatMap(({ findings }) => findings.map(({ fingerprint }) => fingerprint)));
        writeBaseline(path, fingerprints);
        for (const report of reports) io.stderr.write(describeUnread(report));
        if (!quiet) {
          io.stdout.write(
            `${spellOutInvisible(nameFrom(io.cwd, path))}: ${count(fingerprints.size, "credential")} let pass from now on\n`,
          );
          if (fingerprints.size > 0)
            io.stderr.write("keyguard: note: they are still leaked: keyguard scan --no-baseline lists them\n");
        }
        exit(reports.every(({ complete }) => complete) ? 0 : 2);
      });
  },
};
