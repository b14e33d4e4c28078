import { assembled, type Detector, type Match } from "./detector.ts";

/** The armour's first line, and what may stand between it and the last: base64, headers, line ends plain or escaped, quotes. */
const beginning = /-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?)-----/g;
const content = /^(?:[A-Za-z0-9+/=\s"',:;.()|>*#-]|\\[nr"t]){64,}$/;
/** An RSA key of 16,384 bits has 12,700 characters. */
const longest = 16_000;

export const privateKey: Detector = {
  id: "private-key",
  kind: "private-key",
  about: "Private key in PEM, as IAM Roles Anywhere uses beside its certificate",
  references: [
    "https://datatracker.ietf.org/doc/html/rfc7468",
    "https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html",
  ],
  keywords: [{ text: "-----BEGIN", encoded: "words" }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(beginning)) {
      const armour = `${match[1]}`;
      const start = match.index + match[0].length;
      const last = `-----END ${armour}-----`;
      const end = view.slice(start, start + longest).indexOf("-----");
      if (end < 0 || !view.startsWith(last, start + end)) continue;
      const text = view.slice(start, start + end);
      if (!content.test(text)) continue;
      const span = { start: match.index, end: start + end + last.length };
      const body = text.replace(/\\[nrt"]/g, "").replace(/[^A-Za-z0-9+/=]/g, "");
      // However its lines are broken, indented or escaped, it is one key.
      const headers: string[] = text.match(/(?:Proc-Type|DEK-Info): ?[A-Za-z0-9,-]+/g) ?? [];
      const key = headers.reduce((left, header) => left.replace(header.replace(/[^A-Za-z0-9+/=]/g, ""), ""), body);
      const value = [`-----BEGIN ${armour}-----`, ...headers, key, `-----END ${armour}-----`].join("\n");
      // An ellipsis, also in UTF-8: a key cut short.
      if (/\.{3}|…|\xe2\x80\xa6/.test(text)) yield { part: "value", span, clean: "a placeholder" };
      else if (body.length < 64 || new Set(body).size < 20) yield { part: "value", span, clean: "no key in it" };
      else if (/(.)\1{11}/.test(body.replace(/A{12,}/g, ""))) yield { part: "value", span, clean: "a placeholder" };
      else if (/EXAMPLE|PLACEHOLDER|YourPrivateKey|REDACTED/i.test(body))
        yield { part: "value", span, clean: "a placeholder" };
      else if (armour.startsWith("ENCRYPTED") || /Proc-Type: 4,ENCRYPTED/.test(text))
        yield { part: "value", span, value, note: "it is encrypted: as safe as its passphrase" };
      else yield { part: "value", span, value };
    }
  },
  examples: {
    finds: [
      `«-----BEGIN ${assembled("PRIVATE")} KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq7Zx5Kc9vT3nR1mW\nL8yQfJ2sHd6uGk4oXbE0aViCpNehRANCAATrM5wYzBtD1jFgUqSx9lOk\n-----END ${assembled("PRIVATE")} KEY-----»`,
    ],
    ignores: [
      "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
      `-----BEGIN ${assembled("PRIVATE")} KEY-----\n...\n-----END ${assembled("PRIVATE")} KEY-----`,
    ],
  },
};
