import { AwsFault } from "../aws-fault.ts";
import { isoSeconds, type QueryOperation, required } from "../query-protocol.ts";
import type { Group } from "../world.ts";
import type { XmlValue } from "../xml.ts";
import { accountOf, allow, checkName, conflict, groupOf, iamArn, noSuch, page, userOf } from "./iam-call.ts";

function describe(group: Group): XmlValue {
  return {
    Path: "/",
    GroupName: group.name,
    GroupId: group.uniqueId,
    Arn: group.arn,
    CreateDate: isoSeconds(group.created),
  };
}

export const groupOperations: Record<string, QueryOperation> = {
  CreateGroup(call) {
    const account = accountOf(call);
    const name = required(call, "GroupName");
    const arn = iamArn(account, "group", "/", name);
    allow(call, arn);
    checkName(name, "groupName", 128);
    if (account.iam.groups[name])
      throw new AwsFault("EntityAlreadyExists", 409, `Group with name ${name} already exists.`);
    const group = {
      name,
      arn,
      uniqueId: call.world.ids.uniqueId("AGPA"),
      created: call.world.clock.now(),
      inline: {},
      attached: [],
    };
    account.iam.groups[name] = group;
    return { Group: describe(group) };
  },

  GetGroup(call) {
    const group = groupOf(call);
    const members = Object.values(accountOf(call).iam.users).filter((user) => user.groups.includes(group.name));
    const users = members.map((user) => ({
      Path: user.path,
      UserName: user.name,
      UserId: user.uniqueId,
      Arn: user.arn,
      CreateDate: isoSeconds(user.created),
    }));
    return { Group: describe(group), Users: users, IsTruncated: false };
  },

  DeleteGroup(call) {
    const group = groupOf(call);
    const { iam } = accountOf(call);
    if (Object.values(iam.users).some((user) => user.groups.includes(group.name)))
      throw conflict("remove users from group");
    if (Object.keys(group.inline).length + group.attached.length > 0) throw conflict("detach all policies");
    delete iam.groups[group.name];
    return undefined;
  },

  AddUserToGroup(call) {
    const group = groupOf(call);
    const user = accountOf(call).iam.users[required(call, "UserName")];
    if (!user) throw noSuch(`The user with name ${call.params.get("UserName")} cannot be found.`);
    if (!user.groups.includes(group.name)) user.groups.push(group.name);
    return undefined;
  },

  RemoveUserFromGroup(call) {
    const group = groupOf(call);
    const user = accountOf(call).iam.users[required(call, "UserName")];
    if (!user?.groups.includes(group.name)) throw noSuch(`The user is not in the group ${group.name}.`);
    user.groups = user.groups.filter((other) => other !== group.name);
    return undefined;
  },

  ListGroupsForUser(call) {
    const { groups } = userOf(call);
    const found = groups.map((name) => accountOf(call).iam.groups[name]).filter((group) => group !== undefined);
    return page(call, "Groups", found.map(describe));
  },
};
