import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceKeys } from "../../src/remediate/consumers/consumer.ts";
import { findKeys } from "../../src/remediate/consumers/table.ts";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";
import type { PolicyDocument } from "../support/aws/policy/policy-document.ts";
import type { Account, User } from "../support/aws/world.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";
import { preparePython } from "./prepare-python.ts";

/**
 * Real programs as readers of the files that hold keys, against the emulator: what they make of a file is the last word
 * on whether it was written right. A lane of its own, since it installs a few hundred megabytes:
 *
 *   KEYGUARD_READERS=1 npx vitest run test/contract/readers.test.ts
 */
const wanted = process.env.KEYGUARD_READERS === "1";
const python = wanted
  ? await preparePython("test/contract/readers.txt", process.env.KEYGUARD_REQUIRE_READERS === "1")
  : { bin: null, why: "KEYGUARD_READERS=1 runs them" };
if (wanted && python.why !== null) console.warn(`the readers are skipped: ${python.why}`);
const bin = python.bin ?? "";

interface Keys {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

interface Ran {
  readonly code: number;
  readonly output: string;
}

let aws: AwsEmulator;
let account: Account;
let user: User;
let key: Keys;
let home: string;

/**
 * What a job needs: list, read, write and delete on one bucket. `s3:PutObjectAcl` is for cloud-files, which sends
 * `x-amz-acl: bucket-owner-full-control` with every write; without it, each of its writes is refused.
 */
const scope: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["s3:ListBucket", "s3:GetBucketLocation"], Resource: "arn:aws:s3:::lab-volumes" },
    {
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject", "s3:AbortMultipartUpload"],
      Resource: "arn:aws:s3:::lab-volumes/*",
    },
  ],
};

beforeEach(async () => {
  aws = await startAwsEmulator();
  account = aws.createAccount("111122223333");
  user = aws.createUser(account, "kg-rw-lab-volumes-5d1c", { policies: { "kg-rw": scope } });
  key = aws.createKey(account, user);
  aws.createBucket(account, "lab-volumes", { objects: { "data/seen.txt": "seen" } });
  aws.createBucket(account, "lab-private", { objects: { "x.txt": "hidden" } });
  home = mkdtempSync(join(tmpdir(), "keyguard-reader-"));
});
afterEach(async () => {
  await aws.close();
  rmSync(home, { recursive: true, force: true });
});

function write(path: string, text: string): string {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text, { mode: 0o600 });
  return whole;
}

/** Writes a file as keyguard leaves it: it held other keys before, and those were replaced. */
function writeRotated(path: string, textOf: (keys: Keys) => string, keys: Keys): void {
  const old = { id: fakeAccessKeyId("leaked"), secret: fakeSecret("leaked") };
  const before = textOf(old);
  const found = findKeys(path, before, old.id);
  if (found === null) throw new Error(`keyguard finds no keys in ${path}`);
  const after = replaceKeys(before, found.places, { accessKeyId: keys.id, secretAccessKey: keys.secret });
  expect(after).toBe(textOf(keys));
  write(path, after);
}

async function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const world = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: home,
    AWS_EC2_METADATA_DISABLED: "true",
    // Nothing but this machine can be reached.
    HTTPS_PROXY: "http://127.0.0.1:9",
    HTTP_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "127.0.0.1,localhost",
    ...env,
  };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [...args], { env: world, timeout: 60_000 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === "number" ? code : -1, output: stdout + stderr };
  }
}

const py = (script: string, env: Record<string, string> = {}) => run(join(bin, "python"), ["-c", script], env);

function profileFile(keys: Keys): string {
  const token = keys.token === undefined ? "" : `aws_session_token = ${keys.token}\n`;
  return `# made by hand\n[default]\naws_access_key_id = ${"AKIA"}OTHERKEY\naws_secret_access_key = none\n\n[lab]\naws_access_key_id = ${keys.id}\naws_secret_access_key = ${keys.secret}\n${token}region = us-east-1\n`;
}

function secretFile(keys: Keys): string {
  const token = keys.token === undefined ? {} : { AWS_SESSION_TOKEN: keys.token };
  return `${JSON.stringify({ AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret, ...token }, null, 2)}\n`;
}

