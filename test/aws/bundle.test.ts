import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";
import type { AccessKey } from "../support/aws/world.ts";

let aws: AwsEmulator;
let key: AccessKey;
let folder: string;

beforeEach(async () => {
  aws = await startAwsEmulator();
  const account = aws.createAccount();
  key = aws.createKey(account, aws.createUser(account, "pipeline"));
  folder = mkdtempSync(join(tmpdir(), "keyguard-bundle-"));
});
afterEach(async () => {
  await aws.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the bundle that ships; whatever it would ask of the world beyond this machine meets a proxy that refuses. */
function start(argv: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const world = {
    PATH: process.env.PATH,
    HOME: folder,
    HTTPS_PROXY: "http://127.0.0.1:9",
    AWS_EC2_METADATA_DISABLED: "true",
    ...env,
  };
  return spawn(process.execPath, [resolve("dist/keyguard.js"), ...argv], {
    cwd: folder,
    env: world,
  });
}

async function end(child: ChildProcess, stdin = ""): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => {
    said.stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said.stderr += chunk;
  });
  child.stdin?.end(stdin);
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, ...said };
}

const leak = () => `aws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`;

describe("the bundle, as it ships", () => {
  it("validates what comes in, through AWS_ENDPOINT_URL of the person's environment", async () => {
    const ran = await end(start(["validate", "--stdin"], { AWS_ENDPOINT_URL: aws.endpoint }), leak());
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/^LIVE .*user\/pipeline/);
    expect(ran.code).toBe(1);
  });

  it("says whoami, and that it cannot reach AWS where it cannot", async () => {
    writeFileSync(join(folder, "config"), "");
    const env = { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret };
    expect((await end(start(["whoami", "--endpoint", aws.endpoint], env))).stdout).toContain("user/pipeline");
    const away = await end(start(["whoami"], env));
    expect(away).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/) });
  });

  it("has no secret in the arguments or the environment of any process that it starts", async () => {
    const seen: string[] = [];
    const child = start(["validate", "--stdin", "--describe", "--endpoint", aws.endpoint]);
    aws.fault({
      times: Number.POSITIVE_INFINITY,
      kind: {
        before: () => {
          // Where there is no /proc, the file list below is all that can be looked at.
          for (const pid of process.platform === "linux"
            ? readdirSync("/proc").filter((name) => /^\d+$/.test(name))
            : [])
            for (const what of ["cmdline", "environ"])
              try {
                seen.push(readFileSync(`/proc/${pid}/${what}`, "latin1"));
              } catch {
                // It has ended, or is not ours to look at.
              }
        },
      },
    });
    const ran = await end(child, leak());
    expect(ran.code).toBe(1);
    const written = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = written.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    for (const text of [...seen, ...files, ran.stdout, ran.stderr])
      for (let at = 0; at + 8 <= key.secret.length; at++)
        expect(text.includes(key.secret.slice(at, at + 8))).toBe(false);
    expect(files.length).toBeGreaterThan(0);
  });

  it("prints nothing of a secret with every debug switch on", async () => {
    const env = { DEBUG: "*", NODE_DEBUG: "http,https,tls,net", AWS_SDK_LOAD_CONFIG: "1", AWS_LOG_LEVEL: "trace" };
    const ran = await end(start(["validate", "--stdin", "--endpoint", aws.endpoint], env), leak());
    expect(ran.code).toBe(1);
    for (let at = 0; at + 8 <= key.secret.length; at++)
      expect(ran.stdout + ran.stderr).not.toContain(key.secret.slice(at, at + 8));
  });
});
