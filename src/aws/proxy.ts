/** Variables of the environment in either case; the lower one wins, as curl has it. */
function variable(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return env[name.toLowerCase()] || env[name.toUpperCase()] || undefined;
}

/**
 * Whether `NO_PROXY` excepts a host: `*`, a host name with all below it (a leading dot or `*.` makes no difference), an
 * address, each with or without a port; separated by commas or spaces.
 */
export function bypassesProxy(url: URL, noProxy: string): boolean {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      // What has several colons and no brackets is an IPv6 address, not a host with a port.
      const shape = entry.split(":").length > 2 ? /^\[?([^\]]*)\]?(?:(?<=\]):(\d+))?$/ : /^(?:\*?\.)?(.*?)(?::(\d+))?$/;
      const [, bare = "", wanted] = shape.exec(entry) ?? [];
      if (wanted !== undefined && wanted !== port) return false;
      return host === bare || host.endsWith(`.${bare}`);
    });
}

/** The proxy for an address, or null where it is asked directly. */
export function proxyFor(url: URL, env: Readonly<Record<string, string | undefined>>): string | null {
  const proxy = variable(env, url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ?? variable(env, "ALL_PROXY");
  if (proxy === undefined || bypassesProxy(url, variable(env, "NO_PROXY") ?? "")) return null;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}
