import type { CommitSettings } from "../commands/commit-settings.ts";
import type { NewAllow } from "../commands/review-allows.ts";
import type { Config, ConfiguredAllow } from "../config/load-config.ts";
import { severities } from "../model/finding.ts";
import { markdownCode, markdownText } from "../report/markdown.ts";

/** Lines of the list that a person will read. */
const mostLines = 50;

/**
 * What a change does to the rules that will hold once it is merged, as a Markdown list; empty when it does nothing. Only
 * what lets more pass is told in detail: that is what a reviewer must look at.
 */
export function describeChanges(before: CommitSettings, after: CommitSettings, inline: readonly NewAllow[]): string[] {
  const lines: string[] = [];
  const from = before.config;
  const to = after.config;
  for (const entry of to.allow) {
    if (!from.allow.some((known) => sameAllow(known, entry))) lines.push(`allows ${describeAllow(entry)}`);
  }
  lines.push(...added(from.exclude, to.exclude).map((glob) => `no longer scans ${markdownCode(glob)}`));
  lines.push(...added(from.disable, to.disable).map((id) => `switches the detector ${markdownCode(id)} off`));
  lines.push(...detectorChanges(from, to));
  if (severities.indexOf(to.failOn) > severities.indexOf(from.failOn)) {
    lines.push(`fails only from ${to.failOn} on (before: ${from.failOn})`);
  }
  if (to.testData !== from.testData)
    lines.push(`judges test data ${markdownCode(to.testData)} (before: ${markdownCode(from.testData)})`);
  const fingerprints = [...after.baseline].filter((fingerprint) => !before.baseline.has(fingerprint)).length;
  if (fingerprints > 0)
    lines.push(`adds ${fingerprints} ${fingerprints === 1 ? "credential" : "credentials"} to the baseline`);
  for (const { path, line, reason } of inline) {
    const why = reason === null || reason.trim() === "" ? "without a reason" : `because “${markdownText(reason)}”`;
    lines.push(`allows what stands at ${markdownCode(`${path}:${line}`)} by a comment, ${why}`);
  }
  for (const warning of after.warnings) lines.push(`breaks the configuration: ${markdownText(warning)}`);
  const shown = lines.slice(0, mostLines).map((line) => `- ${line}`);
  if (lines.length > mostLines) shown.push(`- …and ${lines.length - mostLines} more`);
  return shown;
}

function sameAllow(a: ConfiguredAllow, b: ConfiguredAllow): boolean {
  const key = ({ fingerprint, value, path, detector, reason, expires }: ConfiguredAllow): string =>
    JSON.stringify([fingerprint, value, path, detector, reason, expires]);
  return key(a) === key(b);
}

/** Names the allowance without its value, which may be a secret. */
function describeAllow({ fingerprint, value, path, detector, reason, expires }: ConfiguredAllow): string {
  const what = [
    ...(fingerprint === undefined ? [] : [`the credential ${markdownCode(fingerprint.slice(0, 12))}`]),
    ...(value === undefined ? [] : ["one value"]),
    ...(path === undefined
      ? []
      : [`${fingerprint === undefined && value === undefined ? "everything " : ""}in ${markdownCode(path)}`]),
    ...(detector === undefined ? [] : [`of ${markdownCode(detector)}`]),
  ];
  return `${what.join(" ")}, because “${markdownText(reason)}”${expires === undefined ? "" : `, until ${expires}`}`;
}

function detectorChanges(from: Config, to: Config): string[] {
  const gone = from.detectors.filter(({ id }) => !to.detectors.some((detector) => detector.id === id));
  return gone.map(({ id }) => `takes away the repository's own detector ${markdownCode(id)}`);
}

function added(before: readonly string[], after: readonly string[]): string[] {
  return after.filter((one) => !before.includes(one));
}
