import { AwsFault } from "../aws-fault.ts";
import { isoSeconds, type QueryOperation, required } from "../query-protocol.ts";
import type { Role } from "../world.ts";
import type { XmlValue } from "../xml.ts";
import { accountOf, allow, checkName, conflict, encodePolicy, iamArn, noSuch, page, roleOf } from "./iam-call.ts";
import { checkPolicy } from "./policies.ts";
import { boundaryElement, requestTagContext, tagList, tagsOf } from "./users.ts";

function describe(role: Role): XmlValue {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.uniqueId,
    Arn: role.arn,
    CreateDate: isoSeconds(role.created),
    AssumeRolePolicyDocument: encodePolicy(role.trust),
    MaxSessionDuration: role.maxSession,
    PermissionsBoundary: boundaryElement(role.boundary),
    Tags: Object.keys(role.tags).length > 0 ? tagList(role.tags) : null,
  };
}

export const roleOperations: Record<string, QueryOperation> = {
  CreateRole(call) {
    const account = accountOf(call);
    const name = required(call, "RoleName");
    const path = call.params.get("Path") ?? "/";
    const trust = required(call, "AssumeRolePolicyDocument");
    const boundary = call.params.get("PermissionsBoundary") ?? null;
    const tags = tagsOf(call);
    const arn = iamArn(account, "role", path, name);
    allow(call, arn, { ...requestTagContext(tags), "iam:PermissionsBoundary": boundary ?? undefined });
    checkName(name, "roleName", 64);
    checkPolicy(trust, "trust");
    if (boundary && call.world.managedPolicy(account, boundary) === null)
      throw noSuch(`Scope ARN: ${boundary} does not exist or is not attachable.`);
    if (account.iam.roles[name])
      throw new AwsFault("EntityAlreadyExists", 409, `Role with name ${name} already exists.`);
    const role: Role = {
      name,
      path,
      arn,
      uniqueId: call.world.ids.uniqueId("AROA"),
      created: call.world.clock.now(),
      trust,
      tags,
      inline: {},
      attached: [],
      boundary,
      maxSession: Number(call.params.get("MaxSessionDuration") ?? "3600"),
    };
    account.iam.roles[name] = role;
    return { Role: describe(role) };
  },

  GetRole: (call) => ({ Role: describe(roleOf(call)) }),

  ListRoles(call) {
    const account = accountOf(call);
    const prefix = call.params.get("PathPrefix") ?? "/";
    allow(call, iamArn(account, "role", prefix, ""));
    const roles = Object.values(account.iam.roles).filter((role) => role.path.startsWith(prefix));
    return page(call, "Roles", roles.map(describe));
  },

  UpdateAssumeRolePolicy(call) {
    const trust = required(call, "PolicyDocument");
    const role = roleOf(call);
    checkPolicy(trust, "trust");
    role.trust = trust;
    return undefined;
  },

  TagRole(call) {
    const tags = tagsOf(call);
    const role = roleOf(call, requestTagContext(tags));
    role.tags = { ...role.tags, ...tags };
    return undefined;
  },

  ListRoleTags: (call) => page(call, "Tags", tagList(roleOf(call).tags)),

  DeleteRole(call) {
    const role = roleOf(call);
    if (Object.keys(role.inline).length > 0) throw conflict("delete policies");
    if (role.attached.length > 0) throw conflict("detach all policies");
    delete accountOf(call).iam.roles[role.name];
    return undefined;
  },
};
