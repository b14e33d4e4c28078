import { loadIam } from "../aws/load-sdk.ts";
import { partitions } from "../aws/partitions.ts";
import type { CommandModule } from "./command.ts";
import { withAdmin, writeTable } from "./open-admin.ts";

export const command: CommandModule = {
  define(list, io, exit) {
    list
      .option("--ours", "only users that keyguard made")
      .option("--profile <name>", "an administrator")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("--json", "as JSON")
      .addHelpText("after", "\nExamples:\n  keyguard list-users --profile admin\n  keyguard list-users --ours")
      .action(async (options) => {
        const users = await withAdmin(options, io, async (clients) => {
          const sdk = await loadIam();
          const client = await clients.iam(partitions[0].region);
          const found: { name: string; arn: string; created: string }[] = [];
          for await (const page of sdk.paginateListUsers({ client }, options.ours ? { PathPrefix: "/keyguard/" } : {}))
            for (const { UserName = "", Arn = "", CreateDate } of page.Users ?? [])
              found.push({ name: UserName, arn: Arn, created: CreateDate?.toISOString() ?? "" });
          return found;
        });
        if (options.json) io.stdout.write(`${JSON.stringify(users, null, 2)}\n`);
        else
          writeTable(
            io,
            ["user", "created", "arn"],
            users.map(({ name, created, arn }) => [name, created.slice(0, 10), arn]),
            "no users",
          );
        exit(0);
      });
  },
};
