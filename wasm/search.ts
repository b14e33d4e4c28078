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
