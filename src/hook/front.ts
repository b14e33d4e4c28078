import { existsSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { mayHoldCredential } from "./engine-gate.ts";
import { type HookName, hookNames, isHookName, subjectOf } from "./hook-name.ts";
import type { HookRequest, Judge } from "./hook-request.ts";
import * as signs from "./literals.ts";
import { cutMessage } from "./message.ts";
import { type ObjectSink, parseObjects } from "./object-stream.ts";
import { mayDefineDetectors } from "./own-detectors.ts";
import { type Suspect, watchForSuspects } from "./suspicion.ts";
import { mayHoldToken } from "./token-suspects.ts";
import { unquotePath } from "./unquote-path.ts";

// The entry of dist/hook.cjs, in three steps, each only if the one before could not clear everything:
// 1. the prefilter's literals, in this small bundle, which costs no more than starting Node does, and whether
//    anything that can be a token stands with a mere label;
// 2. the engine alone, on the content that went by (dist/hook-engine.cjs);
// 3. everything: the configuration, the baseline, allows, the message (dist/hook-judge.js).
// What a commit needs is imported at once; what runs git itself is loaded by those who need it (2 ms).
// Steps 1 and 2 only ever clear; they never refuse. Whatever goes wrong ends with exit code 2, which stops git.

/** What the programs of the pipe said of how they ended; each must have ended, and well. */
interface Stream {
  readonly suspects: readonly Suspect[];
  readonly trouble: readonly string[];
}

async function runHook(argv: readonly string[]): Promise<number> {
  const [called = "", ...rest] = argv;
  // The pre-commit framework runs one entry at several stages; it says in the environment when refs are pushed.
  const name = called === "pre-commit" && process.env.PRE_COMMIT_TO_REF !== undefined ? "pre-push" : called;
  if (!isHookName(name)) throw new Stop(`no such hook: ${name}`, `one of ${hookNames.join(", ")}`);
  const request: HookRequest = {
    hook: name,
    cwd: process.cwd(),
    messageFile: null,
    revisions: [],
    remote: null,
    objects: [],
  };
  switch (subjectOf(name)) {
    case "staged": {
      const piped = rest[0] === "--piped";
      const stream = await watch(["diff", "cat"], piped ? readPiped : (await import("./git-objects.ts")).streamStaged);
      demandWhole(name, stream);
      return clears(stream.suspects, unquotePath) ? 0 : await judge(request);
    }
    case "message": {
      const file = rest[0] ?? "";
      const message = cutMessage(readFileSync(file));
      const watcher = watchForSuspects(signs);
      watcher.begin({ oid: "", type: "message", size: message.length, rest: "" });
      watcher.data(message, 0, message.length);
      watcher.end();
      return clears(watcher.suspects, () => "") ? 0 : await judge({ ...request, messageFile: file });
    }
    case "push": {
      const revisions = await revisionsOf(name, rest);
      if (revisions.length === 0) return 0;
      const remote = name === "pre-push" ? (rest[0] ?? null) : null;
      if (mayDefineDetectors(request.cwd)) return await judge({ ...request, revisions, remote, objects: null });
      const { streamNew } = await import("./git-objects.ts");
      const stream = await watch(["rev-list", "check", "cat"], (sink) => streamNew(revisions, sink));
      demandWhole(name, stream);
      const objects = stream.suspects
        .filter((suspect) => !isClean(suspect, rawPath(suspect.rest)))
        .map(({ oid, type, rest: path }) => ({ oid, type, path: rawPath(path) }));
      return objects.length === 0 ? 0 : await judge({ ...request, revisions, remote, objects });
    }
  }
}

async function revisionsOf(name: HookName, args: readonly string[]): Promise<string[]> {
  const { revisionsReceived, revisionsToPush } = await import("./pushed-revisions.ts");
  if (name === "update") return revisionsReceived(`${args[1] ?? ""} ${args[2] ?? ""} ${args[0] ?? ""}`);
  const framework = process.env;
  if (name === "pre-push" && framework.PRE_COMMIT_TO_REF !== undefined) {
    // The pre-commit framework eats the standard input and says in the environment what it read there.
    const line = `- ${framework.PRE_COMMIT_TO_REF} - ${framework.PRE_COMMIT_FROM_REF ?? "0"}`;
    return revisionsToPush(line, framework.PRE_COMMIT_REMOTE_NAME ?? "", framework.PRE_COMMIT_REMOTE_URL ?? "");
  }
  const input = readFileSync(0, "latin1");
  return name === "pre-push" ? revisionsToPush(input, args[0] ?? "", args[1] ?? "") : revisionsReceived(input);
}

/** A path as `git rev-list --objects` prints it: raw bytes. */
function rawPath(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** Reads what hooks/pre-commit pipes in: git runs while Node starts. */
function readPiped(sink: ObjectSink): void {
  const parser = parseObjects(sink);
  const chunk = Buffer.allocUnsafe(1 << 17);
  for (;;) {
    let length: number;
    try {
      length = readSync(0, chunk, 0, chunk.length, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EOF") break;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      continue;
    }
    if (length === 0) break;
    parser.feed(chunk.subarray(0, length));
  }
  if (!parser.finish()) sink.strange("git cat-file broke off");
}

/** Streams objects past the prefilter. Each of the `programs` must report that it ended well. */
async function watch(programs: readonly string[], stream: (sink: ObjectSink) => void | Promise<void>): Promise<Stream> {
  const watcher = watchForSuspects(signs);
  const trouble: string[] = [];
  const missing = new Set(programs);
  await stream({
    begin: watcher.begin,
    data: watcher.data,
    end: watcher.end,
    trailer: (program, status) => {
      missing.delete(program);
      if (status !== "0") trouble.push(`git ${program === "cat" ? "cat-file" : program} ended with status ${status}`);
    },
    strange: (line) => trouble.push(line),
  });
  for (const program of missing) trouble.push(`git ${program === "cat" ? "cat-file" : program} did not end`);
  return { suspects: watcher.suspects, trouble };
}

function demandWhole(hook: HookName, { trouble }: Stream): void {
  const [first] = trouble;
  if (first === undefined) return;
  const what = subjectOf(hook) === "staged" ? "what is staged" : "what is pushed";
  // The line may hold a path, and a path may hold anything.
  throw new Stop(
    `could not read ${what}: ${first.replace(/[^\x20-\x7e]/g, "?").slice(0, 200)}`,
    "git fsck tells whether the repository is whole",
  );
}

/** Whether the engine, with the built-in detectors, sees nothing in any of them, and there are no other detectors. */
function clears(suspects: readonly Suspect[], pathOf: (rest: string) => string): boolean {
  if (mayDefineDetectors(process.cwd())) return false;
  return suspects.every((suspect) => isClean(suspect, pathOf(suspect.rest)));
}

function isClean(suspect: Suspect, path: string): boolean {
  if (suspect.bytes === null) return false;
  if (suspect.labelOnly && !mayHoldToken(suspect.bytes)) return true;
  const engine: { mayHoldCredential: typeof mayHoldCredential } = require(join(__dirname, "hook-engine.cjs"));
  return !engine.mayHoldCredential(suspect.bytes, path);
}

async function judge(request: HookRequest): Promise<number> {
  const module: { judge: Judge } = await import(pathToFileURL(join(__dirname, "hook-judge.js")).href);
  const code = await module.judge(request);
  const probe = process.env.KEYGUARD_PROBE;
  // `keyguard hook status` planted a key and made this file to learn who refused it.
  if (code === 1 && probe !== undefined && existsSync(probe)) writeFileSync(probe, `refused by ${request.hook}\n`);
  return code;
}

/** Something that a person can mend. */
class Stop extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Runs a hook and gives its exit code. Never throws: whatever goes wrong stops git, and says so. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await runHook(argv);
  } catch (error) {
    process.stderr.write(`keyguard: error: ${describe(error)}\n`);
    if (error instanceof Stop) process.stderr.write(`hint: ${error.hint}\n`);
    process.stderr.write("git was stopped, because keyguard could not look at everything; nothing is lost\n");
    return 2;
  }
}

/** What went wrong; of a bug the kind alone, since its message may quote what was scanned. */
function describe(error: unknown): string {
  if (error instanceof Stop) return error.message;
  if (error instanceof Error && "syscall" in error) return error.message;
  const name = error instanceof Error ? error.name : typeof error;
  const frame = error instanceof Error ? (/\n\s+at .*/.exec(error.stack ?? "")?.[0].trim() ?? "") : "";
  return `this is a bug in keyguard (${name} ${frame}); please report it`;
}

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
