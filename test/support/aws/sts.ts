import { authorize } from "./authorize.ts";
import { AwsFault } from "./aws-fault.ts";
import type { Call } from "./call.ts";
import { findPolicyMistake } from "./policy/policy-document.ts";
import { isoSeconds, memberStructures, type QueryOperation, queryService, required } from "./query-protocol.ts";
import type { Session } from "./world.ts";
import type { XmlValue } from "./xml.ts";

/** Any device of the caller takes this code. */
const rightCode = "123456";

function invalid(message: string): AwsFault {
  return new AwsFault("ValidationError", 400, `1 validation error detected: ${message}`);
}

function duration(call: Call, least: number, most: number, usual: number): number {
  const seconds = Number(call.params.get("DurationSeconds") ?? usual);
  if (!(seconds >= least))
    throw invalid(
      `Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${least}`,
    );
  if (seconds > most) throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  return seconds;
}

/** Session policies of a request: the inline one and the managed ones. Null where none was given. */
function sessionPolicies(call: Call, account: string): string[] | null {
  const inline = call.params.get("Policy");
  const mistake = inline === undefined ? null : findPolicyMistake(inline, "identity");
  if (mistake) throw new AwsFault("MalformedPolicyDocument", 400, mistake);
  if (inline && inline.length > 2048)
    throw invalid("Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048");
  const managed = memberStructures(call.params, "PolicyArns").map((entry) => {
    const text = call.world.managedPolicy(call.world.account(account), entry.get("arn") ?? "");
    if (text === null)
      throw new AwsFault(
        "MalformedPolicyDocument",
        400,
        `Policy ${entry.get("arn")} does not exist or is not attachable.`,
      );
    return text;
  });
  if (inline === undefined && managed.length === 0) return null;
  return inline === undefined ? managed : [inline, ...managed];
}

/** Whether the caller showed its second factor; a wrong one is refused. */
function secondFactor(call: Call): boolean {
  const serial = call.params.get("SerialNumber");
  if (serial === undefined) return call.caller.session?.mfa ?? false;
  const user = call.world.account(call.caller.account).iam.users[call.caller.ownerName];
  if (user?.mfaDevices.includes(serial) && call.params.get("TokenCode") === rightCode) return true;
  throw new AwsFault("AccessDenied", 403, "MultiFactorAuthentication failed with invalid MFA one time pass code.");
}

function open(
  call: Call,
  seconds: number,
  session: Pick<Session, "account" | "kind" | "owner" | "name" | "policies" | "mfa">,
): XmlValue {
  const { world } = call;
  const issued = world.clock.now();
  const made: Session = {
    ...session,
    id: world.ids.accessKeyId("ASIA", session.account),
    secret: world.ids.secretAccessKey(),
    token: world.ids.sessionToken(),
    issued,
    expires: issued + seconds * 1000,
  };
  world.sessions.set(made.id, made);
  return {
    AccessKeyId: made.id,
    SecretAccessKey: made.secret,
    SessionToken: made.token,
    Expiration: isoSeconds(made.expires),
  };
}

