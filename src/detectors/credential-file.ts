/** Files of AWS's own tools and of those that read S3, by their name; `!` stands before a member of an archive. */
const ofAws =
  /(?:^|[/!\\])(?:\.aws[/\\](?:credentials|config)|\.aws[/\\](?:cli|sso)[/\\]cache[/\\][^/\\]+\.json|[^/\\]*aws-secret\.json|[^/\\]*accessKeys[^/\\]*\.csv|(?:[^/\\]*_)?credentials\.csv|rootkey\.csv|\.s3cfg|\.boto|rclone\.conf|\.?passwd-s3fs)$/i;

/** Files that hold credentials of any kind. */
const ofAnyone =
  /(?:^|\/)(?:\.env[^/]*|credentials|secrets?\.(?:json|ya?ml|toml|env|ini)|[^/]*\.tfvars(?:\.json)?|[^/]*\.tfstate(?:\.backup)?)$/i;

/**
 * Whether a file of this path holds AWS credentials by its name: a secret in it needs no other sign that it is AWS's.
 * Source: the manuals of the AWS CLI, CloudVolume, s3cmd, boto, rclone and s3fs.
 */
export function isCredentialFile(path: string): boolean {
  return ofAws.test(path);
}

/**
 * Whether a file is read even where git ignores it: an ignored one is one `git add -f`, or one edited .gitignore, away
 * from being pushed.
 */
export function isReadThoughIgnored(path: string): boolean {
  return ofAws.test(path) || ofAnyone.test(path);
}
