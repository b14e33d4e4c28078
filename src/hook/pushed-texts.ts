import type { Text } from "../model/text.ts";
import { type Rules, scanText } from "../scan/engine.ts";
import type { Sink } from "../sources/sink.ts";
import { streamNamed, streamNew } from "./git-objects.ts";
import type { HookRequest } from "./hook-request.ts";
import { askGit } from "./install/ask-git.ts";
import type { ObjectHeader, ObjectSink } from "./object-stream.ts";

/** An object of a push with its content. */
interface Pushed extends ObjectHeader {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Bytes; git itself holds no larger blob in one piece either (core.bigFileThreshold). */
const largest = 512 * 1024 * 1024;

/**
 * Reads what a push brings: those objects that the front could not clear, or all of them. What stood in the same file
 * at the place where the pushed commits leave the known ones is not brought by this push, and is left out.
 */
export async function readPushed(request: HookRequest, rules: Rules, sink: Sink): Promise<void> {
  const objects: Pushed[] = [];
  const trouble: string[] = [];
  const suspects = request.objects;
  const collect = collectObjects(objects, trouble, sink);
  if (suspects === null) await streamNew(request.revisions, collect);
  else
    await streamNamed(
      suspects.map(({ oid, path }) => `${oid} ${Buffer.from(path).toString("latin1")}`),
      collect,
    );
  for (const line of trouble) sink.onUnread("", line);

  const ask = (...args: string[]) => askGit(request.cwd, process.env, ...args);
  const borders = bordersOf(request, ask);
  for (const object of objects) {
    if (sink.excluded?.(object.path)) continue;
    const text = textOf(object, request, ask);
    // Only a text in which something is seen is worth the question what was there before.
    if (object.type === "blob" && scanText(text, rules).length > 0) {
      const known = knownLines(object.path, borders, ask);
      await sink.onText(known.size === 0 ? text : { ...text, fresh: freshLines(object.bytes, known) });
    } else await sink.onText(text);
  }
}

function collectObjects(objects: Pushed[], trouble: string[], sink: Sink): ObjectSink {
  let header: ObjectHeader | null = null;
  let chunks: Buffer[] = [];
  return {
    begin(next) {
      header = next;
      chunks = [];
    },
    data(bytes, from, to) {
      if (header !== null && header.size <= largest) chunks.push(Buffer.from(bytes.subarray(from, to)));
    },
    end() {
      if (header === null) return;
      const path = header.type === "blob" ? Buffer.from(header.rest, "latin1").toString("utf8") : "";
      if (header.size > largest) sink.onUnread(path, `larger than ${largest / 1024 / 1024} MB`);
      else objects.push({ ...header, path, bytes: Buffer.concat(chunks) });
      header = null;
    },
    trailer(program, status) {
      if (status !== "0") trouble.push(`git ${program} ended with status ${status}`);
    },
    strange: (line) => trouble.push(line),
  };
}

function textOf(object: Pushed, request: HookRequest, ask: Ask): Text {
  const commit = object.type === "blob" ? introducing(object.oid, request, ask) : object.oid;
  const about = commit === null ? null : (ask("show", "--no-patch", "--format=%an%x00%aI", commit) ?? null);
  const [author = "", date = ""] = (about ?? "").split("\n").at(-1)?.split("\0") ?? [];
  const kind = object.type === "blob" ? "commit" : object.type === "tag" ? "tag-message" : "commit-message";
  return {
    id: object.oid,
    path: object.path,
    bytes: object.type === "blob" ? object.bytes : messageOf(object.bytes),
    fresh: "all",
    origin: commit === null ? { kind: "staged", path: object.path } : { kind, path: object.path, commit, author, date },
  };
}

/** A commit or tag without the header lines that hold signatures: base64 that no one wrote. */
function messageOf(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  const body = text.indexOf("\n\n");
  const headers = text.slice(0, body < 0 ? text.length : body);
  const kept = headers.replace(/^gpgsig(-sha256)? .*(\n .*)*\n?/gm, "");
  return Buffer.from(kept + (body < 0 ? "" : text.slice(body)), "latin1");
}

type Ask = (...args: string[]) => string | null;

/** The oldest of the pushed commits that brought a blob. */
function introducing(oid: string, request: HookRequest, ask: Ask): string | null {
  const found = ask("log", "-m", "--format=%H", `--find-object=${oid}`, ...revisionArguments(request));
  return found?.split("\n").filter(Boolean).at(-1) ?? null;
}

/** A push names few refs as a rule; where it names too many for a command line, the commit goes unsaid. */
function revisionArguments({ revisions }: HookRequest): readonly string[] {
  return revisions.length > 500 ? ["--max-count=0"] : [...revisions, "--"];
}

/** Where the pushed commits leave those that are known: the files as they were there. */
function bordersOf(request: HookRequest, ask: Ask): string[] {
  const listed = ask("rev-list", "--boundary", ...revisionArguments(request)) ?? "";
  return listed
    .split("\n")
    .filter((line) => line.startsWith("-"))
    .map((line) => line.slice(1))
    .slice(0, 50);
}

/** The lines that a file has at any of the borders. */
function knownLines(path: string, borders: readonly string[], ask: Ask): Set<string> {
  const lines = new Set<string>();
  for (const border of borders) {
    const content = ask("cat-file", "blob", `${border}:${path}`);
    for (const line of content?.split("\n") ?? []) lines.add(line);
  }
  return lines;
}

/** The spans of the lines that were not known, each with its line feed. */
function freshLines(bytes: Buffer, known: ReadonlySet<string>): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    const line = bytes.toString("utf8", start, feed < 0 ? end : feed);
    const last = spans.at(-1);
    if (!known.has(line)) {
      if (last !== undefined && last.end === start) spans[spans.length - 1] = { start: last.start, end };
      else spans.push({ start, end });
    }
    start = end;
  }
  return spans;
}
