import { checkIdentity } from "../aws/check-identity.ts";
import { partitionOf } from "../aws/partitions.ts";
import { resolveCredentials } from "../aws/resolve-credentials.ts";
import type { AwsSettings } from "../aws/settings.ts";
import { KeyguardError } from "../model/errors.ts";
import { shortKeyId } from "../report/finding-words.ts";
import { spellOutInvisible } from "../report/visible.ts";
import type { CommandModule, ExitCode, Io } from "./command.ts";
import { loadSettings } from "./settings.ts";

const examples = `
Examples:
  keyguard whoami                  who you are to AWS right now
  keyguard whoami --profile lab    as this profile
  keyguard whoami --json

Exit codes: 0 AWS knows you, 2 it does not, or could not be asked.`;

export const command: CommandModule = {
  define(whoami, io, exit) {
    whoami
      .option("--profile <name>", "a profile of ~/.aws")
      .option("--allow-canary", "ask AWS even if the key is a known trip-wire, which alerts whoever laid it out")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("--json", "as JSON")
      .addHelpText("after", examples)
      .action(async (options) => exit(await run(options, io)));
  },
};

interface Options {
  readonly profile?: string | undefined;
  readonly allowCanary?: true | undefined;
  readonly endpoint?: string | undefined;
  readonly json?: true | undefined;
}

function kindOf(accessKeyId: string, arn: string | null): string {
  if (arn?.endsWith(":root"))
    return accessKeyId.startsWith("ASIA") ? "temporary, of the account's root" : "long-lived, of the account's ROOT";
  if (arn?.includes(":assumed-role/")) return "temporary, of an assumed role";
  if (arn?.includes(":federated-user/")) return "temporary, of a federated user";
  return accessKeyId.startsWith("ASIA") ? "temporary" : "long-lived";
}

async function run(options: Options, io: Io): Promise<ExitCode> {
  const { root, config } = await loadSettings({ cwd: io.cwd, env: io.env, baseline: false });
  const settings: AwsSettings = { env: io.env, endpoint: options.endpoint, untrusted: root, signal: io.signal };
  const { pair, from, expires, region, profile } = await resolveCredentials(settings, { profile: options.profile });
  const verdict = await checkIdentity(pair, { settings, allowCanary: options.allowCanary });
  const arn = verdict.status === "live" ? verdict.arn : null;
  const account = verdict.status === "live" ? verdict.account : null;
  const partition = partitionOf(arn ?? region ?? "");
  const kind = kindOf(pair.accessKeyId, arn);
  if (options.json) {
    const known = { status: verdict.status, arn, account, partition: arn === null ? null : partition.name };
    const credentials = { accessKeyId: pair.accessKeyId, kind, profile, from, expires, region };
    const why = verdict.status === "unchecked" ? null : verdict.why;
    io.stdout.write(`${JSON.stringify({ schema: "keyguard-whoami/1", ...known, why, credentials }, null, 2)}\n`);
    return verdict.status === "live" ? 0 : 2;
  }
  if (verdict.status !== "live") {
    const why = verdict.status === "unchecked" ? "not asked" : verdict.why;
    const lead = verdict.status === "unknown" ? "who you are could not be asked" : "AWS does not know who you are";
    throw new KeyguardError("aws", `${lead}: ${why}`, {
      hint: `the credentials are ${shortKeyId(pair.accessKeyId)}, from ${from.join(", ")}`,
    });
  }
  const name = account === null ? undefined : config.accounts[account];
  const rows: [string, string][] = [
    ["identity", arn ?? ""],
    ["account", `${account ?? ""}${name === undefined ? "" : ` (${name})`}`],
    ["partition", `${partition.name} (${partition.about})`],
    ["key", `${shortKeyId(pair.accessKeyId)}, ${kind}`],
    ["from", from.join(" → ")],
    ...(expires === null ? [] : ([["expires", expires]] as [string, string][])),
    ["region", region ?? "none configured"],
  ];
  for (const [label, text] of rows) io.stdout.write(`${label.padEnd(12)}${spellOutInvisible(text)}\n`);
  return 0;
}
