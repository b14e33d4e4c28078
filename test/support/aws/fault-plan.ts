import { AwsFault } from "./aws-fault.ts";

/** One call, as the log keeps it: no secret is in it. */
export interface LoggedCall {
  /** Counts from 1 over the emulator's life. */
  readonly index: number;
  readonly service: string;
  readonly action: string;
  readonly region: string;
  /** Empty for anonymous calls. */
  readonly accessKeyId: string;
  /** ARN; empty where the caller was not recognised. */
  readonly caller: string;
  /** Form fields, query or JSON members by name; bodies and policies as they were sent. */
  readonly params: ReadonlyMap<string, string>;
  /** For S3: `bucket/key`. */
  readonly path: string;
  /** HTTP status; 0 where the connection was cut. */
  status: number;
  errorCode: string | null;
  /** Whether the operation ran and changed what it changes. */
  effect: boolean;
}

/**
 * What goes wrong.
 * `timeout`: never answers (until the emulator closes). `reset-before`, `reset-after`: the connection is cut before or
 * after the effect. A `before` or `after` function runs at that moment: where a test kills the program under test, or
 * lets an attacker in.
 */
export type FaultKind =
  | "access-denied"
  | "throttle"
  | "internal-error"
  | "unavailable"
  | "timeout"
  | "reset-before"
  | "reset-after"
  /** The effect takes place, and the answer is a 500 all the same. */
  | "error-after"
  | { readonly error: string; readonly status?: number; readonly message?: string }
  | { readonly delay: number }
  | { readonly before: (call: LoggedCall) => void | Promise<void> }
  | { readonly after: (call: LoggedCall) => void | Promise<void> };

export interface FaultRule {
  /** `iam`, `sts`, `s3`, `kms`, `cloudtrail`, `bedrock`; every service where it is left out. */
  readonly service?: string;
  /** `CreateAccessKey`; every action where it is left out. */
  readonly action?: string;
  /** For calls of one key only. */
  readonly accessKeyId?: string;
  /** Which of the matching calls is the first to fail, from 1 (usual: 1). */
  readonly nth?: number;
  /** How many fail from there on (usual: 1). `Infinity` for all. */
  readonly times?: number;
  readonly kind: FaultKind;
}

/** Rules with a count of the calls that matched. */
export class FaultPlan {
  #rules: { rule: FaultRule; seen: number }[] = [];

  /** Adds a rule; calling what it returns takes the rule away again. */
  add(rule: FaultRule): () => void {
    const entry = { rule, seen: 0 };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** What goes wrong with this call; every matching rule counts it. */
  kindsFor(call: LoggedCall): FaultKind[] {
    const kinds: FaultKind[] = [];
    for (const entry of this.#rules) {
      const { service, action, accessKeyId, nth = 1, times = 1, kind } = entry.rule;
      if (service !== undefined && service !== call.service) continue;
      if (action !== undefined && action !== call.action) continue;
      if (accessKeyId !== undefined && accessKeyId !== call.accessKeyId) continue;
      entry.seen++;
      if (entry.seen >= nth && entry.seen < nth + times) kinds.push(kind);
    }
    return kinds;
  }
}

/** The refusal that a kind of fault stands for in a service's own words, or null where it is none. */
export function faultOf(kind: FaultKind, call: LoggedCall): AwsFault | null {
  const s3 = call.service === "s3";
  const json = !s3 && call.service !== "iam" && call.service !== "sts";
  switch (kind) {
    case "access-denied": {
      const text = `User: ${call.caller} is not authorized to perform: ${call.service}:${call.action} because no identity-based policy allows the ${call.service}:${call.action} action`;
      return new AwsFault(json ? "AccessDeniedException" : "AccessDenied", json ? 400 : 403, text);
    }
    case "throttle":
      if (s3) return new AwsFault("SlowDown", 503, "Please reduce your request rate.");
      return new AwsFault(json ? "ThrottlingException" : "Throttling", 400, "Rate exceeded");
    case "internal-error":
    case "error-after":
      return new AwsFault(
        s3 ? "InternalError" : "ServiceFailure",
        500,
        "We encountered an internal error. Please try again.",
      );
    case "unavailable":
      return new AwsFault("ServiceUnavailable", 503, "Service is unable to handle request.");
    default:
      if (typeof kind === "object" && "error" in kind)
        return new AwsFault(kind.error, kind.status ?? 400, kind.message ?? `${kind.error}, as the test wanted`);
      return null;
  }
}
