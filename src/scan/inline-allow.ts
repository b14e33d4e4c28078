import type { Place, Sighting } from "../model/finding.ts";
import type { LineIndex } from "./locate.ts";

const mark = /keyguard:allow\b[ \t:=-]*(.*)$/;

/**
 * The `keyguard:allow <reason>` that covers one of the places: on its own line, or on the line before when that line
 * holds nothing but the comment.
 */
export function inlineAllow(text: string, lines: LineIndex, places: readonly Place[]): Sighting["allow"] {
  const taken = new Set(places.flatMap(({ line, endLine }) => [line, endLine]));
  for (const { line, endLine } of places) {
    for (const candidate of [line, endLine, line - 1]) {
      if (candidate < 1) continue;
      const span = lines.lineSpan(candidate - 1);
      if (span.end - span.start > 5000) continue;
      const content = text.slice(span.start, span.end);
      const found = mark.exec(content);
      if (found === null) continue;
      if (candidate === line - 1 && !taken.has(candidate) && !/^[\s/#;*<!\-"'%(]*keyguard:allow/.test(content))
        continue;
      if (candidate === line - 1 && taken.has(candidate)) continue;
      const reason = Buffer.from((found[1] ?? "").replace(/(?:\*\/|-->|%>|\*\)|["'`,;\]})\s])+$/, ""), "latin1")
        .toString("utf8")
        .trim();
      return { line: candidate, reason: reason === "" ? null : reason };
    }
  }
  return null;
}
