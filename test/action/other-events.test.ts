import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leak, Stage } from "../support/action-runner.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.cleanup());

describe("on a push the action", () => {
  it("reads what stands between before and after, and nothing else", async () => {
    stage.server.write("old.env", leak("old").content);
    const before = stage.server.commit("old leak");
    const key = leak("pushed");
    stage.server.write("new.env", key.content);
    stage.server.commit();
    stage.server.remove("new.env");
    const after = stage.server.commit();
    for (const depth of [0, 1]) {
      const result = await stage.run(
        stage.checkout(after, { depth, ref: "refs/remotes/origin/main" }),
        "push",
        stage.push(before, after).event,
      );
      expect(result.status, result.stdout + result.stderr).toBe(1);
      expect(result.masks).toEqual([key.secret]);
      expect(result.outputs).toMatchObject({ findings: "1", complete: "true" });
    }
  });

  it("compares a new branch with the default branch", async () => {
    stage.server.write("old.env", leak("old").content);
    stage.server.commit("old leak");
    const key = leak("branch");
    const after = stage.onBranch("topic", "main", (repo) => {
      repo.write("new.env", key.content);
      repo.commit();
    });
    for (const depth of [0, 1]) {
      const result = await stage.run(
        stage.checkout(after, { depth, ref: "refs/remotes/origin/topic" }),
        "push",
        stage.push(null, after, "refs/heads/topic").event,
      );
      expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
      expect(result.outputs).toMatchObject({ findings: "1", complete: "true" });
    }
  });

  it("reads a tag as what it adds to the default branch", async () => {
    const after = stage.server.git("rev-parse", "main");
    stage.server.git("tag", "-a", "-m", "release", "v1");
    const result = await stage.run(
      stage.checkout(after, { depth: 1, ref: "refs/tags/v1" }),
      "push",
      stage.push(null, after, "refs/tags/v1").event,
    );
    expect(result.status, result.stdout + result.stderr).toBe(0);
  });

  it("reads a force push from where the branch was, as long as the server has that", async () => {
    const before = stage.onBranch("topic", "main", (repo) => {
      repo.write("a.txt", "a\n");
      repo.commit();
    });
    const key = leak("forced");
    const after = stage.onBranch("topic", "main", (repo) => {
      repo.write("forced.env", key.content);
      repo.commit();
    });
    const result = await stage.run(
      stage.checkout(after, { depth: 0, ref: "refs/remotes/origin/topic" }),
      "push",
      stage.push(before, after, "refs/heads/topic").event,
    );
    expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
    expect(result.outputs.complete).toBe("true");
  });

  it("reads a force push as a new branch where what was before is gone", async () => {
    const key = leak("forced");
    const after = stage.onBranch("topic", "main", (repo) => {
      repo.write("forced.env", key.content);
      repo.commit();
    });
    const result = await stage.run(
      stage.checkout(after, { depth: 0, ref: "refs/remotes/origin/topic" }),
      "push",
      stage.push("1234567890".repeat(4), after, "refs/heads/topic").event,
    );
    expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
    expect(result.lines.join("\n")).toContain("was read as a new one");
  });

  it("reads the whole history of a first push, and of a default branch that was forced past all it knew", async () => {
    const key = leak("first push");
    stage.server.write("a.env", key.content);
    stage.server.commit();
    stage.server.remove("a.env");
    const after = stage.server.commit();
    for (const before of [null, "1234567890".repeat(4)]) {
      for (const depth of [0, 1]) {
        const result = await stage.run(
          stage.checkout(after, { depth, ref: "refs/remotes/origin/main" }),
          "push",
          stage.push(before, after).event,
        );
        expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
        expect(result.outputs.complete).toBe("true");
      }
    }
  });

  it("has nothing to do where a branch was deleted", async () => {
    const before = stage.server.git("rev-parse", "main");
    const workspace = stage.checkout(before, { ref: "refs/remotes/origin/main" });
    const result = await stage.run(workspace, "push", stage.push(before, null, "refs/heads/topic").event);
    expect(result.status, result.stdout + result.stderr).toBe(0);
    expect(result.outputs).toMatchObject({ findings: "0", complete: "true" });
  });
});

describe("on a merge group the action", () => {
  it("reads what the group brings", async () => {
    const base = stage.server.git("rev-parse", "main");
    const key = leak("group");
    const head = stage.onBranch("gh-readonly-queue/main/pr-1", "main", (repo) => {
      repo.write("a.env", key.content);
      repo.commit();
    });
    const event = { merge_group: { base_sha: base, head_sha: head, base_ref: "refs/heads/main" } };
    const result = await stage.run(stage.checkout(head, { ref: "refs/remotes/origin/queue" }), "merge_group", event);
    expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
    expect(result.status).toBe(1);
  });
});

