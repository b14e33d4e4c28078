import type { Service } from "../call.ts";
import { isoSeconds, type QueryOperation, queryService } from "../query-protocol.ts";
import { Repeated } from "../xml.ts";
import { accessKeyOperations } from "./access-keys.ts";
import { groupOperations } from "./groups.ts";
import { accountOf, allow, page } from "./iam-call.ts";
import { policyOperations } from "./policies.ts";
import { roleOperations } from "./roles.ts";
import { simulateOperations } from "./simulate.ts";
import { userOperations } from "./users.ts";

const accountOperations: Record<string, QueryOperation> = {
  ListAccountAliases(call) {
    allow(call, "*");
    return page(call, "AccountAliases", accountOf(call).aliases);
  },

  GetAccountSummary(call) {
    allow(call, "*");
    const { iam } = accountOf(call);
    const counts: Record<string, number> = {
      Users: Object.keys(iam.users).length,
      Roles: Object.keys(iam.roles).length,
      Groups: Object.keys(iam.groups).length,
      AccountAccessKeysPresent: iam.rootKeys.length > 0 ? 1 : 0,
      AccountMFAEnabled: 1,
    };
    return { SummaryMap: { entry: new Repeated(Object.entries(counts).map(([key, value]) => ({ key, value }))) } };
  },

  GenerateCredentialReport(call) {
    allow(call, "*");
    return { State: "COMPLETE" };
  },

  GetCredentialReport(call) {
    allow(call, "*");
    const account = accountOf(call);
    const columns = [
      "user",
      "arn",
      "user_creation_time",
      "access_key_1_active",
      "access_key_1_last_rotated",
      "access_key_2_active",
    ];
    const row = (name: string, arn: string, created: number, keys: readonly { status: string; created: number }[]) =>
      [
        name,
        arn,
        isoSeconds(created),
        keys[0]?.status === "Active",
        keys[0] ? isoSeconds(keys[0].created) : "N/A",
        keys[1]?.status === "Active",
      ].join(",");
    const rows = [
      columns.join(","),
      row("<root_account>", `arn:${account.partition}:iam::${account.id}:root`, 0, account.iam.rootKeys),
      ...Object.values(account.iam.users).map((user) => row(user.name, user.arn, user.created, user.keys)),
    ];
    return {
      Content: Buffer.from(rows.join("\n")).toString("base64"),
      ReportFormat: "text/csv",
      GeneratedTime: isoSeconds(call.world.clock.now()),
    };
  },
};

const operations: Record<string, QueryOperation> = {
  ...userOperations,
  ...accessKeyOperations,
  ...policyOperations,
  ...groupOperations,
  ...roleOperations,
  ...simulateOperations,
  ...accountOperations,
};

const service = queryService("https://iam.amazonaws.com/doc/2010-05-08/", operations);

export const iam: Service = {
  ...service,
  run(call) {
    const response = service.run(call);
    // Whatever was changed begins to travel from here.
    if (!/^(Get|List|Simulate|Generate)/.test(call.action)) call.world.publish(accountOf(call));
    return response;
  },
};
