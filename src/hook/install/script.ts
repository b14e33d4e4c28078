import type { HookName } from "../hook-name.ts";
import type { Package } from "./site.ts";

/** The line by which keyguard knows a hook of its own. */
const marker = "# keyguard hook:";

export function isOwnScript(text: string): boolean {
  return text.slice(0, 400).includes(marker);
}

/** A word for the shell, whatever is in it. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path as a POSIX shell takes it, also that of Git for Windows. */
export function shellPath(path: string): string {
  return process.platform === "win32" ? path.replaceAll("\\", "/") : path;
}

/**
 * The hook that stands in .git/hooks: it knows its keyguard and its node by absolute path, because a program with a
 * window may start git without a PATH. Whoever was there before runs first.
 */
export function localScript(hook: HookName, keyguard: Package): string {
  return `#!/bin/sh
${marker} installed by keyguard ${keyguard.version}; keyguard hook uninstall takes it out
keyguard_home=${quote(shellPath(keyguard.home))}
keyguard_node=${quote(shellPath(keyguard.node))}
keyguard_grep=${quote(keyguard.grep ?? "")}
keyguard_next=\${0%/*}/${hook}.before-keyguard
${readHook(hook)}`;
}

/**
 * The hook of `--global`, which hides each repository's own hooks folder from git and therefore runs what is in it.
 * `previous` is the folder that core.hooksPath named before.
 */
export function globalScript(hook: HookName, keyguard: Package, previous: string | null): string {
  return `#!/bin/sh
${marker} installed by keyguard ${keyguard.version}; keyguard hook uninstall --global takes it out
keyguard_home=${quote(shellPath(keyguard.home))}
keyguard_node=${quote(shellPath(keyguard.node))}
keyguard_grep=${quote(keyguard.grep ?? "")}
${nextOf(hook, previous)}
${readHook(hook)}`;
}

/** A hook of which keyguard knows nothing: `--global` only passes it on to the repository's own. */
export function passingScript(hook: string, previous: string | null): string {
  return `#!/bin/sh
${marker} passes ${hook} on to the repository's own hook, which core.hooksPath hides from git
${nextOf(hook, previous)}
[ ! -x "$keyguard_next" ] || exec "$keyguard_next" "$@"
`;
}

function nextOf(hook: string, previous: string | null): string {
  if (previous !== null) return `keyguard_next=${quote(`${shellPath(previous)}/${hook}`)}`;
  return `keyguard_next=$(git rev-parse --git-common-dir)/hooks/${hook}`;
}

/** A hook in a folder that the repository shares: no path of one machine, node_modules or PATH instead. */
export function sharedScript(hook: HookName): string {
  return `#!/bin/sh
${marker} installed by keyguard hook install; keyguard hook uninstall takes it out
keyguard_next=\${0%/*}/${hook}.before-keyguard
if [ -f node_modules/keyguard/hooks/${hook} ]; then
  keyguard_home=node_modules/keyguard
  . node_modules/keyguard/hooks/${hook}
fi
command -v keyguard >/dev/null 2>&1 || {
  echo 'keyguard: error: keyguard is not installed here, so nothing was scanned and git was stopped' >&2
  echo 'hint: npm ci, or npm install --global keyguard' >&2
  exit 2
}
[ ! -x "$keyguard_next" ] || "$keyguard_next" "$@" || exit $?
exec keyguard hook run ${hook} "$@"
`;
}

/** Hands over to the package's own script, which always exits; whoever comes back found no such script. */
function readHook(hook: HookName): string {
  return `if [ -f "$keyguard_home/hooks/${hook}" ]; then . "$keyguard_home/hooks/${hook}"; fi
printf 'keyguard: error: %s is gone, so nothing was scanned and git was stopped\\n' "$keyguard_home/hooks/${hook}" >&2
printf 'hint: run keyguard hook install again, or remove this hook: %s\\n' "$0" >&2
exit 2
`;
}
