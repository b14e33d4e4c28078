import { authorize } from "./authorize.ts";
import { AwsFault } from "./aws-fault.ts";
import type { Call } from "./call.ts";
import { type JsonOperation, jsonService } from "./json-protocol.ts";
import type { TrailEvent, World } from "./world.ts";

const ninetyDays = 90 * 24 * 3600_000;

/** Calls on objects are data events, which a trail has only where somebody pays for it. */
const dataEvents = /^(Get|Put|Head|Delete|Copy)Objects?$|Upload|^ListObject|^UploadPart$/;

/** Writes a call down as CloudTrail would. */
export function recordEvent(
  world: World,
  call: Pick<Call, "caller" | "service" | "action" | "region" | "params" | "world">,
  errorCode: string | null,
): void {
  if (call.service === "s3" && dataEvents.test(call.action)) return;
  if (call.caller.kind === "anonymous") return;
  const named = ["UserName", "RoleName", "GroupName", "PolicyName", "AccessKeyId", "RoleArn"];
  const parameters = [...call.params].filter(([name]) => named.includes(name));
  world.trail.push({
    id: world.ids.uuid(),
    name: call.action,
    source: `${call.service}.amazonaws.com`,
    time: world.clock.now(),
    // IAM is global, and its events stand in us-east-1.
    region: call.service === "iam" ? "us-east-1" : call.region,
    account: call.caller.account,
    accessKeyId: call.caller.accessKeyId ?? "",
    userName: call.caller.kind === "user" ? call.caller.ownerName : (call.caller.session?.name ?? ""),
    sourceIp: world.sourceIp,
    errorCode,
    resources: parameters.map(([name, value]) => ({
      type: `AWS::IAM::${name.replace(/(Name|Id|Arn)$/, "")}`,
      name: value,
    })),
    requestParameters: Object.fromEntries(parameters),
  });
}

function describe(event: TrailEvent) {
  const details = {
    eventVersion: "1.11",
    eventTime: new Date(event.time).toISOString().replace(/\.\d+Z$/, "Z"),
    eventSource: event.source,
    eventName: event.name,
    awsRegion: event.region,
    sourceIPAddress: event.sourceIp,
    userIdentity: { accountId: event.account, accessKeyId: event.accessKeyId, userName: event.userName },
    requestParameters: event.requestParameters,
    ...(event.errorCode === null ? {} : { errorCode: event.errorCode }),
    eventID: event.id,
  };
  return {
    EventId: event.id,
    EventName: event.name,
    EventSource: event.source,
    EventTime: event.time / 1000,
    AccessKeyId: event.accessKeyId,
    Username: event.userName,
    ReadOnly: String(/^(Get|List|Describe|Head|Lookup|Simulate)/.test(event.name)),
    Resources: event.resources.map((resource) => ({ ResourceType: resource.type, ResourceName: resource.name })),
    CloudTrailEvent: JSON.stringify(details),
  };
}

/** The one attribute that a look-up may go by. */
const attributes: Record<string, (event: TrailEvent) => readonly string[]> = {
  AccessKeyId: (event) => [event.accessKeyId],
  EventName: (event) => [event.name],
  EventSource: (event) => [event.source],
  EventId: (event) => [event.id],
  Username: (event) => [event.userName],
  ResourceName: (event) => event.resources.map((resource) => resource.name),
};

const operations: Record<string, JsonOperation> = {
  LookupEvents(call, input) {
    authorize(call.world, call.caller, { action: "cloudtrail:LookupEvents", resource: "*" }, call.region);
    const wanted = (input.LookupAttributes ?? []) as { AttributeKey: string; AttributeValue: string }[];
    if (wanted.length > 1)
      throw new AwsFault("InvalidLookupAttributesException", 400, "You can specify only one lookup attribute.");
    const most = Number(input.MaxResults ?? 50);
    if (!(most >= 1 && most <= 50))
      throw new AwsFault("InvalidMaxResultsException", 400, "MaxResults must be between 1 and 50.");
    const from = Number(input.NextToken ?? 0);
    const now = call.world.clock.now();
    const start = input.StartTime === undefined ? 0 : Number(input.StartTime) * 1000;
    const end = input.EndTime === undefined ? Number.POSITIVE_INFINITY : Number(input.EndTime) * 1000;
    const matching = call.world.trail
      .filter((event) => event.account === call.caller.account && event.region === call.region)
      .filter((event) => event.time >= Math.max(start, now - ninetyDays) && event.time <= end)
      .filter((event) =>
        wanted.every(({ AttributeKey, AttributeValue }) => attributes[AttributeKey]?.(event).includes(AttributeValue)),
      )
      .sort((a, b) => b.time - a.time);
    const page = matching.slice(from, from + most);
    return { Events: page.map(describe), ...(from + most < matching.length ? { NextToken: String(from + most) } : {}) };
  },
};

export const cloudtrail = jsonService(operations);
