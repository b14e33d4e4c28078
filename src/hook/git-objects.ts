import { type ChildProcess, spawn } from "node:child_process";
import { batchFormat, type ObjectSink, parseObjects } from "./object-stream.ts";

// A plain spawn, on purpose: simple-git drops the GIT_INDEX_FILE that `git commit -a` and `git commit <path>` set, holds
// the process for another 50 ms, and gives its output as one string.

/** What git must be told so that nothing staged hides: each of these can be turned on by a configuration. */
export const stagedArguments: readonly string[] = [
  "-c",
  "core.quotePath=true",
  "-c",
  "diff.relative=false",
  "diff",
  "--cached",
  "--raw",
  "--no-abbrev",
  "--no-renames",
  "--no-color",
  "--no-ext-diff",
];

const catArguments = ["--no-replace-objects", "cat-file", "--buffer", `--batch=${batchFormat}`];

/** The id and the path of what a raw diff line adds; null for what adds no content; the line itself if it is strange. */
export function stagedObject(line: string): string | null {
  if (/^:[0-7]+ 000000 [0-9a-f]+ 0+ D\t/.test(line)) return null;
  if (/^:[0-7]+ 160000 /.test(line)) return null;
  return line.replace(/^:[0-7]+ [0-7]+ [0-9a-f]+ ([0-9a-f]+) [A-Z][0-9]*\t/, "$1 ");
}

/** Streams the blobs that the index has and HEAD has not, as hooks/pre-commit does with a pipe. */
export async function streamStaged(sink: ObjectSink): Promise<void> {
  await pipeThrough([{ arguments: stagedArguments, each: stagedObject, name: "diff" }], sink);
}

/**
 * Streams every blob, commit and tag that is reachable from some revisions and not from others. `revisions` are
 * arguments of `git rev-list`, passed by its standard input: there may be more than a command line holds.
 */
export async function streamNew(revisions: readonly string[], sink: ObjectSink): Promise<void> {
  await pipeThrough(
    [
      {
        arguments: ["--no-replace-objects", "rev-list", "--objects", "--stdin"],
        input: revisions.join("\n"),
        each: (line) => line,
        name: "rev-list",
      },
      {
        arguments: [
          "--no-replace-objects",
          "cat-file",
          "--buffer",
          "--batch-check=%(objecttype) %(objectname) %(rest)",
        ],
        // Trees hold names only.
        each: (line) => (line.startsWith("tree ") ? null : line.replace(/^(blob|commit|tag) /, "")),
        name: "check",
      },
    ],
    sink,
  );
}

/** Streams the objects of some lines, `<object id> <path>` each. */
export async function streamNamed(lines: readonly string[], sink: ObjectSink): Promise<void> {
  const cat = spawnGit(catArguments);
  const parser = parseObjects(sink);
  cat.child.stdin?.end(lines.map((line) => `${line}\n`).join(""), "latin1");
  for await (const chunk of cat.child.stdout ?? []) parser.feed(chunk as Buffer);
  sink.trailer("cat", String(await cat.exit));
  if (!parser.finish()) sink.strange("git cat-file broke off");
}

interface Stage {
  readonly arguments: readonly string[];
  readonly input?: string;
  /** What to pass on for a line of its output; null for nothing. */
  readonly each: (line: string) => string | null;
  readonly name: string;
}

/** A running git, and the promise of its exit status: 127 when there is no git, 128 when a signal ended it. */
interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<number>;
}

/** Runs the stages and a final `cat-file`, all at once, and tells the sink how each of them ended. */
async function pipeThrough(stages: readonly Stage[], sink: ObjectSink): Promise<void> {
  const cat = spawnGit(catArguments);
  const running = stages.map((stage) => spawnGit(stage.arguments));
  const passing = stages.map((stage, i) => {
    const { child } = running[i] as Running;
    if (i === 0) child.stdin?.end(stage.input === undefined ? "" : `${stage.input}\n`);
    return passLines(child, (running[i + 1] ?? cat).child, stage.each);
  });
  const parser = parseObjects(sink);
  for await (const chunk of cat.child.stdout ?? []) parser.feed(chunk as Buffer);
  await Promise.all(passing);
  for (const [i, stage] of stages.entries()) sink.trailer(stage.name, String(await running[i]?.exit));
  sink.trailer("cat", String(await cat.exit));
  if (!parser.finish()) sink.strange("git cat-file broke off");
}

function spawnGit(args: readonly string[]): Running {
  const child = spawn("git", args, { stdio: ["pipe", "pipe", "inherit"], windowsHide: true });
  // A reader that has died closes the pipe under its writer; its exit status says why.
  child.stdin?.on("error", () => {});
  const exit = new Promise<number>((resolve) => {
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 128));
  });
  return { child, exit };
}

/** Passes each line on, changed, and closes the next process's input at the end. Waits while the next is full. */
async function passLines(from: ChildProcess, to: ChildProcess, each: (line: string) => string | null): Promise<void> {
  const target = to.stdin;
  if (!target) return;
  let rest = "";
  let broken = false;
  target.on("close", () => {
    broken = true;
  });
  const write = async (text: string): Promise<void> => {
    if (text === "" || broken || target.write(text, "latin1")) return;
    await new Promise<void>((resolve) => {
      target.once("drain", resolve);
      target.once("close", resolve);
    });
  };
  for await (const chunk of from.stdout ?? []) {
    const lines = (rest + (chunk as Buffer).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    let passed = "";
    for (const line of lines) {
      const changed = each(line);
      if (changed !== null) passed += `${changed}\n`;
    }
    await write(passed);
  }
  if (rest !== "") await write(`${rest}\n`);
  target.end();
}