describe("on a schedule or by hand the action", () => {
  it.each(["schedule", "workflow_dispatch"])("reads the history on %s, also from a shallow checkout", async (name) => {
    const key = leak("history");
    stage.server.write("a.env", key.content);
    stage.server.commit();
    stage.server.remove("a.env");
    const head = stage.server.commit();
    for (const depth of [0, 1]) {
      const result = await stage.run(stage.checkout(head, { depth, ref: "refs/remotes/origin/main" }), name, {});
      expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
      expect(result.outputs).toMatchObject({ findings: "1", complete: "true" });
    }
  });

  it("is partial and fails where the history cannot be fetched", async () => {
    const head = stage.server.git("rev-parse", "main");
    stage.server.commit("another");
    const tip = stage.server.git("rev-parse", "main");
    const workspace = stage.checkout(tip, { ref: "refs/remotes/origin/main" });
    expect(head).not.toBe(tip);
    execFileSync("git", ["remote", "set-url", "origin", "file:///nowhere/at/all"], { cwd: workspace });
    const result = await stage.run(workspace, "schedule", {});
    expect(result.status).toBe(2);
    expect(result.annotations.map(({ message }) => message).join("\n")).toContain("fetch-depth: 0");
  });

  it("reads the files alone when the mode says so", async () => {
    const [here, gone] = [leak("here"), leak("gone")];
    stage.server.write("gone.env", gone.content);
    stage.server.commit();
    stage.server.remove("gone.env");
    stage.server.write("here.env", here.content);
    const head = stage.server.commit();
    const workspace = stage.checkout(head, { ref: "refs/remotes/origin/main" });
    const result = await stage.run(workspace, "workflow_dispatch", {}, { mode: "tree" });
    expect(result.masks, result.stdout + result.stderr).toEqual([here.secret]);
  });
});

describe("the action", () => {
  it("writes every report that is asked for, where it is asked for, and tells where", async () => {
    stage.server.write("a.env", leak("reports").content);
    const head = stage.server.commit();
    const workspace = stage.checkout(head, { depth: 0, ref: "refs/remotes/origin/main" });
    const result = await stage.run(
      workspace,
      "schedule",
      {},
      { format: "html, json=reports.json\njunit", "sarif-file": "k.sarif" },
    );
    const paths = (result.outputs.reports ?? "").split("\n");
    expect(paths).toHaveLength(4);
    expect(result.outputs.json).toBe(`${workspace}/reports.json`);
    expect(result.outputs.sarif).toBe(`${workspace}/k.sarif`);
    expect(JSON.parse(readFileSync(`${workspace}/reports.json`, "utf8")).findings).toHaveLength(1);
    expect(readFileSync(result.outputs.html ?? "", "utf8")).toContain("<!doctype html>");
    expect(readFileSync(result.outputs.junit ?? "", "utf8")).toContain("<testsuites");
  });

  it.each<[Record<string, string>, string]>([
    [{ mode: "everything" }, "the input mode takes no such value"],
    [{ "fail-on": "severe" }, "the input fail-on takes no such value"],
    [{ format: "pdf" }, "--format knows no such format"],
    [{ validate: "maybe" }, "the input validate takes no such value"],
  ])("refuses the inputs %j, with a hint and exit code 2", async (inputs, message) => {
    const head = stage.server.git("rev-parse", "main");
    const result = await stage.run(stage.checkout(head, { ref: "refs/remotes/origin/main" }), "schedule", {}, inputs);
    expect(result.status).toBe(2);
    expect(result.annotations).toMatchObject([{ name: "error", properties: { title: "keyguard could not run" } }]);
    expect(result.annotations[0]?.message).toContain(message);
    expect(result.annotations[0]?.message).toContain("hint: ");
    expect(result.outputs).toEqual({ complete: "false", "exit-code": "2" });
    expect(result.summary).toContain("## keyguard could not run");
  });

  it.each<[string, object]>([
    ["push", { ref: "refs/heads/main", before: "--upload-pack=touch owned", after: "HEAD" }],
    ["pull_request", { pull_request: { base: { sha: "main" }, head: { sha: "HEAD~1" } } }],
    ["merge_group", { merge_group: { base_sha: null, head_sha: 3 } }],
  ])("takes nothing for a commit in a %s event but a commit id", async (name, event) => {
    const head = stage.server.git("rev-parse", "main");
    const result = await stage.run(stage.checkout(head, { ref: "refs/remotes/origin/main" }), name, event);
    expect(result.status).toBe(2);
    expect(result.annotations[0]?.message).toContain("no commit id");
  });

  it("fails outside of a repository", async () => {
    const result = await stage.run("/tmp", "schedule", {});
    expect(result.status).toBe(2);
    expect(result.annotations[0]?.message).toContain("not a git repository");
  });
});
