import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { KeyguardError } from "../model/errors.ts";
import { count } from "../report/finding-words.ts";
import { spellOutInvisible } from "../report/visible.ts";
import { matchPath } from "../scan/allow.ts";
import { type Considered, explainText } from "../scan/engine.ts";
import { readWorktree } from "../sources/worktree.ts";
import type { CommandModule, Output } from "./command.ts";
import { loadSettings } from "./settings.ts";

const examples = `
Examples:
  keyguard explain config.yml       all that looked like a part of a credential
  keyguard explain config.yml:12    on this line only
  keyguard explain --json config.yml

Exit codes: 0 explained, 2 could not be read.`;

export const command: CommandModule = {
  define(explain, io, exit) {
    explain
      .argument("<file[:line]>", "a file, and a line of it")
      .option("--json", "as JSON")
      .option("-c, --config <file>", "this configuration (JSON or YAML) and not the repository's")
      .option("--no-config", "no configuration at all")
      .addHelpText("after", examples)
      .action(async (typed, options) => {
        const { path, line } = splitLine(typed, io.cwd);
        const settings = await loadSettings({
          cwd: io.cwd,
          env: io.env,
          paths: [path],
          config: options.config,
          baseline: false,
        });
        const considered: Considered[] = [];
        const unread: string[] = [];
        const excluded = matchPath(settings.config.exclude);
        await readWorktree(
          { cwd: io.cwd, paths: [path], env: io.env },
          {
            onText: (text) => {
              if (excluded(text.path)) {
                io.stderr.write(`keyguard: note: ${spellOutInvisible(text.path)} is excluded by the configuration\n`);
              }
              for (const one of explainText(text, settings.rules)) {
                if (line === null || (one.line <= line && line <= one.endLine)) considered.push(one);
              }
            },
            onUnread: (unreadPath, why) => unread.push(`${unreadPath}: ${why}`),
          },
        );
        if (unread.length > 0) throw new KeyguardError("unread", unread.join("\n"));
        if (line !== null && considered.length === 0) checkLine(resolve(io.cwd, path), path, line);
        if (options.json) io.stdout.write(`${JSON.stringify(considered, null, 2)}\n`);
        else describe(considered, io.stdout);
        exit(0);
      });
  },
};

/** `file:12` names a line, unless a file has that very name. */
function splitLine(typed: string, cwd: string): { path: string; line: number | null } {
  const [, path, line] = /^(.+?):(\d+)(?::\d+)?:?$/.exec(typed) ?? [];
  if (path === undefined || line === undefined || existsSync(resolve(cwd, typed))) return { path: typed, line: null };
  return { path, line: Number(line) };
}

/** @throws KeyguardError `usage` where a file has no such line. */
function checkLine(file: string, typed: string, line: number): void {
  const bytes = readFileSync(file);
  let lines = bytes.length > 0 && bytes.at(-1) !== 10 ? 1 : 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  if (line >= 1 && line <= lines) return;
  throw new KeyguardError("usage", `${typed} has no line ${line}: it has ${count(lines, "line")}`);
}

function describe(considered: readonly Considered[], output: Output): void {
  if (considered.length === 0) {
    output.write("nothing here looked like a part of a credential\n");
    return;
  }
  for (const one of considered) {
    const mark = one.reported ? "reported" : "clean   ";
    const via = one.via.length === 0 ? "" : ` (read through ${one.via.join(", ")})`;
    output.write(
      `${mark}  ${spellOutInvisible(one.path)}:${one.line}:${one.column}  ${one.detector}  ${spellOutInvisible(one.masked)}${via}\n`,
    );
    output.write(`          ${spellOutInvisible(one.why.replace(/^reported: /, ""))}\n`);
  }
  const reported = considered.filter((one) => one.reported).length;
  output.write(`${count(considered.length, "candidate")}, ${reported} reported\n`);
}
