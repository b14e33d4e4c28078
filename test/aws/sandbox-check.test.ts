import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { startAwsEmulator } from "../support/aws/aws-emulator.ts";

function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const world = {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    HTTPS_PROXY: "http://127.0.0.1:9",
    AWS_EC2_METADATA_DISABLED: "true",
    ...env,
  };
  const child = spawn(process.execPath, ["scripts/sandbox-check.mjs", ...args], { env: world });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

describe("the list of what no emulator settles", () => {
  it("can be read without an account, and does nothing unless told to", async () => {
    const listed = await run(["--list"]);
    expect(listed.code).toBe(0);
    expect(listed.output).toContain("new-key-lag");
    expect(await run([])).toMatchObject({ code: 2, output: expect.stringContaining("nothing was done") });
  });

  it("runs every experiment, finds the emulator as it is assumed to be, and leaves nothing behind", async () => {
    const aws = await startAwsEmulator();
    const account = aws.createAccount();
    const key = aws.createKey(account, aws.createUser(account, "admin", { attached: ["AdministratorAccess"] }));
    const env = { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret };
    const ran = await run(["--yes", "--quick", "--endpoint", aws.endpoint], env);
    expect(ran.output).toContain("nothing is otherwise than assumed");
    expect(ran.output).not.toContain("left behind");
    expect(ran.code).toBe(0);
    expect(Object.keys(account.iam.users)).toEqual(["admin"]);
    expect(aws.world.buckets.size).toBe(0);
    await aws.close();
  });
});
