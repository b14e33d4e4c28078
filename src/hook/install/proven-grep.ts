import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./site.ts";

/**
 * The absolute path of a grep that can be trusted with dist/literals.grep, or null. Greps differ in what they do with
 * bytes that are no text, with many patterns and with their options; so each pattern is tried, in the middle of bytes
 * of every kind, before a hook relies on it.
 */
export function findProvenGrep(home: string, env: Environment): string | null {
  const patterns = join(home, "dist", "literals.grep");
  const path = run("sh", ["-c", "command -v grep"], env)?.toString("utf8").trim() ?? "";
  if (!path.startsWith("/")) return null;
  let samples: Buffer[];
  try {
    samples = readFileSync(join(home, "dist", "literals.samples"), "latin1")
      .split("\n")
      .filter(Boolean)
      .map(inNoise);
  } catch {
    return null;
  }
  const found = run(path, ["-aEon", "-f", patterns], env, Buffer.concat(samples.flatMap((line) => [line, feed])));
  const lines = new Set(found?.toString("latin1").match(/^\d+(?=:)/gm));
  if (samples.some((_, i) => !lines.has(String(i + 1)))) return null;
  const clean = run(path, ["-aEo", "-m", "3", "-f", patterns], env, Buffer.concat([noise, feed, trailers]));
  return clean?.equals(trailers) ? path : null;
}

const feed = Buffer.from("\n");
const trailers = Buffer.from("?diff=0 missing\n?cat=0\n");
/** Every byte but NUL and line feed, twice, in an order in which no literal stands. */
const noise = Buffer.from(Array.from({ length: 510 }, (_, i) => ((i * 7) % 255) + 1).filter((byte) => byte !== 10));

/** A line in which a pattern must be found: noise around it, unless it is one that begins its line. */
function inNoise(sample: string): Buffer {
  const text = Buffer.from(sample, "latin1");
  return Buffer.concat(/^[?0-9]/.test(sample) ? [text] : [noise, text, noise]);
}

function run(command: string, args: readonly string[], env: Environment, input = Buffer.alloc(0)): Buffer | null {
  const result = spawnSync(command, args, { env: { ...env, LC_ALL: "C" }, input, windowsHide: true, timeout: 10_000 });
  return result.status === 0 ? result.stdout : null;
}
