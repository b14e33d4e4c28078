import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { askGit } from "../../src/git/open-git.ts";
import { gitEnvironment } from "../../src/git/spawn-git.ts";
import { readRange } from "../../src/sources/range.ts";
import { readStaged } from "../../src/sources/staged.ts";
import { readWorktree } from "../../src/sources/worktree.ts";
import { collector } from "../sources/collect.ts";
import { makeRepo, type TempRepo } from "../support/temp-repo.ts";

/**
 * A repository that tries to run a program in every way that its configuration, hooks and attributes know. The program
 * leaves a file behind that says which trap it was.
 */
interface Trapped extends TempRepo {
  /** What a trap is set to: a command line that leaves `name` behind. */
  trap(name: string): string;
  sprung(): string[];
}

let repo: Trapped;

beforeEach(() => {
  const plain = makeRepo({
    files: {
      "a.txt": "a\n",
      ".gitattributes": "*.trap diff=evil filter=evil\n*.txt diff=evil filter=evil merge=evil\n",
      "b.trap": "b\n",
    },
  });
  onTestFinished(plain.cleanup);
  const sprung = join(plain.dir, "..", "sprung");
  mkdirSync(sprung);
  const program = join(plain.dir, "..", "trap.sh");
  writeFileSync(program, `#!/bin/sh\ntouch ${sprung}/"$1"\ncat\n`);
  chmodSync(program, 0o755);
  repo = {
    ...plain,
    trap: (name) => `${program} ${name}`,
    sprung: () => readdirSync(sprung),
  };
});

/** Reads everything that keyguard can read of the repository, in every mode. */
async function readAll(target: TempRepo) {
  const place = { cwd: target.dir, env: target.env };
  const tree = collector();
  await readWorktree(place, tree);
  const staged = collector();
  await readStaged(place, staged);
  const range = collector();
  await readRange({ ...place, range: "HEAD" }, range);
  return { tree, staged, range };
}

const configured: Readonly<Record<string, readonly string[]>> = {
  fsmonitor: ["core.fsmonitor"],
  "an external diff": ["diff.external", "diff.evil.command"],
  textconv: ["diff.evil.textconv"],
  "clean, smudge and process filters": ["filter.evil.clean", "filter.evil.smudge", "filter.evil.process"],
  "a merge driver": ["merge.evil.driver"],
  pagers: ["core.pager", "pager.diff", "pager.ls-files", "pager.rev-list", "pager.diff-tree", "pager.cat-file"],
  editors: ["core.editor", "sequence.editor"],
  "ssh and proxy commands": ["core.sshCommand", "core.gitProxy", "core.askPass", "credential.helper"],
  "signature programs": ["gpg.program", "gpg.ssh.program", "gpg.x509.program"],
  "a command for alternates": ["core.alternateRefsCommand"],
};

describe("nothing that a repository brings is run:", () => {
  for (const [name, keys] of Object.entries(configured)) {
    test(name, async () => {
      repo.write("b.trap", "y\n");
      repo.stage("b.trap");
      for (const key of keys) repo.git("config", key, repo.trap(key));
      for (const key of ["filter.evil.required", "log.showSignature", "commit.gpgSign"])
        repo.git("config", key, "true");
      // Same size, another time: git would have to look at the content to know whether it changed.
      repo.write("a.txt", "x\n");
      repo.write("b.trap", "y\n");
      const before = repo.sprung();
      const { tree, staged, range } = await readAll(repo);
      expect(repo.sprung()).toEqual(before);
      expect(tree.paths()).toEqual([".gitattributes", "a.txt", "b.trap"]);
      expect(tree.texts.find(({ path }) => path === "a.txt")?.content).toBe("x\n");
      expect(staged.fresh()).toEqual({ "b.trap": "y\n" });
      expect(range.paths()).toContain("b.trap");
    });
  }

  test("hooks, also where core.hooksPath points into the tree", async () => {
    const hooks = join(repo.dir, "hooks");
    mkdirSync(hooks);
    for (const name of [
      "post-index-change",
      "reference-transaction",
      "pre-auto-gc",
      "fsmonitor-watchman",
      "post-checkout",
    ]) {
      for (const folder of [hooks, join(repo.dir, ".git/hooks")]) {
        writeFileSync(join(folder, name), `#!/bin/sh\n${repo.trap(name)}\n`);
        chmodSync(join(folder, name), 0o755);
      }
    }
    repo.git("config", "core.hooksPath", "hooks");
    await readAll(repo);
    expect(repo.sprung()).toEqual([]);
  });

  test("aliases with the names of git's own commands", async () => {
    for (const name of ["ls-files", "diff", "cat-file", "rev-parse", "rev-list", "diff-tree"]) {
      repo.git("config", `alias.${name}`, `!${repo.trap(name)}`);
    }
    await readAll(repo);
    expect(repo.sprung()).toEqual([]);
  });

  test("what a submodule's or a nested repository's configuration names", async () => {
    const nested = makeRepo({ files: { "n.txt": "n\n" } });
    onTestFinished(nested.cleanup);
    const sub = repo.submodule(nested, "sub");
    repo.git("config", "submodule.recurse", "true");
    repo.git("config", "diff.submodule", "diff");
    repo.git("config", "status.submoduleSummary", "true");
    for (const key of ["core.fsmonitor", "diff.external", "core.pager", "core.sshCommand"])
      sub.git("config", key, repo.trap(key));
    sub.write("n.txt", "changed\n");
    const before = repo.sprung();
    const { tree } = await readAll(repo);
    expect(repo.sprung()).toEqual(before);
    expect(tree.paths()).toContain("sub/n.txt");
  });

  test("a fetch of what a partial clone lacks, whatever transport its remote names", async () => {
    const clone = repo.clone("--no-checkout", "--filter=blob:none");
    for (const url of [`ext::${repo.trap("ext")}`, "ssh://nowhere.invalid/x", `file://${repo.dir}`]) {
      clone.git("config", "remote.origin.url", url);
      clone.git("config", "protocol.allow", "always");
      clone.git("config", "protocol.ext.allow", "always");
      clone.git("config", "core.sshCommand", repo.trap("ssh"));
      clone.git("config", "remote.origin.uploadpack", repo.trap("uploadpack"));
      const sink = collector();
      await readRange({ cwd: clone.dir, range: "HEAD", env: clone.env }, sink);
      expect(repo.sprung()).toEqual([]);
      expect(sink.unread.map(({ path }) => path).sort()).toEqual([".gitattributes", "a.txt", "b.trap"]);
      expect(new Set(sink.unread.map(({ why }) => why))).toEqual(new Set(["its content is not in this clone"]));
    }
  });

  test("a configuration that is included from the tree", async () => {
    repo.write("evil.config", `[core]\n\tfsmonitor = ${repo.trap("included")}\n\tpager = ${repo.trap("included")}\n`);
    repo.git("config", "include.path", "../evil.config");
    const before = repo.sprung();
    await readAll(repo);
    expect(repo.sprung()).toEqual(before);
  });

  test("the traps would have sprung for a git without keyguard's settings", () => {
    repo.git("config", "core.fsmonitor", repo.trap("fsmonitor"));
    repo.git("config", "diff.external", repo.trap("external"));
    repo.git("config", "alias.hello", `!${repo.trap("alias")}`);
    repo.write("a.txt", "x\n");
    repo.tryGit("status");
    repo.tryGit("diff");
    expect(repo.sprung()).toEqual(expect.arrayContaining(["fsmonitor", "external"]));
  });
});

