import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { makeRepo, type TempRepo } from "../support/temp-repo.ts";
import { installPackage } from "./installed-package.ts";
import { leaks, plant } from "./planted.ts";

// Real hook managers, from the registries, each committing for real. Without a registry these are skipped, and counted
// as skipped; KEYGUARD_REQUIRE_FRAMEWORKS=1 (set where the project is checked) makes their absence a failure.

const required = process.env.KEYGUARD_REQUIRE_FRAMEWORKS === "1";
const versions = { husky: "9.1.7", lefthook: "2.2.2", "simple-git-hooks": "2.14.0", "lint-staged": "16.3.4" };
const preCommitVersion = "4.7.0";

const keyguard = installPackage();
const folder = mkdtempSync(join(tmpdir(), "keyguard-frameworks-"));
afterAll(() => {
  keyguard.cleanup();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Runs an installer; false, or a failure where they are required, when the registry cannot be reached. */
function fetched(command: string, args: readonly string[]): boolean {
  const ran = spawnSync(command, args, { cwd: folder, encoding: "utf8", timeout: 300_000 });
  if (ran.status === 0) return true;
  if (required) throw new Error(`${command} ${args.join(" ")}: exit ${ran.status}: ${ran.stderr}`);
  return false;
}

writeFileSync(join(folder, "package.json"), '{"private":true}');
const npm = fetched("npm", [
  "install",
  "--no-audit",
  "--no-fund",
  "--no-save",
  "--ignore-scripts",
  "--loglevel=error",
  ...Object.entries(versions).map(([name, version]) => `${name}@${version}`),
]);
const python =
  fetched("python3", ["-m", "venv", "venv"]) &&
  fetched(join(folder, "venv/bin/pip"), ["install", "-q", `pre-commit==${preCommitVersion}`]);
if (npm) symlinkSync(keyguard.home, join(folder, "node_modules/keyguard"));

/** A JavaScript project that uses a hook manager, with keyguard among its dependencies. */
function project(files: Record<string, string>): TempRepo {
  const repo = makeRepo({ files: { "a.ini": "x\n", ".gitignore": "node_modules\nran\n", ...files } });
  onTestFinished(() => repo.cleanup());
  symlinkSync(join(folder, "node_modules"), join(repo.dir, "node_modules"));
  repo.env.PATH = [join(folder, "venv/bin"), process.env.PATH].join(delimiter);
  repo.env.PRE_COMMIT_HOME = join(folder, "pre-commit-home");
  return repo;
}

/** Runs a program of node_modules in the project. */
function tool(repo: TempRepo, name: string, ...args: string[]): void {
  const ran = spawnSync(join(folder, "node_modules/.bin", name), args, {
    cwd: repo.dir,
    env: repo.env,
    encoding: "utf8",
  });
  expect(`${ran.stdout}${ran.stderr} exit ${ran.status}`).toMatch(/exit 0$/);
}

/** Commits in every way that gives hooks an index of their own; a key must never come through, a clean change must. */
function expectGuarded(repo: TempRepo, { ran = true }: { ran?: boolean } = {}): void {
  const planted = plant(`framework ${repo.dir}`);
  const refused = (...args: string[]): void => {
    const head = repo.git("rev-parse", "HEAD");
    const commit = repo.tryGit(...args);
    const said = commit.stdout + commit.stderr;
    expect(said).toContain("keyguard: 1 credential");
    expect(said).toMatch(/a\.ini:1:21/);
    expect(leaks(said, planted)).toBe(false);
    expect(commit.status).not.toBe(0);
    expect(repo.git("rev-parse", "HEAD")).toBe(head);
    expect(readFileSync(join(repo.dir, "a.ini"), "utf8")).toBe(planted.text);
  };
  repo.write("a.ini", planted.text);
  refused("commit", "-a", "-m", "all");
  refused("commit", "-m", "path", "a.ini");
  repo.stage("a.ini");
  refused("commit", "-m", "staged");

  repo.write("a.ini", "clean\n");
  repo.stage("a.ini");
  rmSync(join(repo.dir, "ran"), { force: true });
  const clean = repo.tryGit("commit", "-m", "clean");
  expect(`${clean.stdout}${clean.stderr} exit ${clean.status}`).toMatch(/exit 0$/);
  if (ran) expect(existsSync(join(repo.dir, "ran"))).toBe(true);

  const message = repo.tryGit("commit", "--allow-empty", "-m", `use\n\n${planted.text}`);
  expect(message.stdout + message.stderr).toContain("keyguard: 1 credential in your commit message");
  expect(message.status).not.toBe(0);
}

function install(repo: TempRepo, ...args: string[]): { stdout: string; stderr: string } {
  const ran = keyguard.keyguard(repo, "hook", "install", "--verbose", ...args);
  expect(`${ran.stdout}${ran.stderr} exit ${ran.status}`).toMatch(/exit 0$/);
  expect(ran.stderr).toContain("commits here are guarded: a planted key was refused");
  return ran;
}

function expectUninstalled(repo: TempRepo, before: string): void {
  expect(keyguard.keyguard(repo, "hook", "uninstall").status).toBe(0);
  expect(repo.git("diff", before)).toBe("");
  repo.write("a.ini", plant("after").text);
  const commit = repo.tryGit("commit", "-a", "-m", "x");
  expect(`${commit.stderr} exit ${commit.status}`).toMatch(/exit 0$/);
}

describe.skipIf(!npm)("husky 9", () => {
  const files = { "package.json": '{"devDependencies":{"husky":"9"}}\n', ".husky/pre-commit": "touch ran\n" };

  test("runs keyguard after what it ran before", () => {
    const repo = project(files);
    tool(repo, "husky");
    const before = repo.git("rev-parse", "HEAD");
    const { stdout } = install(repo);
    expect(stdout).toContain("added keyguard to .husky/pre-commit");
    expect(readFileSync(join(repo.dir, ".husky/pre-commit"), "utf8")).not.toContain(keyguard.home);
    repo.commit("hooks");
    expectGuarded(repo);
    expect(keyguard.keyguard(repo, "hook", "status").stdout).toContain("installed with husky: pre-commit");
    repo.git("reset", "-q", "--hard", before);
    install(repo);
    expectUninstalled(repo, before);
  });

  test("is started when this clone has not started it, and a second install changes nothing", () => {
    const repo = project(files);
    install(repo);
    const text = readFileSync(join(repo.dir, ".husky/pre-commit"), "utf8");
    install(repo);
    expect(readFileSync(join(repo.dir, ".husky/pre-commit"), "utf8")).toBe(text);
    expectGuarded(repo);
  });

  test("with lint-staged: keyguard looks at what lint-staged leaves staged", () => {
    const repo = project({
      "package.json":
        '{"devDependencies":{"husky":"9"},"lint-staged":{"*.txt":"node stamp.cjs","probe-*":"ls stamp.cjs"}}\n',
      ".husky/pre-commit": "touch ran\nnpx lint-staged --quiet\n",
      "stamp.cjs":
        'for (const f of process.argv.slice(2)) require("fs").appendFileSync(f, require("fs").existsSync("stamp.bin") ? require("fs").readFileSync("stamp.bin") : "");\n',
    });
    tool(repo, "husky");
    const { stderr } = install(repo);
    expect(stderr).toContain("keyguard looks at what lint-staged leaves staged");
    writeFileSync(join(repo.dir, "stamp.bin"), "stamped\n");
    repo.write(".git/info/exclude", "stamp.bin\n");
    expectGuarded(repo);
    const planted = plant("by lint-staged");
    writeFileSync(join(repo.dir, "stamp.bin"), planted.text);
    repo.write("b.txt", "clean\n");
    repo.stage("b.txt");
    const commit = repo.tryGit("commit", "-m", "x");
    expect(commit.stderr).toContain("b.txt:2:");
    expect(commit.status).not.toBe(0);
  });
});

describe.skipIf(!npm)("lint-staged", () => {
  test("runs keyguard as one of its own tasks, in a hook of git's", () => {
    const repo = project({
      "package.json": JSON.stringify({ "lint-staged": { "*": "node node_modules/keyguard/dist/hook.cjs pre-commit" } }),
    });
    writeFileSync(
      join(repo.dir, ".git/hooks/pre-commit"),
      "#!/bin/sh\ntouch ran\nexec node_modules/.bin/lint-staged --verbose\n",
      {
        mode: 0o755,
      },
    );
    const planted = plant("task");
    for (const args of [
      ["commit", "-a", "-m", "x"],
      ["commit", "-m", "x", "a.ini"],
    ]) {
      repo.write("a.ini", planted.text);
      const commit = repo.tryGit(...args);
      expect(commit.stdout + commit.stderr).toContain("keyguard: 1 credential");
      expect(commit.status).not.toBe(0);
      expect(readFileSync(join(repo.dir, "a.ini"), "utf8")).toBe(planted.text);
      repo.git("reset", "-q");
    }
    repo.write("a.ini", "clean\n");
    expect(repo.tryGit("commit", "-a", "-m", "x").status).toBe(0);
  });

  test("with a hook of git's that keyguard chains: keyguard looks at what it leaves staged", () => {
    const repo = project({ "package.json": '{"lint-staged":{"*":"true"}}\n' });
    writeFileSync(
      join(repo.dir, ".git/hooks/pre-commit"),
      "#!/bin/sh\ntouch ran\nexec node_modules/.bin/lint-staged --quiet\n",
      {
        mode: 0o755,
      },
    );
    install(repo);
    expectGuarded(repo);
  });
});

describe.skipIf(!npm)("lefthook", () => {
  test.each([
    ["commands", "pre-commit:\n  # mine\n  commands:\n    mine:\n      run: touch ran\n"],
    ["jobs", "pre-commit:\n  # mine\n  parallel: true\n  jobs:\n    - name: mine\n      run: touch ran\n"],
  ])("with %s runs keyguard among them", (_kind, config) => {
    const repo = project({ "package.json": "{}\n", "lefthook.yml": config });
    tool(repo, "lefthook", "install");
    const before = repo.git("rev-parse", "HEAD");
    const { stdout } = install(repo, "--pre-push");
    expect(stdout).toContain("added keyguard to lefthook.yml");
    const text = readFileSync(join(repo.dir, "lefthook.yml"), "utf8");
    expect(text).toContain("# mine");
    expect(text).toContain("use_stdin: true");
    repo.commit("hooks");
    expectGuarded(repo);

    const remote = makeRepo({ bare: true });
    onTestFinished(() => remote.cleanup());
    repo.git("remote", "add", "origin", `file://${remote.dir}`);
    repo.write("p.ini", plant("lefthook push").text);
    repo.stage("p.ini");
    repo.git("commit", "-q", "--no-verify", "-m", "unseen");
    const push = repo.tryGit("push", "origin", "main");
    expect(push.stdout + push.stderr).toContain("p.ini:1:21");
    expect(push.status).not.toBe(0);
    repo.git("reset", "-q", "--hard", "HEAD^");
    expect(repo.tryGit("push", "origin", "main").status).toBe(0);

    repo.git("reset", "-q", "--hard", before);
    install(repo);
    expectUninstalled(repo, before);
  });

  test("in TOML is left to the person, with the lines to add", () => {
    const repo = project({ "lefthook.toml": "[pre-commit.commands.mine]\nrun = 'true'\n" });
    const ran = keyguard.keyguard(repo, "hook", "install");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("[pre-commit.commands.keyguard] run =");
  });
});

describe.skipIf(!npm)("simple-git-hooks", () => {
  test.each([
    ["package.json", '{\n    "simple-git-hooks": {\n        "pre-commit": "touch ran"\n    }\n}\n'],
    [".simple-git-hooks.json", '{\n  "pre-commit": "touch ran"\n}\n'],
  ])("configured in %s runs keyguard behind its command", (name, text) => {
    const repo = project({ "package.json": '{\n  "devDependencies": {}\n}\n', [name]: text });
    tool(repo, "simple-git-hooks");
    const before = repo.git("rev-parse", "HEAD");
    const { stdout } = install(repo);
    expect(stdout).toContain(`added keyguard to ${name}`);
    expect(stdout).toContain("ran simple-git-hooks");
    expectGuarded(repo);
    repo.git("reset", "-q", "--hard", before);
    install(repo);
    expectUninstalled(repo, before);
  });

  test("configured by a program is left to the person, with the lines to add", () => {
    const repo = project({ ".simple-git-hooks.cjs": 'module.exports = { "pre-commit": "true" };\n' });
    const ran = keyguard.keyguard(repo, "hook", "install");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('"pre-commit": "sh node_modules/keyguard/hooks/pre-commit"');
  });
});

describe.skipIf(!(npm && python))("the pre-commit framework", () => {
  const mine =
    "# mine\nrepos:\n- repo: local\n  hooks:\n  - id: mine\n    name: mine\n    entry: touch ran\n    language: system\n    always_run: true\n    pass_filenames: false\n";

  test("runs keyguard from a local entry, at every stage that it has", () => {
    const repo = project({ ".pre-commit-config.yaml": mine, "package.json": "{}\n" });
    const before = repo.git("rev-parse", "HEAD");
    const { stdout } = install(repo, "--pre-push");
    expect(stdout).toContain("added keyguard to .pre-commit-config.yaml");
    expect(readFileSync(join(repo.dir, ".pre-commit-config.yaml"), "utf8")).toContain("# mine");
    repo.commit("hooks");
    expectGuarded(repo);

    const remote = makeRepo({ bare: true });
    onTestFinished(() => remote.cleanup());
    repo.git("remote", "add", "origin", `file://${remote.dir}`);
    repo.git("push", "-q", "--no-verify", "origin", "main");
    repo.write("p.ini", plant("framework push").text);
    repo.stage("p.ini");
    repo.git("commit", "-q", "--no-verify", "-m", "unseen");
    const push = repo.tryGit("push", "origin", "main");
    expect(push.stdout + push.stderr).toContain("p.ini:1:21");
    expect(push.status).not.toBe(0);
    repo.git("reset", "-q", "--hard", "HEAD^");
    repo.git("commit", "-q", "--allow-empty", "-m", "empty");
    expect(repo.tryGit("push", "origin", "main").status).toBe(0);

    repo.git("reset", "-q", "--hard", before);
    install(repo);
    expectUninstalled(repo, before);
  });

  test.each([
    ["keyguard", ["keyguard", "keyguard-commit-msg"]],
    ["keyguard-script", ["keyguard-script", "keyguard-commit-msg"]],
  ])("installs %s from keyguard's own repository, as .pre-commit-hooks.yaml says", (_name, ids) => {
    const source = makeRepo();
    onTestFinished(() => source.cleanup());
    for (const part of ["dist", "hooks"])
      cpSync(join(keyguard.home, part), join(source.dir, part), { recursive: true });
    cpSync(join(import.meta.dirname, "../../.pre-commit-hooks.yaml"), join(source.dir, ".pre-commit-hooks.yaml"));
    // The framework installs the development dependencies as well; what is tried here is not npm.
    const manifest = JSON.parse(readFileSync(join(keyguard.home, "package.json"), "utf8")) as Record<string, unknown>;
    delete manifest.devDependencies;
    source.write("package.json", JSON.stringify(manifest));
    source.git("add", "--force", "-A");
    const rev = source.commit("release");

    const list = ids.map((id) => `  - id: ${id}\n`).join("");
    const repo = project({
      ".pre-commit-config.yaml": `default_install_hook_types: [pre-commit, commit-msg, pre-push]\nrepos:\n- repo: file://${source.dir}\n  rev: ${rev}\n  hooks:\n${list}`,
    });
    mkdirSync(join(repo.dir, "sub"));
    const ran = spawnSync(join(folder, "venv/bin/pre-commit"), ["install", "--install-hooks"], {
      cwd: repo.dir,
      env: { ...process.env, ...repo.env },
      encoding: "utf8",
    });
    expect(`${ran.stdout}${ran.stderr} exit ${ran.status}`).toMatch(/exit 0$/);
    expectGuarded(repo, { ran: false });
    expect(keyguard.keyguard(repo, "hook", "status").stderr).toContain("commits here are guarded");
  });
});

test.runIf(required)("the hook managers that must be here are here", () => {
  expect({ npm, python }).toEqual({ npm: true, python: true });
});
