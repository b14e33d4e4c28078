import { expect } from "vitest";
import type { Report } from "../../src/model/finding.ts";
import { rawSecrets } from "../support/report-builder.ts";

/** No eight characters in a row of any secret of the report may stand in what a format printed. */
export function expectNoSecret(report: Report, output: string): void {
  for (const secret of rawSecrets(report)) {
    for (let i = 0; i + 8 <= secret.length; i++) expect(output).not.toContain(secret.slice(i, i + 8));
  }
}
