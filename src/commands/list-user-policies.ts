import { loadIam } from "../aws/load-sdk.ts";
import { partitions } from "../aws/partitions.ts";
import type { CommandModule } from "./command.ts";
import { withAdmin } from "./open-admin.ts";

export const command: CommandModule = {
  define(list, io, exit) {
    list
      .argument("<user...>", "names of users")
      .option("--profile <name>", "an administrator")
      .option("--endpoint <url>", "ask there and not AWS")
      .addHelpText(
        "after",
        "\nExamples:\n  keyguard list-user-policies pipeline --profile admin\n\nInline policies as JSON, one object a user; attached ones and groups by name.",
      )
      .action(async (names, options) => {
        const users = await withAdmin(options, io, async (clients) => {
          const sdk = await loadIam();
          const client = await clients.iam(partitions[0].region);
          const found: Record<string, unknown> = {};
          for (const UserName of names) {
            const inline: Record<string, unknown> = {};
            for await (const page of sdk.paginateListUserPolicies({ client }, { UserName }))
              for (const PolicyName of page.PolicyNames ?? []) {
                const { PolicyDocument = "{}" } = await client.send(
                  new sdk.GetUserPolicyCommand({ UserName, PolicyName }),
                );
                inline[PolicyName] = JSON.parse(decodeURIComponent(PolicyDocument));
              }
            const attached: string[] = [];
            for await (const page of sdk.paginateListAttachedUserPolicies({ client }, { UserName }))
              attached.push(...(page.AttachedPolicies ?? []).map(({ PolicyArn = "" }) => PolicyArn));
            const groups: string[] = [];
            for await (const page of sdk.paginateListGroupsForUser({ client }, { UserName }))
              groups.push(...(page.Groups ?? []).map(({ GroupName = "" }) => GroupName));
            found[UserName] = { inline, attached, groups };
          }
          return found;
        });
        io.stdout.write(`${JSON.stringify(users, null, 2)}\n`);
        exit(0);
      });
  },
};
