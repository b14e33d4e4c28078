/** An HTTP request as it came over the wire: nothing decoded, since signatures are over the raw form. */
export interface WireRequest {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly rawPath: string;
  /** Without the question mark. */
  readonly rawQuery: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface WireResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The pairs of a query or form, in order, still encoded. */
export function rawPairs(rawQuery: string): [string, string][] {
  if (rawQuery === "") return [];
  return rawQuery.split("&").map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  });
}

/** The pairs of a query or form, decoded; the last of equal names wins. */
export function decodeQuery(rawQuery: string): Map<string, string> {
  const decode = (text: string) => decodeURIComponent(text.replaceAll("+", "%20"));
  return new Map(rawPairs(rawQuery).map(([name, value]) => [decode(name), decode(value)]));
}
