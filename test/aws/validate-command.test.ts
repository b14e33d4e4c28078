import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";
import type { AccessKey, Account, User } from "../support/aws/world.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";
import { makeRepo } from "../support/temp-repo.ts";
import { type Ran, runCommand } from "./run-command.ts";

let aws: AwsEmulator;
let account: Account;
let user: User;
let key: AccessKey;
let folder: string;

const lab = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["s3:ListBucket"], Resource: "arn:aws:s3:::lab-volumes" },
    { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::lab-volumes/data/*" },
  ],
} as const;

beforeEach(async () => {
  aws = await startAwsEmulator();
  account = aws.createAccount("111122223333");
  user = aws.createUser(account, "pipeline", { policies: { "lab-access": lab }, tags: { team: "red" } });
  key = aws.createKey(account, user);
  folder = mkdtempSync(join(tmpdir(), "keyguard-validate-"));
});
afterEach(async () => {
  await aws.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function secretFile(one: { id: string; secret: string }): string {
  return JSON.stringify({ AWS_ACCESS_KEY_ID: one.id, AWS_SECRET_ACCESS_KEY: one.secret }, null, 2);
}

function profile(name: string, one: { id: string; secret: string }): string {
  return `[${name}]\naws_access_key_id = ${one.id}\naws_secret_access_key = ${one.secret}\n`;
}

function run(argv: readonly string[], more: { env?: Record<string, string>; stdin?: string } = {}): Promise<Ran> {
  return runCommand([...argv, "--endpoint", aws.endpoint], { cwd: folder, ...more });
}

/** What was printed, without the line breaks that keep it to 80 columns. */
function unwrapped(ran: Ran): string {
  return ran.stdout.replace(/\n {14}/g, " ");
}

function expectNoSecret(ran: Ran, secrets: readonly string[]): void {
  for (const secret of secrets)
    for (let at = 0; at + 8 <= secret.length; at++) {
      const piece = secret.slice(at, at + 8);
      expect(ran.stdout + ran.stderr).not.toContain(piece);
    }
}

describe("keyguard validate", () => {
  it("finds the secret of an id in this folder, says that it is live, and exits with 1", async () => {
    write("config/aws-secret.json", secretFile(key));
    const ran = await run(["validate", key.id]);
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/^LIVE .*arn:aws:iam::111122223333:user\/pipeline\n/);
    expect(ran.stdout).toContain("stands in   config/aws-secret.json:2");
    expect(ran.stdout).toContain(`keyguard rotate ${key.id}`);
    expect(ran.code).toBe(1);
    expectNoSecret(ran, [key.secret]);
  });

  it("finds the secret of an id in the person's own profiles", async () => {
    write(".aws/credentials", profile("lab", key));
    const ran = await run(["validate", key.id, "--json"]);
    const { results } = JSON.parse(ran.stdout);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ accessKeyId: key.id, account: "111122223333", verdict: { status: "live" } });
  });

  it("says that it could not find out about an id whose secret is nowhere, and how to go on", async () => {
    const ran = await run(["validate", fakeAccessKeyId(4)]);
    expect(ran.code).toBe(2);
    expect(unwrapped(ran)).toContain(
      "its secret was not found here: give the pair with --stdin, or ask with --admin-profile",
    );
    expect(aws.calls).toEqual([]);
  });

  it("takes credentials in any form on standard input, each asked about once", async () => {
    const dead = { id: fakeAccessKeyId(5), secret: fakeSecret(5) };
    const stdin = `${profile("a", key)}\nexport AWS_ACCESS_KEY_ID=${dead.id}\nexport AWS_SECRET_ACCESS_KEY=${dead.secret}\n`;
    const ran = await run(["validate", "--stdin", "--json"], { stdin });
    const statuses = JSON.parse(ran.stdout).results.map((one: { accessKeyId: string; verdict: { status: string } }) => [
      one.accessKeyId,
      one.verdict.status,
    ]);
    expect(Object.fromEntries(statuses)).toEqual({ [key.id]: "live", [dead.id]: "dead" });
    expect(aws.calls).toHaveLength(1 + 3);
    expect(ran.code).toBe(1);
    expectNoSecret(ran, [key.secret, dead.secret]);
  });

  it("exits with 0 when nothing works any more", async () => {
    key.status = "Inactive";
    const ran = await run(["validate", "--stdin"], { stdin: secretFile(key) });
    expect(ran.stdout).toMatch(/^dead /);
    expect(ran.code).toBe(0);
  });

  it("reads the secrets of a masked report again from the files that it names", async () => {
    write("deploy.env", `AWS_ACCESS_KEY_ID=${key.id}\nAWS_SECRET_ACCESS_KEY=${key.secret}\n`);
    await runCommand(["scan", "--format", "json", "-o", "report.json"], { cwd: folder });
    expect(readFileSync(join(folder, "report.json"), "utf8")).not.toContain(key.secret);
    const ran = await run(["validate", "--from", "report.json", "--json"]);
    expect(JSON.parse(ran.stdout).results[0]).toMatchObject({ accessKeyId: key.id, verdict: { status: "live" } });

    write("deploy.env", "# taken out\n");
    const gone = await run(["validate", "--from", "report.json", "--no-cache"]);
    expect(gone.code).toBe(2);
    expect(unwrapped(gone)).toContain("scan again with --show-secrets");
  });

  it("reads the secrets of a masked report again from the commits that it names", async () => {
    const repo = makeRepo({
      files: { "deploy.env": `AWS_ACCESS_KEY_ID=${key.id}\nAWS_SECRET_ACCESS_KEY=${key.secret}\n` },
    });
    repo.write("deploy.env", "# taken out\n");
    repo.git("commit", "-qam", "oops");
    const report = join(folder, "report.json");
    await runCommand(["scan", "--range", "HEAD", "--format", "json", "-o", report], {
      cwd: repo.dir,
      env: { HOME: folder },
    });
    expect(readFileSync(report, "utf8")).not.toContain(key.secret);
    const ran = await runCommand(["validate", "--from", report, "--endpoint", aws.endpoint], {
      cwd: repo.dir,
      env: { HOME: folder },
    });
    expect(ran.stdout).toMatch(/^LIVE /);
    expectNoSecret(ran, [key.secret]);
    repo.cleanup();
  });

  it("sends a session's token along", async () => {
    const session = aws.createSession(account, user);
    const Credentials = { AccessKeyId: session.id, SecretAccessKey: session.secret, SessionToken: session.token };
    const ran = await run(["validate", "--stdin"], { stdin: JSON.stringify({ Credentials }, null, 2) });
    expect(ran.stdout).toMatch(/^LIVE .*\(temporary\)/);
    expectNoSecret(ran, [session.secret, session.token.slice(0, 60)]);
  });

  it("takes the secrets of a report that shows them", async () => {
    write("deploy.env", `AWS_ACCESS_KEY_ID=${key.id}\nAWS_SECRET_ACCESS_KEY=${key.secret}\n`);
    await runCommand(["scan", "--format", "json", "-o", "report.json", "--show-secrets"], { cwd: folder });
    rmSync(join(folder, "deploy.env"));
    const ran = await run(["validate", "--from", "report.json"]);
    expect(ran.stdout).toMatch(/^LIVE /);
    expectNoSecret(ran, [key.secret]);
  });

  it("refuses a secret on the command line without repeating it", async () => {
    const ran = await run(["validate", key.secret]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("keyguard validate --stdin");
    expectNoSecret(ran, [key.secret]);
    expect(aws.calls).toEqual([]);
  });

  it("exits with 0 where nothing in a report can be asked about", async () => {
    const pem = [
      "-----BEGIN RSA PRIVATE",
      " KEY-----\n",
      `${fakeSecret(1)}${fakeSecret(2)}\n`.repeat(8),
      "-----END RSA PRIVATE",
      " KEY-----\n",
    ].join("");
    write("key.pem", pem);
    await runCommand(["scan", "--format", "json", "-o", "report.json"], { cwd: folder });
    const ran = await run(["validate", "--from", "report.json"]);
    expect(ran.stdout).toContain("not checked");
    expect(ran.code).toBe(0);
    write("key.pem", "nothing");
    await runCommand(["scan", "--format", "json", "-o", "empty.json"], { cwd: folder });
    expect(await run(["validate", "--from", "empty.json"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "keyguard: there is no credential to ask about\n",
    });
  });

  it("refuses what is no report with what to do", async () => {
    write("report.json", "{}");
    const ran = await run(["validate", "--from", "report.json"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toBe(
      "keyguard: error: this is no keyguard report\nhint: keyguard scan --format json -o report.json writes one\n",
    );
  });

  it("asks once and remembers for a few minutes, without any secret or id on disk", async () => {
    const ask = () => run(["validate", "--stdin"], { stdin: secretFile(key) });
    await ask();
    await ask();
    expect(aws.calls).toHaveLength(1);
    const cache = readFileSync(join(folder, ".cache/keyguard/verdicts.json"), "utf8");
    for (const value of [key.secret, key.id])
      for (let at = 0; at + 8 <= value.length; at++) expect(cache).not.toContain(value.slice(at, at + 8));
    await run(["validate", "--stdin", "--no-cache"], { stdin: secretFile(key) });
    expect(aws.calls).toHaveLength(2);
  });

  it("throws a damaged cache away", async () => {
    write(
      ".cache/keyguard/verdicts.json",
      '{"schema":"keyguard-verdicts/1","verdicts":{"x":{"at":1,"verdict":{"status":"live"}},"y":3,',
    );
    expect((await run(["validate", "--stdin"], { stdin: secretFile(key) })).code).toBe(1);
    expect(JSON.parse(readFileSync(join(folder, ".cache/keyguard/verdicts.json"), "utf8")).schema).toBe(
      "keyguard-verdicts/1",
    );
  });
});

describe("keyguard validate --describe", () => {
  it("with the key itself shows what it may see and says of the rest that it is not allowed to", async () => {
    const ran = await run(["validate", "--stdin", "--describe"], { stdin: secretFile(key) });
    expect(ran.stdout).toContain("last used   not allowed to see");
    expect(ran.stdout).toContain("policies    not allowed to see");
    expect(ran.stdout).toContain("quarantined not allowed to see");
    expect(ran.stdout).toContain("sees        not allowed to see");
    expect(ran.code).toBe(1);
  });

  it("with an administrator shows user, last use, policies, buckets and quarantine", async () => {
    const admin = aws.createKey(account, aws.createUser(account, "admin", { attached: ["IAMReadOnlyAccess"] }));
    write(".aws/credentials", profile("admin", admin));
    aws.createGroup(account, "readers", {
      policies: {
        everywhere: {
          Version: "2012-10-17",
          Statement: { Effect: "Allow", Action: "s3:Get*", Resource: "arn:aws:s3:::shared-*" },
        },
      },
    });
    user.groups.push("readers");
    user.attached.push("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3");
    user.boundary = aws.createPolicy(account, "fence", {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" },
    }).arn;
    // What trying the key does to its last use is not what is told.
    const used = aws.clock.now() - 86_400_000;
    aws.world.lastUsed.set(key.id, { at: used, service: "s3", region: "eu-west-1" });
    const ran = await run(["validate", "--stdin", "--admin-profile", "admin"], { stdin: secretFile(key) });
    const stdout = unwrapped(ran);
    expect(stdout).toContain("user        pipeline, made ");
    expect(stdout).toContain("tags        team=red");
    expect(stdout).toContain(
      `last used   ${new Date(used).toISOString().slice(0, 16).replace("T", " ")} UTC, s3 in eu-west-1`,
    );
    expect(stdout).toContain("quarantined by AWS: AWSCompromisedKeyQuarantineV3");
    expect(stdout).toContain("lab-access (inline)");
    expect(stdout).toContain("everywhere (group readers)");
    expect(stdout).toContain("boundary    fence");
    // What the quarantine denies is no longer among what the key can do.
    expect(stdout).toMatch(/lab-volumes +write under data\/\* +\(lab-access\)/);
    expect(stdout).not.toMatch(/shared-\* +read/);
  });

  it("needs no secret with an administrator: IAM knows whether the key is active", async () => {
    const admin = aws.createKey(account, aws.createUser(account, "admin", { attached: ["AdministratorAccess"] }));
    write(".aws/credentials", profile("admin", admin));
    const ran = await run(["validate", key.id, "--admin-profile", "admin", "--json"]);
    const [result] = JSON.parse(ran.stdout).results;
    expect(result.verdict).toMatchObject({ status: "live", arn: user.arn });
    expect(result.description.reach.buckets).toEqual([
      {
        bucket: "lab-volumes",
        keys: ["data/*"],
        can: ["list", "read", "write"],
        conditional: false,
        policies: ["lab-access"],
      },
    ]);
    key.status = "Inactive";
    expect(
      JSON.parse((await run(["validate", key.id, "--admin-profile", "admin", "--json"])).stdout).results[0].verdict
        .status,
    ).toBe("dead");
  });

  it("changes nothing: every call is one that reads", async () => {
    const admin = aws.createKey(account, aws.createUser(account, "admin", { attached: ["AdministratorAccess"] }));
    write(".aws/credentials", profile("admin", admin));
    await run(["validate", "--stdin", "--admin-profile", "admin"], { stdin: secretFile(key) });
    await run(["validate", "--stdin", "--describe"], { stdin: secretFile(key) });
    expect(aws.actions.filter((action) => !/:(Get|List)/.test(action))).toEqual([]);
  });
});

describe("keyguard whoami", () => {
  it("says who the environment's keys are", async () => {
    const ran = await run(["whoami"], { env: { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret } });
    expect(ran.stdout).toContain("identity    arn:aws:iam::111122223333:user/pipeline");
    expect(ran.stdout).toContain("from        environment variables");
    expect(ran.code).toBe(0);
    expectNoSecret(ran, [key.secret]);
  });

  it("follows a chain of roles, and names each link", async () => {
    const middle = aws.createRole(account, "middle", {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { AWS: user.arn }, Action: "sts:AssumeRole" },
    });
    const loader = aws.createRole(account, "loader", {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { AWS: middle.arn }, Action: "sts:AssumeRole" },
    });
    write(".aws/credentials", profile("base", key));
    write(
      ".aws/config",
      `[profile lab]\nrole_arn = ${loader.arn}\nsource_profile = middle\nregion = eu-central-1\n[profile middle]\nrole_arn = ${middle.arn}\nsource_profile = base\n`,
    );
    const ran = await run(["whoami", "--profile", "lab", "--json"]);
    expect(ran.stderr).toBe("");
    const told = JSON.parse(ran.stdout);
    expect(told.arn).toMatch(/^arn:aws:sts::111122223333:assumed-role\/loader\//);
    expect(told.credentials.from.slice(0, 5)).toEqual([
      "profile lab",
      `role ${loader.arn}`,
      "profile middle",
      `role ${middle.arn}`,
      "profile base",
    ]);
    expect(told.credentials).toMatchObject({ kind: "temporary, of an assumed role", region: "eu-central-1" });
  });

  it("runs a credential_process and says so", async () => {
    const script = join(folder, "give.mjs");
    writeFileSync(
      script,
      `console.log(JSON.stringify({Version:1,AccessKeyId:"${key.id}",SecretAccessKey:"${key.secret}"}))`,
    );
    write(".aws/config", `[profile proc]\ncredential_process = ${process.execPath} ${script}\n`);
    const ran = await run(["whoami", "--profile", "proc"]);
    expect(ran.stdout).toMatch(/from .*credential_process/);
  });

  it("says which profile is not there, and exits with 2", async () => {
    const ran = await run(["whoami", "--profile", "nowhere"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/^keyguard: error: no AWS credentials.*nowhere/);
    expect(ran.stderr).toContain("hint: ");
  });

  it("says why AWS does not know the caller", async () => {
    key.status = "Inactive";
    const ran = await run(["whoami"], { env: { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret } });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("deleted or is inactive");
  });
});
