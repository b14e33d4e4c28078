import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { leak } from "../support/action-runner.ts";
import { makeRepo, type TempRepo } from "../support/temp-repo.ts";

const program = resolve(process.env.KEYGUARD_DIST ?? resolve(import.meta.dirname, "../../dist"), "keyguard.js");

function scan(repo: TempRepo, ...args: string[]) {
  return spawnSync(process.execPath, [program, "scan", ...args], { cwd: repo.dir, env: repo.env, encoding: "utf8" });
}

describe("scan --rules-of", () => {
  it("lets a branch allow nothing of its own, as other CI than GitHub needs it", () => {
    const repo = makeRepo({ files: { "README.md": "hello\n" } });
    onTestFinished(repo.cleanup);
    const [byConfig, byComment] = [leak("config"), leak("comment")];
    repo.git("checkout", "-q", "-b", "feature");
    repo.write("a.env", byConfig.content);
    repo.write("b.env", byComment.content.replaceAll("\n", " # keyguard:allow trust me please\n"));
    repo.write(".keyguardrc", JSON.stringify({ exclude: ["a.env"] }));
    repo.commit("leak and allow");
    const trusting = scan(repo, "--range", "main...HEAD");
    expect(trusting.status, trusting.stderr).toBe(0);
    const strict = scan(repo, "--range", "main...HEAD", "--rules-of", "main", "--format", "json");
    expect(strict.status, strict.stderr).toBe(1);
    expect(JSON.parse(strict.stdout).findings).toHaveLength(2);
    expect(strict.stderr).toContain("keyguard: note: the keyguard:allow at b.env:2 is not in main");
  });

  it("goes by what that commit allows", () => {
    const key = leak("allowed");
    const rules = { allow: [{ path: "vectors", reason: "published test vectors" }] };
    const repo = makeRepo({ files: { ".keyguardrc": JSON.stringify(rules) } });
    onTestFinished(repo.cleanup);
    repo.git("checkout", "-q", "-b", "feature");
    repo.remove(".keyguardrc");
    repo.write("vectors/a.ini", key.content);
    repo.commit();
    expect(scan(repo, "--range", "main...HEAD").status).toBe(1);
    expect(scan(repo, "--range", "main...HEAD", "--rules-of", "main").status).toBe(0);
  });

  it.each(["nowhere", "--upload-pack=touch owned", "HEAD:README.md"])("refuses %s, which is no commit", (revision) => {
    const repo = makeRepo({ files: { "README.md": "hello\n" } });
    onTestFinished(repo.cleanup);
    const refused = scan(repo, "--range", "HEAD", `--rules-of=${revision}`);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("no such commit here");
    expect(refused.stderr).toContain("hint: ");
  });
});
