import { AwsFault } from "./aws-fault.ts";
import type { Call, Service } from "./call.ts";

/** What an operation of a JSON service answers; numbers are seconds where they are dates. */
export type JsonOperation = (call: Call, input: Readonly<Record<string, unknown>>) => unknown;

/** A service that takes and answers JSON and names its operation in a header: KMS and CloudTrail. */
export function jsonService(operations: Readonly<Record<string, JsonOperation>>): Service {
  return {
    actionOf: (request) => request.headers["x-amz-target"]?.split(".").at(-1) ?? "",
    paramsOf(request) {
      const input =
        request.body.length === 0 ? {} : (JSON.parse(request.body.toString("utf8")) as Record<string, unknown>);
      return new Map(
        Object.entries(input).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
      );
    },
    run(call) {
      const operation = operations[call.action];
      if (!operation) throw new AwsFault("UnknownOperationException", 400, `${call.action} is not known here`);
      const input =
        call.request.body.length === 0
          ? {}
          : (JSON.parse(call.request.body.toString("utf8")) as Record<string, unknown>);
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": call.requestId };
      return { status: 200, headers, body: JSON.stringify(operation(call, input) ?? {}) };
    },
    refuse(fault, _request, requestId) {
      const headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-requestid": requestId,
        "x-amzn-errortype": fault.code,
        ...fault.headers,
      };
      return { status: fault.status, headers, body: JSON.stringify({ __type: fault.code, message: fault.message }) };
    },
  };
}

/** A string member of the input, or an empty one. */
export function textOf(input: Readonly<Record<string, unknown>>, name: string): string {
  const value = input[name];
  return typeof value === "string" ? value : "";
}
