import picomatch from "picomatch";

/** Matches paths that are relative to the top, with `/` between parts; a folder's path may end in `/`. */
export type PathTest = (path: string) => boolean;

/** More alternatives of braces than this are no glob that a person wrote. */
const mostAlternatives = 64;

/**
 * Why a glob is refused, as the end of a sentence that begins with its name; null when it is fine. A configuration may
 * come from a hostile repository, and a regular expression made of many stars can take years: each part of a path has
 * at most two, and `**`, which stands for any number of parts, is matched without a regular expression.
 */
export function refuseGlob(glob: string): string | null {
  if (glob.length > 1000) return "is too long for a glob";
  if (glob.startsWith("!")) return "cannot be negated: name what is meant instead";
  const alternatives = expandBraces(glob);
  if (alternatives === null) return `has braces in braces, or more than ${mostAlternatives} alternatives`;
  for (const part of alternatives.flatMap((one) => one.split("/"))) {
    if (part !== "**" && (part.match(/\*/g)?.length ?? 0) > 2) {
      return "has more than two * in one part of the path (** stands alone between slashes)";
    }
  }
  return null;
}

/**
 * Compiles globs into one test. As in .gitignore, a glob without a slash names a file or folder at any depth (`*.lock`,
 * `vendor`), one with a slash starts at the top (`docs/*.md`), one that ends in a slash names a folder only, and what
 * lies below a matched folder is matched too. Takes time proportional to glob × path. A glob that `refuseGlob` refuses
 * matches nothing.
 */
export function matchPath(globs: readonly string[]): PathTest {
  const tests = globs
    .filter((glob) => refuseGlob(glob) === null)
    .flatMap((glob) => (expandBraces(glob) ?? []).map(compile));
  if (tests.length === 0) return () => false;
  return (path) => {
    // A folder's path ends in an empty part, which stands for all that lies in it.
    const parts = path.split("/");
    return tests.some((test) => test(parts));
  };
}

/** A part of a glob: a test of one part of a path, or `**`. */
type Step = "any parts" | ((part: string) => boolean);

function compile(glob: string): (parts: readonly string[]) => boolean {
  const relative = glob.replace(/^(?:\.\/)+/, "");
  const folderOnly = relative.endsWith("/");
  const bare = relative.replace(/\/+$/, "");
  if (bare === "") return () => false;
  const steps: Step[] = bare
    .replace(/^\/+/, "")
    .split(/\/+/)
    .map((part) => (part === "**" ? "any parts" : picomatch(part, { dot: true, noextglob: true, nobrace: true })));
  if (!bare.includes("/")) steps.unshift("any parts");
  // `a/**` is what lies in a, not a itself: one part more, and below a match all is matched anyway.
  if (steps.at(-1) === "any parts") steps[steps.length - 1] = () => true;

  return (parts) => {
    // After how many parts of the path the steps so far can be done.
    let ends = new Set([0]);
    for (const step of steps) {
      const next = new Set<number>();
      if (step === "any parts") {
        for (let end = Math.min(...ends); end <= parts.length; end++) next.add(end);
      } else {
        for (const end of ends) if (end < parts.length && step(parts[end] ?? "")) next.add(end + 1);
      }
      if (next.size === 0) return false;
      ends = next;
    }
    // A folder on the way is matched, or the path itself.
    for (const end of ends) if (end < parts.length || !folderOnly) return true;
    return false;
  };
}

/** `{a,b}.txt` → `a.txt`, `b.txt`. Null when there are braces in braces or too many results. */
function expandBraces(glob: string): string[] | null {
  let expanded = [""];
  for (const piece of glob.split(/(\{[^{}]*\})/)) {
    const inside = /^\{([^{}]*,[^{}]*)\}$/.exec(piece)?.[1];
    if (inside === undefined && /[{}]/.test(piece) && /\{[^}]*\{|\}[^{]*\}/.test(glob)) return null;
    const options = inside === undefined ? [piece] : inside.split(",");
    expanded = expanded.flatMap((one) => options.map((option) => one + option));
    if (expanded.length > mostAlternatives) return null;
  }
  return expanded;
}