function assumeRole(call: Call): XmlValue {
  const { world, caller } = call;
  const arn = required(call, "RoleArn");
  const name = required(call, "RoleSessionName");
  if (!/^[\w+=,.@-]{2,64}$/.test(name))
    throw invalid(`Value '${name}' at 'roleSessionName' failed to satisfy constraint`);
  if (caller.kind === "root") throw new AwsFault("AccessDenied", 403, "Roles may not be assumed by root accounts.");
  const parts = /^arn:[a-z-]+:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn);
  if (!parts) throw invalid(`Value '${arn}' at 'roleArn' failed to satisfy constraint`);
  const account = world.accounts.get(parts[1] ?? "");
  const role = account && world.seen(account, "policies").roles[parts[2] ?? ""];
  const mfa = secondFactor(call);
  authorize(
    world,
    caller,
    {
      action: "sts:AssumeRole",
      resource: arn,
      account: parts[1] ?? "",
      // A role that is not there refuses like one that does not trust the caller.
      resourcePolicy: role?.arn === arn ? role.trust : null,
      resourcePolicyRequired: true,
      context: {
        "sts:ExternalId": call.params.get("ExternalId"),
        "sts:RoleSessionName": name,
        ...(mfa ? { "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0" } : {}),
      },
    },
    call.region,
  );
  if (!account || !role) throw new AwsFault("AccessDenied", 403, "Access denied");
  const chained = caller.kind === "assumed-role";
  const seconds = duration(call, 900, chained ? 3600 : role.maxSession, 3600);
  const policies = sessionPolicies(call, account.id);
  return {
    Credentials: open(call, seconds, {
      account: account.id,
      kind: "assumed-role",
      owner: role.name,
      name,
      policies,
      mfa,
    }),
    AssumedRoleUser: {
      AssumedRoleId: `${role.uniqueId}:${name}`,
      Arn: `arn:${account.partition}:sts::${account.id}:assumed-role/${role.name}/${name}`,
    },
  };
}

const operations: Record<string, QueryOperation> = {
  // Needs no permission, and an explicit deny does not stop it.
  GetCallerIdentity: ({ caller }) => ({ Arn: caller.arn, UserId: caller.userId, Account: caller.account }),

  GetAccessKeyInfo(call) {
    const id = required(call, "AccessKeyId");
    authorize(call.world, call.caller, { action: "sts:GetAccessKeyInfo", resource: "*" }, call.region);
    for (const account of call.world.accounts.values()) {
      const keys = [...account.iam.rootKeys, ...Object.values(account.iam.users).flatMap((user) => user.keys)];
      if (keys.some((key) => key.id === id)) return { Account: account.id };
    }
    const session = call.world.sessions.get(id);
    if (session) return { Account: session.account };
    throw new AwsFault("ValidationError", 400, "Invalid AccessKeyId");
  },

  AssumeRole: assumeRole,

  GetSessionToken(call) {
    const { caller } = call;
    if (caller.session) throw new AwsFault("AccessDenied", 403, "Cannot call GetSessionToken with session credentials");
    authorize(call.world, caller, { action: "sts:GetSessionToken", resource: "*" }, call.region);
    const kind = caller.kind === "root" ? "root-session" : "user-session";
    const seconds = duration(
      call,
      900,
      caller.kind === "root" ? 3600 : 129_600,
      caller.kind === "root" ? 3600 : 43_200,
    );
    const session = {
      account: caller.account,
      kind,
      owner: caller.ownerName,
      name: "",
      policies: null,
      mfa: secondFactor(call),
    } as const;
    return { Credentials: open(call, seconds, session) };
  },

  GetFederationToken(call) {
    const { caller, world } = call;
    const name = required(call, "Name");
    if (!/^[\w+=,.@-]{2,32}$/.test(name)) throw invalid(`Value '${name}' at 'name' failed to satisfy constraint`);
    if (caller.session)
      throw new AwsFault("AccessDenied", 403, "Cannot call GetFederationToken with session credentials");
    const partition = world.account(caller.account).partition;
    const arn = `arn:${partition}:sts::${caller.account}:federated-user/${name}`;
    authorize(world, caller, { action: "sts:GetFederationToken", resource: arn }, call.region);
    // Without a policy the session may do nothing but what resource policies grant to it.
    const policies = sessionPolicies(call, caller.account) ?? [];
    const session = {
      account: caller.account,
      kind: "federated-user",
      owner: caller.ownerName,
      name,
      policies,
      mfa: false,
    } as const;
    return {
      Credentials: open(call, duration(call, 900, 129_600, 43_200), session),
      FederatedUser: { FederatedUserId: `${caller.account}:${name}`, Arn: arn },
    };
  },
};

export const sts = queryService("https://sts.amazonaws.com/doc/2011-06-15/", operations);
