import { substitute, type View } from "../view.ts";

/** Percent-encoding, as secrets have it in URIs and form bodies. */
export function decodePercent(view: View): View | null {
  if (!view.text.includes("%")) return null;
  return substitute(view, /%([0-9A-Fa-f]{2})/g, "percent", (match) =>
    String.fromCharCode(Number.parseInt(match[1] ?? "", 16)),
  );
}
