/**
 * Files that are credentials by their name: a value in them needs no label to be taken for one, and the working-tree
 * scan reads them even where git ignores them.
 * Sources: the AWS CLI, CloudVolume, s3cmd, boto, rclone and s3fs manuals.
 */
export const credentialFileGlobs: readonly string[] = [
  "**/.aws/credentials",
  "**/.aws/config",
  "**/.aws/cli/cache/*.json",
  "**/.aws/sso/cache/*.json",
  "**/aws-secret.json",
  "**/*-aws-secret.json",
  "**/accessKeys.csv",
  "**/*_accessKeys.csv",
  "**/*accessKeys*.csv",
  "**/credentials.csv",
  "**/*_credentials.csv",
  "**/rootkey.csv",
  "**/.s3cfg",
  "**/.boto",
  "**/rclone.conf",
  "**/.passwd-s3fs",
  "**/passwd-s3fs",
  "**/.env",
  "**/.env.*",
  "**/*.env",
  "**/terraform.tfstate",
  "**/terraform.tfstate.backup",
  "**/*.tfvars",
  "**/*.auto.tfvars.json",
];

const names =
  /(?:^|[/!\\])(?:\.aws[/\\](?:credentials|config)|\.aws[/\\](?:cli|sso)[/\\]cache[/\\][^/\\]+\.json|(?:[^/\\]*-)?aws-secret\.json|[^/\\]*accessKeys[^/\\]*\.csv|(?:[^/\\]*_)?credentials\.csv|rootkey\.csv|\.s3cfg|\.boto|rclone\.conf|\.?passwd-s3fs)$/i;

/** Whether a file of this path holds AWS credentials by its name. */
export function isCredentialFile(path: string): boolean {
  return names.test(path);
}
