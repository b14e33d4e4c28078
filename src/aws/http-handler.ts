import { readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { KeyguardError } from "../model/errors.ts";
import { loadHttpHandler } from "./load-sdk.ts";
import { proxyFor } from "./proxy.ts";
import { type AwsSettings, usualTimeout } from "./settings.ts";

/** Certificates that a person trusts instead of Node's own, as the AWS CLI takes `AWS_CA_BUNDLE`. */
function readCaBundle(env: AwsSettings["env"]): string | undefined {
  const path = env.AWS_CA_BUNDLE;
  if (!path) return undefined;
  let bundle: string;
  try {
    bundle = readFileSync(path, "utf8");
  } catch (cause) {
    throw new KeyguardError("config", `AWS_CA_BUNDLE cannot be read: ${path}`, {
      cause,
      hint: "name a file of PEM certificates, or unset it",
    });
  }
  if (!bundle.includes("-----BEGIN CERTIFICATE-----"))
    throw new KeyguardError("config", `AWS_CA_BUNDLE holds no PEM certificate: ${path}`, {
      hint: "name a file of PEM certificates, or unset it",
    });
  return bundle;
}

/** How requests leave this machine: proxy, certificates and time limits, for one target. */
export async function createHttpHandler(settings: AwsSettings, target: URL) {
  const { NodeHttpHandler } = await loadHttpHandler();
  const ca = readCaBundle(settings.env);
  const timeout = settings.timeout ?? usualTimeout;
  const options = { keepAlive: true, maxSockets: 16, ...(ca === undefined ? {} : { ca }) };
  const proxy = proxyFor(target, settings.env);
  if (proxy !== null && !/^https?:\/\/[^/]/.test(proxy))
    throw new KeyguardError("config", "the proxy of your environment is no http or https address", {
      hint: "HTTPS_PROXY=http://host:port",
    });
  const agents =
    proxy === null
      ? { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) }
      : await import("./proxy-agent.ts").then(({ HttpsProxyAgent }) => {
          const agent = new HttpsProxyAgent(proxy, options);
          return { httpAgent: agent, httpsAgent: agent };
        });
  return new NodeHttpHandler({
    ...agents,
    connectionTimeout: Math.min(timeout, 4_000),
    requestTimeout: timeout,
    throwOnRequestTimeout: true,
  });
}
