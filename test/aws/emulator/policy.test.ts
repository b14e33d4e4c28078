import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { conditionsHold } from "../../support/aws/policy/conditions.ts";
import { evaluate } from "../../support/aws/policy/evaluate.ts";
import { type Context, matchesArn } from "../../support/aws/policy/match-pattern.ts";
import { isExcepted, type Principal } from "../../support/aws/policy/principals.ts";
import { randomRequests } from "../../support/aws/policy/random-requests.ts";

const context: Context = new Map<string, string | readonly string[]>([
  ["aws:username", "ana"],
  ["aws:sourceip", "203.0.113.10"],
  ["aws:securetransport", "true"],
  ["aws:currenttime", "2026-11-22T12:00:00Z"],
  ["aws:tagkeys", ["team", "run"]],
  ["s3:max-keys", "10"],
  ["aws:principalarn", "arn:aws:iam::111122223333:role/loader"],
]);
const holds = (operator: string, key: string, value: string | string[]) =>
  conditionsHold({ [operator]: { [key]: value } }, context, context);

describe("conditions", () => {
  it.each([
    ["StringEquals", "aws:username", "ana", true],
    ["StringEquals", "AWS:UserName", "ana", true],
    ["StringEquals", "aws:username", "Ana", false],
    ["StringEquals", "aws:username", "a*", false],
    ["StringEquals", "aws:username", ["ben", "ana"], true],
    ["StringEquals", "s3:prefix", "x", false],
    ["StringEqualsIfExists", "s3:prefix", "x", true],
    ["StringNotEquals", "s3:prefix", "x", true],
    ["StringNotEquals", "aws:username", ["ben", "ana"], false],
    ["StringEqualsIgnoreCase", "aws:username", "ANA", true],
    ["StringLike", "aws:username", "a?a", true],
    ["StringNotLike", "aws:username", "a*", false],
    ["NumericLessThanEquals", "s3:max-keys", "10", true],
    ["NumericLessThan", "s3:max-keys", "10", false],
    ["NumericEquals", "s3:max-keys", "ten", false],
    ["DateLessThan", "aws:CurrentTime", "2026-11-22T12:00:01Z", true],
    ["DateGreaterThan", "aws:CurrentTime", "1795348799", true],
    ["DateLessThan", "aws:TokenIssueTime", "2999-01-01T00:00:00Z", false],
    ["Bool", "aws:SecureTransport", "TRUE", true],
    ["Bool", "aws:MultiFactorAuthPresent", "false", false],
    ["BoolIfExists", "aws:MultiFactorAuthPresent", "false", true],
    ["IpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"], true],
    ["IpAddress", "aws:SourceIp", "203.0.113.10", true],
    ["IpAddress", "aws:SourceIp", "0.0.0.0/0", true],
    ["IpAddress", "aws:SourceIp", "2001:db8::/32", false],
    ["NotIpAddress", "aws:SourceIp", "203.0.113.0/24", false],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*", true],
    ["ArnLike", "aws:PrincipalArn", "arn:*", false],
    ["ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*", true],
    ["Null", "aws:username", "false", true],
    ["Null", "s3:prefix", "true", true],
    ["Null", "s3:prefix", "false", false],
    ["ForAllValues:StringEquals", "aws:TagKeys", ["team", "run", "cost"], true],
    ["ForAllValues:StringEquals", "aws:TagKeys", "team", false],
    ["ForAllValues:StringEquals", "aws:RequestTag/x", "y", true],
    ["ForAnyValue:StringEquals", "aws:TagKeys", "run", true],
    ["ForAnyValue:StringEquals", "aws:RequestTag/x", "y", false],
    ["StringEquals", "aws:username", "${aws:username}", true],
    ["NoSuchOperator", "aws:username", "ana", false],
  ])("%s of %s with %s: %s", (operator, key, value, expected) => {
    expect(holds(operator, key, value)).toBe(expected);
  });
});

describe("resources", () => {
  it.each([
    ["arn:aws:s3:::lab", "arn:aws:s3:::lab*", true],
    ["arn:aws:s3:::database/x", "arn:aws:s3:::data*", true],
    ["arn:aws:s3:::lab/data/x", "arn:aws:s3:::lab/${aws:username}/*", false],
    ["arn:aws:s3:::lab/ana/x", "arn:aws:s3:::lab/${aws:username}/*", true],
    ["arn:aws:s3:::lab/ana/x", "arn:aws:s3:::lab/${aws:PrincipalTag/team}/*", false],
    ["arn:aws:s3:::lab/none/x", "arn:aws:s3:::lab/${aws:PrincipalTag/team, 'none'}/*", true],
    ["arn:aws:s3:::lab/a*b", "arn:aws:s3:::lab/a${*}b", true],
    ["arn:aws:s3:::lab/axb", "arn:aws:s3:::lab/a${*}b", false],
    ["arn:aws:iam::111122223333:user/x", "arn:aws:s3:::*", false],
    ["arn:aws:kms:us-east-1:111122223333:key/1", "arn:aws:kms:*:111122223333:key/*", true],
    ["arn:aws:s3:::lab/with (brackets) [and] + dots.", "arn:aws:s3:::lab/with (brackets) [and] + dots.", true],
  ])("%s by %s: %s", (arn, pattern, expected) => {
    expect(matchesArn(arn, pattern, context)).toBe(expected);
  });

  it("knows no variables in policies of the version that has none", () => {
    expect(matchesArn("arn:aws:s3:::lab/ana/x", "arn:aws:s3:::lab/${aws:username}/*", null)).toBe(false);
    expect(matchesArn("arn:aws:s3:::lab/${aws:username}/x", "arn:aws:s3:::lab/${aws:username}/*", null)).toBe(true);
  });
});

describe("NotPrincipal", () => {
  const arn = "arn:aws:iam::111122223333:user/ana";
  const ana: Principal = { kind: "user", account: "111122223333", arn, behindArn: arn, uniqueId: "AIDAANA" };

  it.each([
    [[arn], false],
    [["111122223333"], false],
    [[arn, "arn:aws:iam::111122223333:root"], true],
    [["arn:aws:iam::111122223333:user/ben", "111122223333"], false],
  ])("with %s excepts the user: %s", (AWS, expected) => {
    expect(isExcepted({ AWS }, ana)).toBe(expected);
  });
});

describe("the evaluator as a whole", () => {
  it("decides as it did when it agreed with an independent one on every request", () => {
    // scripts/compare-evaluator.sh 20000 makes that comparison. Whoever changes the evaluator runs it again, and then
    // writes the new digest here.
    const decisions: string[] = [];
    for (const request of randomRequests(1)) {
      if (decisions.length >= 20_000) break;
      decisions.push(evaluate(request).allowed ? "1" : "0");
    }
    expect(decisions.filter((one) => one === "1")).toHaveLength(2985);
    expect(createHash("sha256").update(decisions.join("")).digest("hex").slice(0, 16)).toBe("35bbcd79ec6f1c06");
  });
});
