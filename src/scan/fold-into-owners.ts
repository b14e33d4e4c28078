import type { CredentialKind } from "../model/finding.ts";
import type { Span } from "../model/span.ts";
import type { Assembled, Seen } from "./reading.ts";
import type { View } from "./view.ts";

/**
 * The key id in a presigned URL or beside an SMTP password is that finding's, not one of its own; so is the token in
 * the URL's query.
 */
export function foldIntoOwners(assembled: readonly Assembled[], raw: View, seen: readonly Seen[]): Assembled[] {
  const owners = assembled.filter(({ kind }) => kind === "aws-presigned-url" || kind === "aws-ses-smtp-password");
  if (owners.length === 0) return [...assembled];
  const result: Assembled[] = [];
  const folded = new Set<Assembled>();
  for (const owner of owners) {
    const parts = new Map(owner.parts);
    const own = seen.filter(({ match, value }) => match.part === "value" && value === owner.parts.get("value"));
    for (const other of assembled) {
      const part = other.parts.has("accessKeyId") ? "accessKeyId" : "sessionToken";
      const value = other.parts.get(part);
      if (
        other.parts.size !== 1 ||
        value === undefined ||
        (part === "sessionToken" && owner.kind !== "aws-presigned-url")
      )
        continue;
      const near = seen.some(
        (candidate) =>
          candidate.value === value && own.some(({ span }) => belongs(owner.kind, raw.text, candidate.span, span)),
      );
      if (!near) continue;
      if (!parts.has(part)) parts.set(part, value);
      folded.add(other);
    }
    result.push({ ...owner, parts });
  }
  return [...assembled.filter((one) => !owners.includes(one) && !folded.has(one)), ...result];
}

function belongs(kind: CredentialKind, text: string, a: Span, b: Span): boolean {
  const between = text.slice(Math.min(a.end, b.end), Math.max(a.start, b.start));
  if (kind === "aws-presigned-url") return between.length < 4000 && !/[\s"'<>`]/.test(between);
  return between.length < 600 && (between.match(/\n/g)?.length ?? 0) <= 8;
}
