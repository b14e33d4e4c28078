import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { addAllow } from "../config/add-allow.ts";
import { shortestReason } from "../config/config-schema.ts";
import { writeWhole } from "../config/write-whole.ts";
import { findRepository } from "../git/repository.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Finding } from "../model/finding.ts";
import { titleOf } from "../report/finding-words.ts";
import { spellOutInvisible } from "../report/visible.ts";
import type { CommandModule, Io } from "./command.ts";
import { scanTexts } from "./scan-texts.ts";
import { loadSettings, nameFrom, type Settings } from "./settings.ts";

/** From here on a fingerprint is taken as it is when nothing that lies here has it: it may come from history. */
const longEnough = 16;

const examples = `
Examples:
  keyguard allow 7f3a9c21 --reason "test vector of the RFC, agreed in #12"
  keyguard allow 7f3a9c21 --reason "rotated, repository is archived" --expires 2027-01-31

It adds an entry to the repository's configuration (.keyguardrc, which it makes if
there is none) and keeps its comments and layout. Commit that file with your change.
A line can also allow what stands on it or below it: a comment with
keyguard:allow and the reason.`;

export const command: CommandModule = {
  define(allow, io, exit) {
    allow
      .argument("<fingerprint>", "its first 8 or more characters, as reports show it")
      .requiredOption("-r, --reason <text>", "who decided and why")
      .option("--expires <date>", "the last day on which it counts, YYYY-MM-DD")
      .option("-c, --config <file>", "the configuration to add it to")
      .option("-q, --quiet", "no progress and no notes on standard error")
      .addHelpText("after", examples)
      .action(async (typed, options) => {
        const fingerprint = typed.toLowerCase();
        if (!/^[0-9a-f]{8,64}$/.test(fingerprint)) {
          throw new KeyguardError("usage", "a fingerprint is 8 to 64 hexadecimal digits", {
            hint: "keyguard scan shows it in the line `it is no secret`",
          });
        }
        if (options.reason.trim().length < shortestReason) {
          throw new KeyguardError("usage", `--reason is too short (at least ${shortestReason} characters)`, {
            hint: 'say who decided and why, for example "test vector from the RFC, agreed in #12"',
          });
        }
        const expires = readDay(options.expires, io.now());

        const settings = await loadSettings({ cwd: io.cwd, env: io.env, config: options.config, baseline: false });
        const known = await findAll(fingerprint, settings, io, options.quiet === true);
        const whole = chooseOne(fingerprint, known.open);
        if (whole === null && known.passed !== null) {
          io.stdout.write(`it is let pass already: ${spellOutInvisible(known.passed)}\n`);
          return exit(0);
        }
        if (whole === null && fingerprint.length < longEnough) {
          throw new KeyguardError("usage", "nothing in the working tree or the index has this fingerprint", {
            hint: `for one from elsewhere give at least ${longEnough} of its characters`,
          });
        }

        const path = configPath(settings, options.config, io);
        const entry = {
          fingerprint: whole?.fingerprint ?? fingerprint,
          reason: options.reason.trim(),
          ...(expires === null ? {} : { expires }),
        };
        writeWhole(path, await addAllow(nameFrom(settings.root, path), readText(path), entry));
        const what = whole === null ? fingerprint.slice(0, longEnough) : describe(whole);
        io.stdout.write(`let pass: ${spellOutInvisible(what)}  (in ${spellOutInvisible(nameFrom(io.cwd, path))})\n`);
        exit(0);
      });
  },
};

function readDay(value: string | undefined, now: Date): string | null {
  if (value === undefined) return null;
  const day = new Date(`${value}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(value)) {
    throw new KeyguardError("usage", "--expires must be a day such as 2027-01-31");
  }
  if (value < now.toISOString().slice(0, 10)) throw new KeyguardError("usage", "--expires is a day in the past");
  return value;
}

/** What in the working tree and in the index has such a fingerprint: what is reported, and why the first other is not. */
async function findAll(
  prefix: string,
  settings: Settings,
  io: Io,
  quiet: boolean,
): Promise<{ open: Finding[]; passed: string | null }> {
  const open: Finding[] = [];
  let passed: string | null = null;
  const inRepository = (await findRepository({ dir: io.cwd, env: io.env })) !== null;
  const targets = [
    ...(inRepository ? [{ mode: "staged" } as const] : []),
    { mode: "tree", paths: [settings.root] } as const,
  ];
  for (const target of targets) {
    const report = await scanTexts(target, settings, io, quiet);
    open.push(...report.findings.filter(({ fingerprint }) => fingerprint.startsWith(prefix)));
    passed ??= report.allowed.find(({ finding }) => finding.fingerprint.startsWith(prefix))?.reason ?? null;
    if (open.length > 0) break;
  }
  return { open, passed };
}

function chooseOne(prefix: string, found: readonly Finding[]): Finding | null {
  const fingerprints = new Set(found.map(({ fingerprint }) => fingerprint));
  if (fingerprints.size > 1) {
    throw new KeyguardError("usage", `${fingerprints.size} findings have a fingerprint that begins with ${prefix}`, {
      hint: `give more of it: ${[...fingerprints].map((one) => one.slice(0, prefix.length + 8)).join(", ")}`,
    });
  }
  return found[0] ?? null;
}

function describe(finding: Finding): string {
  const [place] = finding.locations;
  return `${titleOf(finding)}${place === undefined ? "" : ` at ${place.path}:${place.line}`}`;
}

function configPath(settings: Settings, named: string | undefined, io: Io): string {
  if (named !== undefined) return resolve(io.cwd, named);
  return join(settings.root, settings.config.source ?? ".keyguardrc");
}

function readText(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? "" : readFileSync(path, "utf8");
}
