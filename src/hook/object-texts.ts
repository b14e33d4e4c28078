import type { Origin } from "../model/text.ts";
import type { Scannable } from "../scan/engine.ts";
import { streamNamed, streamNew } from "./git-objects.ts";
import type { HookRequest } from "./hook-request.ts";
import { askGit, askGitWith, readBlob } from "./install/ask-git.ts";
import type { ObjectHeader, ObjectSink } from "./object-stream.ts";

/** Takes what is pushed. */
export interface ObjectTexts {
  /** Whether the bytes can hold anything; the others are not kept. */
  mayHold(bytes: Uint8Array, path: string): boolean;
  /** What it costs a git to learn is asked only of texts in which something is seen. */
  onText(text: Scannable, more: Learnable): void;
  onUnread(path: string, why: string): void;
}

export interface Learnable {
  /** The file as it was before, in as many versions as there are. */
  before(): readonly Buffer[];
  origin(): Origin;
}

/** Bytes; git itself holds no larger blob in one piece either (core.bigFileThreshold). */
const largest = 512 * 1024 * 1024;

/** Reads what a push brings: those objects that the front could not clear, or all of them. */
export async function readPushed(request: HookRequest, sink: ObjectTexts): Promise<void> {
  const suspects = request.objects;
  const objects = collectObjects(sink, suspects !== null, (header, bytes) => {
    const path = header.type === "blob" ? Buffer.from(header.rest, "latin1").toString("utf8") : "";
    const blob = header.type === "blob";
    sink.onText(
      { id: header.oid, path, bytes: blob ? bytes : withoutSignature(bytes), fresh: "all" },
      { before: () => versionsBefore(path, request), origin: () => originOf(header, path, request) },
    );
  });
  if (suspects === null) await streamNew(request.revisions, objects);
  else
    await streamNamed(
      suspects.map(({ oid, path }) => `${oid} ${Buffer.from(path).toString("latin1")}`),
      objects,
    );
}

function collectObjects(
  sink: ObjectTexts,
  suspected: boolean,
  take: (header: ObjectHeader, bytes: Buffer) => void,
): ObjectSink {
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
      const bytes = Buffer.concat(chunks);
      chunks = [];
      if (header.size > largest) sink.onUnread(header.rest, `larger than ${largest / 1024 / 1024} MB`);
      else if (suspected || sink.mayHold(bytes, header.type === "blob" ? header.rest : "")) take(header, bytes);
    },
    trailer(program, status) {
      if (status !== "0") sink.onUnread("", `git ${program} ended with status ${status}`);
    },
    strange: (line) => sink.onUnread("", line),
  };
}

function originOf({ oid, type }: ObjectHeader, path: string, request: HookRequest): Origin {
  const commit = type === "blob" ? introducing(oid, request) : oid;
  if (commit === null) return { kind: "staged", path };
  const about = askGit(request.cwd, process.env, "show", "-s", "--format=%an%x00%aI", commit) ?? "";
  const [author = "", date = ""] = about.split("\n").at(-1)?.split("\0") ?? [];
  const kind = type === "blob" ? "commit" : type === "tag" ? "tag-message" : "commit-message";
  return { kind, path, commit, author, date };
}

/** A commit without the header that holds its signature: base64 that no one wrote. */
function withoutSignature(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  const body = text.indexOf("\n\n");
  const headers = text.slice(0, body < 0 ? text.length : body);
  const kept = headers.replace(/^gpgsig(-sha256)? .*(\n .*)*\n?/gm, "");
  return Buffer.from(kept + (body < 0 ? "" : text.slice(body)), "latin1");
}

/** The oldest of the pushed commits that brought a blob. */
function introducing(oid: string, request: HookRequest): string | null {
  const found = askAbout(request, "log", "-m", "--format=%H", `--find-object=${oid}`, "--stdin");
  return found?.split("\n").filter(Boolean).at(-1) ?? null;
}

const bordersOf = new WeakMap<HookRequest, readonly string[]>();

/** The commits at which the pushed ones leave what the receiver has. */
function findBorders(request: HookRequest): readonly string[] {
  const known = bordersOf.get(request);
  if (known !== undefined) return known;
  const borders = (askAbout(request, "rev-list", "--boundary", "--stdin") ?? "")
    .split("\n")
    .filter((line) => line.startsWith("-"))
    .map((line) => line.slice(1))
    .slice(0, 50);
  bordersOf.set(request, borders);
  return borders;
}

function versionsBefore(path: string, request: HookRequest): Buffer[] {
  return path === "" ? [] : findBorders(request).flatMap((border) => versionAt(request, border, path));
}

/** The file in a commit, if it is there. */
function versionAt(request: HookRequest, commit: string, path: string): Buffer[] {
  const content = readBlob(request.cwd, `${commit}:${path}`);
  return content === null ? [] : [content];
}

/** Asks git about the revisions of the push, which go by standard input: there may be thousands. */
function askAbout({ cwd, revisions }: HookRequest, ...args: string[]): string | null {
  return askGitWith(`${revisions.join("\n")}\n`, cwd, process.env, ...args);
}
