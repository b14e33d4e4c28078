import type { Place, Sighting } from "../model/finding.ts";
import type { LineIndex } from "./locate.ts";

const mark = /keyguard:allow\b[ \t:=-]*(.*)$/;

/** Nothing but a comment's opening ahead of it. */
const aloneOnItsLine = /^[\s/#;*<!\-"'%(]*keyguard:allow/;

/**
 * The `keyguard:allow <reason>` that covers one of the places: on its own line, or on the line before when that line
 * holds nothing but the comment.
 */
export function inlineAllow(text: string, lines: LineIndex, places: readonly Place[]): Sighting["allow"] {
  const stands = places.map(({ span, line }) => {
    const first = lines.lineOf(span.start) + 1;
    return { first, last: lines.lineOf(Math.max(span.start, span.end - 1)) + 1, shift: line - first };
  });
  const taken = new Set(stands.flatMap(({ first, last }) => [first, last]));
  for (const { first, last, shift } of stands) {
    for (const line of [first, last, first - 1]) {
      if (line < 1 || (line < first && taken.has(line))) continue;
      const span = lines.lineSpan(line - 1);
      if (span.end - span.start > 5000) continue;
      const content = text.slice(span.start, span.end);
      const found = mark.exec(content);
      if (found === null || (line < first && !aloneOnItsLine.test(content))) continue;
      const reason = (found[1] ?? "").replace(/(?:\*\/|-->|%>|\*\)|["'`,;\]})\s])+$/, "");
      const spelled = Buffer.from(reason, "latin1").toString("utf8").trim();
      return { line: line + shift, reason: spelled === "" ? null : spelled };
    }
  }
  return null;
}
