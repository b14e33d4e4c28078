import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import { isoSeconds, memberStructures, memberValues, type QueryOperation, required } from "../query-protocol.ts";
import type { User } from "../world.ts";
import type { XmlValue } from "../xml.ts";
import { accountOf, allow, checkName, conflict, iamArn, noSuch, page, userOf } from "./iam-call.ts";

/** The tags of a request. */
export function tagsOf(call: Call): Record<string, string> {
  return Object.fromEntries(
    memberStructures(call.params, "Tags").map((tag) => [tag.get("Key") ?? "", tag.get("Value") ?? ""]),
  );
}

/** Condition keys for tags that are about to be set. */
export function requestTagContext(
  tags: Readonly<Record<string, string>>,
): Record<string, string | readonly string[] | undefined> {
  const names = Object.keys(tags);
  return {
    ...Object.fromEntries(names.map((name) => [`aws:RequestTag/${name}`, tags[name]])),
    "aws:TagKeys": names.length > 0 ? names : undefined,
  };
}

export function tagList(tags: Readonly<Record<string, string>>): XmlValue[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function boundaryElement(arn: string | null): XmlValue {
  return arn === null ? null : { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: arn };
}

function describe(user: User, detail: "full" | "listed"): XmlValue {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.uniqueId,
    Arn: user.arn,
    CreateDate: isoSeconds(user.created),
    // ListUsers leaves tags and boundary out.
    ...(detail === "full"
      ? {
          PermissionsBoundary: boundaryElement(user.boundary),
          Tags: Object.keys(user.tags).length > 0 ? tagList(user.tags) : null,
        }
      : {}),
  };
}

