import { KeyguardError } from "../model/errors.ts";
import { Secret } from "../model/secret.ts";
import { clientConfig, type KeyPair } from "./clients.ts";
import { configFileOf, credentialsFileOf, readSections } from "./endpoint.ts";
import { loadCredentialProviders } from "./load-sdk.ts";
import type { AwsSettings } from "./settings.ts";

/** Credentials as the SDK finds them, and where it found them. */
export interface ResolvedCredentials {
  readonly pair: KeyPair;
  /** Null where the environment's variables were taken. */
  readonly profile: string | null;
  /** The way to them, the nearest first: `profile lab`, `role arn:…`, `profile base`. */
  readonly from: readonly string[];
  /** When temporary ones end, ISO 8601. */
  readonly expires: string | null;
  readonly region: string | null;
}

/** The SDK's marks for how it came by credentials, in words. */
const sources: Readonly<Record<string, string>> = {
  CREDENTIALS_ENV_VARS: "environment variables",
  CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN: "web identity token (environment)",
  CREDENTIALS_STS_ASSUME_ROLE: "assumed role",
  CREDENTIALS_STS_ASSUME_ROLE_WEB_ID: "role assumed by a web identity token",
  CREDENTIALS_PROFILE: "keys in the profile",
  CREDENTIALS_PROFILE_SOURCE_PROFILE: "source_profile",
  CREDENTIALS_PROFILE_NAMED_PROVIDER: "credential_source",
  CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN: "web identity token (profile)",
  CREDENTIALS_PROFILE_SSO: "SSO session (profile)",
  CREDENTIALS_PROFILE_SSO_LEGACY: "SSO (profile)",
  CREDENTIALS_SSO: "IAM Identity Center",
  CREDENTIALS_SSO_LEGACY: "IAM Identity Center",
  CREDENTIALS_PROFILE_PROCESS: "credential_process (profile)",
  CREDENTIALS_PROCESS: "credential_process",
  CREDENTIALS_HTTP: "container credentials (HTTP)",
  CREDENTIALS_IMDS: "instance metadata",
  CREDENTIALS_PROFILE_LOGIN: "aws login (profile)",
  CREDENTIALS_LOGIN: "aws login",
};

/** The chain of profiles and roles as the configuration files write it, as far as it can be followed. */
async function readChain(env: AwsSettings["env"], profile: string): Promise<{ from: string[]; region: string | null }> {
  const sections = await readSections(env);
  const from: string[] = [];
  let region: string | null = null;
  for (let name: string | undefined = profile; name !== undefined && from.length < 20; ) {
    const section: Readonly<Record<string, string | undefined>> | undefined = sections[name];
    from.push(`profile ${name}`);
    region ??= section?.region ?? null;
    if (section?.role_arn) from.push(`role ${section.role_arn}`);
    if (section?.credential_source) from.push(`credential_source ${section.credential_source}`);
    if (section?.sso_session ?? section?.sso_start_url)
      from.push(`SSO ${section?.sso_session ?? section?.sso_start_url}`);
    const next: string | undefined = section?.role_arn ? section.source_profile : undefined;
    if (next === undefined || from.includes(`profile ${next}`)) break;
    name = next;
  }
  return { from, region };
}

export interface ResolveOptions {
  readonly profile?: string | undefined;
  /** Asks a person for the code of a second factor; where it is missing, profiles that need one are refused. */
  readonly askCode?: ((serial: string) => Promise<string>) | undefined;
}

/**
 * Finds credentials as the AWS SDK does. Where a profile is named: its keys, roles, SSO session or process, and nothing
 * else. Otherwise the environment's variables, then the default profile, then the container's or the instance's role.
 *
 * @throws KeyguardError `aws` where there are none, with what to do.
 */
export async function resolveCredentials(
  settings: AwsSettings,
  options: ResolveOptions = {},
): Promise<ResolvedCredentials> {
  const { env } = settings;
  const profile = options.profile ?? (env.AWS_PROFILE || undefined);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || null;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (profile === undefined && id && secret) {
    const pair = {
      accessKeyId: id,
      secretAccessKey: new Secret(secret),
      sessionToken: token ? new Secret(token) : null,
    };
    return { pair, profile: null, from: ["environment variables"], expires: null, region };
  }
  const chain = await readChain(env, profile ?? "default");
  const { fromIni, fromNodeProviderChain } = await loadCredentialProviders();
  // Roles on the way are assumed through the same endpoint, proxy and time limits as everything else.
  const stsConfig = await clientConfig("sts", region ?? chain.region ?? "us-east-1", settings, { profile });
  const askCode = options.askCode;
  const init = {
    configFilepath: configFileOf(env),
    filepath: credentialsFileOf(env),
    ignoreCache: true,
    clientConfig: stsConfig,
    logger: stsConfig.logger,
    ...(askCode === undefined ? {} : { mfaCodeProvider: (serial: string) => askCode(serial) }),
  };
  // Where a profile was named, nothing else will do: the SDK's whole chain would go on to the instance's own role.
  const provider = profile === undefined ? fromNodeProviderChain(init) : fromIni({ ...init, profile });
  try {
    const found = await provider();
    const marks = Object.keys(Reflect.get(found, "$source") ?? {});
    // Of all links of the chain, the instance's metadata alone leaves no mark.
    const how = marks.length > 0 ? marks.map((mark) => sources[mark] ?? mark) : ["instance metadata"];
    const fromFiles = profile !== undefined || how.some((mark) => /profile|process|SSO|Identity/.test(mark));
    return {
      pair: {
        accessKeyId: found.accessKeyId,
        secretAccessKey: new Secret(found.secretAccessKey),
        sessionToken: found.sessionToken ? new Secret(found.sessionToken) : null,
      },
      profile: fromFiles ? (profile ?? "default") : null,
      from: [...(fromFiles ? chain.from : []), ...new Set(how)],
      expires: found.expiration?.toISOString() ?? null,
      region: region ?? chain.region,
    };
  } catch (cause) {
    throw new KeyguardError("aws", describeMissing(cause, profile), { cause, hint: hintFor(cause, profile) });
  } finally {
    stsConfig.requestHandler.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
}

function describeMissing(cause: unknown, profile: string | undefined): string {
  const where = profile === undefined ? "" : ` for profile ${profile}`;
  const message = messageOf(cause);
  if (profile !== undefined && /could not be found/i.test(message))
    return `no AWS credentials: there is no usable profile ${profile}`;
  if (/could not be found|Could not (find|resolve) credentials|Could not load credentials/i.test(message))
    return `no AWS credentials were found${where}`;
  // The SDK's own sentences name profiles, roles and files; whatever looks like a secret is cut.
  return `no AWS credentials${where}: ${message.replace(/[A-Za-z0-9+/=]{32,}/g, "…")}`;
}

function hintFor(cause: unknown, profile: string | undefined): string {
  const message = messageOf(cause);
  if (/sso|token is expired|refresh/i.test(message))
    return `aws sso login${profile === undefined ? "" : ` --profile ${profile}`}`;
  if (/mfa/i.test(message)) return "run it on a terminal, where the code of your second factor can be typed";
  if (profile !== undefined) return "name a profile of ~/.aws/config or ~/.aws/credentials";
  return "set AWS_PROFILE, or name a profile with --profile (an administrator beside a leaked key: --admin-profile)";
}
