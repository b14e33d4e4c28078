import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { formatNames } from "../../src/commands/formats.ts";
import { fakeAccessKeyId, fakeSecret, fakeSessionToken } from "../support/fake-keys.ts";
import { bundle, runKeyguard } from "../support/run-keyguard.ts";
import { makeFolder, makeRepo, type TempRepo, takeReadPermission } from "../support/temp-repo.ts";

const [id, secret] = [fakeAccessKeyId("cli"), fakeSecret("cli")];
const leak = JSON.stringify({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }, null, 2);

function repo(files: Readonly<Record<string, string>> = {}): TempRepo {
  const made = makeRepo({ files: { "README.md": "nothing here\n", ...files } });
  onTestFinished(made.cleanup);
  return made;
}

describe("the exit code", () => {
  it("is 0 for what is clean, 1 for a leak", () => {
    const made = repo();
    const clean = runKeyguard(made.dir, ["scan"]);
    expect([clean.status, clean.stderr]).toEqual([0, ""]);
    expect(clean.stdout).toMatch(/^no credentials in 1 file /);
    made.write("aws-secret.json", leak);
    const found = runKeyguard(made.dir, ["scan"]);
    expect([found.status, found.stderr]).toEqual([1, ""]);
    expect(found.stdout).toContain("aws-secret.json:2:25");
    expect(found.stdout).toContain(`keyguard rotate ${id}`);
  });

  it("follows --fail-on, which also the configuration can say", () => {
    const made = repo({ "notes.txt": `the id is ${id}\n` });
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(1);
    const passed = runKeyguard(made.dir, ["scan", "--fail-on", "high"]);
    expect(passed.status).toBe(0);
    expect(passed.stdout).toContain("1 medium");
    expect(passed.stderr).toContain("nothing here is as severe as high");
    made.write(".keyguardrc", "failOn: critical\n");
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
    expect(runKeyguard(made.dir, ["scan", "--fail-on=low"]).status).toBe(1);
    expect(runKeyguard(made.dir, ["scan", "--no-config"]).status).toBe(1);
  });

  it("is 2 when something was not read, whatever else was found", () => {
    const made = repo({ "aws-secret.json": leak, "locked.txt": "x" });
    if (!takeReadPermission(join(made.dir, "locked.txt"))) return;
    const run = runKeyguard(made.dir, ["scan"]);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("keyguard: incomplete: 1 not read\n  locked.txt: ");
    expect(run.stdout).toContain("aws-secret.json:2:25");
  });

  it.each([
    [["scan", "--nonsense"], "unknown option '--nonsense'"],
    [["scna"], "Did you mean scan?"],
    [["scan", "--fail-on", "hihg"], "Allowed choices are low, medium, high, critical"],
    [["scan", "--format", "jsno"], "formats: text, json,"],
    [["scan", "--format", "json", "--format", "sarif"], "would both go to standard output"],
    [["scan", "--format", "json="], "names no file"],
    [["scan", "--format", "json=x", "--output", "y"], "--output is for a format without a file"],
    [["scan", "--staged", "--range", "A..B"], "--staged and --range do not go together"],
    [["scan", "--staged", "src"], "--staged takes no paths"],
    [["scan", "--stdin-path", "x"], "--stdin-path goes with --stdin"],
    [["scan", "--jobs", "0"], "--jobs must be a number"],
    [["scan", "no/such/path"], "no/such/path"],
    [["scan", "--config", "none.yaml"], "none.yaml cannot be read"],
    [["scan", "--baseline", "none.json"], "there is no baseline none.json"],
    [["scan", "--range", "no-such-branch"], "no-such-branch"],
    [["allow", "zzz", "--reason", "long enough"], "8 to 64 hexadecimal digits"],
    [["allow", "0123456789", "--reason", "short"], "--reason is too short"],
    [["allow", "0123456789", "--reason", "long enough", "--expires", "2020-01-01"], "in the past"],
    [["allow", "0123456789", "--reason", "long enough", "--expires", "2026-02-31"], "must be a day"],
    [["allow", "0123456789", "--reason", "long enough"], "nothing in the working tree or the index"],
    [["allow", "0123456789"], "--reason"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish, powershell"],
    [[], "Usage: keyguard"],
  ])("is 2 for %j, with a word on standard error and none on standard output", (args, said) => {
    const run = runKeyguard(repo().dir, args);
    expect([run.status, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(said);
    expect(run.stderr).not.toContain("bug");
  });

  it("is 2 for a mistake in the configuration, told with its place", () => {
    const run = runKeyguard(repo({ ".keyguardrc": "exclude: [a]\nfailOn: none\n" }).dir, ["scan"]);
    expect(run).toEqual({
      status: 2,
      stdout: "",
      stderr: "keyguard: error: .keyguardrc:2:9: failOn must be one of low, medium, high, critical\n",
    });
  });
});

describe("what is scanned", () => {
  it("is the working tree, the index, a range or standard input", () => {
    const made = repo();
    const base = made.git("rev-parse", "HEAD");
    made.write("aws-secret.json", leak);
    expect(runKeyguard(made.dir, ["scan", "--staged"]).status).toBe(0);
    made.stage("aws-secret.json");
    made.write("aws-secret.json", "{}");
    expect(runKeyguard(made.dir, ["scan", "--staged"]).status).toBe(1);
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
    const commit = made.commit("oops", { stage: false });
    const range = runKeyguard(made.dir, ["scan", "--range", `${base}..HEAD`, "--format", "json"]);
    expect(range.status).toBe(1);
    expect(JSON.parse(range.stdout).findings[0].locations[0]).toMatchObject({
      path: "aws-secret.json",
      commit,
      author: expect.stringContaining("Ada"),
    });
    for (const args of [
      ["scan", "-"],
      ["scan", "--stdin", "--stdin-path", "x/y.json"],
    ]) {
      expect(runKeyguard(made.dir, args, { input: leak })).toMatchObject({ status: 1, stderr: "" });
    }
    expect(runKeyguard(made.dir, ["scan", "--stdin", "--stdin-path", "x/y.json"], { input: leak }).stdout).toContain(
      "x/y.json:2:25",
    );
  });

  it("can be a path that begins with a dash", () => {
    const made = repo({ "--staged": leak });
    expect(runKeyguard(made.dir, ["scan", "--", "--staged"]).stdout).toContain("--staged:2:25");
  });

  it("leaves out what the configuration excludes, also from a folder below", () => {
    const made = repo({ "vendor/a.json": leak, "src/x": "", ".keyguardrc": "exclude: [vendor/]\n" });
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
    expect(runKeyguard(join(made.dir, "src"), ["scan", "../vendor"]).status).toBe(0);
    expect(runKeyguard(made.dir, ["scan", "--no-config"]).status).toBe(1);
  });

  it("may be hostile: pipes, loops, odd names and dangling links do not stop or fool it", () => {
    const { dir, cleanup } = makeFolder();
    onTestFinished(cleanup);
    execFileSync("mkfifo", [join(dir, "pipe")]);
    symlinkSync("nowhere", join(dir, "dangling"));
    symlinkSync(".", join(dir, "loop"));
    writeFileSync(join(dir, "a\nkeyguard: error: forged\u001b[2J.json"), leak);
    const run = runKeyguard(dir, ["scan"]);
    expect([0, 1, 2]).toContain(run.status);
    expect(run.status).not.toBe(0);
    expect(run.stdout).toContain("a\\u{a}keyguard: error: forged\\u{1b}[2J.json:2:25");
    expect(run.stdout + run.stderr).not.toContain("\u001b");
    expect(run.stdout.split("\n").filter((line) => line.startsWith("keyguard:"))).toEqual([]);
  });

  it("runs nothing that a repository brings as configuration", () => {
    const made = repo({ ".keyguardrc": "failOn: low\n" });
    mkdirSync(join(made.dir, ".config"));
    for (const name of ["config.cjs", "config.js", "config.mjs", "config.ts"]) {
      writeFileSync(join(made.dir, ".config", name), `require("node:fs").writeFileSync("RAN", "");module.exports={};`);
    }
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
    expect(existsSync(join(made.dir, "RAN"))).toBe(false);
  });
});

describe("reports", () => {
  it("go where they are sent, several at once", () => {
    const made = repo({ "aws-secret.json": leak });
    const run = runKeyguard(made.dir, ["scan", "-f", "json=r.json", "--format", "sarif=r.sarif", "-f", "text"]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/^1 credential: 1 critical\n/);
    expect(JSON.parse(readFileSync(join(made.dir, "r.json"), "utf8")).findings).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(made.dir, "r.sarif"), "utf8")).version).toBe("2.1.0");
    expect(runKeyguard(made.dir, ["scan", "-f", "json", "-o", "o.json"]).stdout).toBe("");
    expect(JSON.parse(readFileSync(join(made.dir, "o.json"), "utf8")).schema).toBe("keyguard-report/1");
    expect(runKeyguard(made.dir, ["scan", "-o", "/dev/stderr"])).toMatchObject({
      stdout: "",
      stderr: expect.stringContaining("1 critical"),
    });
  });

  it("on standard output are clean JSON, with everything else beside it", () => {
    const made = repo({ "aws-secret.json": leak });
    expect(JSON.parse(runKeyguard(made.dir, ["scan", "--format", "json"]).stdout)).toMatchObject({
      complete: true,
      findings: [{ credential: { accessKeyId: id }, kind: "aws-access-key", severity: "critical" }],
    });
  });

  it("with secrets are for their owner's eyes", () => {
    const made = repo({ "aws-secret.json": leak });
    writeFileSync(join(made.dir, "r.json"), "old");
    chmodSync(join(made.dir, "r.json"), 0o644);
    runKeyguard(made.dir, ["scan", "--show-secrets", "-f", "json=r.json"]);
    expect(JSON.parse(readFileSync(join(made.dir, "r.json"), "utf8")).findings[0].secrets).toEqual([secret]);
    expect(statSync(join(made.dir, "r.json")).mode & 0o777).toBe(0o600);
    expect(runKeyguard(made.dir, ["scan", "--show-secrets"]).stdout).toContain(secret);
  });

  it("that nobody reads to the end are no error", () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [
        `f${i}.env`,
        `AWS_ACCESS_KEY_ID=${fakeAccessKeyId(i)}\nAWS_SECRET_ACCESS_KEY=${fakeSecret(i)}\n`,
      ]),
    );
    const made = repo(files);
    const run = spawnSync("sh", ["-c", '"$0" "$1" scan --format json | head -c 100', process.execPath, bundle], {
      cwd: made.dir,
      encoding: "utf8",
    });
    expect([run.stdout.length, run.stderr]).toEqual([100, ""]);
  });

  it("that cannot be written end in 2, and leave nothing half written", () => {
    const made = repo({ "aws-secret.json": leak });
    symlinkSync("elsewhere", join(made.dir, "link.json"));
    for (const path of ["no/such/folder/r.json", "link.json", "."]) {
      const run = runKeyguard(made.dir, ["scan", "-f", `json=${path}`]);
      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(/^keyguard: error: /);
    }
    expect(readdirSync(made.dir).sort()).toEqual([".git", "README.md", "aws-secret.json", "link.json"]);
  });
});

