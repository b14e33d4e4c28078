/**
 * Whether a run of token characters is a piece of a longer value that is written with escapes, percent signs, entities
 * or continued lines: the decoded text has it whole, and the piece by itself is nothing.
 */
export function isEscapedPiece(view: string, start: number, end: number): boolean {
  const before = view.charAt(start - 1);
  if (before === "%" || before === "\\" || view.startsWith("&#", start - 2)) return true;
  if (/[A-Za-z0-9+/]\\\r?\n[ \t]*$/.test(view.slice(Math.max(0, start - 48), start))) return true;
  return escapeBehind.test(view.slice(end, end + 48));
}

const escapeBehind =
  /^(?:\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|\/|\r?\n[ \t]*[A-Za-z0-9+/])|&#x?[0-9A-Fa-f]{2,4};|&(?:sol|plus);|%(?:2[BbFf]|3[Dd]))/;
