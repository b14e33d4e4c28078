import { KeyguardError } from "../model/errors.ts";
import { type Ability, checkPrefix, checkSourceIp, scopes } from "../remediate/policy.ts";

/** The options that say what new credentials may do; the same for `policy`, `create` and `rotate`. */
export interface ScopeOptions {
  readonly readOnly?: true | undefined;
  readonly readWrite?: true | undefined;
  readonly writeOnly?: true | undefined;
  readonly prefix?: readonly string[] | undefined;
  readonly kmsKey?: readonly string[] | undefined;
  readonly sourceIp?: readonly string[] | undefined;
}

/** Collects an option that may be given more than once. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/**
 * The abilities that a person asked for by name, or null where nothing was asked for.
 *
 * @throws KeyguardError `usage` for two names at once.
 */
export function readAbilities(options: ScopeOptions): readonly Ability[] | null {
  const chosen = [
    ...(options.readOnly ? [scopes["read-only"]] : []),
    ...(options.readWrite ? [scopes["read-write"]] : []),
    ...(options.writeOnly ? [scopes["write-only"]] : []),
  ];
  if (chosen.length > 1)
    throw new KeyguardError("usage", "only one of --read-only, --read-write and --write-only can be meant");
  return chosen[0] ?? null;
}

/** Prefixes, keys and ranges, checked. */
export function readBounds(options: ScopeOptions): { prefixes: string[]; kmsKeys: string[]; sourceIps: string[] } {
  for (const arn of options.kmsKey ?? [])
    if (!/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/.test(arn))
      throw new KeyguardError("usage", "--kms-key takes the ARN of a key", {
        hint: "arn:aws:kms:<region>:<account>:key/<id>; of an alias, aws kms describe-key --key-id alias/<name> tells it",
      });
  return {
    prefixes: (options.prefix ?? []).map(checkPrefix),
    kmsKeys: [...(options.kmsKey ?? [])],
    sourceIps: (options.sourceIp ?? []).map(checkSourceIp),
  };
}
