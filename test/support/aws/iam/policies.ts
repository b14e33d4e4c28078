import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import { managedPolicies } from "../managed-policies.ts";
import { findPolicyMistake } from "../policy/policy-document.ts";
import { isoSeconds, type QueryOperation, required } from "../query-protocol.ts";
import type { ManagedPolicy } from "../world.ts";
import type { XmlValue } from "../xml.ts";
import {
  accountOf,
  allow,
  checkName,
  encodePolicy,
  groupOf,
  iamArn,
  noSuch,
  page,
  roleOf,
  userOf,
} from "./iam-call.ts";

type Holder = { readonly name: string; inline: Record<string, string>; attached: string[] };
type HolderOf = (call: Call, context?: Record<string, string | readonly string[] | undefined>) => Holder;

/** All inline policies of a holder together: 2,048 characters for users, 10,240 for roles, 5,120 for groups. */
const inlineLimits: Record<string, number> = { User: 2048, Role: 10_240, Group: 5120 };

/** A policy text that IAM takes, or its refusal. White space does not count towards limits. */
export function checkPolicy(text: string, kind: "identity" | "trust" = "identity"): void {
  const mistake = findPolicyMistake(text, kind);
  if (mistake) throw new AwsFault("MalformedPolicyDocument", 400, mistake);
}

/** Put, get, list, delete, attach, detach: the same ten operations for users, groups and roles. */
function operationsFor(kind: "User" | "Group" | "Role", holderOf: HolderOf): Record<string, QueryOperation> {
  const lower = kind.toLowerCase();
  const attach = (call: Call): { holder: Holder; arn: string } => {
    const arn = required(call, "PolicyArn");
    return { holder: holderOf(call, { "iam:PolicyARN": arn }), arn };
  };
  return {
    [`Put${kind}Policy`](call) {
      const name = required(call, "PolicyName");
      const text = required(call, "PolicyDocument");
      const holder = holderOf(call);
      checkName(name, "policyName", 128);
      checkPolicy(text);
      const limit = inlineLimits[kind] ?? 0;
      const size = Object.entries({ ...holder.inline, [name]: text }).reduce(
        (sum, [, one]) => sum + one.replace(/\s/g, "").length,
        0,
      );
      if (size > limit)
        throw new AwsFault(
          "LimitExceeded",
          409,
          `Maximum policy size of ${limit} bytes exceeded for ${lower} ${holder.name}`,
        );
      holder.inline[name] = text;
      return undefined;
    },
    [`Get${kind}Policy`](call) {
      const name = required(call, "PolicyName");
      const holder = holderOf(call);
      const text = holder.inline[name];
      if (text === undefined) throw noSuch(`The ${lower} policy with name ${name} cannot be found.`);
      return { [`${kind}Name`]: holder.name, PolicyName: name, PolicyDocument: encodePolicy(text) };
    },
    [`List${kind}Policies`]: (call) => page(call, "PolicyNames", Object.keys(holderOf(call).inline)),
    [`Delete${kind}Policy`](call) {
      const name = required(call, "PolicyName");
      const holder = holderOf(call);
      if (holder.inline[name] === undefined) throw noSuch(`The ${lower} policy with name ${name} cannot be found.`);
      delete holder.inline[name];
      return undefined;
    },
    [`Attach${kind}Policy`](call) {
      const { holder, arn } = attach(call);
      if (call.world.managedPolicy(accountOf(call), arn) === null)
        throw noSuch(`Policy ${arn} does not exist or is not attachable.`);
      if (!holder.attached.includes(arn)) holder.attached.push(arn);
      return undefined;
    },
    [`Detach${kind}Policy`](call) {
      const { holder, arn } = attach(call);
      if (!holder.attached.includes(arn)) throw noSuch(`Policy ${arn} was not found.`);
      holder.attached = holder.attached.filter((other) => other !== arn);
      return undefined;
    },
    [`ListAttached${kind}Policies`](call) {
      const attached = holderOf(call).attached.map((arn) => ({ PolicyName: arn.split("/").at(-1), PolicyArn: arn }));
      return page(call, "AttachedPolicies", attached);
    },
  };
}

