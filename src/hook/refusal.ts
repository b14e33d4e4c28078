import type { Finding, Report } from "../model/finding.ts";
import { count, describeAccount, namePart, secretsOf } from "../report/finding-words.ts";
import { describeKind } from "../report/kinds.ts";
import { spellOutInvisible } from "../report/visible.ts";
import { type HookName, subjectOf } from "./hook-name.ts";

/** What the message needs to know beside the report. Decided by the caller: this file is pure. */
export interface RefusalContext {
  readonly hook: HookName;
  /** commit-msg: where git keeps the message. */
  readonly messageFile: string | null;
  /** Paths that no commit has yet. */
  readonly newPaths: ReadonlySet<string>;
  /** The folder that the person is in, from the top of the work tree: `` or `deep/er/`. */
  readonly prefix: string;
  /** Whether there is a commit at all: without one, `git restore --staged` has nothing to restore from. */
  readonly hasHead: boolean;
  /** The commit that HEAD is, to tell `git commit --amend` from a rebase. */
  readonly head: string | null;
  /** pre-commit: the file in which the message of `git commit -m` was kept, where it was. */
  readonly savedMessage: string | null;
}

const shown = 10;

/** What a person sees whose commit or push was stopped: what, where, and the three ways on. Holds no secret. */
export function describeRefusal(report: Report, context: RefusalContext): string {
  const { findings } = report;
  const lines = [`keyguard: ${count(findings.length, "credential")} in ${what(context.hook)}`, ""];
  for (const finding of findings.slice(0, shown)) lines.push(...describeFinding(finding), "");
  if (findings.length > shown) lines.push(`  and ${findings.length - shown} more`, "");
  for (const [label, command] of waysOn(findings, context)) lines.push(`  ${label.padEnd(15)} ${command}`);
  lines.push("", ending(context));
  return `${lines.join("\n")}\n`;
}

/** One line for what was found below the severity that stops. */
export function describePassed(findings: readonly Finding[]): string {
  const [first] = findings;
  const place = first?.locations[0];
  const where = place === undefined ? "" : ` (${visible(place.path)}:${place.line})`;
  return `keyguard: note: ${count(findings.length, "finding")} of low severity passed${where}\n`;
}

function what(hook: HookName): string {
  switch (hook) {
    case "pre-commit":
      return "what you are about to commit";
    case "pre-merge-commit":
      return "what this merge brings";
    case "pre-applypatch":
      return "what this patch brings";
    case "commit-msg":
    case "applypatch-msg":
      return "your commit message";
    case "pre-push":
      return "what you are about to push";
    case "pre-receive":
    case "update":
      return "what you pushed";
  }
}

function describeFinding(finding: Finding): string[] {
  const account = describeAccount(finding);
  const about = [
    title(finding),
    ...(finding.canary ? ["a canary: using it alerts its owner"] : []),
    ...(account === null ? [] : [`account ${visible(account)}`]),
  ];
  const lines = [`  ${finding.severity.padEnd(9)} ${about.join("   ")}`];
  const indent = " ".repeat(12);
  for (const location of finding.locations.slice(0, 4)) {
    const place = location.path === "" ? "line " : `${visible(location.path)}:`;
    const commit = location.commit === null ? "" : ` in ${location.commit.slice(0, 7)}`;
    lines.push(`${indent}${place}${location.line}:${location.column}${commit}   ${visible(location.excerpt)}`);
  }
  if (finding.locations.length > 4) lines.push(`${indent}and ${finding.locations.length - 4} more places`);
  for (const note of finding.notes.slice(0, 3)) lines.push(`${indent}${visible(note)}`);
  return lines;
}

/** `AWS access key, paired with its secret`. */
function title(finding: Finding): string {
  const { name } = describeKind(finding.kind);
  const { accessKeyId } = finding.credential;
  const parts = accessKeyId === null ? [] : secretsOf(finding.credential).map(({ part }) => partWord(namePart(part)));
  const likely = finding.confidence === "likely" && parts.length > 0 ? ", likely" : "";
  return parts.length === 0 ? name : `${name}${likely}, paired with its ${parts.join(" and ")}`;
}

function partWord(name: string): string {
  return name.replace("secret access key", "secret");
}

