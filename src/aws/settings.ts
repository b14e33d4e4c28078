/** How to reach AWS; the same for every call of a run. */
export interface AwsSettings {
  /** The person's environment: proxies, CA bundle, configured endpoints, configuration files. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--endpoint`: every service is asked there. It wins over whatever is configured. */
  readonly endpoint?: string | undefined;
  /**
   * The folder that is scanned. Whatever configuration lies in it was written by somebody else: it never says where to
   * send a request.
   */
  readonly untrusted?: string | undefined;
  /** Milliseconds that one request may take, connecting included (usual: 8,000). */
  readonly timeout?: number | undefined;
  /** How often one request is tried (usual: 3). Throttled requests wait longer each time. */
  readonly attempts?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970; the machine's clock unless a test brings its own. */
  readonly now?: (() => number) | undefined;
  /** Waits for some milliseconds; tests bring one that does not. */
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
}

/** The usual limit of one request, in milliseconds: a person is waiting. */
export const usualTimeout = 8_000;

/** How often one request is tried. */
export const usualAttempts = 3;

/** Waits; where the run is ended meanwhile it is over at once, and whoever goes on finds the signal set. */
export async function pause(settings: AwsSettings, milliseconds: number): Promise<void> {
  if (settings.sleep) return settings.sleep(milliseconds);
  const { signal } = settings;
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}