/** The managed policy of `PolicyArn`: the account's own, or one of AWS's as if it were. */
function managedOf(call: Call): ManagedPolicy {
  const arn = required(call, "PolicyArn");
  allow(call, arn);
  const own = accountOf(call).iam.policies[arn];
  if (own) return own;
  const document = managedPolicies.get(arn.replace(/^arn:[a-z-]+:/, "arn:aws:"));
  if (document === undefined) throw noSuch(`Policy ${arn} was not found.`);
  return { name: arn.split("/").at(-1) ?? "", arn, uniqueId: "ANPAIAMANAGEDBYAWS", created: 0, document };
}

function describe(call: Call, policy: ManagedPolicy): XmlValue {
  const { iam } = accountOf(call);
  const holders = [...Object.values(iam.users), ...Object.values(iam.roles), ...Object.values(iam.groups)];
  return {
    PolicyName: policy.name,
    PolicyId: policy.uniqueId,
    Arn: policy.arn,
    Path: "/",
    DefaultVersionId: "v1",
    AttachmentCount: holders.filter((holder) => holder.attached.includes(policy.arn)).length,
    IsAttachable: true,
    CreateDate: isoSeconds(policy.created),
    UpdateDate: isoSeconds(policy.created),
  };
}

export const policyOperations: Record<string, QueryOperation> = {
  ...operationsFor("User", userOf),
  ...operationsFor("Group", groupOf),
  ...operationsFor("Role", roleOf),

  CreatePolicy(call) {
    const account = accountOf(call);
    const name = required(call, "PolicyName");
    const document = required(call, "PolicyDocument");
    const arn = iamArn(account, "policy", call.params.get("Path") ?? "/", name);
    allow(call, arn);
    checkName(name, "policyName", 128);
    checkPolicy(document);
    if (account.iam.policies[arn])
      throw new AwsFault(
        "EntityAlreadyExists",
        409,
        `A policy called ${name} already exists. Duplicate names are not allowed.`,
      );
    const policy = { name, arn, uniqueId: call.world.ids.uniqueId("ANPA"), created: call.world.clock.now(), document };
    account.iam.policies[arn] = policy;
    return { Policy: describe(call, policy) };
  },

  GetPolicy: (call) => ({ Policy: describe(call, managedOf(call)) }),

  GetPolicyVersion(call) {
    const policy = managedOf(call);
    const version = required(call, "VersionId");
    if (version !== "v1") throw noSuch(`Policy ${policy.arn} version ${version} does not exist or is not attachable.`);
    return {
      PolicyVersion: {
        Document: encodePolicy(policy.document),
        VersionId: "v1",
        IsDefaultVersion: true,
        CreateDate: isoSeconds(policy.created),
      },
    };
  },

  ListPolicyVersions(call) {
    const policy = managedOf(call);
    return page(call, "Versions", [
      { VersionId: "v1", IsDefaultVersion: true, CreateDate: isoSeconds(policy.created) },
    ]);
  },

  ListPolicies(call) {
    allow(call, "*");
    return page(
      call,
      "Policies",
      Object.values(accountOf(call).iam.policies).map((policy) => describe(call, policy)),
    );
  },

  DeletePolicy(call) {
    const policy = managedOf(call);
    const { iam } = accountOf(call);
    const holders = [...Object.values(iam.users), ...Object.values(iam.roles), ...Object.values(iam.groups)];
    if (holders.some((holder) => holder.attached.includes(policy.arn)))
      throw new AwsFault("DeleteConflict", 409, "Cannot delete a policy attached to entities.");
    delete iam.policies[policy.arn];
    return undefined;
  },
};
