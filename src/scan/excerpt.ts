import type { Span } from "../model/span.ts";

/** Characters of a line that a report shows at most, around what was found. */
const width = 120;

/**
 * A line as it may be shown: what was found in it masked, other long tokens too, control characters gone. Keeps the
 * words that tell a person what it is. `candidates` are in the order of their starts.
 */
export function maskLine(text: string, line: Span, found: Span, candidates: readonly Span[]): string {
  const start = Math.max(line.start, found.start - 80);
  const end = Math.min(line.end, Math.max(found.end, line.start) + 40);
  const masks = [found, ...overlapping(candidates, start, end)].sort((a, b) => a.start - b.start);
  const pieces: string[] = [];
  let at = start;
  for (const mask of masks) {
    if (mask.end <= at) continue;
    if (mask.start > at) pieces.push(hideTokens(utf8(text.slice(at, mask.start))));
    if (mask.start >= at) pieces.push(maskToken(text.slice(mask.start, mask.end)));
    at = Math.max(at, mask.end);
  }
  if (at < end) pieces.push(hideTokens(utf8(text.slice(at, end))));
  const shown = pieces.join("");
  const printable = shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffd]+/gu, " ").trim();
  return printable.length > width ? `${printable.slice(0, width - 1)}…` : printable;
}

/** No candidate is longer than a PEM block, in bytes. */
const longestCandidate = 20_000;

function overlapping(spans: readonly Span[], start: number, end: number): Span[] {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.start < start - longestCandidate) low = middle + 1;
    else high = middle;
  }
  const found: Span[] = [];
  for (let i = low; i < spans.length && spans[i]!.start < end; i++) if (spans[i]!.end > start) found.push(spans[i]!);
  return found;
}

/** The pieces of a latin1 view as people wrote them. */
function utf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

function maskToken(value: string): string {
  if (/^A[KSBC][IC]A[A-Z2-7]{16}$/.test(value)) return `${value.slice(0, 6)}…${value.slice(-6)}`;
  return value.length >= 16 && /^[A-Za-z0-9+/=]+$/.test(value)
    ? `${value.slice(0, 2)}…(${value.length} characters)`
    : "…";
}

/** What is long and looks random might be a secret that no detector knows, or a piece of one that was found. */
function hideTokens(text: string): string {
  return text.replace(/[A-Za-z0-9+/=%\\_-]{12,}/g, (token) =>
    /[0-9+/=%\\]/.test(token) || /[a-z][A-Z]/.test(token) ? maybeName(token) : token,
  );
}

/** Names are made of words; anything else that long is hidden. */
function maybeName(token: string): string {
  const words = token.match(/[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])/g)?.join("").length ?? 0;
  return words >= token.replace(/[_\-/=]/g, "").length * 0.8 ? token : "…";
}
