// The search kernel: one pass over a text for many literals, in AssemblyScript (scripts/build-wasm.mjs compiles it).
//
// The method is Hyperscan's "Teddy". Each literal gives a window of four bytes and belongs to one of eight buckets. For
// each of the four places there are two tables of 16 entries, by the low and by the high half of a byte; an entry holds
// a bit for every bucket that allows that half there. Sixteen bytes are looked up at once; what survives all eight
// look-ups is a candidate, is checked against a small hash table of the windows, then compared whole.
//
// Tables (compile-search.ts writes them), from the address `t`, in bytes:
//      0  128   the eight look-up tables: low halves of places 0–3, then high halves of places 0–3
//    128   32   for each bucket, the u32 address of its first literal
//    160   32   for each bucket, the u32 number of its literals
//    192 4096   a bitmap of the windows' hashes, one bit each
//   4288   16   room for one vector
//   Literals of 80 bytes each: u32 length, u32 offset of the window, u32 words, u32 nothing, then four pairs (u64 mask,
//   u64 value) for the first 32 bytes. Literals are cut to 32 bytes.

/** Where the table ends and how a hash is made must agree with compile-search.ts. */
function hash(window: u32): u32 {
  return ((window & 0xdfdfdfdf) * 0x9e3779b1) >> 17;
}

/**
 * Looks for every literal in [from, to) and writes the address of each occurrence's first byte (as an offset from
 * `origin`) to `out`, in the order of their windows, up to `room` of them. Returns how many there are; with `room` 0 it
 * returns at the first. The 32 bytes after `to` must be readable; what stands there doesn't matter.
 */
export function search(t: usize, from: usize, to: usize, origin: usize, out: usize, room: i32): i32 {
  if (to < from + 4) return 0;
  const low0 = v128.load(t),
    low1 = v128.load(t + 16),
    low2 = v128.load(t + 32),
    low3 = v128.load(t + 48),
    high0 = v128.load(t + 64),
    high1 = v128.load(t + 80),
    high2 = v128.load(t + 96),
    high3 = v128.load(t + 112);
  const half = i8x16.splat(0x0f);
  const scratch = t + 4288;
  let found = 0;
  const last = to - 3;
  for (let p = from; p < last; p += 32) {
    const a0 = v128.load(p),
      a1 = v128.load(p, 1),
      a2 = v128.load(p, 2),
      a3 = v128.load(p, 3);
    const b0 = v128.load(p, 16),
      b1 = v128.load(p, 17),
      b2 = v128.load(p, 18),
      b3 = v128.load(p, 19);
    const a = v128.and(
      v128.and(
        v128.and(i8x16.swizzle(low0, v128.and(a0, half)), i8x16.swizzle(high0, v128.and(i16x8.shr_u(a0, 4), half))),
        v128.and(i8x16.swizzle(low1, v128.and(a1, half)), i8x16.swizzle(high1, v128.and(i16x8.shr_u(a1, 4), half))),
      ),
      v128.and(
        v128.and(i8x16.swizzle(low2, v128.and(a2, half)), i8x16.swizzle(high2, v128.and(i16x8.shr_u(a2, 4), half))),
        v128.and(i8x16.swizzle(low3, v128.and(a3, half)), i8x16.swizzle(high3, v128.and(i16x8.shr_u(a3, 4), half))),
      ),
    );
    const b = v128.and(
      v128.and(
        v128.and(i8x16.swizzle(low0, v128.and(b0, half)), i8x16.swizzle(high0, v128.and(i16x8.shr_u(b0, 4), half))),
        v128.and(i8x16.swizzle(low1, v128.and(b1, half)), i8x16.swizzle(high1, v128.and(i16x8.shr_u(b1, 4), half))),
      ),
      v128.and(
        v128.and(i8x16.swizzle(low2, v128.and(b2, half)), i8x16.swizzle(high2, v128.and(i16x8.shr_u(b2, 4), half))),
        v128.and(i8x16.swizzle(low3, v128.and(b3, half)), i8x16.swizzle(high3, v128.and(i16x8.shr_u(b3, 4), half))),
      ),
    );
    if (!v128.any_true(v128.or(a, b))) continue;
    for (let side: usize = 0; side < 2; side++) {
      const survivors = side === 0 ? a : b;
      let lanes = i8x16.bitmask(i8x16.ne(survivors, i8x16.splat(0)));
      if (lanes === 0) continue;
      v128.store(scratch, survivors);
      while (lanes !== 0) {
        const lane = ctz(lanes) as usize;
        lanes &= lanes - 1;
        const at = p + (side << 4) + lane;
        if (at >= last) break;
        const h = hash(load<u32>(at));
        if ((load<u8>(t + 192 + (h >> 3)) & (1 << (h & 7))) === 0) continue;
        let buckets = load<u8>(scratch + lane) as u32;
        while (buckets !== 0) {
          const bucket = ctz(buckets) as usize;
          buckets &= buckets - 1;
          let literal = load<u32>(t + 128 + bucket * 4) as usize;
          const end = literal + (load<u32>(t + 160 + bucket * 4) as usize) * 80;
          for (; literal < end; literal += 80) {
            const start = at - (load<u32>(literal, 4) as usize);
            if (start < from || start + (load<u32>(literal) as usize) > to) continue;
            if ((load<u64>(start) & load<u64>(literal, 16)) !== load<u64>(literal, 24)) continue;
            const words = load<u32>(literal, 8);
            if (words > 1 && (load<u64>(start, 8) & load<u64>(literal, 32)) !== load<u64>(literal, 40)) continue;
            if (words > 2 && (load<u64>(start, 16) & load<u64>(literal, 48)) !== load<u64>(literal, 56)) continue;
            if (words > 3 && (load<u64>(start, 24) & load<u64>(literal, 64)) !== load<u64>(literal, 72)) continue;
            if (found < room) store<u32>(out + (found << 2), (start - origin) as u32);
            found++;
            if (found >= room) return found;
          }
        }
      }
    }
  }
  return found;
}

