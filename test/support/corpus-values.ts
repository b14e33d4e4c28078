import { createHash } from "node:crypto";

/** A deterministic source of randomness: the same seed gives the same values on every machine and Node. */
export interface Random {
  /** `n` bytes. */
  bytes(n: number): Buffer;
  /** An integer in `[low, high]`, both included. */
  between(low: number, high: number): number;
  /** `n` characters, each drawn from `alphabet`. */
  text(alphabet: string, n: number): string;
}

/** SHA-256 in counter mode over `seed`. Slow and good enough; a corpus needs some hundred thousand bytes of it. */
export function seededRandom(seed: string): Random {
  let block = Buffer.alloc(0);
  let counter = 0;
  const bytes = (n: number): Buffer => {
    while (block.length < n) {
      const next = createHash("sha256").update(`${seed}\0${counter++}`).digest();
      block = Buffer.concat([block, next]);
    }
    const taken = block.subarray(0, n);
    block = block.subarray(n);
    return taken;
  };
  const between = (low: number, high: number): number => low + (bytes(4).readUInt32BE(0) % (high - low + 1));
  const text = (alphabet: string, n: number): string =>
    Array.from({ length: n }, () => alphabet[between(0, alphabet.length - 1)]).join("");
  return { bytes, between, text };
}

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const lower = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const base32 = `${upper}234567`;
const base64 = `${upper}${lower}${digits}+/`;

/** The part of a credential that a placeholder stands for; `pair a` joins the id, secret and token of the letter a. */
export type Family = "id" | "secret" | "token" | "bedrock" | "appsync" | "mws" | "smtp" | "pem" | "url";

/** What a placeholder expands to, and values inside it that a scanner may name without being wrong. */
export interface Made {
  readonly value: string;
  readonly within?: readonly string[];
}

interface Kind {
  readonly family: Family;
  readonly make: (random: Random, letter: string) => Made;
}

const accountBearing = "QRSTUVWXYZ234567";
const accountless = "ABCDEFGHIJKLMNOP";

function keyId(prefix: string, fifth: string) {
  return (random: Random): Made => ({ value: prefix + random.text(fifth, 1) + random.text(base32, 15) });
}

function secret(head: string, tail: string) {
  return (random: Random): Made => ({
    value: head + random.text(base64, 40 - head.length - tail.length) + tail,
  });
}

function sessionToken(head: string) {
  // Real tokens run from some 300 characters (GetSessionToken) to over 1,000 (assumed roles with tags).
  return (random: Random): Made => ({
    value: head + random.bytes(random.between(213, 810)).toString("base64"),
  });
}

function bedrockLong(random: Random): Made {
  const name = `BedrockAPIKey-${random.text(lower + digits, 4)}-at-${random.text(digits, 12)}:`;
  const body = Buffer.concat([Buffer.from(name), Buffer.from(random.bytes(45).toString("base64"))]);
  return { value: `ABSK${body.toString("base64")}` };
}

function bedrockShort(random: Random): Made {
  const id = keyId("ASIA", accountBearing)(random).value;
  const token = sessionToken("IQoJb3JpZ2luX2Vj")(random).value;
  const signature = random.bytes(32).toString("hex");
  const url =
    "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
    `&X-Amz-Credential=${id}%2F20260114%2Fus-east-1%2Fbedrock%2Faws4_request&X-Amz-Date=20260114T091502Z` +
    `&X-Amz-Expires=43200&X-Amz-Security-Token=${encodeURIComponent(token)}&X-Amz-Signature=${signature}` +
    "&X-Amz-SignedHeaders=host&Version=1";
  const value = `bedrock-api-key-${Buffer.from(url).toString("base64")}`;
  return { value, within: [id, token, encodeURIComponent(token), signature, url] };
}

/** ASN.1 DER: a tag, the length, the content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const size: number[] = [];
  if (body.length < 0x80) size.push(body.length);
  else if (body.length < 0x100) size.push(0x81, body.length);
  else size.push(0x82, body.length >> 8, body.length & 0xff);
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

/** A positive INTEGER of `n` random bytes, odd and with its top bit set as the numbers of an RSA key are. */
function bigInteger(random: Random, n: number): Buffer {
  const number = Buffer.from(random.bytes(n));
  number[0] = (number[0] ?? 0) | 0x80;
  number[n - 1] = (number[n - 1] ?? 0) | 1;
  return der(0x02, Buffer.from([0]), number);
}

