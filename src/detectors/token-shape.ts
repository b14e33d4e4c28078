/**
 * How a random token differs from the words, paths, hashes and made-up examples that look like one. The bounds are
 * measured on 200,000 random strings of 40 characters of base64's alphabet; each says what share of real secrets it loses.
 */

/** Shannon entropy in bits a character. */
export function entropy(token: string): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / token.length) * Math.log2(count / token.length);
  return bits;
}

function classOf(code: number): number {
  if (code >= 97 && code <= 122) return 0;
  if (code >= 65 && code <= 90) return 1;
  if (code >= 48 && code <= 57) return 2;
  return 3;
}

/** How often the class (lower, upper, digit, other) changes from one character to the next. */
export function classChanges(token: string): number {
  let changes = 0;
  for (let i = 1; i < token.length; i++) {
    if (classOf(token.charCodeAt(i)) !== classOf(token.charCodeAt(i - 1))) changes++;
  }
  return changes;
}

/** How many steps go to the next or the previous character code, or stay: sequences, countdowns and repeats are made of them. */
function regularSteps(token: string): number {
  let steps = 0;
  for (let i = 1; i < token.length; i++) {
    if (Math.abs(token.charCodeAt(i) - token.charCodeAt(i - 1)) <= 1) steps++;
  }
  return steps;
}

/** Whether the token, from some point on, repeats itself with a period of at most a third of its length. */
function isCyclic(token: string): boolean {
  for (let period = 1; period <= token.length / 3; period++) {
    let same = 0;
    for (let i = period; i < token.length; i++) if (token[i] === token[i - period]) same++;
    if (same >= (token.length - period) * 0.8) return true;
  }
  return false;
}

const keyboardRows = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "poiuytrewq", "lkjhgfdsa", "mnbvcxz"];

function walksTheKeyboard(token: string): boolean {
  const lower = token.toLowerCase();
  return keyboardRows.some((row) => {
    for (let i = 0; i + 5 <= row.length; i++) if (lower.includes(row.slice(i, i + 5))) return true;
    return false;
  });
}

/** Words that people put into values that stand for a secret. Four letters in a row by chance: 3 in 100,000 tokens. */
const placeholderWords =
  /example|sample|dummy|changeme|change_me|replace|redact|placeholder|your|secret|access|token|fake|test|demo|insert|hidden|masked|removed|nothing|foobar|todo|dont|never|notareal|xxxx|abcd|1234|passw|credential|invalid|random|secure|value|string|here/i;

/** Whether it holds words that make it a stand-in for a secret rather than one. */
export function holdsPlaceholderWord(token: string): boolean {
  return placeholderWords.test(token);
}

/**
 * Pieces of the secrets that AWS's own documentation prints. Edited copies (a letter more, less or other) are about as
 * common as the exact ones, so that any eight characters of one are enough.
 */
const documentedSecrets = [
  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
  "9drTJvcXLB89EXAMPLELB8923FB892xMFI",
  "kWcrlUX5JEDGM/LtmEENI/aVmYvHNif5zB+d9+ct",
  "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
];
const documentedPieces = new Set(
  documentedSecrets.flatMap((secret) => {
    const lower = secret.toLowerCase();
    return Array.from({ length: lower.length - 7 }, (_, i) => lower.slice(i, i + 8));
  }),
);

/** Whether it is one of AWS's printed examples, or an edited copy of one. */
export function isDocumentedExample(token: string): boolean {
  const lower = token.toLowerCase();
  for (let i = 0; i + 8 <= lower.length; i++) if (documentedPieces.has(lower.slice(i, i + 8))) return true;
  return false;
}

/** Whether base64-decoding it gives text: then it is an encoded something, not a random key. */
function decodesToText(token: string): boolean {
  const bytes = Buffer.from(token, "base64");
  let printable = 0;
  for (const byte of bytes) if ((byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9) printable++;
  return bytes.length > 0 && printable === bytes.length;
}

/**
 * Why a token of 40 characters cannot be a secret access key, or null when it can. `strict` is for tokens that no label
 * vouches for: it also asks for digits and for a secret's restlessness.
 */
export function whyNotSecret(token: string, strict: boolean): string | null {
  if (isDocumentedExample(token)) return "an example from AWS's documentation";
  if (/^[0-9a-f]+$/i.test(token)) return "hexadecimal: a hash or a commit id";
  if (entropy(token) < 4.0) return "too regular for a random secret";
  if (isCyclic(token)) return "a repeated pattern";
  if (regularSteps(token) >= 10) return "a sequence";
  if (walksTheKeyboard(token)) return "a walk over the keyboard";
  if (holdsPlaceholderWord(token)) return "a placeholder";
  if (!/[a-z]/.test(token) || !/[A-Z]/.test(token)) return "only one case of letters";
  if (decodesToText(token)) return "base64 of a text";
  const changes = classChanges(token);
  if (changes < 11) return "words, a name or a path";
  if (/^[A-Za-z]+$/.test(token) || looksLikeWords(token)) return "words, a name or a path";
  if (strict) {
    if (changes < 15) return "too close to words for a token without a label";
    if (!/[0-9]/.test(token)) return "no digit, and no label that says it is a secret";
  }
  return null;
}

/** Whether most of it is made of words as names have them: lower-case runs with a capital ahead, split by `/` or digits. */
function looksLikeWords(token: string): boolean {
  let inWords = 0;
  for (const word of token.match(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g) ?? []) if (/[aeiou]/i.test(word)) inWords += word.length;
  return inWords >= token.length * 0.7;
}

/** Why 20 characters of a key id's form cannot be one, or null when they can. */
export function whyNotAccessKeyId(id: string): string | null {
  if (id.endsWith("EXAMPLE")) return "an example from AWS's documentation";
  const tail = id.slice(4);
  if (
    /EXAMPL|SAMPLE|YOUR|PLACEHOLD|CHANGE|REPLACE|REDACT|DUMM|FAKE|TEST|XXXX|ACCES|SECRET|FOOBA|ABCD|INSERT|HIDDEN|MASKED|INVALID|MOCK|NOTAR|NOTRE|REALKEY|BOGUS|GARBAGE|LOREM|HELLO|WORLD|DEADBEEF|NONSENSE|RANDOM|KEYID|THISIS|SOMEK|NEVER|UNUSED|EXPIRED|REVOKED|DELETED|TODO/.test(
      tail,
    )
  )
    return "a placeholder";
  if (entropy(id) < 3.0) return "too regular for a real key id";
  if (isCyclic(tail)) return "a repeated pattern";
  if (regularSteps(tail) >= 7) return "a sequence";
  if (walksTheKeyboard(tail)) return "a walk over the keyboard";
  return null;
}
