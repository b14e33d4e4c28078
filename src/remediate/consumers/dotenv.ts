import type { Span } from "../../model/span.ts";
import type { Consumer, KeySpans } from "./consumer.ts";

interface Assignment {
  readonly name: string;
  readonly value: Span;
  readonly line: Span;
}

const assignment = /^([ \t]*(?:export[ \t]+|set[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*["']?)([^\s"'#]+)/;

function readAssignments(text: string): Assignment[] {
  const found: Assignment[] = [];
  for (const match of text.matchAll(/[^\r\n]+(?:\r\n|\r|\n|$)/g)) {
    const [, before = "", name = "", value = ""] = assignment.exec(match[0]) ?? [];
    if (value === "") continue;
    const start = match.index + before.length;
    const line = { start: match.index, end: match.index + match[0].length };
    found.push({ name, value: { start, end: start + value.length }, line });
  }
  return found;
}

/** What the secret's variable is called where the id's is called so: `PROD_AWS_ACCESS_KEY_ID` has `PROD_AWS_SECRET_ACCESS_KEY`. */
function siblings(name: string, kind: "secret" | "token"): string[] {
  const swaps: readonly (readonly [RegExp, string, string])[] = [
    [/ACCESS_KEY_ID/i, "SECRET_ACCESS_KEY", "SESSION_TOKEN"],
    [/ACCESS_KEY/i, "SECRET_KEY", "SESSION_TOKEN"],
    [/ACCESS_KEY/i, "SECRET_ACCESS_KEY", "SESSION_TOKEN"],
    [/KEY_ID/i, "SECRET", "SESSION_TOKEN"],
    [/KEY_ID/i, "KEY_SECRET", "SESSION_TOKEN"],
    [/KEY/i, "SECRET", "TOKEN"],
  ];
  return swaps
    .filter(([pattern]) => pattern.test(name))
    .map(([pattern, secret, token]) => name.replace(pattern, kind === "secret" ? secret : token).toUpperCase());
}

/** Of several variables of that name the last one counts, as it does for the shell. */
function siblingOf(all: readonly Assignment[], name: string, kind: "secret" | "token"): Assignment | undefined {
  for (const wanted of siblings(name, kind)) {
    const found = all.findLast((one) => one.name.toUpperCase() === wanted && one.name !== name);
    if (found) return found;
  }
  return undefined;
}

/** `.env` and whatever else assigns variables line by line: `.envrc`, a shell's exports, a service's EnvironmentFile. */
export const dotenv: Consumer = {
  kind: "environment file",
  expects: (path) => /(?:^|[\\/])(?:\.envrc|\.env(?:\.[^\\/]*)?|[^\\/]+\.env)$/.test(path),
  find(text, accessKeyId) {
    const all = readAssignments(text);
    return all
      .filter(({ value }) => text.slice(value.start, value.end) === accessKeyId)
      .map(
        ({ name, value }): KeySpans => ({
          id: value,
          secret: siblingOf(all, name, "secret")?.value ?? null,
          token: siblingOf(all, name, "token")?.line ?? null,
          name,
        }),
      );
  },
};
