import { partitionOf } from "../aws/partitions.ts";
import { KeyguardError } from "../model/errors.ts";
import { buildPolicy, inlinePolicyLimit, policySize, scopes } from "../remediate/policy.ts";
import type { CommandModule } from "./command.ts";
import { collect, readAbilities, readBounds } from "./scope-options.ts";

const examples = `
Examples:
  keyguard policy lab-volumes                        read and write all of it
  keyguard policy lab-volumes --read-only --prefix data/
  keyguard policy lab-volumes --write-only --source-ip 203.0.113.0/24
  keyguard policy lab-volumes --kms-key arn:aws:kms:us-east-1:111122223333:key/…

The policy is printed and nothing is sent: it is what rotate and create give to a user.`;

export const command: CommandModule = {
  define(policy, io, exit) {
    policy
      .argument("<bucket>", "the bucket's name")
      .option("--read-only", "list and get")
      .option("--read-write", "list, get, put and delete (the default)")
      .option("--write-only", "put, and nothing else")
      .option("--prefix <prefix>", "only below this folder, which ends with /; may be repeated", collect)
      .option("--kms-key <arn>", "the key that encrypts the bucket; may be repeated", collect)
      .option("--source-ip <range>", "only from these addresses; may be repeated", collect)
      .option("--owner-acl", "allow writes with x-amz-acl: bucket-owner-full-control, as CloudVolume sends them")
      .option("--region <region>", "the bucket's region, for KMS and for the partition", "us-east-1")
      .addHelpText("after", examples)
      .action((bucket, options) => {
        const document = buildPolicy({
          bucket,
          can: readAbilities(options) ?? scopes["read-write"],
          ...readBounds(options),
          region: options.region,
          partition: partitionOf(options.region).name,
          ownerAcl: options.ownerAcl === true,
        });
        if (policySize(document) > inlinePolicyLimit)
          throw new KeyguardError(
            "usage",
            `the policy has ${policySize(document)} characters; a user's may have ${inlinePolicyLimit}`,
            {
              hint: "name fewer prefixes, or folders above them",
            },
          );
        io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
        exit(0);
      });
  },
};
