import { IAMClient } from "@aws-sdk/client-iam";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import type { AwsEmulator } from "../../support/aws/aws-emulator.ts";

export interface Keys {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

/** The real SDK's clients for a key, aimed at the emulator. */
export function clientsFor(aws: Pick<AwsEmulator, "endpoint">, keys: Keys, region = "us-east-1", attempts = 1) {
  const token = keys.token === undefined ? {} : { sessionToken: keys.token };
  const config = {
    region,
    endpoint: aws.endpoint,
    maxAttempts: attempts,
    credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret, ...token },
  };
  return {
    iam: new IAMClient(config),
    sts: new STSClient(config),
    s3: new S3Client(config),
    kms: new KMSClient(config),
  };
}

/** `allowed`, or the code of the refusal (for HEAD the status). */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "allowed";
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return name === "Unknown" || name === "403" ? String($metadata?.httpStatusCode) : name;
  }
}