describe("letting pass", () => {
  it("by keyguard allow, from any folder, keeps the rest of the configuration", () => {
    const made = repo({ "a/aws-secret.json": leak, ".keyguardrc": "# ours\nfailOn: low # strict\n" });
    const { fingerprint } = JSON.parse(runKeyguard(made.dir, ["scan", "-f", "json"]).stdout).findings[0];
    const run = runKeyguard(join(made.dir, "a"), [
      "allow",
      fingerprint.slice(0, 8),
      "--reason",
      "fixture, said Ada in #4",
      "--expires",
      "2999-01-31",
    ]);
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toContain("a/aws-secret.json:2");
    expect(readFileSync(join(made.dir, ".keyguardrc"), "utf8")).toBe(
      `# ours\nfailOn: low # strict\nallow:\n  - fingerprint: "${fingerprint}"\n    reason: "fixture, said Ada in #4"\n    expires: "2999-01-31"\n`,
    );
    expect(runKeyguard(made.dir, ["scan"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("1 credential let pass: 1 by the configuration"),
    });
    expect(runKeyguard(made.dir, ["allow", fingerprint.slice(0, 8), "--reason", "once more, again"]).stdout).toContain(
      "let pass already",
    );
  });

  it("finds what only the index holds, as after a refused commit", () => {
    const made = repo();
    made.write("aws-secret.json", leak);
    made.stage();
    const { fingerprint } = JSON.parse(runKeyguard(made.dir, ["scan", "--staged", "-f", "json"]).stdout).findings[0];
    made.remove("aws-secret.json");
    expect(runKeyguard(made.dir, ["allow", fingerprint.slice(0, 8), "-r", "fixture, said Ada"]).status).toBe(0);
    expect(runKeyguard(made.dir, ["scan", "--staged"]).status).toBe(0);
  });

  it("by a baseline survives moves, and lets nothing new pass", () => {
    const made = repo({ "aws-secret.json": leak });
    const written = runKeyguard(made.dir, ["baseline"]);
    expect(written).toMatchObject({
      status: 0,
      stdout: ".keyguard-baseline.json: 1 credential let pass from now on\n",
    });
    const text = readFileSync(join(made.dir, ".keyguard-baseline.json"), "utf8");
    expect(text).not.toMatch(/aws-secret|README|\d{4}-\d\d-\d\d/);
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
    made.remove("aws-secret.json");
    made.write("deep/moved.json", `\n\n${leak}`);
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
    expect(runKeyguard(made.dir, ["scan", "--no-baseline"]).status).toBe(1);
    made.write("new.env", `AWS_ACCESS_KEY_ID=${fakeAccessKeyId("new")}\nAWS_SECRET_ACCESS_KEY=${fakeSecret("new")}\n`);
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(1);
    runKeyguard(made.dir, ["baseline"]);
    expect(runKeyguard(made.dir, ["scan"]).status).toBe(0);
  });

  it("by a damaged baseline is refused", () => {
    const made = repo({ ".keyguard-baseline.json": '{"schema": "keyguard-baseline/1", "fingerprints": ["x"]}' });
    expect(runKeyguard(made.dir, ["scan"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(".keyguard-baseline.json:1:52: fingerprints[0] must be 64"),
    });
  });
});

describe("help", () => {
  it("shows examples for every command, and exits 0", () => {
    const made = repo();
    const top = runKeyguard(made.dir, ["--help"]);
    expect([top.status, top.stderr]).toEqual([0, ""]);
    const names = [...top.stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
    for (const name of names) {
      if (name === "keyguard") continue;
      const help = runKeyguard(made.dir, [name ?? "", "--help"]);
      expect([name, help.status, help.stderr]).toEqual([name, 0, ""]);
      // A group's examples stand with its commands.
      const commands = /\nCommands:\n([\s\S]*)/.exec(help.stdout)?.[1] ?? "";
      const inner = [...commands.matchAll(/^ {2}([a-z-]+) /gm)].flatMap(([, word]) =>
        word === "help" ? [] : [word ?? ""],
      );
      const shown =
        inner.length === 0 ? [help] : inner.map((word) => runKeyguard(made.dir, [name ?? "", word, "--help"]));
      for (const { stdout } of shown) expect(stdout).toContain("Examples:\n");
    }
    expect(runKeyguard(made.dir, ["help", "scan"]).stdout).toBe(runKeyguard(made.dir, ["scan", "-h"]).stdout);
    expect(runKeyguard(made.dir, ["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("names the mistake in what was typed, and quotes nothing that may be a secret", () => {
    const made = repo({ "a.txt": "one\ntwo" });
    const said = (...args: string[]) => {
      const { status, stdout, stderr } = runKeyguard(made.dir, args);
      expect([args, status, stdout]).toEqual([args, 2, ""]);
      return stderr;
    };
    expect(said("completion", "csh")).toContain(
      "value 'csh' is invalid for argument 'shell'. Allowed choices are bash",
    );
    for (const pasted of [secret, `a'${secret}`, ` ${secret}`, `it's' ${secret}`]) {
      expect(said("completion", pasted)).not.toContain(secret);
      expect(said("help", pasted)).not.toContain(secret);
    }
    expect(said("help", "nosuch")).toContain("there is no command 'nosuch'");
    expect(said("explain", "a.txt:3")).toContain("a.txt has no line 3: it has 2 lines");
    expect(said("scan", "--allow-canary")).toContain("--allow-canary goes with --validate");
    expect(said("scan", "--no-config", "--config", "x")).toContain("--config and --no-config do not go together");
    expect(said("report", "merge", "absent.json")).toContain("absent.json: no such file");
    expect(said("validate", "--from", "absent.json")).toContain("absent.json: no such file");
  });

  it("explains why a candidate is reported or not", () => {
    const made = repo({ "a.json": leak, "b.txt": `key: ${["AKIAIOSFODNN7", "EXAMPLE"].join("")}\n` });
    expect(runKeyguard(made.dir, ["explain", "a.json"]).stdout).toMatch(
      /reported {2}a\.json:2:25 .*\n.*\nreported {2}a\.json:3:29 /,
    );
    expect(runKeyguard(made.dir, ["explain", "a.json:3"]).stdout).toContain("1 candidate, 1 reported");
    const clean = runKeyguard(made.dir, ["explain", "b.txt"]);
    expect(clean).toMatchObject({ status: 0, stderr: "" });
    expect(clean.stdout).toContain("clean     b.txt:1:6");
    expect(JSON.parse(runKeyguard(made.dir, ["explain", "--json", "a.json"]).stdout)).toHaveLength(2);
    expect(runKeyguard(made.dir, ["explain", "none.txt"]).status).toBe(2);
  });

  it("completes in bash without running anything of what was typed", () => {
    const made = repo();
    const { stdout } = runKeyguard(made.dir, ["completion", "bash"]);
    const complete = (...words: string[]) => {
      const script = `eval "$(cat)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keyguard; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script, "bash", ...words], { input: stdout, encoding: "utf8", cwd: made.dir })
        .trim()
        .split("\n");
    };
    expect(complete("keyguard", "sc")).toEqual(["scan"]);
    expect(complete("keyguard", "scan", "--show")).toEqual(["--show-secrets"]);
    expect(complete("keyguard", "hook", "")).toEqual(["install", "uninstall", "status", "run"]);
    expect(complete("keyguard", "scan", "--format", "s")).toEqual(["sarif"]);
    expect(complete("keyguard", "scan", "--fail-on", "")).toEqual(["low", "medium", "high", "critical"]);
    complete("keyguard", "scan", "$(touch RAN)", "`touch RAN`", "");
    expect(existsSync(join(made.dir, "RAN"))).toBe(false);
    for (const shell of ["zsh", "fish", "powershell"]) {
      expect(runKeyguard(made.dir, ["completion", shell]).stdout).toContain("show-secrets");
    }
  });
});

it("no output holds eight characters in a row of a planted secret", () => {
  const secrets = [fakeSecret("p1"), fakeSecret("p2"), fakeSecret("p3"), fakeSessionToken("p4")];
  const [one = "", two = "", three = "", token = ""] = secrets;
  const files: Record<string, string> = {
    "aws-secret.json": JSON.stringify({ AWS_ACCESS_KEY_ID: fakeAccessKeyId("p1"), AWS_SECRET_ACCESS_KEY: one }),
    "min.js": `a=1;new S3({accessKeyId:"${fakeAccessKeyId("p2")}",secretAccessKey:"${two}"});b=2;`.repeat(3),
    ".aws/credentials": `[default]\naws_access_key_id = ${fakeAccessKeyId("p3", "ASIA")}\naws_secret_access_key = ${three}\naws_session_token = ${token}\n`,
    "split.py": `key = "${one.slice(0, 20)}" + \\\n  "${one.slice(20)}"\n`,
    "encoded.txt": `${Buffer.from(`aws_secret_access_key=${two}`).toString("base64")}\n${encodeURIComponent(`secret=${three}`)}\n`,
    "path.env": `AWS_SECRET_ACCESS_KEY=${three} # keyguard:allow\n`,
  };
  const made = repo(files);
  made.stage();
  const outputs: string[] = [];
  const run = (...args: string[]) => {
    const { stdout, stderr, status } = runKeyguard(made.dir, args, { input: Object.values(files).join("\n") });
    expect([args, status === 0 || status === 1 || status === 2]).toEqual([args, true]);
    outputs.push(stdout, stderr);
  };
  for (const format of formatNames)
    for (const mode of [[], ["--staged"], ["--range", "HEAD"], ["--stdin"]]) run("scan", "--format", format, ...mode);
  for (const path of Object.keys(files)) {
    run("explain", path);
    run("explain", "--json", path);
  }
  run("baseline");
  outputs.push(readFileSync(join(made.dir, ".keyguard-baseline.json"), "utf8"));
  run("scan", "--format", "json");
  for (const text of [
    `failOn: ${one}`,
    `"${two}": 1`,
    `{"allow": "${three}`,
    `allow:\n  - value: "${one}"\n    reason: x`,
  ]) {
    made.write(".keyguardrc", text);
    run("scan");
    run("allow", "0123456789abcdef", "--reason", "long enough");
  }
  run(`--${one}`);
  run(one);
  run("scan", `--format=${two}`);
  run("scan", "--fail-on", three);
  run("allow", one, "--reason", "long enough");
  for (const secret of secrets) {
    for (let i = 0; i + 8 <= secret.length; i++) {
      const piece = secret.slice(i, i + 8);
      expect(outputs.filter((output) => output.includes(piece))).toEqual([]);
    }
  }
});
