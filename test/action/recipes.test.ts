import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { leak } from "../support/action-runner.ts";
import { makeRepo, type TempRepo } from "../support/temp-repo.ts";
import { schemaErrors } from "../support/validate-schema.ts";

const root = resolve(import.meta.dirname, "../..");
const dist = resolve(process.env.KEYGUARD_DIST ?? join(root, "dist"));

/** The fenced blocks of a page in one language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(root, "docs/ci", page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, block = ""]) => block,
  );
}

function block(page: string, language: string): string {
  const found = blocks(page, language);
  expect(found).toHaveLength(1);
  return found[0] ?? "";
}

describe("the files in docs/ci", () => {
  it("include three workflows that GitHub's schema takes, with the rights they need and no more", () => {
    const workflows = blocks("github.md", "yaml").map((text) => parse(text));
    expect(workflows).toHaveLength(3);
    for (const workflow of workflows) expect(schemaErrors("github-workflows.json", workflow)).toEqual([]);
    expect(workflows.map(({ permissions }) => permissions)).toEqual([
      { contents: "read" },
      { contents: "read" },
      { contents: "read", "security-events": "write" },
    ]);
  });

  it("use only inputs and outputs that the action has, and action.yml is what GitHub's schema takes", () => {
    const manifest = parse(readFileSync(join(root, "action.yml"), "utf8"));
    expect(schemaErrors("github-actions.json", manifest)).toEqual([]);
    expect(manifest.runs).toEqual({ using: "node24", main: "dist/action.js" });
    for (const workflow of blocks("github.md", "yaml").map((text) => parse(text))) {
      for (const step of workflow.jobs.keyguard.steps) {
        if (!String(step.uses).includes("/keyguard@")) continue;
        for (const input of Object.keys(step.with ?? {})) expect(manifest.inputs).toHaveProperty(input);
      }
    }
    const page = readFileSync(join(root, "docs/ci/github.md"), "utf8");
    for (const name of [...Object.keys(manifest.inputs), ...Object.keys(manifest.outputs)])
      expect(page).toContain(`\`${name}\``);
  });

  it.each([
    ["gitlab.md", "gitlab-ci.json"],
    ["buildkite.md", "buildkite.json"],
    ["circleci.md", "circle-ci.json"],
  ])("%s is what the published schema %s takes", (page, schema) => {
    expect(schemaErrors(schema, parse(block(page, "yaml")))).toEqual([]);
  });
});

describe("the recipe", () => {
  let repo: TempRepo;
  let program: TempRepo;
  beforeEach(() => {
    // Where the recipes clone keyguard from: a repository with the bundle, as a release is one.
    program = makeRepo();
    cpSync(dist, join(program.dir, "dist"), { recursive: true });
    writeFileSync(join(program.dir, "package.json"), '{"type":"module"}');
    program.commit("release");
    program.git("tag", "v0.1.0");
    repo = makeRepo({ files: { "README.md": "hello\n" } });
  });
  afterEach(() => {
    program.cleanup();
    repo.cleanup();
  });

  /** Runs a recipe's commands as its CI does, in a clone of `branch`, with `insteadOf` in place of the network. */
  function run(script: string, branch: string, env: Record<string, string>, shell: readonly string[] = ["bash", "-e"]) {
    const clone = repo.clone("--branch", branch);
    const bin = join(clone.dir, "../bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "buildkite-agent"), '#!/bin/sh\ncat > annotation.md\necho "$@" > annotation.args\n', {
      mode: 0o755,
    });
    const result = spawnSync(shell[0] ?? "", [...shell.slice(1), "-c", script], {
      cwd: clone.dir,
      encoding: "utf8",
      env: {
        ...clone.env,
        PATH: `${bin}:${process.env.PATH}`,
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: `url.file://${program.dir}.insteadOf`,
        GIT_CONFIG_VALUE_0: "https://github.com/OWNER/keyguard",
        CI: "true",
        ...env,
      },
    });
    return { ...result, dir: clone.dir, read: (path: string) => readFileSync(join(clone.dir, path), "utf8") };
  }

  /** A branch that leaks a key, takes it away again and allows everything. */
  function leakingBranch(): { head: string; secret: string } {
    const key = leak("recipe");
    repo.git("checkout", "-q", "-b", "feature");
    repo.write("a.env", key.content);
    repo.commit("leak");
    repo.remove("a.env");
    repo.write(".keyguardrc", JSON.stringify({ exclude: ["*.env"] }));
    repo.commit("hide");
    return { head: repo.git("rev-parse", "HEAD"), secret: key.secret };
  }

  it("for GitLab catches a merge request's leak, and writes both reports", () => {
    const base = repo.git("rev-parse", "main");
    const { head, secret } = leakingBranch();
    const script = parse(block("gitlab.md", "yaml"))
      .keyguard.script.join("\n")
      .replaceAll("/tmp/keyguard", `${repo.dir}/../program`);
    const result = run(script, "feature", {
      CI_PIPELINE_SOURCE: "merge_request_event",
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
      CI_COMMIT_SHA: head,
      CI_COMMIT_BEFORE_SHA: "0".repeat(40),
    });
    expect(result.status, result.stdout + result.stderr).toBe(1);
    const report = JSON.parse(result.read("gl-secret-detection-report.json"));
    expect(schemaErrors("gitlab-secret-detection.ours.json", report)).toEqual([]);
    expect(report.vulnerabilities).toHaveLength(1);
    expect(report.vulnerabilities[0].location).toMatchObject({
      file: "a.env",
      commit: { sha: expect.stringMatching(/^[0-9a-f]{40}$/) },
    });
    expect(result.read("keyguard.xml")).toContain('failures="1"');
    expect(result.stdout + result.stderr + result.read("keyguard.xml")).not.toContain(secret);
  });

  it("for GitLab reads a push from the commit before, and a new branch whole", () => {
    const before = repo.git("rev-parse", "main");
    repo.write("a.env", leak("push").content);
    const after = repo.commit();
    const script = parse(block("gitlab.md", "yaml"))
      .keyguard.script.join("\n")
      .replaceAll("/tmp/keyguard", `${repo.dir}/../program`);
    const push = { CI_PIPELINE_SOURCE: "push", CI_COMMIT_SHA: after };
    expect(run(script, "main", { ...push, CI_COMMIT_BEFORE_SHA: before }).status).toBe(1);
    expect(
      run(`rm -rf ${repo.dir}/../program; ${script}`, "main", { ...push, CI_COMMIT_BEFORE_SHA: "0".repeat(40) }).status,
    ).toBe(1);
    expect(
      run(`rm -rf ${repo.dir}/../program; ${script}`, "main", { ...push, CI_COMMIT_BEFORE_SHA: after }).status,
    ).toBe(0);
  });

  it("for Jenkins catches a change request's leak, and writes both reports", () => {
    leakingBranch();
    // As Groovy reads it: two backslashes between three quotes are one.
    const script = (/sh '''([\s\S]*?)'''/.exec(block("jenkins.md", "groovy"))?.[1] ?? "").replaceAll("\\\\", "\\");
    const result = run(script, "feature", { CHANGE_TARGET: "main" }, ["sh", "-e"]);
    expect(result.status, result.stdout + result.stderr).toBe(1);
    expect(result.read(".keyguard/keyguard.xml")).toContain('failures="1"');
    expect(result.read(".keyguard/keyguard.html")).toContain("1 credential leaked");
    expect(run(script, "main", {}, ["sh", "-e"]).status).toBe(0);
  });

  it("for Buildkite catches a pull request's leak, and annotates the build", () => {
    leakingBranch();
    const env = {
      BUILDKITE_PULL_REQUEST_BASE_BRANCH: "main",
      BUILDKITE_PIPELINE_DEFAULT_BRANCH: "main",
      BUILDKITE_BRANCH: "feature",
    };
    const result = run(block("buildkite.md", "sh"), "feature", env, ["bash"]);
    expect(result.status, result.stdout + result.stderr).toBe(1);
    expect(result.read("annotation.md")).toContain("1 leaked credential");
    expect(result.read("annotation.args")).toContain("--style error");
    expect(existsSync(join(result.dir, ".keyguard/keyguard.html"))).toBe(true);
  });

  it("for CircleCI catches a branch's leak, and writes both reports", () => {
    leakingBranch();
    const steps = parse(block("circleci.md", "yaml")).jobs.keyguard.steps;
    const script = steps.find((step: { run?: { command: string } }) => step.run !== undefined).run.command;
    const result = run(script, "feature", { CIRCLE_BRANCH: "feature", DEFAULT_BRANCH: "main" });
    expect(result.status, result.stdout + result.stderr).toBe(1);
    expect(result.read(".keyguard/results/keyguard.xml")).toContain('failures="1"');
  });
});
