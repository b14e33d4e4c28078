import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { fakeAccessKeyId, fakeSecret } from "./fake-keys.ts";
import { parseRunnerLog, type RunnerCommand } from "./runner-log.ts";
import { makeRepo, type TempRepo } from "./temp-repo.ts";

const root = resolve(import.meta.dirname, "../..");
const manifest = parse(readFileSync(join(root, "action.yml"), "utf8"));
const bundle = resolve(process.env.KEYGUARD_DIST ?? join(root, "dist"), "action.js");

/** A file that leaks a whole access key, and what of it must never be seen again. */
export function leak(seed: string): { content: string; id: string; secret: string } {
  const id = fakeAccessKeyId(seed);
  const secret = fakeSecret(seed);
  return { content: `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`, id, secret };
}

export interface ActionResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the runner would have understood, without the masks. */
  readonly annotations: readonly RunnerCommand[];
  readonly masks: readonly string[];
  /** Lines of the log that are no commands. */
  readonly lines: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Everything that anyone can read afterwards: the log without the masks, the summary, the outputs, the reports. */
  readonly visible: string;
}

/**
 * A server and the machine of a runner: a repository whose branches and pull requests are made here, a checkout as
 * actions/checkout makes it, and the action's bundle started as the runner starts it.
 */
export class Stage {
  readonly server: TempRepo;
  readonly #folder = mkdtempSync(join(tmpdir(), "keyguard-runner-"));
  #checkouts = 0;

  constructor(files: Readonly<Record<string, string>> = { "README.md": "hello\n" }) {
    this.server = makeRepo({ files });
  }

  cleanup(): void {
    this.server.cleanup();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs `work` on a branch that starts at `from` and goes back; gives the branch's tip. */
  onBranch(name: string, from: string, work: (repo: TempRepo) => void): string {
    const { server } = this;
    server.git("checkout", "-q", "-B", name, from);
    work(server);
    const tip = server.git("rev-parse", "HEAD");
    server.git("checkout", "-q", "main");
    return tip;
  }

  /** Makes the refs of a pull request from `head` into main, and the event that the runner would get. */
  pullRequest(head: string, { number = 1, fork = false, base = "main" } = {}): { event: object; merge: string } {
    const { server } = this;
    const baseSha = server.git("rev-parse", base);
    server.git("checkout", "-q", "--detach", baseSha);
    const merged = server.tryGit("merge", "-q", "--no-ff", "--no-edit", head);
    if (merged.status !== 0) throw new Error(merged.stderr);
    const merge = server.git("rev-parse", "HEAD");
    server.git("update-ref", `refs/pull/${number}/head`, head);
    server.git("update-ref", `refs/pull/${number}/merge`, merge);
    server.git("checkout", "-q", "main");
    return {
      merge,
      event: {
        action: "synchronize",
        number,
        pull_request: {
          number,
          commits: 1,
          base: { ref: base, sha: baseSha, repo: { full_name: "team/project" } },
          head: { ref: "feature", sha: head, repo: { full_name: fork ? "stranger/project" : "team/project" } },
        },
        repository: { full_name: "team/project", default_branch: "main" },
      },
    };
  }

  /** The event of a push of `ref`; null for a side that is not there. */
  push(before: string | null, after: string | null, ref = "refs/heads/main"): { event: object } {
    const none = "0".repeat(40);
    return {
      event: {
        ref,
        before: before ?? none,
        after: after ?? none,
        created: before === null,
        deleted: after === null,
        repository: { full_name: "team/project", default_branch: "main" },
      },
    };
  }

  /** A checkout of a commit as actions/checkout leaves it: detached, `depth` commits deep, 0 for all. */
  checkout(commit: string, { depth = 1, ref = "refs/remotes/pull/1/merge", filter = "" } = {}): string {
    const dir = join(this.#folder, `work-${this.#checkouts++}`);
    mkdirSync(dir);
    const git = (...args: string[]): string =>
      execFileSync("git", args, {
        cwd: dir,
        env: this.server.env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    git("init", "-q", "-b", "unborn");
    git("remote", "add", "origin", `file://${this.server.dir}`);
    const own = `+${commit}:${ref}`;
    const whole = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
    const what =
      depth > 0 ? [`--depth=${depth}`, "origin", own] : ["origin", ...whole, ...(ref.includes("/pull/") ? [own] : [])];
    const filtered = filter === "" ? [] : [`--filter=${filter}`];
    git("fetch", "-q", "--no-tags", "--prune", "--no-recurse-submodules", ...filtered, ...what);
    git("checkout", "-q", "--force", "--detach", commit);
    return dir;
  }

  /** Starts the bundle in a checkout. `inputs` stand over the defaults of action.yml. */
  async run(
    workspace: string,
    eventName: string,
    event: object | null,
    inputs: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<ActionResult> {
    const run = mkdtempSync(join(this.#folder, "run-"));
    const files = { event: join(run, "event.json"), output: join(run, "output"), summary: join(run, "summary.md") };
    if (event !== null) writeFileSync(files.event, JSON.stringify(event));
    writeFileSync(files.output, "");
    writeFileSync(files.summary, "");
    const given: Record<string, string> = {};
    for (const [name, { default: fallback }] of Object.entries(
      manifest.inputs as Record<string, { default?: string }>,
    )) {
      given[`INPUT_${name.toUpperCase()}`] = inputs[name] ?? (fallback ?? "").replace(/^\$\{\{.*\}\}$/, "");
    }
    const { status, stdout, stderr } = await start(workspace, {
      ...this.server.env,
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: workspace,
      GITHUB_EVENT_NAME: eventName,
      GITHUB_EVENT_PATH: event === null ? "" : files.event,
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      GITHUB_REPOSITORY: "team/project",
      GITHUB_SERVER_URL: "https://github.com",
      RUNNER_TEMP: run,
      ...given,
      ...env,
    });
    const { commands, lines } = parseRunnerLog(stdout);
    const outputs = parseOutputs(readFileSync(files.output, "utf8"));
    const summary = readFileSync(files.summary, "utf8");
    const masks = commands.filter(({ name }) => name === "add-mask").map(({ message }) => message);
    const reports = (outputs.reports ?? "").split("\n").filter((path) => path !== "" && existsSync(path));
    const log = stdout
      .split("\n")
      .filter((line) => !line.startsWith("::add-mask::"))
      .join("\n");
    return {
      status,
      stdout,
      stderr,
      annotations: commands.filter(({ name }) => name !== "add-mask"),
      masks,
      lines,
      outputs,
      summary,
      visible: [
        log,
        stderr,
        summary,
        JSON.stringify(outputs),
        ...reports.map((path) => readFileSync(path, "utf8")),
      ].join("\n"),
    };
  }
}

/** Starts the bundle; servers of this process go on answering meanwhile. */
function start(
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [bundle], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** Reads GITHUB_OUTPUT as the runner does, and throws where the runner would fail the step. */
export function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line === "") continue;
    const heredoc = /^([^=]*?)<<(.+)$/.exec(line);
    if (heredoc !== null) {
      const [, name = "", delimiter = ""] = heredoc;
      const value: string[] = [];
      for (i++; lines[i] !== delimiter; i++) {
        if (i >= lines.length) throw new Error(`no end of ${name}`);
        value.push(lines[i] ?? "");
      }
      outputs[name] = value.join("\n");
      continue;
    }
    const equals = line.indexOf("=");
    if (equals < 0) throw new Error(`invalid format: ${line}`);
    outputs[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return outputs;
}
