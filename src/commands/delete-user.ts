import { loadIam } from "../aws/load-sdk.ts";
import { openCloud } from "../aws/open-cloud.ts";
import { partitions } from "../aws/partitions.ts";
import { resolveCredentials } from "../aws/resolve-credentials.ts";
import { KeyguardError } from "../model/errors.ts";
import { runTag } from "../remediate/plan.ts";
import type { CommandModule } from "./command.ts";
import { withAdmin } from "./open-admin.ts";

export const command: CommandModule = {
  define(remove, io, exit) {
    remove
      .argument("<user>", "the user's name")
      .option("--any", "also one that keyguard did not make")
      .option("--profile <name>", "an administrator")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("-y, --yes", "do it; without it, only what would go is said")
      .addHelpText(
        "after",
        "\nExamples:\n  keyguard delete-user kg-rw-lab-volumes-5d1c\n  keyguard delete-user kg-rw-lab-volumes-5d1c --yes\n\nIts keys, inline policies and memberships go with it.",
      )
      .action(async (name, options) => {
        await withAdmin(options, io, async (clients) => {
          const { settings } = clients;
          const { pair } = await resolveCredentials(settings, { profile: options.profile });
          const cloud = openCloud(settings, pair, { profile: options.profile, region: partitions[0].region });
          try {
            const user = await cloud.getUser(name);
            if (user === null)
              throw new KeyguardError("usage", `there is no user ${name}`, { hint: "keyguard list-users names them" });
            if (user.tags[runTag] === undefined && !options.any)
              throw new KeyguardError("refused", `${name} was not made by keyguard`, {
                hint: "--any deletes it all the same",
              });
            const keys = (await cloud.listKeys(name)) ?? [];
            const policies = await cloud.listUserPolicies(name);
            const what = [
              ...keys.map(({ id }) => `key ${id}`),
              ...policies.map((policy) => `policy ${policy}`),
              `user ${name}`,
            ];
            if (!options.yes) {
              io.stdout.write(`would delete ${what.join(", ")}\n`);
              io.stderr.write("hint: --yes does it\n");
              return;
            }
            for (const { id } of keys) await cloud.deleteKey(name, id);
            for (const policy of policies) await cloud.deleteUserPolicy(name, policy);
            const sdk = await loadIam();
            const client = await clients.iam(partitions[0].region);
            for await (const page of sdk.paginateListAttachedUserPolicies({ client }, { UserName: name }))
              for (const { PolicyArn } of page.AttachedPolicies ?? [])
                await client.send(new sdk.DetachUserPolicyCommand({ UserName: name, PolicyArn }));
            for await (const page of sdk.paginateListGroupsForUser({ client }, { UserName: name }))
              for (const { GroupName } of page.Groups ?? [])
                await client.send(new sdk.RemoveUserFromGroupCommand({ UserName: name, GroupName }));
            await cloud.deleteUser(name);
            io.stdout.write(`deleted ${what.join(", ")}\n`);
          } finally {
            cloud.close();
          }
        });
        exit(0);
      });
  },
};
