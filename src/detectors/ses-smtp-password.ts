import { assembled, type Detector, type Match } from "./detector.ts";
import { holdsPlaceholderWord, whyNotSecret } from "./token-shape.ts";

/**
 * base64 of a version byte 0x04 and an HMAC-SHA256: 33 bytes are 44 characters without padding, of which the first is
 * `B` and the second one of `A`–`P`.
 */
const pattern = /(?<![A-Za-z0-9+/])B[A-P][A-Za-z0-9+/]{42}(?![A-Za-z0-9+/=])/g;
const label = /smtp|\bses\b|_ses_|email|mail[_.-]?(?:pass|pwd|host|user)/i;

export const sesSmtpPassword: Detector = {
  id: "ses-smtp-password",
  kind: "aws-ses-smtp-password",
  about: "Amazon SES SMTP password (its user name is an access key id)",
  references: ["https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html"],
  keywords: [{ text: "email-smtp" }, { text: "smtp", ignoreCase: true }],
  *find(view: string): Iterable<Match> {
    for (const match of view.matchAll(pattern)) {
      const span = { start: match.index, end: match.index + match[0].length };
      // A random-looking token of that form says little: the lines around it must speak of SMTP, and of AWS's.
      const around = view.slice(Math.max(0, match.index - 600), span.end + 400);
      if (!label.test(around)) continue;
      if (!/email-smtp|amazonses|\bses\b|_ses_|ses[_-]|amazonaws|(?:AKIA|ASIA)[A-Z2-7]{16}/i.test(around)) continue;
      const before = view.slice(Math.max(0, match.index - 60), match.index);
      if (/sha\d|integrity|hash|digest|signature|fingerprint|etag/i.test(before)) continue;
      const clean = whyNotSecret(match[0], true) ?? (holdsPlaceholderWord(match[0]) ? "a placeholder" : null);
      yield clean === null ? { part: "value", span } : { part: "value", span, clean };
    }
  },
  examples: {
    finds: [
      `SMTP_HOST=email-smtp.us-east-1.amazonaws.com\nSMTP_PASSWORD=«${assembled("BM9xP2", "kQzR7vB4nT8wL1cY6dF3gH5jS0+eU/oKiNaT2q")}»`,
    ],
    ignores: ["smtp_password = changeme", "smtp: sha256-BM9xP2kQzR7vB4nT8wL1cY6dF3gH5jS0+eU/oKiNaT2q"],
  },
};
