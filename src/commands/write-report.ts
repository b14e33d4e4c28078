import { statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { writeWhole } from "../config/write-whole.ts";
import { KeyguardError } from "../model/errors.ts";
import { atLeast, type Report, type Severity } from "../model/finding.ts";
import { hideSecrets } from "../report/hide-secrets.ts";
import type { RenderOptions } from "../report/render.ts";
import { spellOutInvisible } from "../report/visible.ts";
import type { ExitCode, Io } from "./command.ts";
import { type FormatRequest, formats } from "./formats.ts";

/** What a report says of a scan that was ended by Ctrl-C. */
export const stoppedNote = "the scan was stopped before its end";

/** Unread paths that are named on the terminal; the JSON report has them all. */
const mostUnread = 20;

export interface WriteOptions {
  readonly formats: readonly FormatRequest[];
  readonly showSecrets: boolean;
  /** Nothing on standard error but errors. */
  readonly quiet: boolean;
  readonly failOn: Severity;
}

/**
 * Writes a report in every format that was asked for, tells on standard error what was not read, and gives the exit
 * code: 2 when anything was not read, whatever else was found; 1 when something is as severe as `failOn`; else 0.
 *
 * @throws KeyguardError `io` when a file cannot be written.
 */
export async function writeReport(found: Report, options: WriteOptions, io: Io): Promise<ExitCode> {
  const report = options.showSecrets ? found : hideSecrets(found);
  const base = { showSecrets: options.showSecrets, version: io.version, generated: io.now().toISOString() };
  for (const { format, path } of options.formats) {
    const render = await formats[format]();
    if (path === null) {
      io.stdout.write(render(report, { ...base, color: io.stdout.color, width: io.stdout.width }));
      continue;
    }
    const rendered: RenderOptions = { ...base, color: false, width: 80 };
    writeOutput(resolve(io.cwd, path), render(report, rendered), options.showSecrets, io);
  }
  io.stderr.write(describeUnread(report));
  if (!options.quiet) io.stderr.write(describeNotes(report, options.failOn));
  return exitCodeOf(report, options.failOn);
}

export function exitCodeOf(report: Report, failOn: Severity): ExitCode {
  if (!report.complete) return 2;
  return report.findings.some(({ severity }) => atLeast(severity, failOn)) ? 1 : 0;
}

/** A pipe or device is written to (`--output /dev/stderr`, `>(less)`); a file is written whole or not at all. */
function writeOutput(path: string, content: string, secret: boolean, io: Io): void {
  // These are links to whatever the streams were redirected to.
  const stream = { "/dev/stdout": io.stdout, "/dev/stderr": io.stderr }[path];
  if (stream !== undefined) {
    stream.write(content);
    return;
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFIFO() || stats?.isCharacterDevice()) {
    try {
      writeFileSync(path, content);
    } catch (error) {
      throw new KeyguardError("io", `the report could not be written to ${spellOutInvisible(path)}`, {
        hint: "is there room, and may you write there?",
        cause: error,
      });
    }
  } else writeWhole(path, content, secret ? { mode: 0o600, keepMode: false } : {});
}

/** `keyguard: incomplete: 3 files could not be read`, and which. */
export function describeUnread({ complete, unread }: Report): string {
  if (complete && unread.length === 0) return "";
  const lines = unread
    .slice(0, mostUnread)
    .map(({ path, why }) => `  ${spellOutInvisible(path)}: ${spellOutInvisible(why)}`);
  if (unread.length > mostUnread) lines.push(`  and ${unread.length - mostUnread} more (--format json lists them all)`);
  const what = unread.length === 0 ? "the scan was stopped" : `${unread.length.toLocaleString("en-US")} not read`;
  return `keyguard: incomplete: ${what}\n${lines.map((line) => `${line}\n`).join("")}`;
}

function describeNotes({ coverage, findings, unread }: Report, failOn: Severity): string {
  // Where nothing else was left unread, the line above these has said that the scan was stopped.
  const notes = coverage.notes.filter((note) => unread.length > 0 || note !== stoppedNote);
  const lines = notes.map((note) => `keyguard: note: ${spellOutInvisible(note)}`);
  const passed = findings.filter(({ severity }) => !atLeast(severity, failOn)).length;
  if (passed > 0 && passed === findings.length) {
    lines.push(`keyguard: note: nothing here is as severe as ${failOn}, so this does not fail (--fail-on)`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
