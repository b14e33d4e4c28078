import { authorize } from "./authorize.ts";
import { AwsFault } from "./aws-fault.ts";
import type { Call } from "./call.ts";
import { type JsonOperation, jsonService, textOf } from "./json-protocol.ts";
import type { KmsKey } from "./world.ts";

/** The key of an id, ARN or alias, once the caller may do the action to it. */
function keyOf(call: Call, wanted: string): KmsKey {
  const aliasArn = /^arn:[a-z-]+:kms:[a-z0-9-]+:(\d{12}):(alias\/.+)$/.exec(wanted);
  const alias = wanted.startsWith("alias/") ? wanted : aliasArn?.[2];
  const account = aliasArn?.[1] ?? call.caller.account;
  const keys = [...call.world.kmsKeys.values()];
  const key = alias
    ? keys.find((one) => one.account === account && one.aliases.includes(alias))
    : keys.find((one) => one.arn === wanted || (one.id === wanted && one.account === call.caller.account));
  if (!key) throw new AwsFault("NotFoundException", 400, `Key '${wanted}' does not exist`);
  const demand = {
    action: `kms:${call.action}`,
    resource: key.arn,
    account: key.account,
    resourcePolicy: key.policy,
    resourcePolicyRequired: true,
    context: { "kms:CallerAccount": call.caller.account },
  };
  authorize(call.world, call.caller, demand, call.region);
  return key;
}

const operations: Record<string, JsonOperation> = {
  DescribeKey(call, input) {
    const key = keyOf(call, textOf(input, "KeyId"));
    return {
      KeyMetadata: {
        AWSAccountId: key.account,
        Arn: key.arn,
        KeyId: key.id,
        KeyManager: key.manager,
        KeyState: key.state,
        Enabled: key.state === "Enabled",
        KeyUsage: "ENCRYPT_DECRYPT",
        KeySpec: "SYMMETRIC_DEFAULT",
        Origin: "AWS_KMS",
        CreationDate: 1_700_000_000,
        MultiRegion: false,
      },
    };
  },

  GetKeyPolicy: (call, input) => ({ Policy: keyOf(call, textOf(input, "KeyId")).policy, PolicyName: "default" }),

  PutKeyPolicy(call, input) {
    keyOf(call, textOf(input, "KeyId")).policy = textOf(input, "Policy");
  },

  ListAliases(call) {
    authorize(call.world, call.caller, { action: "kms:ListAliases", resource: "*" }, call.region);
    const own = [...call.world.kmsKeys.values()].filter(
      (key) => key.account === call.caller.account && key.region === call.region,
    );
    const aliases = own.flatMap((key) =>
      key.aliases.map((alias) => ({
        AliasName: alias,
        AliasArn: key.arn.replace(/key\/.*$/, alias),
        TargetKeyId: key.id,
      })),
    );
    return { Aliases: aliases, Truncated: false };
  },
};

export const kms = jsonService(operations);
