import { describeFailure, whyUnknown } from "../aws/aws-failure.ts";
import { type Clients, openClients } from "../aws/clients.ts";
import { resolveCredentials } from "../aws/resolve-credentials.ts";
import { KeyguardError } from "../model/errors.ts";
import type { Io } from "./command.ts";
import { loadSettings } from "./settings.ts";

export interface AdminOptions {
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * Lets a command look at an account, and tells what AWS refused.
 *
 * @throws KeyguardError `aws` with AWS's own words.
 */
export async function withAdmin<T>(options: AdminOptions, io: Io, use: (clients: Clients) => Promise<T>): Promise<T> {
  const { root } = await loadSettings({ cwd: io.cwd, env: io.env, baseline: false });
  const settings = { env: io.env, endpoint: options.endpoint, untrusted: root, signal: io.signal };
  const { pair } = await resolveCredentials(settings, { profile: options.profile });
  const clients = openClients(settings, pair, { profile: options.profile });
  try {
    return await use(clients);
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    const failure = describeFailure(error);
    if (failure.kind === "local") throw error;
    throw new KeyguardError(
      "aws",
      failure.kind === "refused" ? `${failure.code}: ${failure.message}` : whyUnknown(failure),
      {
        cause: error,
        hint: "keyguard whoami says who you are to AWS; --profile names another",
      },
    );
  } finally {
    clients.close();
  }
}

/** Rows under a head, in columns; `nothing` where there is none. */
export function writeTable(
  io: Io,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  nothing: string,
): void {
  if (rows.length === 0) {
    io.stderr.write(`${nothing}\n`);
    return;
  }
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows])
    io.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
}
