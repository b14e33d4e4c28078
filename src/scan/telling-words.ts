/**
 * The words that tell one credential from another (`prod` here, `staging` there): they lead to some ids and to some
 * secrets, but not to all of them.
 */
export function tellingWords(
  ids: readonly ReadonlySet<string>[],
  secrets: readonly ReadonlySet<string>[],
): ReadonlySet<string> {
  const telling = new Set<string>();
  for (const word of new Set(ids.flatMap((words) => [...words]))) {
    const inIds = ids.filter((words) => words.has(word)).length;
    const inSecrets = secrets.filter((words) => words.has(word)).length;
    if (inSecrets > 0 && (inIds < ids.length || inSecrets < secrets.length)) telling.add(word);
  }
  return telling;
}

/** How many telling words an id has, how many a secret, and how many they have in common. */
export function compareWords(
  id: ReadonlySet<string>,
  secret: ReadonlySet<string>,
  telling: ReadonlySet<string>,
): { readonly id: number; readonly secret: number; readonly shared: number } {
  const mine = [...id].filter((word) => telling.has(word));
  const theirs = [...secret].filter((word) => telling.has(word));
  return { id: mine.length, secret: theirs.length, shared: mine.filter((word) => secret.has(word)).length };
}
