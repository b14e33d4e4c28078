import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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

  it("says of a container's and of an instance's credentials where they came from", async () => {
    const role = aws.createRole(aws.world.account("111122223333"), "worker", '{"Statement":[]}');
    const session = aws.createSession(aws.world.account("111122223333"), role, { name: "i-0abc" });
    const credentials = JSON.stringify({
      Code: "Success",
      AccessKeyId: session.id,
      SecretAccessKey: session.secret,
      Token: session.token,
      Expiration: new Date(session.expires).toISOString(),
    });
    const metadata = createServer((request, response) => {
      const role = request.url?.endsWith("/security-credentials/") ?? false;
      response.end(request.method === "PUT" ? "token" : role ? "worker" : credentials);
    });
    await new Promise<void>((done) => metadata.listen(0, "127.0.0.1", done));
    const address = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;
    const whoami = async (env: Record<string, string>) => {
      const { stdout } = await end(start(["whoami", "--json", "--endpoint", aws.endpoint], env));
      const { arn, credentials: found } = JSON.parse(stdout);
      return { arn, from: found.from, kind: found.kind };
    };
    const expected = {
      arn: "arn:aws:sts::111122223333:assumed-role/worker/i-0abc",
      kind: "temporary, of an assumed role",
    };
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/creds` };
    expect(await whoami(container)).toEqual({ ...expected, from: ["container credentials (HTTP)"] });
    const instance = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: address };
    expect(await whoami(instance)).toEqual({ ...expected, from: [expect.stringContaining("instance")] });
    metadata.closeAllConnections();
    metadata.close();
  });

  it("validates in a scan of any mode, and lets the scanned folder have no say in where AWS is", async () => {
    const env = { AWS_ENDPOINT_URL: aws.endpoint };
    writeFileSync(join(folder, "deploy.env"), `AWS_ACCESS_KEY_ID=${key.id}\nAWS_SECRET_ACCESS_KEY=${key.secret}\n`);
    const verdictOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout).findings[0].verdict.status;
    expect(verdictOf(await end(start(["scan", "--validate", "--format", "json"], env)))).toBe("live");
    expect(verdictOf(await end(start(["scan", "--stdin", "--validate", "--format", "json"], env), leak()))).toBe(
      "live",
    );
    writeFileSync(join(folder, "hostile"), `[default]\nendpoint_url = ${aws.endpoint}\n`);
    rmSync(join(folder, ".cache"), { recursive: true, force: true });
    const calls = aws.calls.length;
    const redirected = await end(
      start(["scan", "--validate", "--format", "json"], { AWS_CONFIG_FILE: join(folder, "hostile") }),
    );
    expect(verdictOf(redirected)).toBe("unknown");
    expect(aws.calls).toHaveLength(calls);
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
