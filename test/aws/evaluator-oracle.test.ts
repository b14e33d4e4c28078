import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { type AccessRequest, evaluate } from "../support/aws/policy/evaluate.ts";
import { randomRequests } from "../support/aws/policy/random-requests.ts";

/**
 * Holds our policy evaluator against one that somebody else wrote. It is no dependency (its licence is the AGPL): the
 * script scripts/compare-evaluator.sh installs it into a folder of its own and names that folder here.
 */
const folder = process.env.KEYGUARD_POLICY_ORACLE;
const cases = Number(process.env.KEYGUARD_POLICY_CASES ?? "5000");

type Oracle = (
  simulation: unknown,
  options: unknown,
) => Promise<{ resultType: string; overallResult?: string; errors?: unknown }>;

function simulationOf(request: AccessRequest) {
  const named = (documents: readonly unknown[]) => documents.map((policy, index) => ({ name: `p${index}`, policy }));
  return {
    request: {
      principal: request.principal.arn,
      action: request.action,
      resource: { resource: request.resource, accountId: request.resourceAccount },
      contextVariables: Object.fromEntries(request.context),
    },
    identityPolicies: named(request.identity),
    serviceControlPolicies: request.servicePolicies
      ? [{ orgIdentifier: "o-1", policies: named(request.servicePolicies) }]
      : [],
    resourceControlPolicies: [],
    ...(request.resourcePolicy ? { resourcePolicy: request.resourcePolicy } : {}),
    ...(request.boundary ? { permissionBoundaryPolicies: named([request.boundary]) } : {}),
    ...(request.session?.[0] ? { sessionPolicy: request.session[0] } : {}),
  };
}

describe.skipIf(folder === undefined)("the policy evaluator, beside an independent one", () => {
  it(`agrees on ${cases} random requests`, async () => {
    const require = createRequire(join(folder ?? "", "package.json"));
    const module = (await import(pathToFileURL(require.resolve("@cloud-copilot/iam-simulate")).href)) as {
      runSimulation: Oracle;
    };
    const disagreements: unknown[] = [];
    const refused = new Map<string, number>();
    let compared = 0;
    let allowed = 0;
    for (const request of randomRequests(process.env.KEYGUARD_POLICY_SEED ?? 1)) {
      if (compared >= cases) break;
      const theirs = await module.runSimulation(simulationOf(request), { simulationMode: "Strict" });
      if (theirs.resultType === "error") {
        const why = JSON.stringify(theirs.errors);
        refused.set(why, (refused.get(why) ?? 0) + 1);
        continue;
      }
      compared++;
      const ours = evaluate(request);
      if (ours.allowed) allowed++;
      if (ours.allowed !== (theirs.overallResult === "Allowed"))
        disagreements.push({
          ours,
          theirs: theirs.overallResult,
          request: { ...request, context: Object.fromEntries(request.context) },
        });
    }
    console.log(`${compared - disagreements.length} of ${compared} agree (${allowed} allowed)`, refused);
    expect(disagreements.slice(0, 3)).toEqual([]);
  });
});
