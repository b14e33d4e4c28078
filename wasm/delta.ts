// The delta kernel: git's pack deltas, applied and looked into, in AssemblyScript (scripts/build-wasm.mjs compiles it).
// Format: https://git-scm.com/docs/pack-format#_deltified_representation
//
// Every buffer has 64 bytes of padding after its end that may be read and written: copies go by 16 bytes.

/** What is wrong with a delta, as the results of `apply` and `excerpt`. */
const CORRUPT: i32 = -1;

/** Copies, a vector at a time; may write up to 15 bytes too many. The ranges don't overlap. */
function copy(to: usize, from: usize, length: usize): void {
  const end = to + length;
  while (to < end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
}

/** Where the instructions begin, or 0: checks the two sizes that a delta starts with. */
function instructions(delta: usize, end: usize, baseSize: u32, size: u32): usize {
  let p = delta;
  for (let part = 0; part < 2; part++) {
    let value: u64 = 0;
    let shift: u64 = 0;
    let byte: u8 = 0x80;
    while (byte & 0x80) {
      if (p >= end || shift > 35) return 0;
      byte = load<u8>(p++);
      value |= ((byte & 0x7f) as u64) << shift;
      shift += 7;
    }
    if (value !== ((part === 0 ? baseSize : size) as u64)) return 0;
  }
  return p;
}

/** Rebuilds a whole object of `size` bytes at `out`. Returns 0, or CORRUPT. */
export function apply(base: usize, baseSize: u32, delta: usize, deltaSize: u32, out: usize, size: u32): i32 {
  const end = delta + deltaSize;
  let p = instructions(delta, end, baseSize, size);
  if (p === 0) return CORRUPT;
  const outEnd = out + size;
  while (p < end) {
    const op = load<u8>(p++) as u32;
    if (op & 0x80) {
      if (p + (popcnt(op & 0x7f) as usize) > end) return CORRUPT;
      let offset: u32 = 0;
      let length: u32 = 0;
      if (op & 1) offset = load<u8>(p++) as u32;
      if (op & 2) offset |= (load<u8>(p++) as u32) << 8;
      if (op & 4) offset |= (load<u8>(p++) as u32) << 16;
      if (op & 8) offset |= (load<u8>(p++) as u32) << 24;
      if (op & 16) length = load<u8>(p++) as u32;
      if (op & 32) length |= (load<u8>(p++) as u32) << 8;
      if (op & 64) length |= (load<u8>(p++) as u32) << 16;
      if (length === 0) length = 0x10000;
      if ((offset as u64) + (length as u64) > (baseSize as u64) || out + length > outEnd) return CORRUPT;
      copy(out, base + offset, length);
      out += length;
    } else {
      if (op === 0 || p + op > end || out + op > outEnd) return CORRUPT;
      copy(out, p, op);
      out += op;
      p += op;
    }
  }
  return out === outEnd ? 0 : CORRUPT;
}

/** Writes a copy of [from, from + length) to `out`, without its middle where that is longer than two contexts. */
function excerptCopy(out: usize, from: usize, length: u32, head: u32, tail: u32): usize {
  if (length <= head + tail + 16) {
    copy(out, from, length);
    return out + length;
  }
  copy(out, from, head);
  out += head;
  // What is left out. No literal holds this byte, and it is of no token.
  v128.store(out, i8x16.splat(-1));
  out += 16;
  copy(out, from + length - tail, tail);
  return out + tail;
}

/**
 * Writes what a delta changes to `out`: all inserted bytes, and of each copy the first and the last `context` bytes with
 * a gap of 16 bytes 0xff between; copies that go on where the last one ended count as one. The first 512 bytes of the
 * object are always there, so that its magic can be read. The result is never longer than the object. Returns its length,
 * or CORRUPT.
 */
export function excerpt(
  base: usize,
  baseSize: u32,
  delta: usize,
  deltaSize: u32,
  out: usize,
  size: u32,
  context: u32,
): i32 {
  const end = delta + deltaSize;
  let p = instructions(delta, end, baseSize, size);
  if (p === 0) return CORRUPT;
  const begin = out;
  let made: u64 = 0;
  // The copy that may still grow, and where in the object it begins.
  let heldFrom: u32 = 0;
  let held: u32 = 0;
  let heldAt: u64 = 0;
  while (p < end) {
    const op = load<u8>(p++) as u32;
    if (op & 0x80) {
      if (p + (popcnt(op & 0x7f) as usize) > end) return CORRUPT;
      let offset: u32 = 0;
      let length: u32 = 0;
      if (op & 1) offset = load<u8>(p++) as u32;
      if (op & 2) offset |= (load<u8>(p++) as u32) << 8;
      if (op & 4) offset |= (load<u8>(p++) as u32) << 16;
      if (op & 8) offset |= (load<u8>(p++) as u32) << 24;
      if (op & 16) length = load<u8>(p++) as u32;
      if (op & 32) length |= (load<u8>(p++) as u32) << 8;
      if (op & 64) length |= (load<u8>(p++) as u32) << 16;
      if (length === 0) length = 0x10000;
      if ((offset as u64) + (length as u64) > (baseSize as u64)) return CORRUPT;
      if (made + (length as u64) > (size as u64)) return CORRUPT;
      if (held !== 0 && heldFrom + held === offset) {
        held += length;
      } else {
        if (held !== 0) out = excerptCopy(out, base + heldFrom, held, heldAt < 512 ? 512 : context, context);
        heldFrom = offset;
        held = length;
        heldAt = made;
      }
      made += length;
    } else {
      if (op === 0 || p + op > end || made + (op as u64) > (size as u64)) return CORRUPT;
      if (held !== 0) {
        out = excerptCopy(out, base + heldFrom, held, heldAt < 512 ? 512 : context, context);
        held = 0;
      }
      copy(out, p, op);
      out += op;
      p += op;
      made += op;
    }
  }
  if (held !== 0) out = excerptCopy(out, base + heldFrom, held, heldAt < 512 ? 512 : context, context);
  return made === (size as u64) ? ((out - begin) as i32) : CORRUPT;
}

/** Whether a run of 40 characters could be a secret access key: letters of both cases, and not hexadecimal. */
function isMixed(from: usize): bool {
  let upper = false;
  let lower = false;
  let beyondHex = false;
  for (let i: usize = 0; i < 40; i++) {
    const byte = load<u8>(from + i);
    if (byte >= 0x41 && byte <= 0x5a) upper = true;
    else if (byte >= 0x61) lower = true;
    if (byte > 0x66 || (byte > 0x46 && byte < 0x61) || byte < 0x30) beyondHex = true;
  }
  return upper && lower && beyondHex;
}

/**
 * Whether [from, to) holds a run of [A-Za-z0-9+/] of exactly 40 characters that could be a secret, or one of at least
 * `long`. The vector that `to` falls into may be read to its end.
 */
export function holdsToken(from: usize, to: usize, long: i32): i32 {
  // A bit for each kind of high half, and which low halves it takes: "+" and "/", digits, letters A–O, letters P–Z.
  const high = i8x16(0, 0, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  const low = i8x16(10, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 5, 4, 4, 4, 5);
  const half = i8x16.splat(0x0f);
  let run: i32 = 0;
  let p = from;
  while (p < to) {
    const bytes = v128.load(p);
    const classes = v128.and(
      i8x16.swizzle(low, v128.and(bytes, half)),
      i8x16.swizzle(high, v128.and(i16x8.shr_u(bytes, 4), half)),
    );
    let tokens: i32 = i8x16.bitmask(i8x16.ne(classes, i8x16.splat(0)));
    const here = min<usize>(16, to - p) as i32;
    if (here < 16) tokens &= (1 << here) - 1;
    if (tokens === 0xffff) {
      run += 16;
    } else {
      // Runs that begin and end within these 16 bytes are too short; only the first end counts, and what is left over.
      const first = ctz(~tokens);
      run += first;
      if (run >= long) return 1;
      if (run === 40 && isMixed(p + first - 40)) return 1;
      run = clz(~(tokens << 16));
      if (here < 16) run = 0;
    }
    p += 16;
  }
  if (run >= long) return 1;
  return run === 40 && isMixed(to - 40) ? 1 : 0;
}
