import { substitute, type View } from "../view.ts";

/** UTF-16 text in the middle of other bytes, as Windows programs, registry hives and office files hold it. */
export function decodeWideRuns(view: View): View | null {
  if (!view.text.includes("\0")) return null;
  return substitute(view, /(?:[\t\n\r\x20-\x7e]\0){12,}/g, "utf-16", (match) => match[0].replaceAll("\0", ""));
}
