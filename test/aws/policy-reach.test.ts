import { describe, expect, it } from "vitest";
import { globMatches, reachOf } from "../../src/aws/policy-reach.ts";
import { evaluate } from "../support/aws/policy/evaluate.ts";
import type { PolicyDocument } from "../support/aws/policy/policy-document.ts";
import { randomRequests } from "../support/aws/policy/random-requests.ts";

function named(name: string, ...Statement: unknown[]) {
  return { name, document: JSON.stringify({ Version: "2012-10-17", Statement }) };
}
const allow = (Action: unknown, Resource: unknown, more = {}) => ({ Effect: "Allow", Action, Resource, ...more });
const deny = (Action: unknown, Resource: unknown, more = {}) => ({ Effect: "Deny", Action, Resource, ...more });

describe("what policies let somebody reach", () => {
  it("is told bucket by bucket, with keys and the policy that says so", () => {
    const reach = reachOf([
      named("list", allow("s3:ListBucket", "arn:aws:s3:::lab")),
      named("data", allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::lab/data/*", "arn:aws:s3:::lab/out/*"])),
      named("other", allow("s3:*", ["arn:aws:s3:::own", "arn:aws:s3:::own/*"])),
    ]);
    expect(reach.buckets).toEqual([
      {
        bucket: "lab",
        keys: ["data/*", "out/*"],
        can: ["list", "read", "write"],
        conditional: false,
        policies: ["data", "list"],
      },
      {
        bucket: "own",
        keys: [],
        can: ["list", "read", "write", "delete", "manage"],
        conditional: false,
        policies: ["other"],
      },
    ]);
    expect(reach.administrator).toBe(false);
  });

  it("knows that objects are not meant without /*, nor the bucket with it", () => {
    expect(reachOf([named("p", allow("s3:*", "arn:aws:s3:::lab"))]).buckets[0]?.can).toEqual(["list", "manage"]);
    expect(reachOf([named("p", allow("s3:*", "arn:aws:s3:::lab/*"))]).buckets[0]?.can).toEqual([
      "read",
      "write",
      "delete",
    ]);
    expect(reachOf([named("p", allow("s3:*", "arn:aws:s3:::lab*"))]).buckets[0]?.can).toHaveLength(5);
  });

  it("takes away what is denied, and marks what is denied or allowed under conditions", () => {
    const all = named("all", allow("*", "*"));
    const condition = { Condition: { Bool: { "aws:SecureTransport": "false" } } };
    expect(reachOf([all, named("no", deny("s3:GetObject", "*"))]).buckets[0]).toMatchObject({
      can: ["list", "write", "delete", "manage"],
      conditional: false,
    });
    expect(reachOf([all, named("tls", deny("s3:*", "*", condition))]).buckets[0]).toMatchObject({
      can: expect.arrayContaining(["read"]),
      conditional: true,
    });
    expect(reachOf([named("if", allow("s3:GetObject", "*", condition))]).buckets[0]).toMatchObject({
      conditional: true,
    });
    expect(reachOf([all, named("no", deny("s3:GetObject", "*"))]).denied).toEqual(["s3:GetObject on * (no)"]);
  });

  it("is no more than the boundary allows", () => {
    const all = named("all", allow("*", "*"));
    expect(reachOf([all], named("fence", allow("s3:Get*", "arn:aws:s3:::lab/*"))).buckets).toEqual([]);
    expect(
      reachOf([named("p", allow("s3:*", "arn:aws:s3:::lab/*"))], named("fence", allow("s3:Get*", "arn:aws:s3:::lab/*")))
        .buckets[0]?.can,
    ).toEqual(["read"]);
    expect(reachOf([all], named("fence", allow("s3:*", "*")))).toMatchObject({
      administrator: false,
      listsAllBuckets: true,
    });
  });

  it("sees an administrator, and other services' actions", () => {
    expect(reachOf([named("admin", allow("*", "*"))])).toMatchObject({ administrator: true, others: [] });
    expect(reachOf([named("power", { Effect: "Allow", NotAction: ["iam:*"], Resource: "*" })])).toMatchObject({
      administrator: false,
      others: ["everything but iam:*"],
    });
    expect(reachOf([named("p", allow(["kms:Decrypt", "s3:Get*"], "*"))]).others).toEqual(["kms:Decrypt"]);
  });

  it("takes any text for a policy without breaking", () => {
    for (const document of ["", "null", "[]", '{"Statement":[null,1,"x",{"Action":{}}]}', "{"])
      expect(reachOf([{ name: "x", document }]).buckets).toEqual([]);
  });

  it("promises nothing that the evaluator would refuse", () => {
    const actions = {
      list: "s3:ListBucket",
      read: "s3:GetObject",
      write: "s3:PutObject",
      delete: "s3:DeleteObject",
      manage: "s3:PutBucketPolicy",
    };
    let promises = 0;
    let requests = 0;
    for (const request of randomRequests("reach")) {
      if (++requests > 3_000) break;
      if (request.principal.kind !== "user") continue;
      const texts = (documents: readonly PolicyDocument[]) =>
        documents.map((one, index) => ({ name: `p${index}`, document: JSON.stringify(one) }));
      const boundary = request.boundary ? (texts([request.boundary])[0] ?? null) : null;
      for (const { bucket, keys, can, conditional } of reachOf(texts(request.identity), boundary).buckets) {
        if (conditional || /[*?$]/.test(bucket) || keys.length > 0) continue;
        for (const ability of can) {
          const resource = `arn:aws:s3:::${bucket}${ability === "list" || ability === "manage" ? "" : "/some/key"}`;
          const asked = {
            ...request,
            action: actions[ability],
            resource,
            resourceAccount: request.principal.account,
            resourcePolicy: null,
            resourcePolicyRequired: false,
            session: null,
            servicePolicies: null,
          };
          expect(evaluate(asked), JSON.stringify(asked)).toEqual({ allowed: true });
          promises++;
        }
      }
    }
    expect(promises).toBeGreaterThan(50);
  });
});

describe("glob patterns", () => {
  it.each([
    ["*", "", true],
    ["a*c", "abc", true],
    ["a*c", "abd", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*a*a*", "banana", true],
    ["lab*", "lab-volumes/x", true],
  ])("%s on %s: %s", (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches);
  });

  it("take time in proportion, however many stars there are", () => {
    const time = (size: number) => {
      const begun = performance.now();
      globMatches(`${"a*".repeat(50)}b`, "a".repeat(size));
      return performance.now() - begun;
    };
    time(20_000);
    expect(time(200_000)).toBeLessThan(500);
  });
});
