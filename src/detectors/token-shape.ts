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
export function regularSteps(token: string): number {
  let steps = 0;
  for (let i = 1; i < token.length; i++) {
    if (Math.abs(token.charCodeAt(i) - token.charCodeAt(i - 1)) <= 1) steps++;
  }
  return steps;
}

/** Whether it is several sequences in turn, as `A1b2C3d4…` is: every second, third or fourth character is the next one. */
function isInterleaved(token: string, share: number): boolean {
  const lower = token.toLowerCase();
  for (let lag = 2; lag <= 4; lag++) {
    let steps = 0;
    for (let i = lag; i < lower.length; i++) {
      const step = lower.charCodeAt(i) - lower.charCodeAt(i - lag);
      if (step === 1 || step === -1 || step === -9 || step === -25) steps++;
    }
    if (steps >= (lower.length - lag) * share) return true;
  }
  return false;
}

/** Whether the token, from some point on, repeats itself with a period of at most a third of its length. */
export function isCyclic(token: string): boolean {
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
    for (let i = 0; i + 7 <= row.length; i++) if (lower.includes(row.slice(i, i + 7))) return true;
    return false;
  });
}

/** Words that make a value a stand-in for a secret, however it goes on: six letters in a row come by chance in one of a million tokens. */
const plainWords =
  /example|sample|changeme|change_me|replace|redact|placeholder|accesskey|secretkey|insert|hidden|masked|removed|nothing|foobar|notareal|abcdefg|1234567|passw|credential|invalid|random|secure|yourkey|dummy|xxxxx|secret|access|censor|deleted|revoked|expired|obfusc|sanitiz|anonym|testing|string/i;
/** Shorter ones come by chance in one of a thousand: they need another sign beside them. */
const shortWords =
  /your|token|fake|test|demo|todo|dont|never|abcd|1234|value|here|real|none|null|mock|junk|blah|asdf|key1|some|this|key/gi;

/** Whether it holds words that make it a stand-in for a secret rather than one. */
export function holdsPlaceholderWord(token: string): boolean {
  if (plainWords.test(token)) return true;
  const words = (token.match(shortWords) ?? []).filter((word) => /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+|\d+)$/.test(word));
  return (
    words.length >= 3 ||
    (words.some((word) => word.length > 3) && (words.length >= 2 || classChanges(token) < token.length * 0.4))
  );
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
  "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o",
  "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV",
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
 * vouches for: it also asks for a secret's restlessness.
 */
export function whyNotSecret(token: string, strict: boolean): string | null {
  if (isDocumentedExample(token)) return "an example from AWS's documentation";
  if (/^[0-9a-f]+$/i.test(token)) return "hexadecimal: a hash or a commit id";
  if (entropy(token) < 4.0) return "too regular for a random secret";
  if (isCyclic(token)) return "a repeated pattern";
  if (regularSteps(token) >= 12 || isInterleaved(token, 0.45)) return "a sequence";
  if (walksTheKeyboard(token)) return "a walk over the keyboard";
  if (holdsPlaceholderWord(token)) return "a placeholder";
  if (!/[a-z]/.test(token) || !/[A-Z]/.test(token)) return "only one case of letters";
  if (decodesToText(token)) return "base64 of a text";
  const changes = classChanges(token);
  if (changes < 11) return "words, a name or a path";
  if (looksLikeWords(token)) return "words, a name or a path";
  if (/[0-9a-f]{20}/.test(token)) return "hexadecimal in it: a hash or a commit id";
  if (strict && changes < 13) return "too close to words for a token without a label";
  return null;
}

/** The pairs of letters that English and its neighbours use most; a random token has one such pair among fifteen, a word every other. */
const commonPairs = new Set(
  (
    "TH HE IN ER AN RE ND AT ON NT HA ES ST EN ED TO IT OU EA HI IS OR TI AS TE ET NG OF AL DE SE LE SA SI AR VE RA LD UR LI " +
    "RI IO IC LA AC NE EL OL MA CA CO ME RO SS LL PE PA PR CH SU EE GE OM EC"
  ).split(" "),
);

function commonPairsIn(letters: string): number {
  let pairs = 0;
  for (let i = 0; i + 1 < letters.length; i++) if (commonPairs.has(letters.slice(i, i + 2))) pairs++;
  return pairs;
}

/** Whether most of it is made of words as names have them: lower-case runs with a capital ahead, split by `/` or digits. */
function looksLikeWords(token: string): boolean {
  let inWords = 0;
  for (const word of token.match(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g) ?? []) if (/[aeiou]/i.test(word)) inWords += word.length;
  const spelled = commonPairsIn(token.toUpperCase());
  if (inWords >= token.length * 0.7 && spelled >= token.length * 0.18) return true;
  // Letters alone are a name sooner than a secret (one in 4,000): there the pairs that languages use decide.
  return /^[A-Za-z]+$/.test(token) && spelled >= token.length * 0.25;
}

/**
 * Whether an id is one by bad luck only, unless something vouches for it: words (0.2 % of random ids read so), or fewer
 * different letters than 99.98 % of them have.
 */
export function isDoubtfulId(id: string): boolean {
  return entropy(id) < 3.0 || readsAsWords(id.slice(4));
}

function readsAsWords(letters: string): boolean {
  if (!/^[A-Z]+$/.test(letters)) return false;
  return commonPairsIn(letters) >= 4 && (letters.match(/[AEIOUY]/g)?.length ?? 0) >= 4;
}

/** Whether a short word stands in it, and what is left is no longer what chance would give. */
function isMostlyWords(tail: string): boolean {
  const rest = tail.replace(
    /YOUR|CHANGE|DUMM|FAKE|TEST|XXXX|ACCES|KEY|ABCD|MOCK|HELLO|WORLD|SOME|NEVER|UNUSED|EXPIRED|TODO|HERE|DEMO|REAL|NOT|ID|AKIA/g,
    "",
  );
  if (tail.length - rest.length < 4) return false;
  return rest.length < 9 || regularSteps(rest) >= 4 || entropy(rest) < 2.5;
}

/** Why 20 characters of a key id's form cannot be one, or null when they can. */
export function whyNotAccessKeyId(id: string): string | null {
  if (id.endsWith("EXAMPLE")) return "an example from AWS's documentation";
  const tail = id.slice(4);
  if (
    /EXAMPL|SAMPLE|PLACEHOLD|CHANGEM|REPLACE|REDACT|ACCESSK|SECRET|FOOBA|ABCDEF|INSERT|HIDDEN|MASKED|INVALID|NOTAREAL|NOTREAL|REALKEY|BOGUS|GARBAGE|LOREM|DEADBEEF|NONSENSE|RANDOM|THISIS|REVOKED|DELETED|DUMMY|XXXXX/.test(
      tail,
    )
  )
    return "a placeholder";
  if (isMostlyWords(tail)) return "a placeholder";
  if (entropy(id) < 2.4) return "too regular for a real key id";
  if (isCyclic(tail)) return "a repeated pattern";
  if (regularSteps(tail) >= 9 || isInterleaved(tail, 0.65)) return "a sequence";
  if (walksTheKeyboard(tail)) return "a walk over the keyboard";
  return null;
}