/** The three ways on: take it out, say why it is no secret, replace it. */
function waysOn(findings: readonly Finding[], context: RefusalContext): [string, string][] {
  const rows: [string, string][] = takeOut(findings, context).map((command, i) => [
    i === 0 ? "take it out" : "",
    command,
  ]);
  const fingerprint = findings[0]?.fingerprint.slice(0, 8) ?? "";
  if (context.hook === "pre-receive" || context.hook === "update") {
    rows.push(["it is no secret", `ask whoever runs this server to allow ${fingerprint}`]);
  } else if (findings.some(({ canary }) => !canary) || findings.length > 0) {
    rows.push(["it is no secret", `keyguard allow ${fingerprint} --reason "…"`]);
  }
  const keys = [
    ...new Set(
      findings
        .filter(({ canary, kind }) => !canary && kind === "aws-access-key")
        .flatMap(({ credential }) => (credential.accessKeyId?.startsWith("AKIA") ? [credential.accessKeyId] : [])),
    ),
  ];
  if (keys.length > 0) {
    rows.push(["it was pushed", `keyguard rotate ${keys[0]}`]);
    for (const key of keys.slice(1, 3)) rows.push(["", `keyguard rotate ${key}`]);
  } else {
    const step = findings.map(({ kind, canary }) => (canary ? undefined : describeKind(kind).steps[0])).find(Boolean);
    if (step !== undefined) rows.push(["it was pushed", lowerFirst(step)]);
  }
  return rows;
}

function takeOut(findings: readonly Finding[], context: RefusalContext): string[] {
  if (subjectOf(context.hook) === "message") {
    return [`git commit --edit --file=${shellWord(context.messageFile ?? ".git/COMMIT_EDITMSG")}`];
  }
  const places = findings.flatMap(({ locations }) => locations);
  if (subjectOf(context.hook) === "staged") {
    const paths = [...new Set(places.map(({ path }) => fileOf(path)))];
    const commands = paths.map((path) => {
      const near = pathFrom(context.prefix, path);
      const word = shellWord(near);
      if (!context.newPaths.has(path)) {
        const line = places.find((place) => fileOf(place.path) === path)?.line ?? 1;
        return `edit ${visible(near)}:${line}, then git add ${word}`;
      }
      const unstage = context.hasHead ? `git restore --staged ${word}` : `git rm --cached ${word}`;
      // The ignore file is the one at the top, whose patterns go from the top.
      const ignore = shellWord(pathFrom(context.prefix, ".gitignore"));
      return `${unstage} && echo ${shellWord(path)} >> ${ignore}`;
    });
    return commands.length > 4 ? [...commands.slice(0, 4), `and so for ${commands.length - 4} more files`] : commands;
  }
  const commits = [...new Set(places.flatMap(({ commit }) => (commit === null ? [] : [commit])))];
  if (commits.length === 0) return ["rewrite what holds it, then push again"];
  if (commits.length === 1 && commits[0] === context.head)
    return ["take it out of the files, then git commit --all --amend"];
  return commits.slice(0, 3).map((commit) => `git rebase --interactive ${commit.slice(0, 12)}^`);
}

/** A path from the top as it is typed in a folder below: `../b.ini`. */
function pathFrom(prefix: string, path: string): string {
  const folders = prefix.split("/").filter(Boolean);
  const names = path.split("/");
  let shared = 0;
  while (shared < folders.length && shared < names.length - 1 && folders[shared] === names[shared]) shared++;
  return `${"../".repeat(folders.length - shared)}${names.slice(shared).join("/")}`;
}

/** The file that git knows: a key in an archive has the path `keys.zip!member`. */
function fileOf(path: string): string {
  const member = path.indexOf("!");
  return member > 0 ? path.slice(0, member) : path;
}

function ending({ hook, messageFile, savedMessage }: RefusalContext): string {
  switch (hook) {
    case "pre-commit":
      return savedMessage === null
        ? "nothing was committed; your files and what you staged are as they were"
        : `nothing was committed; your files and what you staged are as they were, your message is in\n${visible(savedMessage)} (git commit --edit --file=${shellWord(savedMessage)})`;
    case "pre-merge-commit":
      return "the merge was not committed; it is still in progress, with all its files (git merge --abort gives it up)";
    case "pre-applypatch":
      return "the patch was not committed; it is staged, and git am is still in progress (git am --abort gives it up)";
    case "applypatch-msg":
      return `the patch was not applied; its message is in ${visible(messageFile ?? "")} (git am --abort gives it up)`;
    case "commit-msg":
      return `nothing was committed; your files are as they were, your message is in ${visible(messageFile ?? "")}`;
    case "pre-push":
      return "nothing was pushed; your commits are as they were";
    case "pre-receive":
      return "nothing was received; your repository is as it was";
    case "update":
      return "this ref was not updated; your repository is as it was";
  }
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function visible(text: string): string {
  return spellOutInvisible(text);
}

/** A path as one word of a POSIX shell. */
function shellWord(path: string): string {
  const clear = visible(path);
  return /^[\w./+@%:,=-]+$/.test(clear) && !clear.startsWith("-") ? clear : `'${clear.replaceAll("'", "'\\''")}'`;
}
