import { KeyguardError } from "../model/errors.ts";
import type { Coverage, Report, Sighting } from "../model/finding.ts";
import type { Origin } from "../model/text.ts";
import { describeBytes } from "../report/text.ts";
import { matchPath } from "../scan/allow.ts";
import { scanText } from "../scan/engine.ts";
import { gather } from "../scan/gather.ts";
import { compilePrefilter } from "../sources/compile-prefilter.ts";
import type { Sink, Tally } from "../sources/sink.ts";
import type { Io } from "./command.ts";
import { startProgress } from "./progress.ts";
import type { Settings } from "./settings.ts";

/** What is to be read. */
export type ScanTarget =
  | { readonly mode: "tree"; readonly paths: readonly string[] }
  | { readonly mode: "staged" }
  | { readonly mode: "range"; readonly range: string }
  | { readonly mode: "stdin"; readonly path: string };

/** Scans what a source reads, and makes a report of it: the way of every mode but history. */
export async function scanTexts(target: ScanTarget, settings: Settings, io: Io, quiet: boolean): Promise<Report> {
  const started = performance.now();
  const { config, rules } = settings;
  const sightings: Sighting[] = [];
  const origins = new Map<string, Origin[]>();
  const unread: { path: string; why: string }[] = [];
  const progress = startProgress(io, quiet);
  const excluded = matchPath(config.exclude);
  const stop = (): void => {
    if (io.signal.aborted) throw new Stopped();
  };

  const sink: Sink = {
    prefilter: compilePrefilter(rules),
    excluded,
    onText: (text) => {
      stop();
      const seen = scanText(text, rules, (path, why) => unread.push({ path, why }));
      if (seen.length === 0) return;
      sightings.push(...seen);
      for (const { path } of seen) {
        // A member of an archive stands where its archive does.
        const origin = { ...text.origin, path };
        const key = originKey(text.id, path);
        const known = origins.get(key);
        if (known === undefined) origins.set(key, [origin]);
        else if (!known.some((one) => sameOrigin(one, origin))) known.push(origin);
      }
    },
    onUnread: (path, why) => unread.push({ path, why }),
    onProgress: ({ texts, bytes }) => {
      stop();
      progress.show(
        `${texts.toLocaleString("en-US")} texts, ${describeBytes(bytes)} read, ${sightings.length} sightings`,
      );
    },
  };

  let tally: Tally = { texts: 0, bytes: 0, notes: [] };
  let stopped = false;
  try {
    tally = await read(target, sink, io);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    stopped = true;
  } finally {
    progress.end();
  }

  const reviewed = (await settings.reviewSightings?.(sightings)) ?? sightings;
  const gathered = gather(reviewed, {
    accounts: config.accounts,
    allow: config.allow,
    baseline: settings.baseline,
    now: io.now().toISOString(),
    originsOf: ({ textId, path }) => origins.get(originKey(textId, path)) ?? [],
  });
  return {
    complete: unread.length === 0 && !stopped,
    coverage: coverageOf(target.mode, tally),
    unread,
    ...gathered,
    elapsed: performance.now() - started,
  };
}

/** Ctrl-C: what was found so far is reported, and said to be incomplete. */
class Stopped extends Error {}

async function read(target: ScanTarget, sink: Sink, io: Io): Promise<Tally> {
  switch (target.mode) {
    case "tree": {
      const { readWorktree } = await import("../sources/worktree.ts");
      return readWorktree({ cwd: io.cwd, paths: target.paths, env: io.env }, sink);
    }
    case "staged": {
      const { readStaged } = await import("../sources/staged.ts");
      return readStaged({ cwd: io.cwd }, sink);
    }
    case "range": {
      const { readRange } = await import("../sources/range.ts");
      return readRange({ cwd: io.cwd, range: target.range }, sink);
    }
    case "stdin": {
      if (io.stdin.isTerminal) {
        throw new KeyguardError("usage", "standard input is a terminal: there is nothing to read", {
          hint: "pipe something in: some-command | keyguard scan --stdin",
        });
      }
      const { readStdin } = await import("../sources/stdin.ts");
      return readStdin({ stream: io.stdin, path: target.path }, sink);
    }
  }
}

function coverageOf(mode: Coverage["mode"], { texts, bytes, commits, notes }: Tally): Coverage {
  return { mode, texts, bytes, ...(commits === undefined ? {} : { commits }), notes };
}

function originKey(textId: string, path: string): string {
  return `${textId}\0${path}`;
}

function sameOrigin(a: Origin, b: Origin): boolean {
  return a.path === b.path && ("commit" in a ? a.commit : "") === ("commit" in b ? b.commit : "");
}
