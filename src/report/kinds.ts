import type { CredentialKind } from "../model/finding.ts";

/** What a kind of credential is and what is to be done about it, in words that every format uses. */
export interface KindWords {
  /** Two to four words, for a heading. */
  readonly name: string;
  /** One sentence: what someone who reads it can do. */
  readonly risk: string;
  /** What to do, in order; each a sentence without a full stop. */
  readonly steps: readonly string[];
  /** CVSS-like number from 0 to 10 that code scanning sorts by, of the kind at its worst. */
  readonly securitySeverity: string;
  readonly reference: string;
}

const replaceKey = [
  "Run keyguard rotate with the access key id: it deactivates the key, makes a narrower one and verifies it",
  "Look in CloudTrail for what was done with the key since it was exposed",
  "Take it out of the file; removing it from history comes after the rotation, and does not replace it",
];

const words: Record<CredentialKind, KindWords> = {
  "aws-access-key": {
    name: "AWS access key",
    risk: "Whoever reads it can act in the AWS account as the user it belongs to.",
    steps: replaceKey,
    securitySeverity: "9.8",
    reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
  },
  "aws-access-key-id": {
    name: "AWS access key id",
    risk: "Without its secret it opens nothing, but it names the account and the key whose secret may stand elsewhere.",
    steps: ["Check that its secret is not in this repository or its history", "Take it out where it serves no one"],
    securitySeverity: "3.0",
    reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
  },
  "aws-secret-access-key": {
    name: "AWS secret access key",
    risk: "Together with its id, which may be known elsewhere, it acts in the AWS account as its user.",
    steps: ["Find the access key id that it belongs to", ...replaceKey],
    securitySeverity: "8.8",
    reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
  },
  "aws-session-token": {
    name: "AWS session token",
    risk: "Together with its temporary key it acts as the role or user until it expires.",
    steps: [
      "Revoke the sessions of the role or user that it was issued to",
      "Look in CloudTrail for what was done with it",
    ],
    securitySeverity: "8.0",
    reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
  },
  "aws-bedrock-api-key": {
    name: "Amazon Bedrock API key",
    risk: "Whoever reads it can call models at the account's cost, and read what they are given.",
    steps: ["Delete the service-specific credential in IAM (a short-lived one: revoke its session)", "Make a new one"],
    securitySeverity: "8.8",
    reference: "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
  },
  "aws-appsync-api-key": {
    name: "AWS AppSync API key",
    risk: "Whoever reads it can call the GraphQL API that it belongs to.",
    steps: ["Delete the key in AppSync and make a new one"],
    securitySeverity: "7.0",
    reference: "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html",
  },
  "aws-mws-auth-token": {
    name: "Amazon MWS token",
    risk: "Whoever reads it can act for the seller's account in Amazon's marketplace.",
    steps: ["Revoke the authorisation in Seller Central"],
    securitySeverity: "8.0",
    reference: "https://developer-docs.amazon.com/sp-api/docs/what-is-the-selling-partner-api",
  },
  "aws-ses-smtp-password": {
    name: "Amazon SES SMTP password",
    risk: "Whoever reads it can send mail in the account's name.",
    steps: ["Deactivate the access key that is its user name", "Make new SMTP credentials"],
    securitySeverity: "8.0",
    reference: "https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
  },
  "aws-presigned-url": {
    name: "AWS presigned URL",
    risk: "Until it expires, whoever reads it can make the one request that it was signed for.",
    steps: ["Wait until it expires, or deactivate the key that signed it"],
    securitySeverity: "5.0",
    reference: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html",
  },
  "private-key": {
    name: "Private key",
    risk: "Whoever reads it can be taken for its owner wherever its certificate or public key is trusted.",
    steps: ["Remove its public half wherever it is trusted, or revoke its certificate", "Make a new pair"],
    securitySeverity: "8.5",
    reference: "https://docs.aws.amazon.com/rolesanywhere/latest/userguide/introduction.html",
  },
  "other-store-key": {
    name: "Key of an S3-compatible store",
    risk: "Whoever reads it can act in that store as its owner. It is no AWS key and was not sent to AWS.",
    steps: ["Replace it in the store that issued it"],
    securitySeverity: "8.0",
    reference: "https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html",
  },
  custom: {
    name: "Secret of a custom rule",
    risk: "A rule of this repository's own configuration says that it is a secret.",
    steps: ["Replace it where it was issued"],
    securitySeverity: "7.0",
    reference: "https://cwe.mitre.org/data/definitions/798.html",
  },
};

/** Every kind that is built in, the worst first. */
export const builtInKinds = (Object.keys(words) as CredentialKind[])
  .filter((kind) => kind !== "custom")
  .sort((a, b) => Number(words[b].securitySeverity) - Number(words[a].securitySeverity));

export function describeKind(kind: CredentialKind): KindWords {
  return words[kind];
}
