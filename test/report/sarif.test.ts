import { describe, expect, it } from "vitest";
import type { Report } from "../../src/model/finding.ts";
import { renderSarif, sarifText, sarifUri } from "../../src/report/sarif.ts";
import {
  buildFinding,
  buildLocation,
  buildReport,
  cleanReport,
  hostileReport,
  hostileTexts,
  renderOptions,
  richReport,
} from "../support/report-builder.ts";
import { schemaErrors } from "../support/validate-schema.ts";
import { expectNoSecret } from "./attack.ts";

function runOf(report: Report) {
  return JSON.parse(renderSarif(report, renderOptions)).runs[0];
}

describe("SARIF", () => {
  it.each<[string, Report]>([
    ["a clean scan", cleanReport],
    ["one finding", buildReport()],
    ["a long history", richReport()],
    ["hostile paths and words", hostileReport()],
    ["a finding without a place", buildReport({ findings: [buildFinding({ locations: [] })] })],
    ["a scan without a clock", buildReport()],
  ])("of %s is valid by the 2.1.0 schema and holds no secret", (name, report) => {
    const { generated: _, ...timeless } = renderOptions;
    const text = renderSarif(report, name.includes("clock") ? timeless : renderOptions);
    expect(schemaErrors("sarif-2.1.0-rtm.5.json", JSON.parse(text))).toEqual([]);
    expectNoSecret(report, text);
  });

  it("is refused by the same schema when broken, so that the check is one", () => {
    const log = JSON.parse(renderSarif(buildReport(), renderOptions));
    log.runs[0].results[0].level = "critical";
    log.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0;
    expect(schemaErrors("sarif-2.1.0-rtm.5.json", log)).toHaveLength(2);
  });

  it("has what code scanning asks for: driver, rules with help and a security severity, level, region", () => {
    const run = runOf(buildReport());
    expect(run.tool.driver).toMatchObject({ name: "keyguard", version: "1.2.3", informationUri: expect.any(String) });
    const [rule] = run.tool.driver.rules;
    expect(rule).toMatchObject({
      id: "aws-access-key",
      name: "AwsAccessKey",
      properties: { "security-severity": "9.8" },
    });
    expect(rule.help.markdown).toContain("keyguard rotate");
    expect(run.results[0]).toMatchObject({
      ruleId: "aws-access-key",
      ruleIndex: 0,
      level: "error",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "config/aws-secret.json", uriBaseId: "%SRCROOT%" },
            region: { startLine: 2, startColumn: 25, endLine: 2, endColumn: 45 },
          },
        },
      ],
      relatedLocations: [{ id: 1, physicalLocation: { region: { startLine: 3 } } }],
    });
  });

  it("lists every kind as a rule, also of a clean scan, and the repository's own detectors where they found something", () => {
    const ids = (report: Report) => runOf(report).tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(ids(cleanReport)).toHaveLength(11);
    const own = buildFinding({ kind: "custom", detector: "our-token" });
    const run = runOf(buildReport({ findings: [own] }));
    expect(run.results[0]).toMatchObject({ ruleId: "our-token", ruleIndex: 11 });
    expect(run.tool.driver.rules[11].id).toBe("our-token");
  });

  it("keeps a credential's fingerprint when it moves to another line and file", () => {
    const prints = (path: string, line: number) =>
      runOf(buildReport({ findings: [buildFinding({ locations: [buildLocation({ path, line })] })] })).results[0]
        .partialFingerprints;
    expect(prints("a.py", 1)).toEqual(prints("b/c.py", 99));
    expect(prints("a.py", 1).primaryLocationLineHash).toMatch(/^[0-9a-f]{32}:1$/);
  });

  it("says that the run failed, and which files were not read, where the scan is incomplete", () => {
    const run = runOf(buildReport({ complete: false, unread: [{ path: "a b.bin", why: "too large" }] }));
    expect(run.invocations[0].executionSuccessful).toBe(false);
    expect(run.invocations[0].toolExecutionNotifications[0]).toMatchObject({
      level: "error",
      message: { text: "not read: a b.bin: too large" },
      locations: [{ physicalLocation: { artifactLocation: { uri: "a%20b.bin" } } }],
    });
  });

  it("keeps to 25,000 results and says how many it left out", () => {
    const finding = buildFinding();
    const findings = Array.from({ length: 25_003 }, () => finding);
    const run = runOf(buildReport({ findings }));
    expect(run.results).toHaveLength(25_000);
    expect(JSON.stringify(run.invocations)).toContain("3 results more");
  });

  it.each(hostileTexts)("writes %j as a relative URI that stays below the root of the repository", (path) => {
    const uri = sarifUri(path);
    expect(uri).toMatch(/^[A-Za-z0-9\-._~%/]*$/);
    expect(uri).not.toMatch(/^[A-Za-z][A-Za-z0-9+.-]*:/);
    expect(uri).not.toMatch(/^\//);
    const base = "https://base.example/root/";
    expect(new URL(uri, base).href.startsWith(base)).toBe(true);
  });

  it("decodes back to the path, whatever characters it has", () => {
    const path = "a b%20c?d#e:f'(g)/日本語/🔑[h]{i}\u0001\n.json";
    expect(sarifUri(path).split("/").map(decodeURIComponent).join("/")).toBe(path);
    expect(sarifUri("C:/x")).toBe("C%3A/x");
  });

  it.each(hostileTexts)("leaves no link or argument of %j in a message", (text) => {
    const message = sarifText(text);
    expect(message).not.toMatch(/(?<!\\)(?:\\\\)*[[\]]/);
    expect(message.replaceAll("{{", "").replaceAll("}}", "")).not.toMatch(/[{}]/);
    expect(message).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