function rcloneFile(keys: Keys): string {
  return `[lab]\ntype = s3\nprovider = Other\naccess_key_id = ${keys.id}\nsecret_access_key = ${keys.secret}\nregion = us-east-1\nendpoint = ${aws.endpoint}\nno_check_bucket = true\n`;
}

function s3cmdFile(keys: Keys): string {
  const { host } = new URL(aws.endpoint);
  return `[default]\naccess_key = ${keys.id}\nsecret_key = ${keys.secret}\nhost_base = ${host}\nhost_bucket = ${host}\nuse_https = False\nbucket_location = us-east-1\nmax_retries = 1\n`;
}

/** A program with its file: how it puts, lists, gets and deletes, and how it is refused another bucket. */
interface Reader {
  prepare(keys: Keys): void;
  put(): Promise<Ran>;
  list(): Promise<Ran>;
  get(): Promise<Ran>;
  remove(): Promise<Ran>;
  trespass(): Promise<Ran>;
}

const endpoint = () => aws.endpoint;
const s3cmd = (...args: string[]) =>
  run(join(bin, "python"), [join(bin, "s3cmd"), "--config", join(home, ".s3cfg"), ...args]);
const rclone = (...args: string[]) =>
  run("rclone", ["--config", join(home, "rclone.conf"), "--retries", "1", "--low-level-retries", "1", ...args]);
const awscli = (...args: string[]) => run("aws", ["--endpoint-url", endpoint(), "--profile", "lab", ...args]);
const boto = (script: string) =>
  py(`import boto3\ns3 = boto3.Session(profile_name="lab").client("s3", endpoint_url="${endpoint()}")\n${script}`);
const cloudFiles = (script: string, bucket = "lab-volumes") =>
  py(
    `from cloudfiles import CloudFiles\ncf = CloudFiles("s3://${endpoint()}/${bucket}/", progress=False, num_threads=0)\n${script}`,
    { CLOUD_VOLUME_DIR: join(home, ".cloudvolume") },
  );

const readers: Readonly<Record<string, Reader>> = {
  "awscli, from a profile": {
    prepare: (keys) => writeRotated(".aws/credentials", profileFile, keys),
    put: () => awscli("s3", "cp", write("local.txt", "written"), "s3://lab-volumes/data/new file.txt"),
    list: () => awscli("s3", "ls", "s3://lab-volumes/data/"),
    get: () => awscli("s3", "cp", "s3://lab-volumes/data/new file.txt", "-"),
    remove: () => awscli("s3", "rm", "s3://lab-volumes/data/new file.txt"),
    trespass: () => awscli("s3", "cp", "s3://lab-private/x.txt", "-"),
  },
  "boto3, from a profile": {
    prepare: (keys) => writeRotated(".aws/credentials", profileFile, keys),
    put: () => boto('s3.put_object(Bucket="lab-volumes", Key="data/new file.txt", Body=b"written")'),
    list: () => boto('print([o["Key"] for o in s3.list_objects_v2(Bucket="lab-volumes", Prefix="data/")["Contents"]])'),
    get: () => boto('print(s3.get_object(Bucket="lab-volumes", Key="data/new file.txt")["Body"].read().decode())'),
    remove: () => boto('s3.delete_object(Bucket="lab-volumes", Key="data/new file.txt")'),
    trespass: () => boto('print(s3.get_object(Bucket="lab-private", Key="x.txt"))'),
  },
  "cloud-files, from aws-secret.json": {
    prepare: (keys) => writeRotated(".cloudvolume/secrets/aws-secret.json", secretFile, keys),
    put: () => cloudFiles('cf.put("data/new file.txt", b"written")'),
    list: () => cloudFiles('print(list(cf.list("data/")))'),
    get: () => cloudFiles('print(cf.get("data/new file.txt").decode())'),
    remove: () => cloudFiles('cf.delete("data/new file.txt")'),
    trespass: () => cloudFiles('print(cf.get("x.txt"))', "lab-private"),
  },
  "rclone, from rclone.conf": {
    prepare: (keys) => writeRotated("rclone.conf", rcloneFile, keys),
    put: () => rclone("copyto", write("local.txt", "written"), "lab:lab-volumes/data/new file.txt"),
    list: () => rclone("lsf", "lab:lab-volumes/data/"),
    get: () => rclone("cat", "lab:lab-volumes/data/new file.txt"),
    remove: () => rclone("deletefile", "lab:lab-volumes/data/new file.txt"),
    trespass: () => rclone("cat", "lab:lab-private/x.txt"),
  },
  "s3cmd, from .s3cfg": {
    prepare: (keys) => writeRotated(".s3cfg", s3cmdFile, keys),
    put: () => s3cmd("put", write("local.txt", "written"), "s3://lab-volumes/data/new file.txt"),
    list: () => s3cmd("ls", "s3://lab-volumes/data/"),
    get: () => s3cmd("get", "--quiet", "s3://lab-volumes/data/new file.txt", "-"),
    remove: () => s3cmd("del", "s3://lab-volumes/data/new file.txt"),
    trespass: () => s3cmd("get", "--quiet", "s3://lab-private/x.txt", "-"),
  },
};

