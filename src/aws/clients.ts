import type { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { S3Client } from "@aws-sdk/client-s3";
import type { STSClient } from "@aws-sdk/client-sts";
import type { Secret } from "../model/secret.ts";
import { chooseEndpoint, type ServiceName } from "./endpoint.ts";
import { createHttpHandler } from "./http-handler.ts";
import { loadCloudTrail, loadIam, loadKms, loadS3, loadSts } from "./load-sdk.ts";
import { partitionOf } from "./partitions.ts";
import { type AwsSettings, usualAttempts } from "./settings.ts";

/** A pair, with the session token if it is temporary. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
}

/** What the SDK signs with: fixed credentials, or something that gets (and renews) them. */
export type CredentialSource =
  | KeyPair
  | (() => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }>);

/**
 * The SDK's clients for one set of credentials, made when they are first asked for. Close them at the end: open
 * connections keep the program alive.
 */
export interface Clients {
  readonly settings: AwsSettings;
  sts(region: string): Promise<STSClient>;
  /** IAM is global: one endpoint for each partition, whatever the region. */
  iam(region: string): Promise<IAMClient>;
  s3(region: string): Promise<S3Client>;
  kms(region: string): Promise<KMSClient>;
  cloudtrail(region: string): Promise<CloudTrailClient>;
  close(): void;
}

export interface ClientOptions {
  /** Whose `endpoint_url` counts. */
  readonly profile?: string | undefined;
  /** How often a request is tried; 1 switches retries off, for calls that must not happen twice. */
  readonly attempts?: number | undefined;
}

function sourceOf(credentials: CredentialSource) {
  if (typeof credentials === "function") return credentials;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken === null ? {} : { sessionToken: sessionToken.reveal() }),
  };
}

/** The SDK's debug output would print headers and bodies: nothing of it is ever kept or shown. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** What all clients have in common, for one service and region. */
export async function clientConfig(
  service: ServiceName,
  region: string,
  settings: AwsSettings,
  options: ClientOptions = {},
) {
  const endpoint = await chooseEndpoint(service, settings, options.profile);
  const domain = partitionOf(region).name === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const target = new URL(endpoint?.url ?? `https://${service}.${region}.${domain}`);
  return {
    region,
    logger: silent,
    maxAttempts: options.attempts ?? settings.attempts ?? usualAttempts,
    retryMode: "standard" as const,
    requestHandler: await createHttpHandler(settings, target),
    // Which configured endpoints are followed was decided above; the SDK must not look for itself.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint === null ? {} : { endpoint: endpoint.url }),
  };
}

/** Opens clients for one set of credentials. Nothing is loaded or sent before a client is used. */
export function openClients(
  settings: AwsSettings,
  credentials: CredentialSource,
  options: ClientOptions = {},
): Clients {
  const open = new Map<string, Promise<{ destroy(): void }>>();
  const once = <T extends { destroy(): void }>(name: string, make: () => Promise<T>): Promise<T> => {
    const known = open.get(name) as Promise<T> | undefined;
    if (known) return known;
    const made = make();
    open.set(name, made);
    return made;
  };
  const signing = () => ({ credentials: sourceOf(credentials) });
  const configOf = async (service: ServiceName, region: string) => ({
    ...(await clientConfig(service, region, settings, options)),
    ...signing(),
  });
  return {
    settings,
    sts: (region) => once(`sts ${region}`, async () => new (await loadSts()).STSClient(await configOf("sts", region))),
    iam: (region) => {
      const home = partitionOf(region).region;
      return once(`iam ${home}`, async () => new (await loadIam()).IAMClient(await configOf("iam", home)));
    },
    s3: (region) =>
      once(
        `s3 ${region}`,
        async () =>
          new (await loadS3()).S3Client({
            ...(await configOf("s3", region)),
            forcePathStyle: settings.endpoint !== undefined,
          }),
      ),
    kms: (region) => once(`kms ${region}`, async () => new (await loadKms()).KMSClient(await configOf("kms", region))),
    cloudtrail: (region) =>
      once(
        `cloudtrail ${region}`,
        async () => new (await loadCloudTrail()).CloudTrailClient(await configOf("cloudtrail", region)),
      ),
    close() {
      for (const client of open.values())
        client.then(
          (one) => one.destroy(),
          () => undefined,
        );
      open.clear();
    },
  };
}
