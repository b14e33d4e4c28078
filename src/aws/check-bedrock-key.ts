import type { HttpResponse } from "@smithy/core/protocols";
import { accountOf, isCanary } from "../detectors/account.ts";
import type { Verdict } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import { describeFailure, whyUnknown } from "./aws-failure.ts";
import { canaryReason } from "./check-identity.ts";
import { chooseEndpoint } from "./endpoint.ts";
import { createHttpHandler } from "./http-handler.ts";
import { loadHttpHandler } from "./load-sdk.ts";
import { partitionOf } from "./partitions.ts";
import { type AwsSettings, pause } from "./settings.ts";

/** What a Bedrock API key says of itself, offline. */
export interface BedrockKeyFacts {
  readonly account: string | null;
  /** IAM's name of the credential: the user is what stands before `-at-`. */
  readonly user: string | null;
  /** A short-lived key works in the region that it was made in; null where any will do. */
  readonly region: string | null;
}

/**
 * Reads a Bedrock API key. A long-lived one is base64 of `BedrockAPIKey-xxxx-at-<account>:<secret>`, a short-lived one is
 * base64 of a presigned URL with the signer's id and region.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html
 */
export function readBedrockKey(key: Secret): BedrockKeyFacts {
  const value = key.reveal();
  if (value.startsWith("ABSK")) {
    const name = Buffer.from(value.slice(4), "base64").toString("latin1").split(":")[0] ?? "";
    const parts = /^(BedrockAPIKey-[\w+=,.@-]{1,40}?)(?:\+\d+)?-at-(\d{12})$/.exec(name);
    return { account: parts?.[2] ?? null, user: parts?.[1] ?? null, region: null };
  }
  const url = Buffer.from(value.replace(/^bedrock-api-key-/, ""), "base64").toString("latin1");
  const parts = /X-Amz-Credential=([A-Z0-9]{16,24})(?:%2F|\/)\d{8}(?:%2F|\/)([a-z0-9-]{5,24})(?:%2F|\/)/i.exec(url);
  return { account: parts?.[1] ? accountOf(parts[1]) : null, user: null, region: parts?.[2] ?? null };
}

type Answer =
  | { readonly kind: "live"; readonly arn: string | null }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

async function bodyOf(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8").slice(0, 4_000);
}

/** Lists the models of a region: the one call that costs nothing, changes nothing and shows nothing of anybody's. */
async function ask(key: Secret, region: string, settings: AwsSettings): Promise<Answer> {
  const endpoint = await chooseEndpoint("bedrock", settings);
  const url = new URL(`${endpoint?.url ?? `https://bedrock.${region}.amazonaws.com`}/foundation-models`);
  const { HttpRequest } = await import("@smithy/core/protocols");
  const handler = await createHttpHandler(settings, url);
  const request = new HttpRequest({
    method: "GET",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: url.pathname,
    headers: { host: url.host, authorization: `Bearer ${key.reveal()}`, accept: "application/json" },
  });
  try {
    const { response } = await handler.handle(request, settings.signal ? { abortSignal: settings.signal } : {});
    const status = response.statusCode;
    const message = status === 200 ? "" : await bodyOf(response);
    if (status === 200) {
      response.body.destroy();
      return { kind: "live", arn: null };
    }
    const user = /User: (arn:[\w+=,.@:/-]+) is not authorized to perform/.exec(message)?.[1];
    if (user) return { kind: "live", arn: user };
    if (/expired/i.test(message)) return { kind: "refused", why: "it has expired" };
    if (
      (status === 403 || status === 401) &&
      /API Key|Authentication failed|token.*invalid|invalid.*token/i.test(message)
    )
      return { kind: "refused", why: "Bedrock does not know it: it was deleted, is inactive, or was never real" };
    const kind = status === 429 ? "throttled" : status >= 500 ? "broken" : "refused";
    return {
      kind: "failed",
      why: whyUnknown({ kind, code: "an answer that says nothing of the key", status, message: "" }),
    };
  } catch (error) {
    return { kind: "failed", why: whyUnknown(describeFailure(error)) };
  } finally {
    handler.destroy();
  }
}

/** Regions in which a key that tells none is tried: Bedrock's oldest. A key is dead when all refuse it. */
const usualRegions = ["us-east-1", "us-west-2"];

/** Asks Bedrock whether an API key works. Canaries are not sent unless that is wanted. */
export async function checkBedrockKey(
  key: Secret,
  options: { readonly settings: AwsSettings; readonly allowCanary?: boolean | undefined },
): Promise<Verdict> {
  await loadHttpHandler();
  const { settings } = options;
  const facts = readBedrockKey(key);
  if (!options.allowCanary && isCanary(facts.account)) return { status: "unknown", why: canaryReason };
  const refusals: string[] = [];
  for (const region of facts.region === null ? usualRegions : [facts.region]) {
    let answer = await ask(key, region, settings);
    if (answer.kind === "failed") {
      await pause(settings, 1_000);
      answer = await ask(key, region, settings);
    }
    if (answer.kind === "failed") return { status: "unknown", why: answer.why };
    if (answer.kind === "live") {
      const account = facts.account ?? /^arn:[a-z-]+:\w+:[\w-]*:(\d{12}):/.exec(answer.arn ?? "")?.[1] ?? "";
      const name = facts.user === null ? "bedrock-api-key" : `user/${facts.user}`;
      const arn = answer.arn ?? `arn:${partitionOf(region).name}:iam::${account}:${name}`;
      return { status: "live", arn, account, why: `Bedrock accepts it in ${region}` };
    }
    refusals.push(answer.why);
  }
  return { status: "dead", why: refusals[0] ?? "Bedrock refuses it" };
}
