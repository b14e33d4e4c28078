import { validateFindings } from "../aws/validate-findings.ts";
import { VerdictCache } from "../aws/verdict-cache.ts";
import type { Report } from "../model/finding.ts";
import type { Io } from "./command.ts";
import { startProgress } from "./progress.ts";
import type { Settings } from "./settings.ts";

/** The report with a verdict for each credential that AWS can be asked about; canaries only when allowed. */
export async function validateReport(
  report: Report,
  { root, config }: Settings,
  io: Io,
  options: { readonly allowCanary: boolean; readonly quiet: boolean },
): Promise<Report> {
  const progress = startProgress(io, options.quiet);
  // What is scanned has no say in where AWS is looked for.
  const settings = { env: io.env, untrusted: root, signal: io.signal };
  try {
    const findings = await validateFindings(report.findings, {
      settings,
      allowCanary: options.allowCanary,
      cache: new VerdictCache(settings),
      onProgress: (done, total) => progress.show(`asked AWS about ${done} of ${total} credentials`),
    });
    const named = findings.map((finding) =>
      finding.account === null || !Object.hasOwn(config.accounts, finding.account)
        ? finding
        : { ...finding, accountName: config.accounts[finding.account] ?? null },
    );
    return { ...report, findings: named };
  } finally {
    progress.end();
  }
}
