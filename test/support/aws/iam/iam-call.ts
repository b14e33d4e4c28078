import { authorize } from "../authorize.ts";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import type { Account, Group, Role, User } from "../world.ts";
import type { XmlValue } from "../xml.ts";

/** The account that an IAM call speaks of: always the caller's. */
export function accountOf(call: Call): Account {
  return call.world.account(call.caller.account);
}

/** `arn:aws:iam::111122223333:user/path/name`. */
export function iamArn(
  account: Account,
  kind: "user" | "group" | "role" | "policy" | "mfa",
  path: string,
  name: string,
): string {
  return `arn:${account.partition}:iam::${account.id}:${kind}${path}${name}`;
}

/** Refuses unless the caller may do this IAM action to that resource. */
export function allow(
  call: Call,
  resource: string,
  context: Record<string, string | readonly string[] | undefined> = {},
): void {
  authorize(call.world, call.caller, { action: `iam:${call.action}`, resource, context }, call.region);
}

export function noSuch(what: string): AwsFault {
  return new AwsFault("NoSuchEntity", 404, what);
}

export function conflict(what: string): AwsFault {
  return new AwsFault("DeleteConflict", 409, `Cannot delete entity, must ${what} first.`);
}

/** Condition keys that the tags of a user or a role give. */
export function tagContext(tags: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(tags).flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value],
    [`iam:ResourceTag/${key}`, value],
  ]);
  return Object.fromEntries(entries);
}

/** A name that need not exist, as the resource of a permission. */
function unknownArn(call: Call, kind: "user" | "group" | "role", name: string): string {
  return iamArn(accountOf(call), kind, "/", name);
}

/**
 * The user of `UserName`, or the caller itself where that is left out, once the caller may do the action to it. The
 * permission is looked at first: who may not look is not told what exists.
 */
export function userOf(call: Call, context: Record<string, string | readonly string[] | undefined> = {}): User {
  const name = call.params.get("UserName") ?? (call.caller.kind === "user" ? call.caller.ownerName : "");
  if (name === "")
    throw new AwsFault("ValidationError", 400, "Must specify userName when calling with non-User credentials");
  const user = accountOf(call).iam.users[name];
  allow(call, user?.arn ?? unknownArn(call, "user", name), { ...tagContext(user?.tags ?? {}), ...context });
  if (!user) throw noSuch(`The user with name ${name} cannot be found.`);
  return user;
}

export function roleOf(call: Call, context: Record<string, string | readonly string[] | undefined> = {}): Role {
  const name = call.params.get("RoleName") ?? "";
  const role = accountOf(call).iam.roles[name];
  allow(call, role?.arn ?? unknownArn(call, "role", name), { ...tagContext(role?.tags ?? {}), ...context });
  if (!role) throw noSuch(`The role with name ${name} cannot be found.`);
  return role;
}

export function groupOf(call: Call, context: Record<string, string | readonly string[] | undefined> = {}): Group {
  const name = call.params.get("GroupName") ?? "";
  const group = accountOf(call).iam.groups[name];
  allow(call, group?.arn ?? unknownArn(call, "group", name), context);
  if (!group) throw noSuch(`The group with name ${name} cannot be found.`);
  return group;
}

/** One page of a list, as `MaxItems` and `Marker` ask. */
export function page(call: Call, name: string, items: readonly XmlValue[]): XmlValue {
  const from = Number(call.params.get("Marker") ?? "0");
  const size = Number(call.params.get("MaxItems") ?? "100");
  const more = from + size < items.length;
  return { [name]: items.slice(from, from + size), IsTruncated: more, Marker: more ? String(from + size) : null };
}

/** Policies travel percent-encoded in answers. */
export function encodePolicy(text: string): string {
  return encodeURIComponent(text);
}

export function checkName(name: string, what: string, longest: number): void {
  if (name.length > longest)
    throw new AwsFault(
      "ValidationError",
      400,
      `1 validation error detected: Value at '${what}' failed to satisfy constraint: Member must have length less than or equal to ${longest}`,
    );
  if (!/^[\w+=,.@-]+$/.test(name))
    throw new AwsFault(
      "ValidationError",
      400,
      `The specified value for ${what} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
}
