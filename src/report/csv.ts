import type { Report } from "../model/finding.ts";
import {
  byUrgency,
  describeAccount,
  describeVerdict,
  nameFile,
  namePart,
  nextStep,
  placesByLine,
  secretsOf,
} from "./finding-words.ts";
import type { RenderOptions } from "./render.ts";
import { spellOutInvisible } from "./visible.ts";

/**
 * What spreadsheets take for a formula when a cell begins with it, also behind blanks and quotes and in its full-width
 * forms: https://owasp.org/www-community/attacks/CSV_Injection
 */
const formula = /^[\s'"]*[=+\-@＝＋－＠]/;

/** One cell, always quoted (so that `;` and tabs split nothing either); what could be a formula becomes text. */
export function csvCell(value: string): string {
  const shown = spellOutInvisible(value);
  const text = formula.test(shown) ? `'${shown}` : shown;
  return `"${text.replaceAll('"', '""')}"`;
}

const header = [
  "fingerprint",
  "severity",
  "kind",
  "access key id",
  "parts",
  "secret",
  "account",
  "status",
  "path",
  "line",
  "column",
  "commit",
  "author",
  "date",
  "at head",
  "introduced",
  "removed",
  "excerpt",
  "notes",
  "allowed by",
  "reason",
  "next step",
] as const;

/** RFC 4180: CRLF, a header, one row for each place of each credential; those that were let pass say why. */
export function renderCsv(report: Report, options: RenderOptions): string {
  const rows: (readonly string[])[] = [header];
  const listed = [...byUrgency(report.findings).map((finding) => ({ finding, by: "", reason: "" })), ...report.allowed];
  for (const { finding, by, reason } of listed) {
    const secrets = secretsOf(finding.credential)
      .map(({ secret }) => (options.showSecrets ? secret.reveal() : secret.mask))
      .join(" ");
    for (const place of placesByLine(finding)) {
      rows.push([
        finding.fingerprint,
        finding.severity,
        finding.kind,
        finding.credential.accessKeyId ?? "",
        place.parts.map(namePart).join(" + "),
        secrets,
        describeAccount(finding) ?? "",
        describeVerdict(finding),
        nameFile(place),
        String(place.line),
        String(place.column),
        place.commit ?? "",
        place.author ?? "",
        place.date ?? "",
        finding.exposure === null ? "" : finding.exposure.atHead ? "yes" : "no",
        finding.exposure?.introduced?.date ?? "",
        finding.exposure?.removed?.date ?? "",
        place.excerpt,
        finding.notes.join(" "),
        by,
        reason,
        by === "" ? nextStep(finding) : "",
      ]);
    }
  }
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}