describe("reading leaves no trace:", () => {
  test("neither index, refs nor objects change, and no lock is left", async () => {
    repo.write("a.txt", "changed\n");
    rmSync(join(repo.dir, ".git/index.lock"), { force: true });
    const state = () =>
      repo.git("-c", "core.fsmonitor=false", "rev-parse", "HEAD") +
      readdirSync(join(repo.dir, ".git")).join() +
      repo.git("count-objects", "-v");
    const before = state();
    await readAll(repo);
    expect(state()).toBe(before);
    // Also while another git holds the lock.
    writeFileSync(join(repo.dir, ".git/index.lock"), "");
    const { tree, staged } = await readAll(repo);
    expect(tree.unread).toEqual([]);
    expect(staged.unread).toEqual([]);
    expect(existsSync(join(repo.dir, ".git/index.lock"))).toBe(true);
  });
});

describe("what git inherits", () => {
  test("is what it needs, and none of the secrets in our environment", () => {
    const env = gitEnvironment({
      PATH: "/bin",
      HOME: "/home/x",
      AWS_SECRET_ACCESS_KEY: "s",
      GITHUB_TOKEN: "t",
      GIT_INDEX_FILE: ".git/index.lock",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_EXTERNAL_DIFF: "evil",
      GIT_SSH_COMMAND: "evil",
      GIT_TRACE: "/tmp/trace",
      GIT_LITERAL_PATHSPECS: "1",
      LC_ALL: "de_DE.UTF-8",
    });
    expect(Object.keys(env).sort()).toEqual([
      "GIT_ALLOW_PROTOCOL",
      "GIT_CONFIG_COUNT",
      "GIT_CONFIG_KEY_0",
      "GIT_CONFIG_VALUE_0",
      "GIT_GRAFT_FILE",
      "GIT_INDEX_FILE",
      "GIT_NO_LAZY_FETCH",
      "GIT_NO_REPLACE_OBJECTS",
      "GIT_OPTIONAL_LOCKS",
      "GIT_PAGER",
      "GIT_TERMINAL_PROMPT",
      "HOME",
      "LANGUAGE",
      "LC_ALL",
      "PATH",
    ]);
    expect(env.LC_ALL).toBe("C");
  });

  test("is the same through simple-git, which by itself drops every GIT_* variable", async () => {
    repo.git("config", "alias.show-env", "!env");
    const env = { ...repo.env, GIT_INDEX_FILE: "/somewhere/index.lock", AWS_SECRET_ACCESS_KEY: "s" };
    const seen = await askGit({ dir: repo.dir, env }, "show-env");
    expect(seen).toMatch(/^GIT_INDEX_FILE=\/somewhere\/index\.lock$/m);
    expect(seen).toMatch(/^GIT_NO_LAZY_FETCH=1$/m);
    expect(seen).not.toMatch(/AWS_/);
  });
});
