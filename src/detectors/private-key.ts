import type { Detector, Match } from "./detector.ts";

/** A whole PEM block, its lines broken by newlines or by `\n` escapes; at most 16 kB, as an RSA key of 16,384 bits is. */
const pattern =
  /-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?)-----((?:[A-Za-z0-9+/=\s"',:;.()|>*#-]|\\[nr"t]){64,16000}?)-----END \1-----/g;

export const privateKey: Detector = {
  id: "private-key",
  kind: "private-key",
  about: "Private key in PEM, as IAM Roles Anywhere uses beside its certificate",
  references: [
    "https://datatracker.ietf.org/doc/html/rfc7468",
    "https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html",
  ],
  keywords: [{ text: "-----BEGIN" }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(pattern)) {
      const span = { start: match.index, end: match.index + match[0].length };
      const body = (match[2] ?? "").replace(/\\[nrt"]/g, "").replace(/[^A-Za-z0-9+/=]/g, "");
      const armour = `${match[1]}`;
      // However its lines are broken, indented or escaped, it is one key.
      const headers: string[] = (match[2] ?? "").match(/(?:Proc-Type|DEK-Info): ?[A-Za-z0-9,-]+/g) ?? [];
      const key = headers.reduce((left, header) => left.replace(header.replace(/[^A-Za-z0-9+/=]/g, ""), ""), body);
      const value = [`-----BEGIN ${armour}-----`, ...headers, key, `-----END ${armour}-----`].join("\n");
      if (body.length < 64 || new Set(body).size < 20) yield { part: "value", span, clean: "no key in it" };
      else if (/(.)\1{11}/.test(body.replace(/A{12,}/g, ""))) yield { part: "value", span, clean: "a placeholder" };
      else if (/EXAMPLE|PLACEHOLDER|YourPrivateKey|REDACTED/i.test(body))
        yield { part: "value", span, clean: "a placeholder" };
      else if (armour.startsWith("ENCRYPTED") || /Proc-Type: 4,ENCRYPTED/.test(match[2] ?? ""))
        yield { part: "value", span, value, note: "it is encrypted: as safe as its passphrase" };
      else yield { part: "value", span, value };
    }
  },
  examples: {
    finds: [
      `«-----BEGIN ${"PRIVATE"} KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq7Zx5Kc9vT3nR1mW\nL8yQfJ2sHd6uGk4oXbE0aViCpNehRANCAATrM5wYzBtD1jFgUqSx9lOk\n-----END ${"PRIVATE"} KEY-----»`,
    ],
    ignores: [
      "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
      `-----BEGIN ${"PRIVATE"} KEY-----\n...\n-----END ${"PRIVATE"} KEY-----`,
    ],
  },
};
