import { findKey } from "../authenticate.ts";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import { isoSeconds, type QueryOperation, required } from "../query-protocol.ts";
import type { AccessKey } from "../world.ts";
import { accountOf, allow, noSuch, page, userOf } from "./iam-call.ts";

const mostKeys = 2;

/** The keys that a call speaks of: a user's, or root's own where root leaves the name out. */
function holderOf(call: Call): { name: string; keys: AccessKey[] } {
  if (call.caller.kind === "root" && !call.params.has("UserName"))
    return { name: "root", keys: accountOf(call).iam.rootKeys };
  return userOf(call);
}

function keyOf(call: Call): { holder: { name: string; keys: AccessKey[] }; key: AccessKey } {
  const id = required(call, "AccessKeyId");
  const holder = holderOf(call);
  const key = holder.keys.find((one) => one.id === id);
  if (!key) throw noSuch(`The Access Key with id ${id} cannot be found.`);
  return { holder, key };
}

export const accessKeyOperations: Record<string, QueryOperation> = {
  CreateAccessKey(call) {
    const holder = holderOf(call);
    if (holder.keys.length >= mostKeys)
      throw new AwsFault("LimitExceeded", 409, `Cannot exceed quota for AccessKeysPerUser: ${mostKeys}`);
    const { world } = call;
    const key: AccessKey = {
      id: world.ids.accessKeyId("AKIA", call.caller.account),
      secret: world.ids.secretAccessKey(),
      status: "Active",
      created: world.clock.now(),
    };
    holder.keys.push(key);
    return {
      AccessKey: {
        UserName: holder.name,
        AccessKeyId: key.id,
        Status: key.status,
        SecretAccessKey: key.secret,
        CreateDate: isoSeconds(key.created),
      },
    };
  },

  ListAccessKeys(call) {
    const holder = holderOf(call);
    const keys = holder.keys.map((key) => ({
      UserName: holder.name,
      AccessKeyId: key.id,
      Status: key.status,
      CreateDate: isoSeconds(key.created),
    }));
    return page(call, "AccessKeyMetadata", keys);
  },

  UpdateAccessKey(call) {
    const status = required(call, "Status");
    const { key } = keyOf(call);
    if (status !== "Active" && status !== "Inactive")
      throw new AwsFault("ValidationError", 400, `Invalid status ${status}`);
    key.status = status;
    return undefined;
  },

  DeleteAccessKey(call) {
    const { holder, key } = keyOf(call);
    holder.keys.splice(holder.keys.indexOf(key), 1);
    return undefined;
  },

  GetAccessKeyLastUsed(call) {
    const id = required(call, "AccessKeyId");
    const found = findKey(call.world, id, "latest");
    // A key that is gone and one of another account look the same: not yours to see.
    if (found?.account.id !== call.caller.account)
      throw new AwsFault(
        "AccessDenied",
        403,
        `User: ${call.caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key ${id}`,
      );
    const user = found.userName === null ? undefined : found.account.iam.users[found.userName];
    allow(call, user?.arn ?? "*");
    const used = call.world.lastUsed.get(id);
    return {
      UserName: user?.name,
      AccessKeyLastUsed: {
        LastUsedDate: used ? isoSeconds(used.at) : null,
        ServiceName: used?.service ?? "N/A",
        Region: used?.region ?? "N/A",
      },
    };
  },
};
