import { spawn } from "node:child_process";
import { type Environment, gitEnvironment, safeSettings } from "./spawn-git.ts";

/** How commits are brought that a shallow checkout lacks. */
export interface FetchRequest {
  readonly dir: string;
  readonly env: Environment;
  /** What to fetch from `origin`: commit ids, refs or refspecs. Checked by the caller: none begins with a dash. */
  readonly what: readonly string[];
  /**
   * Commits of history from each. `unshallow` takes every limit of a shallow checkout away, `unlimited` fetches into one
   * that has none (a number would give it one).
   */
  readonly depth: number | "unshallow" | "unlimited";
  /** A token for the server, sent to it and to no other; null to go without, or with what the checkout left. */
  readonly credentials: { readonly server: string; readonly token: string } | null;
}

/** What a fetch needs beyond what reading does: the way through a proxy, and whom to trust. */
const forServers =
  /^(?:https?_proxy|all_proxy|no_proxy|ssl_cert_file|ssl_cert_dir|git_ssl_cainfo|git_ssl_capath|curl_ca_bundle)$/i;

/** Milliseconds after which a fetch that hangs is given up. */
const patience = 10 * 60_000;

/**
 * The one place where keyguard lets git reach a server: the GitHub Action deepens the checkout that it is run in.
 * Everything else stays as closed as for reading (no hooks, no helpers, no ssh command); only http(s) and the file
 * protocol, which reaches this machine alone, are let through.
 *
 * @returns null when it worked, else git's own words.
 */
export async function fetchCommits(request: FetchRequest): Promise<string | null> {
  const { dir, depth, what, credentials } = request;
  const settings = [
    ...safeSettings,
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.file.allow=always",
  ];
  const args = [
    "--no-pager",
    ...settings.flatMap((setting) => ["-c", setting]),
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    ...(depth === "unlimited" ? [] : [depth === "unshallow" ? "--unshallow" : `--depth=${depth}`]),
    "origin",
    ...what,
  ];
  const { GIT_ALLOW_PROTOCOL: _, ...reading } = gitEnvironment(request.env);
  const servers = Object.entries(request.env).filter(([name, value]) => forServers.test(name) && value !== undefined);
  const env = { ...reading, ...(Object.fromEntries(servers) as Record<string, string>) };
  const child = spawn("git", args, {
    cwd: dir,
    env: { ...env, ...(credentials === null ? {} : authorize(env, credentials)) },
    stdio: ["ignore", "ignore", "pipe"],
    windowsHide: true,
    timeout: patience,
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (stderr.length < 4096) stderr += chunk.toString("utf8");
  });
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`cannot start git: ${error.message}`));
    child.on("close", (status) =>
      resolve(status === 0 ? null : firstWords(stderr) || `git fetch ended with ${status}`),
    );
  });
}

/**
 * The token as a header, by the environment: arguments are seen by every process of the machine. The empty value takes
 * away the header that actions/checkout may have left, since two of them make the server refuse both.
 */
function authorize(env: Environment, { server, token }: { server: string; token: string }): Record<string, string> {
  const first = Number(env.GIT_CONFIG_COUNT ?? 0) || 0;
  const key = `http.${server.replace(/\/+$/, "")}/.extraheader`;
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: String(first + 2),
    [`GIT_CONFIG_KEY_${first}`]: key,
    [`GIT_CONFIG_VALUE_${first}`]: "",
    [`GIT_CONFIG_KEY_${first + 1}`]: key,
    [`GIT_CONFIG_VALUE_${first + 1}`]: `AUTHORIZATION: basic ${basic}`,
  };
}

function firstWords(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const fatal = lines.find((line) => /^(fatal|error|remote):/.test(line)) ?? lines[0] ?? "";
  return fatal.replace(/^(fatal|error): /, "").slice(0, 300);
}
