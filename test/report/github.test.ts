import { describe, expect, it } from "vitest";
import {
  annotation,
  escapeCommandData,
  escapeCommandProperty,
  escapeLogLine,
  renderGithub,
} from "../../src/report/github.ts";
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
import { parseRunnerLog } from "../support/runner-log.ts";
import { expectNoSecret } from "./attack.ts";

describe("workflow commands", () => {
  it("put each credential beside its line, with what to do", () => {
    const { commands } = parseRunnerLog(renderGithub(buildReport(), renderOptions));
    expect(commands).toHaveLength(1);
    expect(commands[0]?.message).toContain(": access key id here, secret access key on line 3");
    expect(commands[0]).toMatchObject({
      name: "error",
      properties: { file: "config/aws-secret.json", line: "2", endLine: "2", col: "25", endColumn: "44" },
    });
    expect(commands[0]?.properties.title).toMatch(/^critical: AWS access key AKIA..….{6}$/);
    expect(commands[0]?.message).toContain("account 609629065308 (data-prod)");
    expect(commands[0]?.message).toMatch(/next: keyguard rotate AKIA[A-Z2-7]{16}/);
  });

  it("say of a clean scan that it is clean, with no annotation", () => {
    const { commands, lines } = parseRunnerLog(renderGithub(cleanReport, renderOptions));
    expect(commands).toEqual([]);
    expect(lines).toEqual(["keyguard: no credentials in 12 texts"]);
  });

  it("raise an error where something was not read", () => {
    const report = buildReport({ complete: false, findings: [], unread: [{ path: "big.bin", why: "too large" }] });
    const { commands, lines } = parseRunnerLog(renderGithub(report, renderOptions));
    expect(commands).toMatchObject([{ name: "error", properties: { file: "big.bin", title: "keyguard: incomplete" } }]);
    expect(lines).toEqual(["keyguard: incomplete: no credentials in 12 texts"]);
  });

  it("are at most ten of each type, the last of which says how many more there are", () => {
    const findings = ["critical", "medium", "low"].flatMap((severity) =>
      Array.from({ length: 12 }, (_, i) =>
        buildFinding({
          seed: `${severity} ${i}`,
          severity: severity as "critical" | "medium" | "low",
          locations: [buildLocation({ path: `${severity}-${i}.env` })],
        }),
      ),
    );
    const { commands } = parseRunnerLog(renderGithub(buildReport({ findings }), renderOptions));
    for (const name of ["error", "warning", "notice"]) {
      const ofType = commands.filter((command) => command.name === name);
      expect(ofType).toHaveLength(10);
      expect(ofType[9]?.message).toBe("3 more not shown here: see the job summary");
    }
  });

  it("show every credential once before they show a second file of any", () => {
    const busy = buildFinding({
      seed: "busy",
      locations: Array.from({ length: 30 }, (_, i) =>
        buildLocation({ path: `busy-${String(i).padStart(2, "0")}.env` }),
      ),
    });
    const other = buildFinding({ seed: "other", severity: "high", locations: [buildLocation({ path: "other.env" })] });
    const { commands } = parseRunnerLog(renderGithub(buildReport({ findings: [busy, other] }), renderOptions));
    expect(commands.slice(0, 2).map(({ properties }) => properties.file)).toEqual(["busy-00.env", "other.env"]);
  });

  it.each(hostileTexts)("carry %j as one command, in one line, and nothing of it becomes another", (text) => {
    const { commands, lines } = parseRunnerLog(annotation("warning", text, { file: text, line: 1, title: text }));
    expect(lines).toEqual([]);
    expect(commands).toHaveLength(1);
    expect(commands[0]?.name).toBe("warning");
    expect(Object.keys(commands[0]?.properties ?? {})).toEqual(["file", "line", "title"]);
    // What the runner reads is what was meant, but for the characters that are spelled out.
    const plain = !/[\p{C}\p{Z}]/u.test(text.replaceAll(" ", ""));
    if (plain) {
      expect(commands[0]?.message).toBe(text);
      expect(commands[0]?.properties.file).toBe(text);
    }
  });

  it.each(hostileTexts)("leave %j in the log as text", (text) => {
    const { commands, lines } = parseRunnerLog(`${escapeLogLine(text)}\n`);
    expect(commands).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it("escape exactly what the runner undoes", () => {
    expect(escapeCommandData("100%\r\na:b,c")).toBe("100%25%0Aa:b,c");
    expect(escapeCommandProperty("a:b,c%\n")).toBe("a%3Ab%2Cc%25\\u{a}");
  });

  it("hold no secret, whatever the report", () => {
    for (const report of [buildReport(), richReport(), hostileReport()]) {
      const text = renderGithub(report, renderOptions);
      expectNoSecret(report, text);
      const { commands } = parseRunnerLog(text);
      expect(new Set(commands.map(({ name }) => name))).toEqual(
        new Set([...new Set(commands.map(({ name }) => name))].filter((name) => /^(error|warning|notice)$/.test(name))),
      );
    }
  });
});