export const userOperations: Record<string, QueryOperation> = {
  CreateUser(call) {
    const account = accountOf(call);
    const name = required(call, "UserName");
    const path = call.params.get("Path") ?? "/";
    const boundary = call.params.get("PermissionsBoundary") ?? null;
    const tags = tagsOf(call);
    const arn = iamArn(account, "user", path, name);
    allow(call, arn, { ...requestTagContext(tags), "iam:PermissionsBoundary": boundary ?? undefined });
    if (Object.keys(tags).length > 0) allow({ ...call, action: "TagUser" }, arn, requestTagContext(tags));
    checkName(name, "userName", 64);
    if (!/^\/([\x21-\x7e]+\/)*$/.test(path))
      throw new AwsFault("ValidationError", 400, "The specified value for path is invalid.");
    if (boundary && call.world.managedPolicy(account, boundary) === null)
      throw noSuch(`Scope ARN: ${boundary} does not exist or is not attachable.`);
    const taken = Object.keys(account.iam.users).some((other) => other.toLowerCase() === name.toLowerCase());
    if (taken) throw new AwsFault("EntityAlreadyExists", 409, `User with name ${name} already exists.`);
    const user: User = {
      name,
      path,
      arn,
      uniqueId: call.world.ids.uniqueId("AIDA"),
      created: call.world.clock.now(),
      tags,
      inline: {},
      attached: [],
      groups: [],
      boundary,
      keys: [],
      loginProfile: null,
      mfaDevices: [],
      sshKeys: [],
      serviceCredentials: [],
    };
    account.iam.users[name] = user;
    return { User: describe(user, "full") };
  },

  GetUser(call) {
    if (!call.params.has("UserName") && call.caller.kind === "root") {
      const account = accountOf(call);
      return { User: { UserId: account.id, Arn: call.caller.arn, CreateDate: isoSeconds(0) } };
    }
    return { User: describe(userOf(call), "full") };
  },

  ListUsers(call) {
    const account = accountOf(call);
    const prefix = call.params.get("PathPrefix") ?? "/";
    allow(call, iamArn(account, "user", prefix, ""));
    const users = Object.values(account.iam.users).filter((user) => user.path.startsWith(prefix));
    users.sort((a, b) => (a.name < b.name ? -1 : 1));
    return page(
      call,
      "Users",
      users.map((user) => describe(user, "listed")),
    );
  },

  DeleteUser(call) {
    const user = userOf(call);
    if (user.keys.length > 0) throw conflict("delete access keys");
    if (Object.keys(user.inline).length > 0) throw conflict("delete policies");
    if (user.attached.length > 0) throw conflict("detach all policies");
    if (user.groups.length > 0) throw conflict("remove users from group");
    if (user.loginProfile) throw conflict("delete login profile");
    if (user.mfaDevices.length > 0) throw conflict("delete MFA device");
    delete accountOf(call).iam.users[user.name];
    return undefined;
  },

  TagUser(call) {
    const tags = tagsOf(call);
    const user = userOf(call, requestTagContext(tags));
    user.tags = { ...user.tags, ...tags };
    return undefined;
  },

  UntagUser(call) {
    const names = memberValues(call.params, "TagKeys");
    const user = userOf(call, { "aws:TagKeys": names });
    for (const name of names) delete user.tags[name];
    return undefined;
  },

  ListUserTags: (call) => page(call, "Tags", tagList(userOf(call).tags)),

  PutUserPermissionsBoundary(call) {
    const arn = required(call, "PermissionsBoundary");
    const user = userOf(call, { "iam:PermissionsBoundary": arn });
    if (call.world.managedPolicy(accountOf(call), arn) === null) throw noSuch(`Policy ${arn} does not exist.`);
    user.boundary = arn;
    return undefined;
  },

  DeleteUserPermissionsBoundary(call) {
    const user = userOf(call, { "iam:PermissionsBoundary": undefined });
    user.boundary = null;
    return undefined;
  },

  CreateLoginProfile(call) {
    const user = userOf(call);
    if (user.loginProfile)
      throw new AwsFault("EntityAlreadyExists", 409, `Login Profile for user ${user.name} already exists.`);
    const resetRequired = call.params.get("PasswordResetRequired") === "true";
    user.loginProfile = { created: call.world.clock.now(), resetRequired };
    return {
      LoginProfile: {
        UserName: user.name,
        CreateDate: isoSeconds(user.loginProfile.created),
        PasswordResetRequired: resetRequired,
      },
    };
  },

  GetLoginProfile(call) {
    const user = userOf(call);
    if (!user.loginProfile) throw noSuch(`Login Profile for User ${user.name} cannot be found.`);
    const { created, resetRequired } = user.loginProfile;
    return {
      LoginProfile: { UserName: user.name, CreateDate: isoSeconds(created), PasswordResetRequired: resetRequired },
    };
  },

  DeleteLoginProfile(call) {
    const user = userOf(call);
    if (!user.loginProfile) throw noSuch(`Login Profile for User ${user.name} cannot be found.`);
    user.loginProfile = null;
    return undefined;
  },

  ListMFADevices(call) {
    const user = userOf(call);
    const devices = user.mfaDevices.map((serial) => ({
      UserName: user.name,
      SerialNumber: serial,
      EnableDate: isoSeconds(user.created),
    }));
    return page(call, "MFADevices", devices);
  },

  DeactivateMFADevice(call) {
    const serial = required(call, "SerialNumber");
    const user = userOf(call);
    if (!user.mfaDevices.includes(serial)) throw noSuch(`MFA Device with serial number ${serial} does not exist.`);
    user.mfaDevices = user.mfaDevices.filter((other) => other !== serial);
    return undefined;
  },

  ListSSHPublicKeys(call) {
    const user = userOf(call);
    const keys = user.sshKeys.map((key) => ({
      UserName: user.name,
      SSHPublicKeyId: key.id,
      Status: key.status,
      UploadDate: isoSeconds(key.uploaded),
    }));
    return page(call, "SSHPublicKeys", keys);
  },

  ListServiceSpecificCredentials(call) {
    const user = userOf(call);
    const credentials = user.serviceCredentials.map((credential) => ({
      UserName: user.name,
      Status: "Active",
      ServiceUserName: `${user.name}-at-${accountOf(call).id}`,
      CreateDate: isoSeconds(credential.created),
      ServiceSpecificCredentialId: credential.id,
      ServiceName: credential.service,
    }));
    return { ServiceSpecificCredentials: credentials };
  },

  ListSigningCertificates(call) {
    userOf(call);
    return page(call, "Certificates", []);
  },
};
