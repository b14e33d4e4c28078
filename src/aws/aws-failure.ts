/** Why a call to AWS failed, in few words that hold nothing secret. */
export interface AwsFailure {
  /**
   * `refused`: AWS answered and said no. `throttled`, `broken`: it will not answer now (429, 5xx). `unreachable`: no
   * answer at all. `slow`: none in time. `stopped`: the run was ended. `local`: it never left this machine.
   */
  readonly kind: "refused" | "throttled" | "broken" | "unreachable" | "slow" | "stopped" | "local";
  /** AWS's code, or the system's (`ECONNREFUSED`). */
  readonly code: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** AWS's own sentence: it names who asked for what, and never a secret. */
  readonly message: string;
}

const throttles = /throttl|toomanyrequests|slowdown|requestlimitexceeded|limitexceededexception|bandwidthlimit/i;

function textMember(value: unknown, name: string): string {
  const member: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof member === "string" ? member : "";
}

/** The first system error among an error and its causes: fetching by several addresses gives a bundle of them. */
function systemCode(error: unknown, depth = 0): string {
  if (depth > 4 || typeof error !== "object" || error === null) return "";
  const code = textMember(error, "code");
  if (/^(E[A-Z_]+|CERT_|UNABLE_|DEPTH_|SELF_SIGNED|ERR_TLS|ERR_SSL)/.test(code)) return code;
  for (const inner of [Reflect.get(error, "cause"), ...[Reflect.get(error, "errors")].flat()]) {
    const found = systemCode(inner, depth + 1);
    if (found) return found;
  }
  return "";
}

/** Sorts an error of the SDK by what it says of the world. */
export function describeFailure(error: unknown): AwsFailure {
  const metadata: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "$metadata") : undefined;
  const answered: unknown =
    typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, "httpStatusCode") : undefined;
  const status = typeof answered === "number" ? answered : 0;
  // The name comes from the answer: nothing but what codes are made of gets on.
  const name = textMember(error, "name")
    .replace(/[^\w.:-]/g, "")
    .slice(0, 64);
  const message = textMember(error, "message").split("\n")[0] ?? "";
  const system = systemCode(error);
  const of = (kind: AwsFailure["kind"], code: string): AwsFailure => ({ kind, code, status, message });
  if (name === "AbortError") return of("stopped", name);
  if (name === "TimeoutError" || system === "ETIMEDOUT") return of("slow", system || name);
  if (system) return of("unreachable", system);
  if (throttles.test(name) || status === 429) return of("throttled", name);
  if (status >= 500) return of("broken", name);
  if (status >= 300) return of("refused", name);
  return of("local", name || "Error");
}

/** A failure that says nothing about the credentials, as the end of a sentence. */
export function whyUnknown(failure: AwsFailure): string {
  switch (failure.kind) {
    case "throttled":
      return "AWS asks to slow down; try again in a minute";
    case "broken":
      if (failure.status < 500) return "the answer is none that AWS gives";
      return `AWS answered ${failure.status}; try again later`;
    case "slow":
      return "no answer in time";
    case "stopped":
      return "the run was ended before AWS answered";
    case "unreachable":
      if (/^(CERT_|UNABLE_|DEPTH_|SELF_SIGNED|ERR_TLS|ERR_SSL)/.test(failure.code))
        return `the connection is not trusted (${failure.code}); behind a proxy that inspects TLS, set AWS_CA_BUNDLE`;
      return `AWS cannot be reached (${failure.code}): is there a network? Behind a proxy, set HTTPS_PROXY`;
    case "local":
      return `the request could not be made (${failure.code})`;
    case "refused":
      return `AWS refused with ${failure.code} (${failure.status})`;
  }
}
