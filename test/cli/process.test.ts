import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";
import { bundle, runKeyguard } from "../support/run-keyguard.ts";
import { makeFolder, makeRepo } from "../support/temp-repo.ts";

function preload(code: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { dir, cleanup } = makeFolder();
  onTestFinished(cleanup);
  const script = join(dir, "preload.cjs");
  spawnSync("tee", [script], { input: code });
  return spawnSync(process.execPath, ["--require", script, bundle, ...args], { cwd: dir, encoding: "utf8" });
}

describe("the program", () => {
  it("tells an old Node that it is too old", () => {
    const run = preload(`Object.defineProperty(process.versions, "node", { value: "18.20.4" });`, ["scan"]);
    expect([run.status, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toMatch(/^keyguard: error: Node 18\.20\.4 is too old: keyguard needs 20\.19 or newer\nhint: /);
  });

  it("tells a bug without its message, which may quote what was scanned", () => {
    const secret = fakeSecret("bug");
    const run = preload(
      `const fs = require("node:fs"); const { syncBuiltinESMExports } = require("node:module");
       const broken = () => { throw new TypeError("cannot read ${secret}\\n    at ${secret}"); };
       fs.lstatSync = broken; fs.statSync = broken; syncBuiltinESMExports();`,
      ["scan"],
    );
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("this is a bug in keyguard (TypeError)");
    expect(run.stderr).toMatch(/\n {4}at /);
    for (let i = 0; i + 8 <= secret.length; i++) expect(run.stdout + run.stderr).not.toContain(secret.slice(i, i + 8));
  });

  it("prints no colour where it is no terminal", () => {
    const { dir, cleanup } = makeRepo({ files: { a: `AWS_ACCESS_KEY_ID=${fakeAccessKeyId(1)}` } });
    onTestFinished(cleanup);
    const run = runKeyguard(dir, ["scan"], { env: { ...process.env, NO_COLOR: "", FORCE_COLOR: "" } });
    expect(run.status).toBe(1);
    expect(run.stdout).not.toContain("\u001b");
  });

  it("says that its output could not be written, and does not end as clean", () => {
    const { dir, cleanup } = makeFolder();
    onTestFinished(cleanup);
    const run = spawnSync("sh", ["-c", '"$0" "$1" scan > /dev/full', process.execPath, bundle], {
      cwd: dir,
      encoding: "utf8",
    });
    expect([run.status, run.stderr]).toEqual([2, "keyguard: error: standard output cannot be written to (ENOSPC)\n"]);
  });

  it("ends with 2 when it is interrupted, and says nothing of clean", async () => {
    const child = spawn(process.execPath, [bundle, "scan", "--stdin"], { stdio: ["pipe", "pipe", "pipe"] });
    const said: string[] = [];
    child.stdout.on("data", (data) => said.push(String(data)));
    child.stdin.write("x\n");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, said.join("")]).toEqual([2, ""]);
  });
});

it("a baseline can hold what only history has", () => {
  const repo = makeRepo({
    files: { "a.env": `AWS_ACCESS_KEY_ID=${fakeAccessKeyId(1)}\nAWS_SECRET_ACCESS_KEY=${fakeSecret(1)}\n` },
  });
  onTestFinished(repo.cleanup);
  repo.remove("a.env");
  repo.commit("gone");
  expect(runKeyguard(repo.dir, ["scan"]).status).toBe(0);
  expect(runKeyguard(repo.dir, ["scan", "--history", "--no-cache"]).status).toBe(1);
  expect(runKeyguard(repo.dir, ["baseline", "--history"])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(": 1 credential let pass"),
  });
  expect(runKeyguard(repo.dir, ["scan", "--history", "--no-cache"]).status).toBe(0);
});
