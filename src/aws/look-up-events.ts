import { describeFailure, whyUnknown } from "./aws-failure.ts";
import type { Clients } from "./clients.ts";
import { loadCloudTrail } from "./load-sdk.ts";
import { pause } from "./settings.ts";

export interface KeyEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly region: string;
  readonly name: string;
  readonly source: string;
  readonly sourceIp: string;
  readonly error: string | null;
  readonly resources: readonly string[];
}

/** Regions that every commercial account has switched on. */
export const usualRegions: readonly string[] = [
  "us-east-1",
  "us-east-2",
  "us-west-1",
  "us-west-2",
  "ca-central-1",
  "sa-east-1",
  "eu-central-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "eu-north-1",
  "ap-south-1",
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-southeast-1",
  "ap-southeast-2",
];

/** More events of one region than this are not fetched. */
const most = 500;

function member(text: string | undefined, name: string): string | null {
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    const value: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined;
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

/**
 * What CloudTrail's event history has of a key: management events of the last 90 days, region by region, at the two
 * requests a second that AWS allows. A region that gives no answer is told, and never taken for one without events.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export async function lookUpEvents(
  clients: Clients,
  accessKeyId: string,
  regions: readonly string[],
): Promise<{ regions: readonly string[]; unread: { region: string; why: string }[]; events: KeyEvent[] }> {
  const { LookupEventsCommand } = await loadCloudTrail();
  const unread: { region: string; why: string }[] = [];
  const events: KeyEvent[] = [];
  for (const region of regions) {
    const trail = await clients.cloudtrail(region);
    const found: KeyEvent[] = [];
    try {
      for (let NextToken: string | undefined; ; ) {
        const page = await trail.send(
          new LookupEventsCommand({
            LookupAttributes: [{ AttributeKey: "AccessKeyId", AttributeValue: accessKeyId }],
            ...(NextToken === undefined ? {} : { NextToken }),
          }),
        );
        for (const event of page.Events ?? [])
          found.push({
            at: event.EventTime?.toISOString() ?? "",
            region,
            name: event.EventName ?? "",
            source: event.EventSource ?? "",
            sourceIp: member(event.CloudTrailEvent, "sourceIPAddress") ?? "",
            error: member(event.CloudTrailEvent, "errorCode"),
            resources: (event.Resources ?? []).map(({ ResourceName = "" }) => ResourceName),
          });
        NextToken = page.NextToken;
        await pause(clients.settings, 500);
        if (NextToken === undefined) break;
        if (found.length >= most) {
          unread.push({ region, why: `more than ${most} events; the rest is in the console` });
          break;
        }
      }
    } catch (error) {
      const failure = describeFailure(error);
      const denied = /AccessDenied|Unauthorized/.test(failure.code);
      unread.push({ region, why: denied ? "not allowed to see (cloudtrail:LookupEvents)" : whyUnknown(failure) });
    }
    events.push(...found);
  }
  events.sort((a, b) => (a.at < b.at ? -1 : 1));
  return { regions, unread, events };
}
