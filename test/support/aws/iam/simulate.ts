import { policiesOf } from "../authorize.ts";
import { AwsFault } from "../aws-fault.ts";
import type { Call } from "../call.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import type { Principal } from "../policy/principals.ts";
import { memberStructures, memberValues, type QueryOperation, required } from "../query-protocol.ts";
import type { XmlValue } from "../xml.ts";
import { accountOf, allow, noSuch } from "./iam-call.ts";

/** The user, role or group that a simulation speaks of, as a principal. */
function sourceOf(call: Call, arn: string): Principal & { name: string; owner: "user" | "role" } {
  const { iam, id } = accountOf(call);
  const user = Object.values(iam.users).find((one) => one.arn === arn);
  const role = Object.values(iam.roles).find((one) => one.arn === arn);
  const found = user ?? role;
  if (!found) throw noSuch(`The entity ${arn} cannot be found.`);
  const kind = user ? "user" : "assumed-role";
  return {
    kind,
    account: id,
    arn,
    behindArn: arn,
    uniqueId: found.uniqueId,
    name: found.name,
    owner: user ? "user" : "role",
  };
}

export const simulateOperations: Record<string, QueryOperation> = {
  SimulatePrincipalPolicy(call) {
    const arn = required(call, "PolicySourceArn");
    allow(call, arn);
    const account = accountOf(call);
    const source = sourceOf(call, arn);
    const actions = memberValues(call.params, "ActionNames");
    if (actions.length === 0)
      throw new AwsFault("ValidationError", 400, "Value null at 'actionNames' failed to satisfy constraint");
    const resources = memberValues(call.params, "ResourceArns");
    const context = new Map<string, string | readonly string[]>([
      ["aws:currenttime", new Date(call.world.clock.now()).toISOString()],
    ]);
    for (const entry of memberStructures(call.params, "ContextEntries"))
      context.set((entry.get("ContextKeyName") ?? "").toLowerCase(), memberValues(entry, "ContextKeyValues"));
    const more = memberValues(call.params, "PolicyInputList").map(parsePolicy);
    const resourcePolicy = call.params.get("ResourcePolicy");
    const boundaries = memberValues(call.params, "PermissionsBoundaryPolicyInputList").map(parsePolicy);
    const policies = policiesOf(call.world, account, source.owner, source.name);
    const results: XmlValue[] = [];
    for (const action of actions)
      for (const resource of resources.length > 0 ? resources : ["*"]) {
        const decision = evaluate({
          action,
          resource,
          resourceAccount: account.id,
          principal: source,
          context,
          identity: [...policies.identity, ...more],
          boundary: boundaries[0] ?? policies.boundary,
          session: null,
          resourcePolicy: resourcePolicy ? parsePolicy(resourcePolicy) : null,
          servicePolicies: account.servicePolicies?.map(parsePolicy) ?? null,
        });
        results.push({
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: decision.allowed ? "allowed" : decision.explicit ? "explicitDeny" : "implicitDeny",
          MatchedStatements: [],
          MissingContextValues: [],
        });
      }
    return { EvaluationResults: results, IsTruncated: false };
  },
};
