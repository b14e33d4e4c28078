import type { Candidate } from "./pair.ts";
import { isNeutralName, isOtherStore, speaksOfAws, standsWithAccessKey } from "./surroundings.ts";
import type { View } from "./view.ts";

const otherStoreKey = "a key of another store than AWS";

/** Why a candidate without a partner is not reported, or null when it is. */
export function whyNotAlone({ match, value }: Candidate, view: View, path: string): string | null {
  if (match.part === "accessKeyId" && match.weak === true) return "a word, and no secret beside it";
  if (match.part !== "secretAccessKey") return null;
  const { start, end } = match.span;
  if (isOtherStore(view.text, start, end)) return otherStoreKey;
  if (match.weak !== true) return null;
  const label = match.label ?? "";
  const named = isSecretName(label);
  if (!named) return "no access key id near it, and no label that says it is a secret access key";
  if (!/key/i.test(label) && !/s3a?:\/\/|[?&]access=|\baws\b/i.test(lineAround(view.text, start, end)))
    return "no access key id near it, and its label does not say that it is AWS's";
  if (!isNeutralName(label)) return "no access key id near it, and its label names something else";
  if (!standsWithAccessKey(view.text, start, end, path))
    return "no access key id near it, and nothing beside it makes it an access key's";
  if (!speaksOfAws(view.text, start, end, path)) return "nothing around it speaks of AWS";
  return value.length === 40 ? null : "not 40 characters";
}

/**
 * Whether a secret that is not reported by itself is half of a credential whose id may stand in another file: its name
 * says that it is a secret key and names nobody else's.
 */
export function isHalf({ match }: Candidate, why: string): boolean {
  const label = match.label ?? "";
  return why !== otherStoreKey && match.weak === true && isSecretName(label) && isNeutralName(label);
}

function isSecretName(label: string): boolean {
  return /secret[ _.-]?(?:access[ _.-]?)?key|secret$|^secret|secret[ _.-]?value/i.test(label);
}

function lineAround(text: string, start: number, end: number): string {
  const before = text.slice(Math.max(0, start - 400), start);
  const after = text.slice(start, end + 200);
  return (
    before.slice(before.lastIndexOf("\n") + 1) +
    after.slice(0, end - start) +
    after.slice(end - start).replace(/\n.*/s, "")
  );
}
