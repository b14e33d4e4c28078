import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startAwsEmulator } from "../support/aws/aws-emulator.ts";

/** One thing that was typed, and what came of it. */
export interface Scene {
  readonly about: string;
  readonly typed: string;
  readonly code: number;
  readonly output: string;
}

export interface Stage {
  /** The keyguard to be shown: `dist/keyguard.js`. */
  readonly keyguard: string;
  /** The project's folder, whose packages the job uses. */
  readonly project: string;
  show(scene: Scene): void;
}

/** A job as people have it: it reads its key from CloudVolume's file and uses the bucket. */
const job = (sdk: string) => `import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { createRequire } from "node:module";
const { S3Client, PutObjectCommand, GetObjectCommand } = createRequire(import.meta.url)(${JSON.stringify(sdk)});
const secret = JSON.parse(readFileSync(homedir() + "/.cloudvolume/secrets/aws-secret.json", "utf8"));
const s3 = new S3Client({
  region: "us-east-1",
  credentials: { accessKeyId: secret.AWS_ACCESS_KEY_ID, secretAccessKey: secret.AWS_SECRET_ACCESS_KEY },
});
try {
  await s3.send(new PutObjectCommand({ Bucket: "lab-volumes", Key: "results/today.txt", Body: "42" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lab-volumes", Key: "results/today.txt" }));
  console.log("the job wrote and read", await Body.transformToString());
} catch (error) {
  console.log("the job was refused:", error.name);
  process.exitCode = 1;
}
`;

/**
 * The whole story on an AWS in memory: a repository with a leaked aws-secret.json is scanned, the key is asked for,
 * rotated, the job that used it goes on, the repository is clean, and the leaked key opens nothing any more.
 */
export async function tellStory(stage: Stage): Promise<readonly Scene[]> {
  const aws = await startAwsEmulator(`demo ${process.pid}`);
  const folder = mkdtempSync(join(tmpdir(), "keyguard-demo-"));
  const [home, repository] = [join(folder, "home"), join(folder, "loader")];
  const scenes: Scene[] = [];
  try {
    const account = aws.createAccount("111122223333");
    const bucketArn = "arn:aws:s3:::lab-volumes";
    const pipeline = aws.createUser(account, "pipeline", {
      policies: {
        everything: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: "s3:*", Resource: [bucketArn, `${bucketArn}/*`] },
            { Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" },
          ],
        },
      },
    });
    const leaked = aws.createKey(account, pipeline);
    const admin = aws.createKey(account, aws.createUser(account, "ana", { attached: ["AdministratorAccess"] }));
    aws.createBucket(account, "lab-volumes", { objects: { "volumes/1": "…" } });
    aws.createBucket(account, "lab-private", { objects: { "salaries.csv": "…" } });

    const write = (path: string, text: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
    };
    const secretFile = `${JSON.stringify({ AWS_ACCESS_KEY_ID: leaked.id, AWS_SECRET_ACCESS_KEY: leaked.secret }, null, 2)}\n`;
    write(
      join(home, ".aws", "credentials"),
      `[admin]\naws_access_key_id = ${admin.id}\naws_secret_access_key = ${admin.secret}\n`,
    );
    write(join(home, ".cloudvolume", "secrets", "aws-secret.json"), secretFile);
    write(join(repository, "aws-secret.json"), secretFile);
    const sdk = createRequire(join(stage.project, "package.json")).resolve("@aws-sdk/client-s3");
    write(join(repository, "job.mjs"), job(sdk));

    const env = {
      PATH: process.env.PATH ?? "",
      HOME: home,
      USERPROFILE: home,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_EC2_METADATA_DISABLED: "true",
      NODE_NO_WARNINGS: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Ana",
      GIT_AUTHOR_EMAIL: "ana@example.com",
      GIT_COMMITTER_NAME: "Ana",
      GIT_COMMITTER_EMAIL: "ana@example.com",
    };
    const run = (program: string, args: readonly string[], input = "") =>
      new Promise<{ code: number; output: string }>((resolve) => {
        const child = execFile(program, [...args], { cwd: repository, env }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          resolve({ code, output: stderr + stdout });
        });
        // A program that reads no input may be gone before it is written.
        child.stdin?.on("error", () => undefined);
        child.stdin?.end(input);
      });
    const git = async (...args: string[]) => (await run("git", args)).output;
    const show = async (about: string, typed: string, ran: Promise<{ code: number; output: string }>) => {
      const scene = { about, typed, ...(await ran) };
      scenes.push(scene);
      stage.show(scene);
    };
    const keyguard = (args: readonly string[], input?: string) =>
      run(process.execPath, [stage.keyguard, ...args], input);
    const work = () => run(process.execPath, ["job.mjs"]);

    await git("init", "-q", "-b", "main");
    await git("add", ".");
    await git("commit", "-q", "-m", "add loader");
    await show("a key was committed", "keyguard scan", keyguard(["scan"]));
    await show("is it real?", `keyguard validate ${leaked.id}`, keyguard(["validate", leaked.id, "--no-cache"]));
    await show("the job runs on it", "node job.mjs", work());
    const rotate = ["rotate", leaked.id, "--admin-profile", "admin", "--yes"];
    await show("stop it, and replace it by a narrower one", `keyguard ${rotate.join(" ")}`, keyguard(rotate));
    await show("the job goes on, with the new key", "node job.mjs", work());
    await git("rm", "-q", "--cached", "aws-secret.json");
    rmSync(join(repository, "aws-secret.json"));
    writeFileSync(join(repository, ".gitignore"), "aws-secret.json\n");
    await git("add", ".gitignore");
    await git("commit", "-q", "-m", "take the key out");
    await show("the repository now", "keyguard scan", keyguard(["scan"]));
    const old = await git("show", "HEAD~1:aws-secret.json");
    await show(
      "and whoever has the old key from the history",
      "git show HEAD~1:aws-secret.json | keyguard validate --stdin",
      keyguard(["validate", "--stdin", "--no-cache"], old),
    );
    const now = readFileSync(join(home, ".cloudvolume", "secrets", "aws-secret.json"), "utf8");
    for (const secret of [leaked.secret, admin.secret, String(JSON.parse(now).AWS_SECRET_ACCESS_KEY)])
      if (scenes.some(({ output }) => output.includes(secret))) throw new Error("a secret was shown");
    return scenes;
  } finally {
    await aws.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
