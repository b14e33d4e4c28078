/**
 * Files that hold credentials by their name, wherever they lie: read even where git ignores them, because an ignored
 * file is one `git add -f` (or one edited .gitignore) away from being pushed. See aws-cli's and the tools' own pages.
 */
const names = [
  /^\.env/,
  /aws-secret\.json$/,
  /^(?:.*_)?accesskeys\.csv$/,
  /^credentials\.csv$/,
  /^rootkey\.csv$/,
  /^\.s3cfg$/,
  /^\.boto$/,
  /^rclone\.conf$/,
  /^\.passwd-s3fs$/,
  /\.tfstate(?:\.backup)?$/,
];

/** The aws command line's own: `.aws/credentials`, `.aws/config`, and what it caches of sessions. */
const awsFolder = /(?:^|\/)\.aws\/(?:credentials|config|(?:cli|sso)\/cache\/[^/]+\.json)$/;

/** Whether a path (`/` between its parts) is that of a credential file. */
export function isCredentialFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return names.some((pattern) => pattern.test(name)) || awsFolder.test(path);
}
