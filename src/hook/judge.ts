import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultBaseline, readBaseline } from "../config/baseline.ts";
import { findConfig } from "../config/find-config.ts";
import type { Config } from "../config/load-config.ts";
import { detectors as builtIn } from "../detectors/table.ts";
import { KeyguardError } from "../model/errors.ts";
import { atLeast, type Report, type Sighting } from "../model/finding.ts";
import type { Origin } from "../model/text.ts";
import { hideSecretsIn } from "../report/hide-secrets.ts";
import { matchPath } from "../scan/allow.ts";
import { isNamedSecret, mayHold, type Rules, type Scannable, scanText } from "../scan/engine.ts";
import { gather } from "../scan/gather.ts";
import { readStaged } from "../sources/staged.ts";
import { subjectOf } from "./hook-name.ts";
import type { HookRequest, Judge } from "./hook-request.ts";
import { askGit } from "./install/ask-git.ts";
import { withoutKnown } from "./known-before.ts";
import { cutMessage } from "./message.ts";
import { type Learnable, readPushed } from "./object-texts.ts";
import { describePassed, describeRefusal, type RefusalContext } from "./refusal.ts";
import { findTypedMessage } from "./typed-message.ts";

// The entry of dist/hook-judge.js, which is loaded only when the front could not clear everything by itself.

/** What was read and seen before allowances and the baseline are applied. */
interface Reading {
  readonly sightings: Sighting[];
  readonly origins: Map<string, readonly Origin[]>;
  readonly unread: { path: string; why: string }[];
  texts: number;
  bytes: number;
}

/** Decides on what a hook was called for, says why it refuses, and gives the exit code. */
export const judge: Judge = async (request) => {
  try {
    return await decide(request);
  } catch (error) {
    if (!(error instanceof KeyguardError)) throw error;
    say(`keyguard: error: ${error.message}\n`);
    if (error.hint !== undefined) say(`hint: ${error.hint}\n`);
    say("git was stopped, because keyguard could not look at everything; nothing is lost\n");
    return 2;
  }
};

async function decide(request: HookRequest): Promise<0 | 1 | 2> {
  const root = topOf(request.cwd);
  const config = await findConfig(root);
  const rules: Rules = {
    detectors: [...builtIn.filter(({ id }) => !config.disable.includes(id)), ...config.detectors],
    testData: config.testData,
  };
  const started = performance.now();
  const reading = await read(request, config, rules);
  const gathered = gather(reading.sightings, {
    accounts: config.accounts,
    allow: config.allow,
    baseline: await baselineOf(root, config),
    now: new Date().toISOString(),
    originsOf: ({ textId, path }) => reading.origins.get(`${textId} ${path}`) ?? [],
  });
  const shown = hideSecretsIn(gathered.findings);
  const failing = shown.filter(({ severity }) => atLeast(severity, config.failOn));
  const passed = shown.filter((finding) => !failing.includes(finding));
  if (failing.length > 0) {
    const report: Report = {
      complete: reading.unread.length === 0,
      coverage: { mode: subjectOf(request.hook), texts: reading.texts, bytes: reading.bytes, notes: [] },
      unread: reading.unread,
      findings: failing,
      allowed: gathered.allowed,
      elapsed: performance.now() - started,
    };
    say(describeRefusal(report, { ...contextOf(request), savedMessage: saveTypedMessage(request) }));
    return 1;
  }
  const [unread] = reading.unread;
  if (unread !== undefined) {
    const more = reading.unread.length > 1 ? `, and ${reading.unread.length - 1} more` : "";
    throw new KeyguardError("unread", `could not read ${JSON.stringify(unread.path)}: ${unread.why}${more}`, {
      hint: "if it holds no credential, name it under exclude in .keyguardrc",
    });
  }
  if (passed.length > 0) say(describePassed(passed));
  return 0;
}

async function read(request: HookRequest, config: Config, rules: Rules): Promise<Reading> {
  const reading: Reading = { sightings: [], origins: new Map(), unread: [], texts: 0, bytes: 0 };
  const excluded = matchPath(config.exclude);
  const onUnread = (path: string, why: string): void => {
    if (path === "" || !excluded(path)) reading.unread.push({ path, why });
  };
  const onText = (text: Scannable, more: Learnable): void => {
    if (text.path !== "" && excluded(text.path)) return;
    reading.texts++;
    reading.bytes += text.bytes.length;
    const seen = scanText(text, rules, onUnread);
    const found = seen.length === 0 ? [] : withoutKnown(seen, text, more.before(), rules);
    if (found.length === 0) return;
    reading.sightings.push(...found);
    const key = `${text.id} ${text.path}`;
    reading.origins.set(key, [...(reading.origins.get(key) ?? []), more.origin()]);
  };
  const texts = {
    mayHold: (bytes: Uint8Array, path: string) => mayHold(bytes, rules) || isNamedSecret(bytes, path),
    onText,
    onUnread,
  };
  switch (subjectOf(request.hook)) {
    case "staged":
      await readStaged({ cwd: request.cwd }, { excluded, onText: (text) => onText(text, nothingMore(text)), onUnread });
      return reading;
    case "message": {
      const bytes = cutMessage(readFileSync(request.messageFile ?? ""));
      onText({ id: "message", path: "", bytes, fresh: "all" }, nothingMore({ origin: { kind: "stdin", path: "" } }));
      return reading;
    }
    case "push":
      await readPushed(request, texts);
      return reading;
  }
}

/** Of a text whose fresh spans say what is new there is nothing more to learn. */
function nothingMore({ origin }: { readonly origin: Origin }): Learnable {
  return { before: () => [], origin: () => origin };
}

async function baselineOf(root: string, config: Config): Promise<ReadonlySet<string>> {
  if (config.baseline === null && !existsSync(join(root, defaultBaseline))) return new Set();
  const name = config.baseline ?? defaultBaseline;
  return readBaseline(join(root, name), name);
}

/** The top of the work tree; a bare repository is its own. */
function topOf(cwd: string): string {
  return askGit(cwd, process.env, "rev-parse", "--show-toplevel") || cwd;
}

function contextOf(request: HookRequest): RefusalContext {
  const ask = (...args: string[]) => askGit(request.cwd, process.env, ...args);
  const staged = subjectOf(request.hook) === "staged";
  const head = ask("rev-parse", "--verify", "--quiet", "HEAD");
  const added = staged
    ? (ask("diff", "--cached", "--name-only", "--diff-filter=A", "--no-renames", "--no-relative", "-z") ?? "")
    : "";
  return {
    hook: request.hook,
    messageFile: request.messageFile,
    newPaths: new Set(added.split("\0").filter(Boolean)),
    // git runs hooks at the top of the work tree, and tells them where it was typed.
    prefix: process.env.GIT_PREFIX ?? "",
    hasHead: head !== null,
    head,
    savedMessage: null,
  };
}

/** Keeps the message of `git commit -m` where git keeps one that was refused later; gives the file, or null. */
function saveTypedMessage({ hook, cwd }: HookRequest): string | null {
  const message = hook === "pre-commit" ? findTypedMessage() : null;
  const path = message === null ? null : askGit(cwd, process.env, "rev-parse", "--git-path", "COMMIT_EDITMSG");
  if (message === null || path === null) return null;
  try {
    writeFileSync(resolve(cwd, path), message);
    return path;
  } catch {
    return null;
  }
}

function say(text: string): void {
  process.stderr.write(text);
}
