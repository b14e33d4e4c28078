import { execFileSync } from "node:child_process";
import { basename, dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leak, Stage } from "../support/action-runner.ts";
import { startAwsEmulator } from "../support/aws/aws-emulator.ts";
import { serveGit } from "../support/git-http-server.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.cleanup());

/** A pull request with a key, and its checkout of one commit with `origin` at an address. */
function prepare(seed: string, origin: string) {
  const key = leak(seed);
  const head = stage.onBranch("feature", "main", (repo) => {
    repo.write("a.env", key.content);
    repo.commit();
    repo.remove("a.env");
    repo.commit();
  });
  const { event, merge } = stage.pullRequest(head);
  const workspace = stage.checkout(merge);
  execFileSync("git", ["remote", "set-url", "origin", origin], { cwd: workspace });
  return { key, event, workspace };
}

describe("on a private server the action", () => {
  const token = ["ghs", "invented", "token"].join("_");
  const right = `basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;

  it.each(["nothing", "the token that actions/checkout left", "an old token that actions/checkout left"])(
    "deepens the checkout with its token, sent once, beside %s",
    async (left) => {
      const folder = dirname(stage.server.dir);
      const server = await serveGit(folder, right, stage.server.env);
      try {
        const { key, event, workspace } = prepare("private", `${server.url}/${basename(stage.server.dir)}/.git`);
        if (left !== "nothing") {
          const header = left.includes("old") ? "basic b2xkOm9sZA==" : right;
          const name = `http.${server.url}/.extraheader`;
          execFileSync("git", ["config", name, `AUTHORIZATION: ${header}`], { cwd: workspace });
        }
        const result = await stage.run(workspace, "pull_request", event, { token }, { GITHUB_SERVER_URL: server.url });
        expect(result.masks, result.stdout + result.stderr).toEqual([key.secret]);
        expect(result.outputs.complete).toBe("true");
        expect(server.authorizations.length).toBeGreaterThan(0);
        for (const sent of server.authorizations) expect(sent).toEqual([right]);
        expect(result.stdout + result.stderr + result.visible).not.toContain(token);
      } finally {
        await server.close();
      }
    },
  );

  it("is partial and fails without a token, and asks nobody for a password", async () => {
    const server = await serveGit(dirname(stage.server.dir), right, stage.server.env);
    try {
      const { event, workspace } = prepare("refused", `${server.url}/${basename(stage.server.dir)}/.git`);
      const result = await stage.run(workspace, "pull_request", event, {}, { GITHUB_SERVER_URL: server.url });
      expect(result.status).toBe(2);
      expect(result.annotations.map(({ message }) => message).join("\n")).toContain("fetch-depth: 0");
    } finally {
      await server.close();
    }
  });

  it("sends its token to no other server than GitHub's", async () => {
    const server = await serveGit(dirname(stage.server.dir), right, stage.server.env);
    try {
      const { event, workspace } = prepare("elsewhere", `${server.url}/${basename(stage.server.dir)}/.git`);
      await stage.run(workspace, "pull_request", event, { token });
      expect(server.authorizations.length).toBeGreaterThan(0);
      for (const sent of server.authorizations) expect(sent).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe("asked to validate, the action", () => {
  it("says which keys are live and which are dead, after the secrets are masked", async () => {
    const aws = await startAwsEmulator();
    try {
      const account = aws.createAccount("111122223333");
      const live = aws.createKey(account, aws.createUser(account, "pipeline"));
      const dead = leak("dead");
      const head = stage.onBranch("feature", "main", (repo) => {
        repo.write("live.env", `aws_access_key_id = ${live.id}\naws_secret_access_key = ${live.secret}\n`);
        repo.write("dead.env", dead.content);
        repo.commit();
      });
      const { event, merge } = stage.pullRequest(head);
      const workspace = stage.checkout(merge, { depth: 0 });
      const inputs = { validate: "true", format: "json" };
      const result = await stage.run(workspace, "pull_request", event, inputs, { AWS_ENDPOINT_URL: aws.endpoint });
      expect(result.status, result.stdout + result.stderr).toBe(1);
      expect(result.annotations[0]?.properties.file).toBe("live.env");
      expect(result.annotations[0]?.message).toContain("live: AWS accepts it");
      expect(result.annotations.at(-1)?.message).toContain("dead: AWS refuses it");
      expect(result.summary).toContain("2 leaked credentials: 2 critical; 1 live");
      expect(new Set(result.masks)).toEqual(new Set([live.secret, dead.secret]));
      expect(result.visible).not.toContain(live.secret);
      expect(new Set(aws.actions)).toEqual(new Set(["sts:GetCallerIdentity"]));
    } finally {
      await aws.close();
    }
  });
});
