import { substitute, type View } from "../view.ts";

/** Elements that break a run of text; all others (spans, Word's runs, `wbr`) may split a token in two. */
const block =
  /^<\/?(?:p|br|div|td|th|tr|li|ul|ol|dt|dd|h[1-6]|pre|table|w:p|w:tc|w:tr|w:br|w:tab|a:p|row|c|si|text:p|string|key|dict|array|entry|property|name|value)\b/i;

/** Takes the mark-up out of HTML, XML and office documents, so that a token split over runs is whole again. */
export function decodeTags(view: View): View | null {
  if (!view.text.includes("</")) return null;
  return substitute(view, /<\/?[A-Za-z][\w:.-]{0,40}(?:\s[^<>]{0,400})?\/?>/g, "tags", (match) =>
    block.test(match[0]) ? "\n" : "",
  );
}
