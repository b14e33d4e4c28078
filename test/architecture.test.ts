import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const src = join(root, "src");

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.replaceAll("\\", "/"));

/** Every import of the project's own files and of packages, written as a path below src or as the package's name. */
const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(join(src, from), "utf8").matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*["']([^"'\n]+)["']/g)].map(
    ([, target = ""]) => ({
      from,
      to: target.startsWith(".")
        ? relative(src, normalize(join(src, dirname(from), target))).replaceAll("\\", "/")
        : target,
    }),
  ),
);

const roomOf = (path: string): string => path.split("/")[0] ?? "";

/** Who may import whom; see ARCHITECTURE.md, which says why of each that is not in the order of the floors. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "cli.ts": ["commands"],
  action: ["commands", "config", "aws", "git", "scan", "report", "model", "sources"],
  commands: ["hook", "config", "sources", "scan", "aws", "remediate", "doctor", "report", "detectors", "git", "model"],
  hook: ["config", "sources", "scan", "report", "detectors", "git", "model"],
  config: ["detectors", "model"],
  sources: ["scan", "detectors", "git", "model"],
  scan: ["detectors", "model"],
  aws: ["detectors", "model"],
  remediate: ["detectors", "model"],
  doctor: ["detectors", "model"],
  report: ["model"],
  git: ["model"],
  detectors: ["model"],
  model: [],
};

describe("the floors of the house", () => {
  it("have no import that goes up or across", () => {
    const wrong = imports
      .filter(({ to }) => files.includes(to))
      .filter(({ from, to }) => roomOf(from) !== roomOf(to) && !allowed[roomOf(from)]?.includes(roomOf(to)))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  it("have no import of a file that is not there", () => {
    const missing = imports
      .filter(({ to }) => to.endsWith(".ts") && !to.startsWith("..") && !files.includes(to))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(missing).toEqual([]);
  });
});

describe("what is pure", () => {
  const impure = /^node:(?:fs|net|http|https|tls|dns|child_process|worker_threads|os|process|timers)/;

  it.each(["model", "detectors", "scan", "report"])("%s imports no file system, network or process", (room) => {
    const wrong = imports.filter(({ from, to }) => roomOf(from) === room && impure.test(to));
    expect(wrong).toEqual([]);
  });

  it.each(["model", "detectors", "scan", "report"])("%s asks neither the process nor the clock", (room) => {
    const wrong = files
      .filter((path) => roomOf(path) === room)
      .filter((path) =>
        /\bprocess\.|\bDate\.now\(|\bnew Date\(\)/.test(withoutComments(readFileSync(join(src, path), "utf8"))),
      );
    expect(wrong).toEqual([]);
  });
});

describe("the doors", () => {
  it("to AWS: its SDK is imported in aws alone, and in what is handed its clients", () => {
    const wrong = imports
      .filter(({ to }) => to.startsWith("@aws-sdk/") || to.startsWith("@smithy/"))
      .filter(({ from }) => !["aws", "remediate", "doctor"].includes(roomOf(from)));
    expect(wrong).toEqual([]);
  });

  it("to other programs: only git, the hook's installation and its fast path start any", () => {
    const wrong = imports
      .filter(({ to }) => to === "node:child_process")
      .filter(({ from }) => !["git", "hook"].includes(roomOf(from)));
    expect(wrong.map(({ from }) => from)).toEqual([]);
  });

  it("to a secret: whoever reveals one is known", () => {
    const revealing = [
      ...new Set(files.filter((path) => /\.reveal\(\)/.test(readFileSync(join(src, path), "utf8"))).map(roomOf)),
    ];
    expect(
      revealing.filter(
        (room) =>
          !["aws", "scan", "report", "remediate", "commands", "action", "sources", "hook", "doctor"].includes(room),
      ),
    ).toEqual([]);
  });
});

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
