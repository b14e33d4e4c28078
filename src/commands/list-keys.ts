import { loadIam } from "../aws/load-sdk.ts";
import { partitions } from "../aws/partitions.ts";
import type { CommandModule } from "./command.ts";
import { withAdmin, writeTable } from "./open-admin.ts";

const day = 24 * 3600_000;

export const command: CommandModule = {
  define(list, io, exit) {
    list
      .argument("[user...]", "names of users; all where none is named")
      .option("--profile <name>", "an administrator")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("--json", "as JSON")
      .addHelpText("after", "\nExamples:\n  keyguard list-keys --profile admin\n  keyguard list-keys pipeline")
      .action(async (names, options) => {
        const keys = await withAdmin(options, io, async (clients) => {
          const sdk = await loadIam();
          const client = await clients.iam(partitions[0].region);
          const users = [...names];
          if (users.length === 0)
            for await (const page of sdk.paginateListUsers({ client }, {}))
              users.push(...(page.Users ?? []).map(({ UserName = "" }) => UserName));
          const found = [];
          for (const UserName of users)
            for await (const page of sdk.paginateListAccessKeys({ client }, { UserName }))
              for (const { AccessKeyId = "", Status = "", CreateDate } of page.AccessKeyMetadata ?? []) {
                const { AccessKeyLastUsed: used } = await client.send(
                  new sdk.GetAccessKeyLastUsedCommand({ AccessKeyId }),
                );
                const lastUsed = used?.LastUsedDate?.toISOString() ?? null;
                const created = CreateDate?.toISOString() ?? null;
                const ageDays =
                  CreateDate === undefined ? null : Math.floor((io.now().getTime() - CreateDate.getTime()) / day);
                const service = lastUsed === null ? null : (used?.ServiceName ?? null);
                found.push({ user: UserName, id: AccessKeyId, status: Status, created, ageDays, lastUsed, service });
              }
          return found;
        });
        if (options.json) io.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
        else
          writeTable(
            io,
            ["key", "user", "status", "days old", "last used"],
            keys.map((key) => [
              key.id,
              key.user,
              key.status.toLowerCase(),
              key.ageDays === null ? "?" : String(key.ageDays),
              key.lastUsed === null ? "never" : `${key.lastUsed.slice(0, 10)} (${key.service})`,
            ]),
            "no keys",
          );
        exit(0);
      });
  },
};