function rsaKey(random: Random): Buffer {
  const numbers = [256, 0, 256, 128, 128, 128, 128, 128].map((size) =>
    size === 0 ? der(0x02, Buffer.from([1, 0, 1])) : bigInteger(random, size),
  );
  return der(0x30, der(0x02, Buffer.from([0])), ...numbers);
}

const rsaEncryption = Buffer.from("300d06092a864886f70d0101010500", "hex");
const prime256v1 = Buffer.from("06082a8648ce3d030107", "hex");

/** The form of a PEM key by its letter: `rsa`, `rsa2`, `ec`, `pkcs8`, `openssh`, `encrypted`, `legacy` … */
function pem(random: Random, letter: string): Made {
  const form = letter.startsWith("pkcs8") ? "pkcs8" : letter.replace(/\d+$/, "");
  const wrap = (label: string, body: Buffer, headers = "", columns = 64): Made => ({
    value: [
      `-----BEGIN ${label}-----`,
      ...(headers === "" ? [] : [headers, ""]),
      ...(body.toString("base64").match(new RegExp(`.{1,${columns}}`, "g")) ?? []),
      `-----END ${label}-----`,
    ].join("\n"),
  });
  const dsa = der(0x30, der(0x02, Buffer.from([0])), bigInteger(random, 128), bigInteger(random, 20));
  switch (form) {
    case "rsa":
      return wrap("RSA PRIVATE KEY", rsaKey(random));
    case "ec": {
      const curve = der(0xa0, prime256v1);
      const point = der(0xa1, der(0x03, Buffer.from([0, 4]), random.bytes(64)));
      return wrap("EC PRIVATE KEY", der(0x30, der(0x02, Buffer.from([1])), der(0x04, random.bytes(32)), curve, point));
    }
    case "pkcs8":
      return wrap("PRIVATE KEY", der(0x30, der(0x02, Buffer.from([0])), rsaEncryption, der(0x04, rsaKey(random))));
    case "encrypted":
      return wrap(
        "ENCRYPTED PRIVATE KEY",
        der(
          0x30,
          der(0x30, Buffer.from("06092a864886f70d01050d", "hex"), der(0x04, random.bytes(48))),
          der(0x04, random.bytes(1224)),
        ),
      );
    case "legacy":
      return wrap(
        "RSA PRIVATE KEY",
        random.bytes(1192),
        `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,${random.bytes(16).toString("hex").toUpperCase()}`,
      );
    case "openssh": {
      const head = Buffer.from("openssh-key-v1\0\0\0\0\u0004none\0\0\0\u0004none\0\0\0\0\0\0\0\u0001", "latin1");
      return wrap("OPENSSH PRIVATE KEY", Buffer.concat([head, random.bytes(340)]), "", 70);
    }
    case "dsa":
      return wrap("DSA PRIVATE KEY", dsa);
    default:
      throw new Error(`no such PEM form: ${letter}`);
  }
}

