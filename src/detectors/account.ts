const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The 12-digit account id that an access key id holds, or null where it holds none (ids made before about 2019).
 * Characters 5–14 are 48 bits of base32: one flag bit that is set where an account is there, 40 bits of account id,
 * 7 bits of something else.
 * Source: https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489 and ../../ARCHITECTURE.md.
 */
export function accountOf(accessKeyId: string): string | null {
  if (accessKeyId.length < 14) return null;
  let bits = 0n;
  for (const letter of accessKeyId.slice(4, 14)) {
    const value = base32.indexOf(letter);
    if (value < 0) return null;
    bits = (bits << 5n) | BigInt(value);
  }
  const head = bits >> 2n; // ten letters are 50 bits; the account stands in the first 48
  if ((head & 0x800000000000n) === 0n) return null;
  const account = (head & 0x7fffffffff80n) >> 7n;
  return account > 999_999_999_999n ? null : account.toString().padStart(12, "0");
}

/**
 * Accounts whose keys are trip-wires: whoever calls AWS with one alerts its owner.
 * Sources: https://trufflesecurity.com/blog/canaries, https://github.com/trufflesecurity/trufflehog (canary lists).
 */
const canaryAccounts: ReadonlySet<string> = new Set(
  (
    "052310077262 171436882533 534261010715 595918472158 717712589309 819147034852 992382622183 730335385048 " +
    "266735846894 893192397702 044858866125 251535659677 344043088457 351906852752 390477818340 426127672474 " +
    "427150556519 439872796651 445142720921 465867158099 637958123769 693412236332 732624840810 735421457923 " +
    "959235150393 982842642351 528757803018 538784191382 729780141977"
  ).split(" "),
);

/** Whether keys of this account are known to be canary tokens. */
export function isCanary(account: string | null): boolean {
  return account !== null && canaryAccounts.has(account);
}