describe.skipIf(python.bin === null).each(Object.entries(readers))("%s", (_name, reader) => {
  it("puts, lists, gets and deletes with the new keys, and gets nowhere else", async () => {
    reader.prepare(key);
    expect(await reader.put()).toMatchObject({ code: 0 });
    expect(aws.readObject("lab-volumes", "data/new file.txt")).toBe("written");
    const listed = await reader.list();
    expect(listed).toMatchObject({ code: 0, output: expect.stringContaining("new file.txt") });
    expect(await reader.get()).toMatchObject({ code: 0, output: expect.stringContaining("written") });
    expect(await reader.remove()).toMatchObject({ code: 0 });
    expect(aws.readObject("lab-volumes", "data/new file.txt")).toBeNull();
    const trespass = await reader.trespass();
    expect(trespass.code).not.toBe(0);
    expect(trespass.output).not.toContain("hidden");
  });

  it("is refused once the key is switched off", async () => {
    reader.prepare(key);
    const [held] = user.keys;
    if (held) held.status = "Inactive";
    expect((await reader.list()).code).not.toBe(0);
    expect(aws.calls.at(-1)?.errorCode).toBe("InvalidAccessKeyId");
  });
});

describe.skipIf(python.bin === null)("temporary credentials", () => {
  it("work in a profile and in aws-secret.json, token and all", async () => {
    const session = aws.createSession(account, user, { name: "job-7" });
    write(".aws/credentials", profileFile(session));
    write(".cloudvolume/secrets/aws-secret.json", secretFile(session));
    expect(await awscli("sts", "get-caller-identity")).toMatchObject({
      code: 0,
      output: expect.stringContaining("kg-rw-lab-volumes-5d1c"),
    });
    expect(await cloudFiles('print(cf.get("data/seen.txt").decode())')).toMatchObject({
      code: 0,
      output: expect.stringContaining("seen"),
    });
    expect(aws.calls.every((call) => call.accessKeyId === session.id)).toBe(true);
  });
});

describe.skipIf(python.bin === null)("arcticdb, from a URI", () => {
  it("writes a table and reads it back with the new keys, and is refused with a dead one", async () => {
    const { port } = new URL(aws.endpoint);
    // ArcticDB takes the secret as it stands: percent-encoded, its slashes would break the signature.
    const uri = (keys: Keys) =>
      `s3://127.0.0.1:lab-volumes?access=${keys.id}&secret=${keys.secret}&port=${port}&region=us-east-1&path_prefix=arctic`;
    writeRotated("settings.py", (keys) => `ARCTIC = "${uri(keys)}"\n`, key);
    const script = [
      "import sys, arcticdb, pandas as pd",
      `sys.path.insert(0, ${JSON.stringify(home)})`,
      "from settings import ARCTIC",
      'lib = arcticdb.Arctic(ARCTIC).get_library("prices", create_if_missing=True)',
      'lib.write("a", pd.DataFrame({"x": [1, 2, 3]}))',
      'print("sum", int(lib.read("a").data["x"].sum()))',
    ].join("\n");
    expect(await py(script)).toMatchObject({ code: 0, output: expect.stringContaining("sum 6") });
    const [held] = user.keys;
    if (held) held.status = "Inactive";
    expect((await py(script)).code).not.toBe(0);
  });
});
