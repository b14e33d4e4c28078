import { substitute, type View } from "../view.ts";

const piece = String.raw`[@bru]{0,2}(["'\x60])([A-Za-z0-9+/]{3,40})`;

/**
 * A format with its arguments, all of them literals: `"{}{}".format("…", "…")`, `"%s%s" % ("…", "…")`,
 * `sprintf('%s%s', '…', '…')`, `"{0}{1}" -f "…","…"`. The format may hold a part of the token itself.
 */
const formatted = new RegExp(
  String.raw`(["'\x60])([A-Za-z0-9+/]{0,40}(?:(?:\{\d?\}|%(?:\d\$)?[sdv@])[A-Za-z0-9+/]{0,40}){1,6})\1` +
    String.raw`[ \t]{0,4}(?:\.format\(|%[ \t]?\(?|-f[ \t]|,)[ \t]{0,4}((?:${piece}\4[ \t]{0,4},?\s{0,20}){1,6})`,
  "g",
);

/** `printf '%s%s' "…" "…"`, whose arguments stand behind blanks. */
const printed =
  /\bprintf[ \t]+(?:-v[ \t]+\w{1,40}[ \t]+)?(["'])((?:%s){2,6})(?:\\n)?\1((?:[ \t]+["']?[A-Za-z0-9+/]{3,40}["']?){2,6})/g;

/** Puts the arguments into the format, in the order that it asks for. */
export function decodeFormats(view: View): View | null {
  if (!/%[sdv@\d]|\{\d?\}/.test(view.text)) return null;
  const from = substitute(view, printed, "formats", (match) => `"${(match[3] ?? "").replace(/["' \t]/g, "")}"`) ?? view;
  const result = substitute(from, formatted, "formats", (match) => {
    const values = [...(match[3] ?? "").matchAll(/["'`]([A-Za-z0-9+/]{3,40})["'`]/g)].map(([, value]) => value ?? "");
    let next = 0;
    const text = (match[2] ?? "").replace(
      /\{(\d?)\}|%(?:(\d)\$)?[sdv@]/g,
      (_, index: string | undefined, place: string | undefined) =>
        values[index ? Number(index) : place ? Number(place) - 1 : next++] ?? "",
    );
    return `"${text}"`;
  });
  return result ?? (from === view ? null : from);
}
