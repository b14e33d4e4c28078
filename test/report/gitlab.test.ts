import { describe, expect, it } from "vitest";
import type { Report } from "../../src/model/finding.ts";
import { escapeGitlab, renderGitlab } from "../../src/report/gitlab.ts";
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

const published = process.env.KEYGUARD_GITLAB_SCHEMA;

const reports: [string, Report][] = [
  ["a clean scan", cleanReport],
  ["one finding", buildReport()],
  ["a long history", richReport()],
  ["hostile paths and words", hostileReport()],
  ["an incomplete scan", buildReport({ complete: false, unread: [{ path: "", why: "shallow clone" }] })],
];

describe("GitLab's secret-detection report", () => {
  it.each(reports)("of %s is what GitLab's schema demands and holds no secret", (_name, report) => {
    const text = renderGitlab(report, renderOptions);
    expect(schemaErrors("gitlab-secret-detection.ours.json", JSON.parse(text))).toEqual([]);
    expectNoSecret(report, text);
  });

  it.skipIf(published === undefined).each(reports)("of %s is valid by GitLab's published schema", (_name, report) => {
    expect(schemaErrors(published ?? "", JSON.parse(renderGitlab(report, renderOptions)))).toEqual([]);
  });

  it("names each file once, at the first line, with the commit that brought it", () => {
    const finding = buildFinding({
      locations: [
        buildLocation({ path: "a.py", line: 4 }),
        buildLocation({ path: "a.py", line: 9 }),
        buildLocation({ path: "b.py", line: 1, commit: "c".repeat(40), author: "Ada", date: "2026-01-01T00:00:00Z" }),
      ],
    });
    const { vulnerabilities } = JSON.parse(renderGitlab(buildReport({ findings: [finding] }), renderOptions));
    expect(vulnerabilities).toMatchObject([
      { location: { file: "a.py", start_line: 4, commit: { sha: "0000000" } } },
      { location: { file: "b.py", start_line: 1, commit: { sha: "c".repeat(40), author: "Ada" } } },
    ]);
    expect(vulnerabilities[0].details.places.items).toHaveLength(3);
  });

  it("gives a credential in a file the same id in every run, and another in another file", () => {
    const ids = (path: string, line: number): string => {
      const finding = buildFinding({ locations: [buildLocation({ path, line })] });
      return JSON.parse(renderGitlab(buildReport({ findings: [finding] }), renderOptions)).vulnerabilities[0].id;
    };
    expect(ids("a.py", 4)).toBe(ids("a.py", 40));
    expect(ids("a.py", 4)).not.toBe(ids("b.py", 4));
    expect(ids("a.py", 4)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("says failure, and what was not read, where the scan is incomplete", () => {
    const report = buildReport({ complete: false, unread: [{ path: "big.bin", why: "too large" }] });
    const { scan } = JSON.parse(renderGitlab(report, renderOptions));
    expect(scan.status).toBe("failure");
    expect(scan.messages).toContainEqual({ level: "warn", value: "not read: big.bin: too large" });
    expect(scan).toMatchObject({ start_time: "2026-11-22T11:59:58", end_time: "2026-11-22T12:00:00" });
  });

  it.each(hostileTexts)("leaves no Markdown or HTML of %j awake in a description", (text) => {
    const escaped = escapeGitlab(text);
    expect(escaped).not.toMatch(/[<>]/);
    expect(escaped).not.toMatch(/(?<!\\)(?:\\\\)*[`*_[\]!#@]/);
  });
});
