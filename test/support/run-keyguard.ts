import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const bundle = join(import.meta.dirname, "../../dist/keyguard.js");

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the bundle that ships, with what it is given and nothing of the developer's. */
export function runKeyguard(
  cwd: string,
  args: readonly string[],
  options: { readonly input?: string | Uint8Array; readonly env?: NodeJS.ProcessEnv } = {},
): Run {
  const result = spawnSync(process.execPath, [bundle, ...args], {
    cwd,
    input: options.input ?? "",
    env: { ...(options.env ?? process.env), NODE_OPTIONS: "", NODE_EXTRA_CA_CERTS: "" },
    encoding: "utf8",
    timeout: 30_000,
    maxBuffer: 2 ** 28,
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}
