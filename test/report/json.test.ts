import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { renderJson } from "../../src/report/json.ts";
import { reportJsonSchema, reportSchema } from "../../src/report/json-schema.ts";
import { fakeSecret, fakeSessionToken } from "../support/fake-keys.ts";
import {
  buildCredential,
  buildFinding,
  buildReport,
  cleanReport,
  hostileReport,
  renderOptions,
  richReport,
} from "../support/report-builder.ts";
import { schemaErrors } from "../support/validate-schema.ts";
import { expectNoSecret } from "./attack.ts";

const schemaFile = join(import.meta.dirname, "../../schema/keyguard-report.schema.json");

describe("the JSON report", () => {
  it.each([
    ["nothing found", cleanReport],
    ["a finding", buildReport()],
    ["a history", richReport()],
    ["a hostile repository", hostileReport()],
  ])("of %s is as its schema says", (_, report) => {
    const rendered: unknown = JSON.parse(renderJson(report, renderOptions));
    expect(schemaErrors(schemaFile, rendered)).toEqual([]);
    expect(reportSchema.safeParse(rendered).error).toBeUndefined();
  });

  it("is the contract, with null for what is absent", () => {
    const finding = buildFinding({
      credential: buildCredential(1, { accessKeyId: null }),
      account: null,
      accountName: null,
    });
    const report = JSON.parse(renderJson(buildReport({ findings: [finding] }), renderOptions));
    expect(report).toMatchObject({ schema: "keyguard-report/1", complete: true, unread: [] });
    expect(report.findings[0]).toMatchObject({
      fingerprint: finding.fingerprint,
      credential: { accessKeyId: null, secretAccessKey: finding.credential.secretAccessKey?.mask, sessionToken: null },
      secrets: [finding.credential.secretAccessKey?.mask],
      account: null,
      canary: false,
      verdict: { status: "unchecked" },
    });
    expect(report.findings[0].locations[1]).toEqual({
      path: "config/aws-secret.json",
      line: 3,
      column: 29,
      endLine: 3,
      endColumn: 69,
      part: "secretAccessKey",
      excerpt: '"AWS_SECRET_ACCESS_KEY": "wJ…(40 characters)"',
      commit: null,
      author: null,
      date: null,
    });
  });

  it("lists every secret raw when they are to be shown", () => {
    const credential = buildCredential(1, {
      sessionToken: new Secret(fakeSessionToken(1)),
      value: new Secret("a value"),
    });
    const report = buildReport({ findings: [buildFinding({ credential })] });
    const [finding] = JSON.parse(renderJson(report, { ...renderOptions, showSecrets: true })).findings;
    expect(finding.secrets).toEqual([fakeSecret(1), fakeSessionToken(1), "a value"]);
    expect(finding.credential.secretAccessKey).toBe(fakeSecret(1));
  });

  it("holds no secret otherwise", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const report = buildReport({
          findings: [buildFinding({ seed })],
          allowed: [{ finding: buildFinding({ seed: -seed }), by: "inline", reason: "x" }],
        });
        expectNoSecret(report, renderJson(report, renderOptions));
      }),
    );
  });

  it("has a schema that refuses what is no report", () => {
    const report = JSON.parse(renderJson(buildReport(), renderOptions));
    expect(schemaErrors(schemaFile, { ...report, schema: "keyguard-report/2" })).not.toEqual([]);
    expect(schemaErrors(schemaFile, { ...report, findings: [{}] })).not.toEqual([]);
    expect(reportJsonSchema()).toMatchObject({ $schema: expect.stringContaining("draft-07") });
  });
});
