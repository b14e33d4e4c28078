import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { type ActionResult, leak, Stage } from "../support/action-runner.ts";
import { schemaErrors } from "../support/validate-schema.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.cleanup());

/** The secret was found, masked, and is nowhere to be read; its id stands in an annotation. */
function expectCaught(result: ActionResult, ...leaks: readonly { id: string; secret: string }[]): void {
  for (const { secret } of leaks) {
    expect(result.masks).toContain(secret);
    expect(result.visible).not.toContain(secret.slice(0, 12));
    expect(result.visible).not.toContain(secret.slice(-12));
  }
  expect(result.status, result.stdout + result.stderr).toBe(1);
  expect(Number(result.outputs.findings)).toBe(leaks.length);
}

describe("on a pull request the action", () => {
  it("finds a key that one commit adds and a later one removes, and says where and what to do", async () => {
    const key = leak("gone");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("deploy/credentials", key.content);
      repo.commit("add credentials");
      repo.remove("deploy/credentials");
      repo.commit("oops");
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expectCaught(result, key);
    expect(result.annotations[0]).toMatchObject({
      name: "error",
      properties: { file: "deploy/credentials", line: "2" },
      message: expect.stringContaining(`keyguard rotate ${key.id}`),
    });
    expect(result.annotations[0]?.message).toContain("removing it in a later one does not unpublish it");
    expect(result.outputs).toMatchObject({
      findings: "1",
      failing: "1",
      complete: "true",
      "exit-code": "1",
      reports: "",
    });
    expect(result.summary).toContain("## 1 leaked credential: 1 critical");
    expect(result.lines.join("\n")).toContain("keyguard: 1 credential (1 critical) in ");
  });

  it("passes a clean one, and says what it read", async () => {
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.txt", "nothing to see\n");
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expect(result.status, result.stdout + result.stderr).toBe(0);
    expect(result.annotations).toEqual([]);
    expect(result.summary).toContain("## No credentials found");
    expect(result.outputs).toMatchObject({ findings: "0", complete: "true", "exit-code": "0" });
  });

  it("deepens a checkout of one commit, from a fork too, where nothing but reading is allowed", async () => {
    const key = leak("fork");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.env", key.content);
      repo.commit();
      repo.remove("a.env");
      repo.commit();
    });
    stage.server.git("branch", "-q", "-D", "feature");
    const { event, merge } = stage.pullRequest(head, { number: 7, fork: true });
    const result = await stage.run(stage.checkout(merge), "pull_request", event, { token: "" });
    expectCaught(result, key);
    expect(result.outputs.complete).toBe("true");
  });

  it("deepens by the pull request's ref where the server gives no bare commits", async () => {
    stage.server.git("config", "uploadpack.allowAnySHA1InWant", "false");
    const key = leak("ref");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.env", key.content);
      repo.commit();
    });
    stage.server.git("branch", "-q", "-D", "feature");
    const { event, merge } = stage.pullRequest(head, { number: 9 });
    expectCaught(await stage.run(stage.checkout(merge, { depth: 1 }), "pull_request", event), key);
  });

  it("reads all of its commits, not the first page of them", async () => {
    const key = leak("first of many");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.env", key.content);
      repo.commit();
      repo.remove("a.env");
      for (let i = 0; i < 70; i++) repo.commit(`commit ${i}`);
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge), "pull_request", event);
    expectCaught(result, key);
    expect(result.outputs.complete).toBe("true");
  });

  it("is partial and fails, with the line to add, where the checkout cannot be deepened", async () => {
    const inTree = leak("in the tree");
    const gone = leak("removed");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("gone.env", gone.content);
      repo.commit();
      repo.remove("gone.env");
      repo.write("here.env", inTree.content);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge);
    execFileSync("git", ["remote", "set-url", "origin", "file:///nowhere/at/all"], { cwd: workspace });
    const result = await stage.run(workspace, "pull_request", event);
    expect(result.status).toBe(2);
    expect(result.outputs).toMatchObject({ complete: "false", "exit-code": "2", findings: "1" });
    expect(result.annotations[0]?.message).toMatch(
      /^not read, so not known to be clean: \w+.*; give the checkout step/,
    );
    expect(result.annotations[0]?.message).toContain("fetch-depth: 0");
    expect(result.summary).toContain("The scan is incomplete");
    // What is there is read all the same.
    expect(result.masks).toContain(inTree.secret);
    expect(result.visible).not.toContain(inTree.secret);
  });

  it("does not blame it for what main got meanwhile, nor for what was there before", async () => {
    stage.server.write("old.env", leak("old").content);
    stage.server.commit("old leak");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("old.env", `${leak("old").content}region = eu-west-1\n`);
      repo.commit();
    });
    stage.server.write("new.env", leak("new").content);
    stage.server.commit("meanwhile");
    const { event, merge } = stage.pullRequest(head);
    for (const depth of [0, 1]) {
      const result = await stage.run(stage.checkout(merge, { depth }), "pull_request", event);
      expect(result.status, result.stdout).toBe(0);
      expect(result.outputs.findings).toBe("0");
    }
  });

  it("finds what only a merge commit brings, and what only a commit's message says", async () => {
    const evil = leak("evil merge");
    const said = leak("said");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.txt", "a\n");
      repo.commit();
      repo.git("checkout", "-q", "-b", "side", "main");
      repo.write("b.txt", "b\n");
      repo.commit();
      repo.git("checkout", "-q", "feature");
      repo.git("merge", "-q", "--no-ff", "--no-commit", "side");
      repo.write("merged.env", evil.content);
      repo.commit("merge side");
      repo.write("c.txt", "c\n");
      repo.commit(`the key is\n\n${said.content}`);
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expectCaught(result, evil, said);
    expect(result.annotations.some(({ message }) => message.includes("in the message of commit"))).toBe(true);
  });

  it("lets it allow nothing of its own: configuration, baseline and comments come from the base", async () => {
    const [byConfig, byBaseline, byComment] = [leak("config"), leak("baseline"), leak("comment")];
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("config.env", byConfig.content);
      repo.write("baseline.env", byBaseline.content);
      repo.write("comment.env", byComment.content.replaceAll("\n", " # keyguard:allow trust me\n"));
      repo.write(
        ".keyguardrc",
        JSON.stringify({
          allow: [{ path: "config.env", reason: "please let me through" }],
          exclude: ["*.env"],
          disable: ["secret-access-key"],
          failOn: "critical",
        }),
      );
      const fingerprint = new Secret(byBaseline.secret).hash;
      repo.write(
        ".keyguard-baseline.json",
        JSON.stringify({ schema: "keyguard-baseline/1", fingerprints: [fingerprint] }),
      );
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expectCaught(result, byConfig, byBaseline, byComment);
    const review = result.summary.slice(result.summary.indexOf("Changes to the rules"));
    expect(review).toMatch(/allows everything in .*config.*because “please let me through”/);
    expect(review).toContain("no longer scans");
    expect(review).toContain("fails only from critical on (before: medium)");
    expect(review).toContain("adds 1 credential to the baseline");
    expect(review).toMatch(/allows what stands at <code>comment.*2<\/code> by a comment, because “trust me”/);
    expect(result.annotations.some(({ name, message }) => name === "warning" && message.includes("job summary"))).toBe(
      true,
    );
  });

  it.each(["history", "tree"])("lets it allow nothing of its own in mode %s either", async (mode) => {
    const [byConfig, byComment] = [leak("config"), leak("comment")];
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("config.env", byConfig.content);
      repo.write("comment.env", byComment.content.replaceAll("\n", " # keyguard:allow trust me\n"));
      repo.write(".keyguardrc", JSON.stringify({ exclude: ["config.env"] }));
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event, { mode });
    expectCaught(result, byConfig, byComment);
  });

  it("is partial and fails where the clone leaves blobs out", async () => {
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.env", leak("filtered").content);
      repo.commit();
      repo.remove("a.env");
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge, { depth: 0, filter: "blob:none" });
    const result = await stage.run(workspace, "pull_request", event);
    expect(result.status, result.stdout).toBe(2);
    expect(result.outputs.complete).toBe("false");
    expect(result.annotations[0]?.message).toContain("a.env");
  });

  it("prints no mask, which would be the secret, where nobody takes the command away", async () => {
    const key = leak("at home");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.env", key.content);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge, { depth: 0 });
    const result = await stage.run(workspace, "pull_request", event, {}, { GITHUB_ACTIONS: "" });
    expect(result.status).toBe(1);
    expect(result.stdout + result.stderr).not.toContain(key.secret);
  });

  it("honours what the base allows, also when the change copies it", async () => {
    const [byConfig, byComment] = [leak("allowed by configuration"), leak("allowed by comment")];
    const commented = byComment.content.replaceAll("\n", " # keyguard:allow test vector, see #12\n");
    stage.server.write("test/vectors.ini", commented);
    const fingerprint = new Secret(byConfig.secret).hash.slice(0, 12);
    stage.server.write(".keyguardrc", JSON.stringify({ allow: [{ fingerprint, reason: "revoked in 2024, see #3" }] }));
    stage.server.commit("rules");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("fixtures/copied.ini", `# copied\n\n${commented}`);
      repo.write("old.env", byConfig.content);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expect(result.status, result.stdout).toBe(0);
    expect(result.summary).toContain("2 credentials let pass");
    expect(result.summary).not.toContain("Changes to the rules");
    expect(result.visible).not.toContain(byConfig.secret);
    expect(result.masks).toEqual(expect.arrayContaining([byConfig.secret, byComment.secret]));
  });

  it("goes by the defaults, and says so, where the base's configuration is broken", async () => {
    stage.server.write(".keyguardrc", "{ not json");
    stage.server.commit("broken");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write(".keyguardrc", "{}");
      repo.commit("mend it");
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expect(result.status, result.stdout).toBe(0);
    expect(result.lines.join("\n")).toContain(".keyguardrc");
  });

  it("takes no path, name or line for a command, an output or markup", async () => {
    const names = [
      "::error file=x::owned.env",
      "a\n::set-output name=findings::0\n.env",
      "b%0A::add-mask::e.env",
      "##[error]owned.env",
      "c,line=9,title=owned::d.env",
      "<img src=x onerror=alert(1)>.env",
      "| cell | [link](https://evil.example) `code` @octocat.env",
      "=cmd|' /C calc'!A0.env",
      "日本語 🔑.env",
      "keyguard_\nfindings=0\nreports<<EOF\n.env",
    ];
    const keys = names.map((name) => leak(name));
    const head = stage.onBranch("feature", "main", (repo) => {
      names.forEach((name, i) => {
        repo.write(name, keys[i]?.content ?? "");
      });
      repo.commit("::error::owned by the subject\n\n::stop-commands::x");
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event, {
      format: "json\nhtml\ncsv\nmarkdown\ngitlab\njunit",
      "sarif-file": "out.sarif",
    });
    expectCaught(result, ...keys);
    expect(result.annotations.every(({ name }) => name === "error")).toBe(true);
    expect(result.annotations).toHaveLength(10);
    expect(result.annotations.map(({ properties }) => properties.file)).toEqual(
      expect.arrayContaining(["::error file=x::owned.env", "c,line=9,title=owned::d.env", "日本語 🔑.env"]),
    );
    expect(Object.keys(result.outputs).sort()).toEqual(
      [
        "complete",
        "csv",
        "exit-code",
        "failing",
        "findings",
        "gitlab",
        "html",
        "json",
        "junit",
        "markdown",
        "reports",
        "sarif",
      ].sort(),
    );
    expect(result.outputs.findings).toBe("10");
    expect(result.summary).not.toMatch(/<img|\]\(https/);
    const sarif = JSON.parse(readFileSync(result.outputs.sarif ?? "", "utf8"));
    expect(schemaErrors("sarif-2.1.0-rtm.5.json", sarif)).toEqual([]);
    expect(
      schemaErrors("gitlab-secret-detection.ours.json", JSON.parse(readFileSync(result.outputs.gitlab ?? "", "utf8"))),
    ).toEqual([]);
  });

  it("shows ten annotations of fifteen, and all fifteen in the summary", async () => {
    const keys = Array.from({ length: 15 }, (_, i) => leak(`many ${i}`));
    const head = stage.onBranch("feature", "main", (repo) => {
      keys.forEach((key, i) => {
        repo.write(`key-${i}.env`, key.content);
      });
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const result = await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event);
    expectCaught(result, ...keys);
    expect(result.annotations).toHaveLength(10);
    expect(result.annotations[9]?.message).toMatch(/^\d+ more not shown here: see the job summary$/);
    for (const { id } of keys) expect(result.summary).toContain(id);
  });

  it("reports only what matches the paths that were asked for", async () => {
    const [inside, outside] = [leak("inside"), leak("outside")];
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("services/api/.env", inside.content);
      repo.write("docs/.env", outside.content);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    expectCaught(
      await stage.run(stage.checkout(merge, { depth: 0 }), "pull_request", event, { paths: "services/**" }),
      inside,
    );
  });

  it("reads a repository below the workspace, and names files from the repository's top", async () => {
    const key = leak("below");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("src/a.env", key.content);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const checkout = stage.checkout(merge, { depth: 0 });
    for (const [workspace, folder] of [
      [dirname(checkout), basename(checkout)],
      [checkout, "src"],
    ] as const) {
      const result = await stage.run(workspace, "pull_request", event, { "working-directory": folder });
      expectCaught(result, key);
      expect(result.annotations[0]?.properties.file).toBe("src/a.env");
    }
  });

  it("takes configuration and baseline by name from the base, or none", async () => {
    const [byConfig, byBaseline] = [leak("named configuration"), leak("named baseline")];
    stage.server.write("ci/rules.yaml", "allow:\n  - path: '*.cfg'\n    reason: reviewed in 2025, see #7\n");
    const fingerprints = [new Secret(byBaseline.secret).hash];
    stage.server.write("ci/known.json", JSON.stringify({ schema: "keyguard-baseline/1", fingerprints }));
    stage.server.commit("rules");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.cfg", byConfig.content);
      repo.write("b.env", byBaseline.content);
      repo.write("ci/rules.yaml", "{}");
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge, { depth: 0 });
    const named = { config: "./ci/rules.yaml", baseline: "ci/known.json" };
    const lenient = await stage.run(workspace, "pull_request", event, named);
    expect(lenient.status, lenient.stdout).toBe(0);
    expect(lenient.summary).toContain("2 credentials let pass");
    expectCaught(await stage.run(workspace, "pull_request", event, { ...named, baseline: "none" }), byBaseline);
    expectCaught(await stage.run(workspace, "pull_request", event, { config: "none" }), byConfig, byBaseline);
    const missing = await stage.run(workspace, "pull_request", event, { config: "../../etc/passwd" });
    expectCaught(missing, byConfig, byBaseline);
    expect(missing.lines.join("\n")).toContain("there is no ../../etc/passwd");
  });

  it("fails from the severity on that was asked for", async () => {
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("notes.txt", `the loader's key is ${leak("lone").id}\n`);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge, { depth: 0 });
    const lenient = await stage.run(workspace, "pull_request", event, { "fail-on": "high" });
    expect(lenient.status, lenient.stdout).toBe(0);
    expect(lenient.outputs).toMatchObject({ findings: "1", failing: "0" });
    expect(lenient.annotations.map(({ name }) => name)).toEqual(["warning"]);
    expect((await stage.run(workspace, "pull_request", event, { "fail-on": "low" })).status).toBe(1);
  });

  it("reads a repository that belongs to another user, as in a container", async () => {
    if (process.getuid?.() !== 0) return;
    const key = leak("container");
    const head = stage.onBranch("feature", "main", (repo) => {
      repo.write("a.env", key.content);
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge, { depth: 0 });
    execFileSync("chown", ["-R", "12345:12345", workspace]);
    expectCaught(await stage.run(workspace, "pull_request", event), key);
  });

  it("runs nothing that the repository brings", async () => {
    const head = stage.onBranch("feature", "main", (repo) => {
      for (const name of [
        ".keyguardrc.js",
        "keyguard.config.cjs",
        ".config/config.cjs",
        ".keyguardrc.ts",
        "keyguard.config.mjs",
      ]) {
        repo.write(name, `require("fs").writeFileSync("owned", "");`);
      }
      repo.write(".gitattributes", "* filter=evil diff=evil -diff\n");
      repo.write("package.json", JSON.stringify({ keyguard: "./evil.cjs" }));
      repo.commit();
    });
    const { event, merge } = stage.pullRequest(head);
    const workspace = stage.checkout(merge, { depth: 0 });
    const result = await stage.run(workspace, "pull_request", event);
    expect(result.status, result.stdout).toBe(0);
    expect(() => readFileSync(join(workspace, "owned"))).toThrow();
  });
});