function uuid(random: Random): string {
  const hex = random.bytes(16).toString("hex");
  const variant = "89ab"[random.between(0, 3)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** What AWS hands out, by the name of its placeholder. */
export const credentialKinds: Readonly<Record<string, Kind>> = {
  id: { family: "id", make: keyId("AKIA", accountBearing) },
  "id-old": { family: "id", make: keyId("AKIA", accountless) },
  asia: { family: "id", make: keyId("ASIA", accountBearing) },
  abia: { family: "id", make: keyId("ABIA", accountBearing) },
  acca: { family: "id", make: keyId("ACCA", accountBearing) },
  secret: { family: "secret", make: secret("", "") },
  "secret-slash": { family: "secret", make: secret("/", "") },
  "secret-plus": { family: "secret", make: secret("", "+") },
  "secret-edges": { family: "secret", make: secret("+", "/") },
  // The rare but real ones, which rules of thumb lose: 1 in 900 has no digit, 1 in 25 has at most two.
  "secret-letters": { family: "secret", make: (random) => ({ value: random.text(upper + lower, 40) }) },
  "secret-two-digits": {
    family: "secret",
    make: (random) => ({
      value: `${random.text(upper + lower, 13)}${random.text(digits, 1)}${random.text(upper + lower, 19)}${random.text(digits, 1)}${random.text(upper + lower, 6)}`,
    }),
  },
  "secret-slashes": {
    family: "secret",
    make: (random) => ({
      value: [5, 8, 7, 6, 10].map((n) => random.text(upper + lower + digits, n)).join("/"),
    }),
  },
  "secret-word": {
    family: "secret",
    make: (random) => ({
      value:
        `${random.text(base64, 15)}${["test", "Fake", "demo", "xXx"][random.between(0, 3)]}${random.text(base64, 25)}`.slice(
          0,
          40,
        ),
    }),
  },
  "id-word": {
    family: "id",
    make: (random) => ({
      value: `AKIA${random.text(accountBearing, 1)}${random.text(base32, 6)}${["TEST", "FAKE", "DEMO", "XXYZ"][random.between(0, 3)]}${random.text(base32, 5)}`,
    }),
  },
  token: { family: "token", make: sessionToken("IQoJb3JpZ2luX2Vj") },
  "token-old": { family: "token", make: sessionToken("FwoGZXIvYXdz") },
  bedrock: { family: "bedrock", make: bedrockLong },
  "bedrock-short": { family: "bedrock", make: bedrockShort },
  appsync: { family: "appsync", make: (random) => ({ value: `da2-${random.text(lower + digits, 26)}` }) },
  mws: { family: "mws", make: (random) => ({ value: `amzn.mws.${uuid(random)}` }) },
  // 0x04 is the version byte that SES puts before the HMAC, so the text always begins with a B.
  smtp: {
    family: "smtp",
    make: (random) => ({ value: Buffer.concat([Buffer.from([4]), random.bytes(32)]).toString("base64") }),
  },
  pem: { family: "pem", make: pem },
  signature: { family: "url", make: (random) => ({ value: random.bytes(32).toString("hex") }) },
};

const count = (argument: string, otherwise: number): number => (argument === "" ? otherwise : Number(argument));

/** What real files are full of besides credentials. The argument is a length, in characters unless said otherwise. */
export const noiseKinds: Readonly<Record<string, (random: Random, argument: string) => string>> = {
  hex: (random, n) => random.text("0123456789abcdef", count(n, 40)),
  HEX: (random, n) => random.text("0123456789ABCDEF", count(n, 40)),
  base64: (random, n) => random.text(base64, count(n, 64)),
  /** The argument counts bytes: the text is padded as base64 is. */
  base64bytes: (random, n) => random.bytes(count(n, 32)).toString("base64"),
  base64url: (random, n) => random.text(`${upper}${lower}${digits}-_`, count(n, 43)),
  alnum: (random, n) => random.text(upper + lower + digits, count(n, 24)),
  upper: (random, n) => random.text(upper, count(n, 16)),
  lower: (random, n) => random.text(lower, count(n, 16)),
  base32: (random, n) => random.text(base32, count(n, 16)),
  digits: (random, n) => random.text(digits, count(n, 12)),
  account: (random) => random.text("123456789", 1) + random.text(digits, 11),
  /** Bytes by their hex digits, for binary formats: the file needs the word `latin1` as well. */
  byte: (_, hex) => Buffer.from(hex, "hex").toString("latin1"),
  uuid,
  UUID: (random) => uuid(random).toUpperCase(),
  sri: (random, n) => `sha${count(n, 512)}-${random.bytes(count(n, 512) / 8).toString("base64")}`,
  jwt: (random) =>
    [`{"alg":"RS256","typ":"JWT"}`, `{"sub":"${uuid(random)}","iat":1767225600}`]
      .map((part) => Buffer.from(part).toString("base64url"))
      .concat(random.bytes(256).toString("base64url"))
      .join("."),
  github: (random) => `ghp_${random.text(upper + lower + digits, 36)}`,
  slack: (random) =>
    ["xoxb", random.text(digits, 12), random.text(digits, 13), random.text(base64.slice(0, 62), 24)].join("-"),
  stripe: (random) => ["sk", "live", random.text(upper + lower + digits, 24)].join("_"),
  google: (random) => `AIza${random.text(`${upper}${lower}${digits}-_`, 35)}`,
  /** An IAM principal's unique id, which is no credential; the argument is its prefix (AROA, AIDA …). */
  unique: (random, prefix) =>
    `${prefix === "" ? "AROA" : prefix}${random.text(accountBearing, 1)}${random.text(base32, 16)}`,
  /** A certificate's body: base64 of DER that begins as certificates do. */
  certificate: (random, n) => {
    const body = Buffer.concat([Buffer.from("308203", "hex"), random.bytes(count(n, 780))]).toString("base64");
    return `-----BEGIN CERTIFICATE-----\n${(body.match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----`;
  },
  publickey: (random) => {
    const body = Buffer.concat([Buffer.from("30820122300d06092a864886f70d0101", "hex"), random.bytes(278)]).toString(
      "base64",
    );
    return `-----BEGIN PUBLIC KEY-----\n${(body.match(/.{1,64}/g) ?? []).join("\n")}\n-----END PUBLIC KEY-----`;
  },
};
