import type { CommitRef, Credential, Exposure, Finding, Location, Report } from "../model/finding.ts";

/** So many characters of a secret in a row are never shown. */
const most = 7;
/** More findings than this are each kept from showing their own secrets only, so that time stays proportional. */
const mostTogether = 2000;

/**
 * The report without any piece of a found secret in the words that come with it: paths, authors, subjects, refs, lines,
 * notes. A secret stands in a commit's subject or a file's name as easily as in a file, also with other separators.
 */
export function hideSecrets(report: Report): Report {
  const all = [...report.findings, ...report.allowed.map(({ finding }) => finding)];
  const shared = all.length <= mostTogether ? piecesOf(all.map(({ credential }) => credential)) : null;
  const hide = (finding: Finding): Finding => hideIn(finding, shared ?? piecesOf([finding.credential]));
  return {
    ...report,
    coverage: {
      ...report.coverage,
      ...(report.coverage.refs === undefined || shared === null
        ? {}
        : { refs: report.coverage.refs.map((ref) => without(ref, shared)) }),
      notes: shared === null ? report.coverage.notes : report.coverage.notes.map((note) => without(note, shared)),
    },
    unread:
      shared === null
        ? report.unread
        : report.unread.map(({ path, why }) => ({ path: without(path, shared), why: without(why, shared) })),
    findings: report.findings.map(hide),
    allowed: report.allowed.map((one) => ({
      ...one,
      finding: hide(one.finding),
      reason: shared === null ? one.reason : without(one.reason, shared),
    })),
  };
}

/** The same for findings that are not in a report yet. */
export function hideSecretsIn(findings: readonly Finding[]): Finding[] {
  const shared = findings.length <= mostTogether ? piecesOf(findings.map(({ credential }) => credential)) : null;
  return findings.map((finding) => hideIn(finding, shared ?? piecesOf([finding.credential])));
}

/** Every run of characters of the secrets that is too long to be shown, spelled without what separators may replace. */
function piecesOf(credentials: readonly Credential[]): ReadonlySet<string> {
  const pieces = new Set<string>();
  for (const { secretAccessKey, sessionToken, value } of credentials) {
    for (const secret of [secretAccessKey, sessionToken, value]) {
      const plain = plainOf(secret?.reveal() ?? "");
      for (let i = 0; i + most < plain.length; i++) pieces.add(plain.slice(i, i + most + 1));
    }
  }
  return pieces;
}

/** Letters and digits as they are, everything else as one sign: `a/b+c` and `a-b_c` are the same secret. */
function plainOf(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, "-");
}

/** A text with every piece of a secret in it replaced by `…`. */
function without(text: string, pieces: ReadonlySet<string>): string {
  if (text.length <= most || pieces.size === 0) return text;
  const plain = plainOf(text);
  let result = "";
  let shown = 0;
  for (let i = 0; i + most < plain.length; i++) {
    if (!pieces.has(plain.slice(i, i + most + 1)) || !/[A-Za-z0-9]{4}/.test(plain.slice(i, i + most + 1))) continue;
    let end = i + most + 1;
    while (end < plain.length && pieces.has(plain.slice(end - most, end + 1))) end++;
    result += `${text.slice(shown, i)}…`;
    shown = end;
    i = end - 1;
  }
  return shown === 0 ? text : result + text.slice(shown);
}

function hideIn(finding: Finding, pieces: ReadonlySet<string>): Finding {
  return {
    ...finding,
    notes: finding.notes.map((note) => without(note, pieces)),
    locations: finding.locations.map(
      (location): Location => ({
        ...location,
        path: without(location.path, pieces),
        author: location.author === null ? null : without(location.author, pieces),
        excerpt: without(location.excerpt, pieces),
      }),
    ),
    exposure: finding.exposure === null ? null : hideInExposure(finding.exposure, pieces),
  };
}

function hideInExposure(exposure: Exposure, pieces: ReadonlySet<string>): Exposure {
  const hide = (commit: CommitRef | null): CommitRef | null =>
    commit === null
      ? null
      : { ...commit, author: without(commit.author, pieces), subject: without(commit.subject, pieces) };
  return {
    ...exposure,
    introduced: hide(exposure.introduced),
    removed: hide(exposure.removed),
    refs: exposure.refs.map((ref) => without(ref, pieces)),
  };
}
