import { loadS3 } from "../aws/load-sdk.ts";
import { partitions } from "../aws/partitions.ts";
import type { CommandModule } from "./command.ts";
import { withAdmin, writeTable } from "./open-admin.ts";

export const command: CommandModule = {
  define(list, io, exit) {
    list
      .option("--profile <name>", "an administrator")
      .option("--endpoint <url>", "ask there and not AWS")
      .option("--json", "as JSON")
      .addHelpText("after", "\nExamples:\n  keyguard list-buckets --profile admin")
      .action(async (options) => {
        const buckets = await withAdmin(options, io, async (clients) => {
          const { ListBucketsCommand } = await loadS3();
          const s3 = await clients.s3(partitions[0].region);
          return ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name = "", CreationDate }) => ({
            name: Name,
            created: CreationDate?.toISOString() ?? "",
          }));
        });
        if (options.json) io.stdout.write(`${JSON.stringify(buckets, null, 2)}\n`);
        else
          writeTable(
            io,
            ["bucket", "created"],
            buckets.map(({ name, created }) => [name, created.slice(0, 10)]),
            "no buckets",
          );
        exit(0);
      });
  },
};
