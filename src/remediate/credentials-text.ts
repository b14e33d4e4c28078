import { KeyguardError } from "../model/errors.ts";
import type { Secret } from "../model/secret.ts";

export const credentialFormats = ["json", "ini", "env", "csv", "process"] as const;
export type CredentialFormat = (typeof credentialFormats)[number];

export interface GivenCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | null | undefined;
  /** ISO 8601, of temporary ones. */
  readonly expires?: string | null | undefined;
}

/** @throws KeyguardError `usage` for a format that is not known. */
export function readCredentialFormat(value: string): CredentialFormat {
  const format = credentialFormats.find((one) => one === value);
  if (format === undefined) throw new KeyguardError("usage", "--format is one of json, ini, env, csv and process");
  return format;
}

/**
 * New credentials as somebody's program reads them: `json` as aws-secret.json of CloudVolume, `ini` as a profile of
 * ~/.aws/credentials, `process` as what a credential_process prints. This is the one place that shows a secret.
 */
export function writeCredentials(given: GivenCredentials, format: CredentialFormat, profile = "default"): string {
  const id = given.accessKeyId;
  const secret = given.secretAccessKey.reveal();
  const token = given.sessionToken?.reveal();
  switch (format) {
    case "json": {
      const more = token === undefined ? {} : { AWS_SESSION_TOKEN: token };
      return `${JSON.stringify({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, ...more }, null, 2)}\n`;
    }
    case "ini":
      return `[${profile}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n${token === undefined ? "" : `aws_session_token = ${token}\n`}`;
    case "env":
      return `AWS_ACCESS_KEY_ID=${id}\nAWS_SECRET_ACCESS_KEY=${secret}\n${token === undefined ? "" : `AWS_SESSION_TOKEN=${token}\n`}`;
    case "csv":
      return token === undefined
        ? `Access key ID,Secret access key\n${id},${secret}\n`
        : `Access key ID,Secret access key,Session token\n${id},${secret},${token}\n`;
    case "process":
      return `${JSON.stringify({
        Version: 1,
        AccessKeyId: id,
        SecretAccessKey: secret,
        ...(token === undefined ? {} : { SessionToken: token }),
        ...(given.expires ? { Expiration: given.expires } : {}),
      })}\n`;
  }
}
