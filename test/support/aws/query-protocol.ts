import { AwsFault } from "./aws-fault.ts";
import type { Call, Service } from "./call.ts";
import { decodeQuery } from "./wire.ts";
import { renderXml, type XmlValue } from "./xml.ts";

/** What an operation of a query service answers: the inside of its `…Result`, or nothing. */
export type QueryOperation = (call: Call) => XmlValue | undefined;

/** A required parameter. */
export function required(call: Call, name: string): string {
  const value = call.params.get(name);
  if (value === undefined || value === "")
    throw new AwsFault(
      "ValidationError",
      400,
      `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
}

/** The values of `Name.member.1`, `Name.member.2`, … */
export function memberValues(params: ReadonlyMap<string, string>, name: string): string[] {
  const values: string[] = [];
  for (let index = 1; params.has(`${name}.member.${index}`); index++)
    values.push(params.get(`${name}.member.${index}`) ?? "");
  return values;
}

/** The structures of `Name.member.1.Field`, … */
export function memberStructures(params: ReadonlyMap<string, string>, name: string): Map<string, string>[] {
  const found: Map<string, string>[] = [];
  for (const [key, value] of params) {
    const parts = new RegExp(`^${name}\\.member\\.(\\d+)\\.(.+)$`).exec(key);
    if (!parts) continue;
    const index = Number(parts[1]) - 1;
    found[index] ??= new Map();
    found[index].set(parts[2] ?? "", value);
  }
  return found.filter((entry) => entry !== undefined);
}

/** Seconds precision, as IAM and STS write dates. */
export function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

/** A service that takes forms and answers XML: IAM and STS. */
export function queryService(namespace: string, operations: Readonly<Record<string, QueryOperation>>): Service {
  const paramsOf: Service["paramsOf"] = (request) =>
    decodeQuery(request.method === "POST" ? request.body.toString("utf8") : request.rawQuery);
  return {
    paramsOf,
    actionOf: (request) => paramsOf(request).get("Action") ?? "",
    run(call) {
      const operation = operations[call.action];
      if (!operation)
        throw new AwsFault("InvalidAction", 400, `Could not find operation ${call.action} for version 2010-05-08`);
      const result = operation(call);
      const inside = result === undefined ? "" : renderXml(`${call.action}Result`, result);
      const metadata = renderXml("ResponseMetadata", { RequestId: call.requestId });
      return {
        status: 200,
        headers: { "content-type": "text/xml", "x-amzn-requestid": call.requestId },
        body: `<${call.action}Response xmlns="${namespace}">${inside}${metadata}</${call.action}Response>`,
      };
    },
    refuse(fault, _request, requestId) {
      const error = { Type: fault.status < 500 ? "Sender" : "Receiver", Code: fault.code, Message: fault.message };
      return {
        status: fault.status,
        headers: { "content-type": "text/xml", "x-amzn-requestid": requestId, ...fault.headers },
        body: `<ErrorResponse xmlns="${namespace}">${renderXml("Error", error)}<RequestId>${requestId}</RequestId></ErrorResponse>`,
      };
    },
  };
}