/** Which bytes are of a token: a bit for each of the 16 from `p` on, set for [A-Za-z0-9+/]. */
function tokenBits(p: usize): u32 {
  // A bit for each kind of high half, and which low halves it takes: "+" and "/", digits, letters A–O, letters P–Z.
  const high = i8x16(0, 0, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  const low = i8x16(10, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 5, 4, 4, 4, 5);
  const half = i8x16.splat(0x0f);
  const bytes = v128.load(p);
  const classes = v128.and(
    i8x16.swizzle(low, v128.and(bytes, half)),
    i8x16.swizzle(high, v128.and(i16x8.shr_u(bytes, 4), half)),
  );
  return i8x16.bitmask(i8x16.ne(classes, i8x16.splat(0))) as u32;
}

/** 0 lower, 1 upper, 2 digit, 3 other. */
function kindOf(byte: u32): u32 {
  if (byte >= 0x61 && byte <= 0x7a) return 0;
  if (byte >= 0x41 && byte <= 0x5a) return 1;
  if (byte >= 0x30 && byte <= 0x39) return 2;
  return 3;
}

/**
 * Whether the kind of character changes at least `least` times in [from, to), and there are letters of both cases and
 * beyond a–f.
 */
function isMixed(from: usize, to: usize, least: u32): bool {
  let count: u32 = 0;
  let kinds: u32 = 0;
  let beyondHex = false;
  let before: u32 = 4;
  for (let p = from; p < to; p++) {
    const byte = load<u8>(p) as u32;
    const kind = kindOf(byte);
    if (kind === 3 && byte !== 0x2b && byte !== 0x2f) continue;
    kinds |= 1 << kind;
    if ((byte | 0x20) > 0x66 && kind < 2) beyondHex = true;
    if (kind !== before) {
      count++;
      if (count > least && beyondHex && (kinds & 3) === 3) return true;
    }
    before = kind;
  }
  return false;
}

/** Whether the 24 characters of base64 at `p` encode text: at least 15 of the 18 bytes are printable. */
function encodesText(p: usize): bool {
  let good = 0;
  let zeros = 0;
  let bits: u32 = 0;
  let filled: u32 = 0;
  for (let i: usize = 0; i < 24; i++) {
    const byte = load<u8>(p + i) as u32;
    let value: u32 = 0;
    if (byte >= 0x61) value = byte - 71;
    else if (byte >= 0x41 && byte <= 0x5a) value = byte - 65;
    else if (byte >= 0x30 && byte <= 0x39) value = byte + 4;
    else if (byte === 0x2b || byte === 0x2d) value = 62;
    else value = 63;
    bits = (bits << 6) | value;
    filled += 6;
    if (filled >= 8) {
      filled -= 8;
      const decoded = (bits >> filled) & 0xff;
      if ((decoded >= 32 && decoded < 127) || (decoded >= 9 && decoded <= 13) || decoded >= 0x80) {
        if (decoded < 0x80) good += 2;
        else good += 1;
      }
      if (decoded === 0) zeros++;
    }
  }
  return good >= 30 || zeros >= 6;
}

/** What `suspects` tells of: a run of 40 or 44; base64 of text or compressed data; a token in pieces; a piece; a long run; a list. */
const RUN: u32 = 1;
const ENCODED: u32 = 2;
const PIECES: u32 = 3;
const CONSTANT: u32 = 4;
const LONG: u32 = 5;
const LIST: u32 = 6;

function isHex(byte: u32): bool {
  return kindOf(byte) === 2 || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/**
 * Whether what stands between two runs is of an escape: `\\/`, `\\u002b`, `\\u{2b}`, `%2B`, `&#43;`, `&plus;`, `=2B`, a
 * terminal's colour, a zero-width character. `before` is what the gap before this one began with.
 */
function isEscape(from: usize, to: usize, before: u32): bool {
  const length = to - from;
  if (length > 6) return false;
  const first = load<u8>(from) as u32;
  const second = load<u8>(from + 1) as u32;
  // Backslashes, also many; \u{2b}\u{2f}
  if (first === 0x5c || (first === 0x7d && before === 0x7b)) {
    for (let p = from + 1; p < to; p++) if (load<u8>(p) !== 0x5c) return false;
    return true;
  }
  if (first === 0x25) return length === 1 && isHex(second) && isHex(load<u8>(from + 2));
  if (first === 0x7b) return length === 1 && (load<u8>(from - 1) as u32) === 0x75;
  if (first === 0x26) return length === 1 || (length === 2 && second === 0x23);
  if (first === 0x3b)
    return (before === 0x26 || before === 0x3b || before === 0x1b) && (length === 1 || second === 0x26);
  if (first === 0x1b) return length === 2;
  if (first === 0x3d)
    return second === 10 || second === 13 || (length === 1 && isHex(second) && isHex(load<u8>(from + 2)));
  if (first < 0x80 || length > 3) return false;
  for (let p = from; p < to; p++) if (load<u8>(p) < 0x80) return false;
  return true;
}

/** 2 when what stands between two runs joins two string literals or continues a line, 4 when it does so in a list, else 0. */
function joinKind(from: usize, to: usize): u32 {
  const length = to - from;
  if (length < 2 || length > 300) return 0;
  let comma = false;
  const last = load<u8>(to - 1) as u32;
  const quoted = last === 0x22 || last === 0x27 || last === 0x60 || last === 0x3b;
  for (let p = from; p < to; p++) {
    const byte = load<u8>(p) as u32;
    if (quoted) {
      // A colon or a closing brace is no operator of any language that joins strings.
      if (byte === 0x2c) comma = true;
      if (byte === 0x3a || byte === 0x7d) return 0;
    } else if (p > from && byte !== 10 && byte !== 13 && byte !== 32 && byte !== 9) return 0;
  }
  if (!quoted && load<u8>(from) !== 0x5c) return 0;
  return comma ? 4 : 2;
}

/** Where the mark-up that begins at `p` ends, when a token's character follows it; else 0. */
function skipTags(p: usize, to: usize): usize {
  while (p < to && load<u8>(p) === 0x3c) {
    const limit = min<usize>(to, p + 460);
    p++;
    const name = load<u8>(p) as u32;
    if (name !== 0x2f && kindOf(name) > 1) return 0;
    while (p < limit && load<u8>(p) !== 0x3e && load<u8>(p) !== 0x3c) p++;
    if (p >= limit || load<u8>(p) !== 0x3e) return 0;
    p++;
  }
  if (p >= to) return 0;
  const byte = load<u8>(p) as u32;
  return kindOf(byte) < 3 || byte === 0x2b || byte === 0x2f ? p : 0;
}

function tell(kind: u32, from: usize, to: usize): void {
  if (told < room) {
    const at = tellAt + (told as usize) * 12;
    store<u32>(at, kind);
    store<u32>(at, from as u32, 4);
    store<u32>(at, to as u32, 8);
  }
  told++;
}

// Where `suspects` stands: where it writes, the range, and the two chains of pieces that the last run belongs to. The
// short chain is held together by escapes alone, the long one by literals that are joined and by mark-up too.
let tellAt: usize = 0;
let room: i32 = 0;
let told: i32 = 0;
let begin: usize = 0;
let limit: usize = 0;
let wantLong: bool = false;
let lastEnd: usize = 0;
/** What the gap before the last run began with. */
let lastGap: u32 = 0;
let skipUntil: usize = 0;
let shortStart: usize = 0;
let shortLength: u32 = 0;
let shortLinks: u32 = 0;
let longStart: usize = 0;
let longLength: u32 = 0;
let longEscapes: u32 = 0;
let longJoins: u32 = 0;
let listStart: usize = 0;
let listLength: u32 = 0;
let listEscapes: u32 = 0;
let listCommas: u32 = 0;

function closeShort(): void {
  if (shortLinks !== 0 && shortLength >= 40 && isMixed(shortStart, lastEnd, 11)) tell(PIECES, shortStart, lastEnd);
}

function isSecretLong(length: u32, escapes: u32): bool {
  return escapes !== 0 ? length >= 40 : length === 40 || length === 44 || (wantLong && length >= 48);
}

function closeLong(): void {
  if (longJoins !== 0 && isSecretLong(longLength, longEscapes) && isMixed(longStart, lastEnd, 11))
    tell(PIECES, longStart, lastEnd);
}

function closeList(): void {
  if (listCommas !== 0 && isSecretLong(listLength, listEscapes) && isMixed(listStart, lastEnd, 11))
    tell(LIST, listStart, lastEnd);
}

/** Whether the run is the value of `name = "…"` and looks like a piece of a random token. */
function isPiece(start: usize, end: usize): bool {
  const length = (end - start) as u32;
  if (length < 8 || length > 39 || start < begin + 3 || end >= limit) return false;
  const quote = load<u8>(start - 1);
  if ((quote !== 0x22 && quote !== 0x27) || load<u8>(end) !== quote) return false;
  let digit = false;
  for (let p = start; p < end; p++) if (kindOf(load<u8>(p)) === 2) digit = true;
  if (!digit || !isMixed(start, end, (length * 9) / 20)) return false;
  let p = start - 2;
  while (p > begin && (load<u8>(p) === 32 || load<u8>(p) === 9)) p--;
  const sign = load<u8>(p) as u32;
  // A quote before the colon makes it the key of a JSON object, which is no variable.
  if (sign === 0x3a) return load<u8>(p - 1) !== 0x22;
  return sign === 0x3d || sign === 0x3e || sign === 0x2d || (kindOf(sign) < 2 && p === start - 2);
}

function endRun(start: usize, end: usize): void {
  if (start < skipUntil) return;
  const length = (end - start) as u32;
  let link: u32 = 0;
  if (lastEnd !== 0 && start !== begin) {
    const first = load<u8>(lastEnd) as u32;
    if (skipUntil === start) link = 3;
    else if (first !== 32 && first !== 10) {
      if (isEscape(lastEnd, start, lastGap)) link = 1;
      else {
        if (first === 0x22 || first === 0x27 || first === 0x60 || first === 0x5c || first === 0x25 || first === 0x26)
          link = joinKind(lastEnd, start);
        if (link === 0 && length <= 2 && first === 0x22 && load<u8>(end) === 0x22) return; // a prefix: `"…" f"…"`
      }
    }
  }
  // An escape before the first piece swallows its beginning: `\\nTOKEN`, `%3DTOKEN`.
  const afterEscape = link !== 1 && start > begin && (load<u8>(start - 1) === 0x5c || load<u8>(start - 1) === 0x25);
  if (link !== 1) {
    closeShort();
    shortStart = start;
    shortLength = 0;
    shortLinks = afterEscape ? 1 : 0;
  } else shortLinks++;
  shortLength += length;
  if (link === 0 || link === 4) {
    closeLong();
    longStart = start;
    longLength = 0;
    longEscapes = afterEscape ? 1 : 0;
    longJoins = 0;
  } else if (link === 1) longEscapes++;
  else longJoins++;
  longLength += length;
  if (link === 0) {
    closeList();
    listStart = start;
    listLength = 0;
    listEscapes = afterEscape ? 1 : 0;
    listCommas = 0;
  } else if (link === 1) listEscapes++;
  else if (link === 4) listCommas++;
  listLength += length;
  if (lastEnd !== 0) lastGap = load<u8>(lastEnd);
  lastEnd = end;
  skipUntil = 0;

  if (length >= 24) {
    if ((length === 40 || length === 44) && isMixed(start, end, 11)) tell(RUN, start, end);
    const head = load<u16>(start) as u32;
    // H4sI: gzip. eJ, eA, eN: zlib.
    if (encodesText(start) || head === 0x3448 || head === 0x4a65 || head === 0x4165 || head === 0x4e65)
      tell(ENCODED, start, end);
    if (wantLong && length >= 48 && isMixed(start, end, (length * 9) / 20)) tell(LONG, start, end);
  } else if (length >= 3 && end < limit) {
    const next = load<u8>(end) as u32;
    if (next === 0x2d || next === 0x5f) {
      let p = end;
      while (p < limit && p < start + 24) {
        const byte = load<u8>(p) as u32;
        if (kindOf(byte) === 3 && byte !== 0x2d && byte !== 0x5f && byte !== 0x2b && byte !== 0x2f) break;
        p++;
      }
      if (p === start + 24 && encodesText(start)) tell(ENCODED, start, p);
    }
  }
  if (isPiece(start, end)) tell(CONSTANT, start, end);
  if (end < limit && load<u8>(end) === 0x3c) {
    const next = skipTags(end, limit);
    if (next !== 0) skipUntil = next;
  }
}

/**
 * Looks in [from, to) for all that can be, or can become by decoding, a secret without a head of its own, and writes
 * triples (kind, start, end) of addresses to `out`. `long` asks for runs of 48 and more, as session tokens are. Returns
 * how many there are, which may be more than `capacity`. 64 bytes after `to` must be readable.
 */
export function suspects(from: usize, to: usize, out: usize, capacity: i32, long: bool): i32 {
  tellAt = out;
  room = capacity;
  told = 0;
  begin = from;
  limit = to;
  wantLong = long;
  lastEnd = 0;
  lastGap = 0;
  skipUntil = 0;
  shortStart = 0;
  shortLength = 0;
  shortLinks = 0;
  longStart = 0;
  longLength = 0;
  longEscapes = 0;
  longJoins = 0;
  listStart = 0;
  listLength = 0;
  listEscapes = 0;
  listCommas = 0;
  let runStart: usize = 0;
  let inRun: u32 = 0;
  for (let p = from; p < to; p += 16) {
    let bits = tokenBits(p);
    const here = min<usize>(16, to - p) as u32;
    if (here < 16) bits &= (1 << here) - 1;
    // A bit where a run begins or ends.
    let edges = (bits ^ ((bits << 1) | inRun)) & 0xffff;
    while (edges !== 0) {
      const at = p + (ctz(edges) as usize);
      edges &= edges - 1;
      if (inRun === 0) {
        inRun = 1;
        runStart = at;
      } else {
        inRun = 0;
        endRun(runStart, at);
      }
    }
  }
  if (inRun !== 0) endRun(runStart, to);
  closeShort();
  closeLong();
  closeList();
  return told;
}

/** A 64-bit hash of [from, from + length) to tell texts apart; `seed` is drawn anew in each run. */
export function digest(from: usize, length: usize, seed: u64): u64 {
  let hash = seed ^ ((length as u64) * (((0x9e3779b9 as u64) << 32) | 0x7f4a7c15));
  let p = from;
  const end = from + length;
  while (p + 8 <= end) {
    hash = (hash ^ load<u64>(p)) * (((0xff51afd7 as u64) << 32) | 0xed558ccd);
    hash ^= hash >> 32;
    p += 8;
  }
  let rest: u64 = 0;
  for (let shift: u64 = 0; p < end; p++, shift += 8) rest |= (load<u8>(p) as u64) << shift;
  hash = (hash ^ rest) * (((0xc4ceb9fe as u64) << 32) | 0x1a85ec53);
  return hash ^ (hash >> 29);
}
