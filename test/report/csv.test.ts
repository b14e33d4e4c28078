import { describe, expect, it } from "vitest";
import { csvCell, renderCsv } from "../../src/report/csv.ts";
import {
  buildFinding,
  buildReport,
  cleanReport,
  hostileReport,
  hostileTexts,
  rawSecrets,
  renderOptions,
  richReport,
} from "../support/report-builder.ts";
import { expectNoSecret } from "./attack.ts";

/** A reader of RFC 4180 that gives up on anything else. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      const cell = /^"((?:[^"]|"")*)"(,|\r\n)/.exec(text.slice(at));
      if (cell === null) throw new Error(`no cell at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
      row.push((cell[1] ?? "").replaceAll('""', '"'));
      at += cell[0].length;
      if (cell[2] === "\r\n") break;
    }
    rows.push(row);
  }
  return rows;
}

describe("CSV", () => {
  it("has a header and one row for each line that a credential stands on", () => {
    const [header, ...rows] = parseCsv(renderCsv(buildReport(), renderOptions));
    expect(header?.slice(0, 4)).toEqual(["fingerprint", "severity", "kind", "access key id"]);
    expect(rows).toHaveLength(2);
    const row = Object.fromEntries((header ?? []).map((name, i) => [name, rows[1]?.[i]]));
    expect(row).toMatchObject({
      severity: "critical",
      kind: "aws-access-key",
      account: "609629065308 (data-prod)",
      path: "config/aws-secret.json",
      line: "3",
      column: "29",
      status: "not checked",
    });
    expect(row["next step"]).toMatch(/^keyguard rotate AKIA[A-Z2-7]{16}$/);
  });

  it("lists what was let pass with who let it pass and why", () => {
    const report = buildReport({ findings: [], allowed: [{ finding: buildFinding(), by: "baseline", reason: "old" }] });
    const [header, row] = parseCsv(renderCsv(report, renderOptions));
    expect(row?.[(header ?? []).indexOf("allowed by")]).toBe("baseline");
    expect(row?.[(header ?? []).indexOf("reason")]).toBe("old");
  });

  it("is a header alone when nothing was found", () => {
    expect(parseCsv(renderCsv(cleanReport, renderOptions))).toHaveLength(1);
  });

  it.each(hostileTexts)("gives %j to no spreadsheet as a formula, and keeps it one cell", (text) => {
    const [[cell] = []] = parseCsv(`${csvCell(text)}\r\n`);
    expect(cell).not.toMatch(/^[\s"]*[=+\-@\t\r＝＋－＠]/);
    expect(cell).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
  });

  it("neutralises formulas that hide behind blanks and quotes", () => {
    expect(csvCell(" =1+1")).toBe(`"' =1+1"`);
    expect(csvCell('"=1+1')).toBe(`"'""=1+1"`);
    expect(csvCell("a=1")).toBe(`"a=1"`);
  });

  it("stays rectangular on hostile reports and never prints a secret", () => {
    for (const report of [hostileReport(), richReport()]) {
      const text = renderCsv(report, renderOptions);
      const rows = parseCsv(text);
      expect(new Set(rows.map((row) => row.length)).size).toBe(1);
      expectNoSecret(report, text);
    }
  });

  it("prints raw secrets only when they were asked for", () => {
    const report = buildReport();
    const text = renderCsv(report, { ...renderOptions, showSecrets: true });
    expect(text).toContain(rawSecrets(report)[0]?.slice(1, 9));
  });
});
