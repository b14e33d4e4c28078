import type { Text } from "../model/text.ts";
import { type ArchiveBudget, archiveDepth, containerKind, newBudget, openContainer } from "./decode/archive.ts";
import { latin1 } from "./latin1.ts";
import { isNamedSecret, mayHold } from "./may-hold.ts";
import type { Rules } from "./rules.ts";
import { View } from "./view.ts";

/** The part of a `Text` that scanning needs; workers rebuild it from a message. */
export type Scannable = Pick<Text, "id" | "path" | "bytes" | "fresh" | "firstLine">;

/** Called for what stands inside a text and could not be read: a damaged or encrypted archive member. */
export type OnUnread = (path: string, why: string) => void;

/** A text, or a member of the container that it is, which has lines of its own. */
export interface Document extends Scannable {
  readonly raw: View;
}

/** The text itself or, where it is a container, each member that can hold anything; what cannot be opened is told. */
export function* documentsOf(
  text: Scannable,
  rules: Rules,
  onUnread: OnUnread,
  budget: ArchiveBudget = newBudget(),
  depth = 0,
): Iterable<Document> {
  const kind = containerKind(text.bytes);
  if (kind === null) {
    yield { ...text, raw: new View(latin1(text.bytes)) };
    return;
  }
  if (text.fresh !== "all" && text.fresh.length === 0) return;
  if (depth >= archiveDepth) {
    onUnread(text.path, `an archive in an archive, more than ${archiveDepth} deep`);
    return;
  }
  for (const member of openContainer(text.bytes, budget)) {
    const path = member.path === "" ? text.path : `${text.path}!${member.path}`;
    if ("why" in member) {
      onUnread(path, member.why);
      continue;
    }
    if (!mayHold(member.bytes, rules) && !isNamedSecret(member.bytes, path)) continue;
    // A delta says which bytes of the container are new, not which of its members': a changed container is new as a whole.
    yield* documentsOf({ id: text.id, path, bytes: member.bytes, fresh: "all" }, rules, onUnread, budget, depth + 1);
  }
}
