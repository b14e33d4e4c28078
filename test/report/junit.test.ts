import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { validateXML } from "xmllint-wasm";
import type { Report } from "../../src/model/finding.ts";
import { escapeXml, renderJunit } from "../../src/report/junit.ts";
import {
  buildFinding,
  buildReport,
  cleanReport,
  hostileReport,
  hostileTexts,
  renderOptions,
  richReport,
} from "../support/report-builder.ts";
import { expectNoSecret } from "./attack.ts";

const schema = readFileSync(join(import.meta.dirname, "../fixtures/schemas/junit-10.xsd"), "utf8");

async function xmlErrors(xml: string): Promise<string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: "report.xml", contents: xml }],
    schema: [{ fileName: "junit-10.xsd", contents: schema }],
  });
  return errors.map(({ rawMessage }) => rawMessage);
}

describe("JUnit XML", () => {
  it.each<[string, Report]>([
    ["a clean scan", cleanReport],
    ["one finding", buildReport()],
    ["a long history", richReport()],
    ["hostile paths and words", hostileReport()],
    ["an incomplete scan", buildReport({ complete: false, unread: [{ path: "big.bin", why: "too large" }] })],
    ["an incomplete scan that names nothing", buildReport({ complete: false })],
    ["a scan of 20 minutes", buildReport({ elapsed: 1_234_567.8 })],
  ])("of %s is valid by Jenkins's schema and holds no secret", async (_name, report) => {
    const xml = renderJunit(report, renderOptions);
    expect(await xmlErrors(xml)).toEqual([]);
    expectNoSecret(report, xml);
  });

  it("is refused by the same schema when broken, so that the check is one", async () => {
    const xml = renderJunit(buildReport(), renderOptions);
    expect(await xmlErrors(xml.replaceAll(' name="keyguard" tests=', " tests="))).not.toEqual([]);
    expect(await xmlErrors(xml.replaceAll("testcase", "test-case"))).not.toEqual([]);
  });

  it("has a failed test for each credential and an error for each thing not read", () => {
    const report = buildReport({
      complete: false,
      findings: [buildFinding(), buildFinding({ seed: 2, severity: "low" })],
      unread: [{ path: "big.bin", why: "larger than the limit" }],
    });
    const xml = renderJunit(report, renderOptions);
    expect(xml).toContain('tests="3" failures="2" errors="1"');
    expect(xml.match(/<failure /g)).toHaveLength(2);
    expect(xml).toContain('<error type="unread" message="larger than the limit">');
  });

  it("has one test that passed when all was read and nothing found, since Jenkins fails on an empty suite", () => {
    const xml = renderJunit(cleanReport, renderOptions);
    expect(xml).toContain('tests="1" failures="0" errors="0"');
    expect(xml).toContain('<testcase name="no credentials in 12 texts"');
  });

  it.each(hostileTexts)("lets %j neither open an element nor end an attribute", async (text) => {
    const escaped = escapeXml(text);
    expect(escaped).not.toMatch(/[<>"']/);
    expect(escaped).not.toMatch(/&(?!(amp|lt|gt|quot|apos);)/);
    const { valid } = await validateXML({
      xml: [{ fileName: "x.xml", contents: `<a b="${escaped}">${escaped}</a>` }],
      schema: [
        {
          fileName: "x.xsd",
          contents:
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"><xs:complexType mixed="true"><xs:attribute name="b" type="xs:string"/></xs:complexType></xs:element></xs:schema>',
        },
      ],
    });
    expect(valid).toBe(true);
  });
});
