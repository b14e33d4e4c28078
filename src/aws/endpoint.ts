import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";
import { KeyguardError } from "../model/errors.ts";
import { loadConfigReader } from "./load-sdk.ts";
import type { AwsSettings } from "./settings.ts";

export type ServiceName = "sts" | "iam" | "s3" | "kms" | "cloudtrail" | "bedrock";

/** Where requests go when they do not go to AWS, and who said so. */
export interface Endpoint {
  readonly url: string;
  /** `--endpoint`, the variable's name, or the configuration file. */
  readonly from: string;
}

/** The names of a profile's section, as the SDK's reader gives them. */
type Sections = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

function homeOf(env: AwsSettings["env"]): string {
  return env.HOME ?? env.USERPROFILE ?? homedir();
}

/** The person's AWS configuration file. */
export function configFileOf(env: AwsSettings["env"]): string {
  return env.AWS_CONFIG_FILE ? resolve(env.AWS_CONFIG_FILE) : join(homeOf(env), ".aws", "config");
}

/** The person's AWS credentials file. */
export function credentialsFileOf(env: AwsSettings["env"]): string {
  return env.AWS_SHARED_CREDENTIALS_FILE
    ? resolve(env.AWS_SHARED_CREDENTIALS_FILE)
    : join(homeOf(env), ".aws", "credentials");
}

/** Sections of the configuration file; of the profiles by their bare names, of services as `services.name`. */
export async function readSections(env: AwsSettings["env"]): Promise<Sections> {
  const { loadSharedConfigFiles } = await loadConfigReader();
  const files = await loadSharedConfigFiles({ configFilepath: configFileOf(env), filepath: credentialsFileOf(env) });
  return files.configFile;
}

function checkUrl(endpoint: Endpoint): Endpoint {
  let url: URL;
  try {
    url = new URL(endpoint.url);
  } catch {
    throw new KeyguardError("config", `${endpoint.from} is no address`, { hint: "write it as https://host:port" });
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new KeyguardError("config", `${endpoint.from} is neither http nor https`, {
      hint: "write it as https://host:port",
    });
  return endpoint;
}

function ignores(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}

/**
 * Where a service is asked, or null for AWS itself. `--endpoint` comes first; then what the person configured, as the
 * SDK would follow it: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's `services` section, its
 * `endpoint_url`. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` switches all but `--endpoint` off, and a configuration file
 * inside the scanned folder is never followed: it could fake every answer.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 *
 * @throws KeyguardError `config` where what was given is no address.
 */
export async function chooseEndpoint(
  service: ServiceName,
  settings: AwsSettings,
  profile?: string,
): Promise<Endpoint | null> {
  const { env, endpoint, untrusted } = settings;
  if (endpoint !== undefined) return checkUrl({ url: endpoint, from: "--endpoint" });
  if (ignores(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)) return null;
  for (const name of [`AWS_ENDPOINT_URL_${service.toUpperCase()}`, "AWS_ENDPOINT_URL"]) {
    const url = env[name];
    if (url) return checkUrl({ url, from: name });
  }
  const file = configFileOf(env);
  if (untrusted !== undefined && isInside(resolve(untrusted), file)) return null;
  const sections = await readSections(env);
  const section = sections[profile ?? env.AWS_PROFILE ?? "default"];
  if (!section || ignores(section.ignore_configured_endpoint_urls)) return null;
  const own =
    section.services === undefined ? undefined : sections[`services.${section.services}`]?.[`${service}.endpoint_url`];
  const url = own ?? section.endpoint_url;
  return url ? checkUrl({ url, from: "endpoint_url in your AWS configuration" }) : null;
}
