/**
 * The engine's door: a text goes in, what leaks in it comes out. The way through it: `documents.ts` opens containers,
 * `read-document.ts` decodes, detects, pairs and puts together, `sight-document.ts` says where and how bad,
 * `explain-document.ts` says why and why not.
 */
import type { Sighting } from "../model/finding.ts";
import { documentsOf, type OnUnread, type Scannable } from "./documents.ts";
import { type Considered, explainDocument } from "./explain-document.ts";
import type { Rules } from "./rules.ts";
import { sightDocument } from "./sight-document.ts";
import { isTestData } from "./surroundings.ts";

export type { OnUnread, Scannable } from "./documents.ts";
export type { Considered } from "./explain-document.ts";
export { isNamedSecret, mayHold } from "./may-hold.ts";
export type { Rules } from "./rules.ts";
export { lowerForPath } from "./severity.ts";

/**
 * Every credential in a text of which a part touches a fresh span, containers opened. Pure and synchronous; takes time
 * linear in the text for a bounded number of candidates; never throws on any bytes.
 */
export function scanText(text: Scannable, rules: Rules, onUnread: OnUnread = () => {}): Sighting[] {
  if (rules.testData === "ignore" && isTestData(text.path)) return [];
  const sightings: Sighting[] = [];
  // One at a time: the members of an archive are larger together than it is.
  for (const document of documentsOf(text, rules, onUnread)) sightings.push(...sightDocument(document, rules));
  return sightings;
}

/** All that looked like a part of a credential in a text, reported or not, in the order of the text. */
export function explainText(text: Scannable, rules: Rules): Considered[] {
  const considered: Considered[] = [];
  for (const document of documentsOf({ ...text, fresh: "all" }, rules, () => {}))
    considered.push(...explainDocument(document, rules));
  return considered;
}
