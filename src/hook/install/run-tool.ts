import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Site } from "./site.ts";

/**
 * Runs a hook manager's own command to have it write the hooks that git runs: the project's own copy, else the one on
 * PATH. False where there is none or it fails.
 */
export function runTool(site: Site, tool: string, args: readonly string[]): boolean {
  const bin = join(site.top, "node_modules", ".bin");
  const windows = process.platform === "win32";
  const local = join(bin, windows ? `${tool}.cmd` : tool);
  const result = spawnSync(existsSync(local) ? local : tool, args, {
    cwd: site.top,
    env: { ...site.env, PATH: `${bin}${delimiter}${site.env.PATH ?? ""}` },
    stdio: "ignore",
    shell: windows,
    windowsHide: true,
    timeout: 60_000,
  });
  return result.status === 0;
}
