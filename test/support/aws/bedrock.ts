import { AwsFault } from "./aws-fault.ts";
import type { WireRequest, WireResponse } from "./wire.ts";

/** A Bedrock API key: a bearer token that stands for a user of IAM. */
export interface BedrockKey {
  readonly token: string;
  readonly status: "active" | "inactive" | "expired";
  /** Whether its user may list models. */
  readonly mayList: boolean;
}

/** Answers calls that carry a bearer token: Bedrock's list of models, the one call that costs and changes nothing. */
export function answerBedrock(request: WireRequest, keys: readonly BedrockKey[], requestId: string): WireResponse {
  const headers = { "content-type": "application/json", "x-amzn-requestid": requestId };
  const token = request.headers.authorization?.replace(/^Bearer /, "");
  const key = keys.find((one) => one.token === token);
  const refuse = (fault: AwsFault): WireResponse => ({
    status: fault.status,
    headers: { ...headers, "x-amzn-errortype": fault.code },
    body: JSON.stringify({ message: fault.message }),
  });
  if (key?.status === "expired") return refuse(new AwsFault("AccessDeniedException", 403, "Bearer Token has expired"));
  if (key?.status !== "active")
    return refuse(
      new AwsFault("AccessDeniedException", 403, "Authentication failed: Please make sure your API Key is valid."),
    );
  if (!key.mayList)
    return refuse(
      new AwsFault(
        "AccessDeniedException",
        403,
        "User: arn:aws:iam::111122223333:user/BedrockAPIKey-test is not authorized to perform: bedrock:ListFoundationModels because no identity-based policy allows the bedrock:ListFoundationModels action",
      ),
    );
  return { status: 200, headers, body: JSON.stringify({ modelSummaries: [] }) };
}
