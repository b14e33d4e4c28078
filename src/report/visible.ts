/** Characters that draw nothing, move the cursor, or turn the direction of writing: what can lie to a reader's eyes. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * The text with every control, format and direction character spelled out as `\u{…}`, so that a path such as
 * `photo\u{202e}gpj.exe` or one with a line feed in it is seen for what it is. Formats apply it before their own
 * escaping, which knows their syntax.
 */
export function spellOutInvisible(text: string): string {
  return text.replace(invisible, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
