import { spawnSync } from "node:child_process";

const nothing = /^0+$/;

/** The refs of a push, one a line: `<local ref> <local oid> <remote ref> <remote oid>`, as pre-push reads them. */
export function revisionsToPush(input: string, remote: string, url: string): string[] {
  const wanted = new Set<string>();
  const known = new Set<string>();
  for (const line of lines(input)) {
    const [, local = "", , theirs = ""] = line.split(" ");
    // A deletion sends nothing.
    if (!nothing.test(local)) wanted.add(local);
    if (!nothing.test(theirs)) known.add(theirs);
  }
  if (wanted.size === 0) return [];
  const name = isRemote(remote) ? remote : remoteWithUrl(url);
  return [
    ...wanted,
    // What the remote names may be a commit that was never fetched (someone else pushed it, and this is a forced push).
    ...present([...known]).map((oid) => `^${oid}`),
    ...(name === null ? [] : present([], `refs/remotes/${name}/`).map((oid) => `^${oid}`)),
  ];
}

/** The refs of a push as the server reads them, `<old oid> <new oid> <ref>` a line: all that no ref has yet. */
export function revisionsReceived(input: string): string[] {
  const wanted = lines(input)
    .map((line) => line.split(" ")[1] ?? "")
    .filter((oid) => oid !== "" && !nothing.test(oid));
  // Spelled out, since git before 2.42 takes no --not --all on standard input.
  return wanted.length === 0 ? [] : [...new Set(wanted), ...present([], "refs/").map((oid) => `^${oid}`)];
}

function lines(input: string): string[] {
  return input.split("\n").filter((line) => line.trim() !== "");
}

function isRemote(name: string): boolean {
  return run(["config", "--get-all", `remote.${name}.url`]) !== "";
}

/** `git push <address>` names no remote; one that has that address tells just as well what is there. */
function remoteWithUrl(url: string): string | null {
  for (const line of lines(run(["config", "--get-regexp", "^remote\\..*\\.url$"]))) {
    const space = line.indexOf(" ");
    if (line.slice(space + 1) === url) return line.slice("remote.".length, space - ".url".length);
  }
  return null;
}

/** Of the ids, and of what the refs under a prefix point at, those that are here. */
function present(oids: readonly string[], prefix?: string): string[] {
  const refs = prefix === undefined ? [] : lines(run(["for-each-ref", "--format=%(objectname)", prefix]));
  const all = [...new Set([...oids, ...refs])];
  if (all.length === 0) return [];
  return lines(run(["cat-file", "--batch-check"], `${all.join("\n")}\n`))
    .filter((line) => /^[0-9a-f]+ (commit|tag|tree|blob) \d+$/.test(line))
    .map((line) => line.slice(0, line.indexOf(" ")));
}

function run(args: readonly string[], input = ""): string {
  const result = spawnSync("git", args, {
    input,
    maxBuffer: 1 << 30,
    windowsHide: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  if (result.error) throw result.error;
  return result.stdout.toString("latin1");
}
