import fc from "fast-check";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, it } from "vitest";
import { csvCell } from "../../src/report/csv.ts";
import { annotation, escapeLogLine } from "../../src/report/github.ts";
import { escapeGitlab } from "../../src/report/gitlab.ts";
import { escapeHtml } from "../../src/report/html/markup.ts";
import { escapeXml } from "../../src/report/junit.ts";
import { markdownCode, markdownText } from "../../src/report/markdown.ts";
import { sarifText, sarifUri } from "../../src/report/sarif.ts";
import { hostileTexts } from "../support/report-builder.ts";
import { parseRunnerLog } from "../support/runner-log.ts";

/** Anything, with more of what means something somewhere than chance would give. */
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...hostileTexts),
      fc.constantFrom(..."\r\n\t :,;=%#@|<>&\"'`*_[](){}\\!~+-./\u2028\u202e\ud800".split("")),
      fc.constantFrom(
        "::",
        "##[",
        "%0A",
        "<!--",
        "-->",
        "]]>",
        "![",
        "](",
        "```",
        "<code>",
        "</code>",
        "http://",
        "www.",
        "\n\n# ",
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("any text at all", () => {
  it("is one command and nothing else in a workflow command, and no command in a log line", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { commands, lines } = parseRunnerLog(annotation("error", text, { file: text, title: text, line: 1 }));
        expect(commands).toHaveLength(1);
        expect(Object.keys(commands[0]?.properties ?? {})).toEqual(["file", "title", "line"]);
        expect(lines).toEqual([]);
        expect(parseRunnerLog(escapeLogLine(text)).commands).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it("is one cell and no formula in CSV", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const cell = /^"((?:[^"\r\n]|"")*)"$/.exec(csvCell(text))?.[1];
        expect(cell).toBeDefined();
        expect(cell).not.toMatch(/^[\s"]*[=+\-@＝＋－＠]/);
      }),
      { numRuns: 2000 },
    );
  });

  it("is text in HTML and in XML", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"'`]|&(?!(amp|lt|gt|quot|#39|#96);)/);
        expect(escapeXml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|apos);)/);
        expect(escapeXml(text)).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
      }),
      { numRuns: 2000 },
    );
  });

  it("makes no element, link or cell of its own in Markdown", () => {
    const options = { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] };
    fc.assert(
      fc.property(texts, (text) => {
        for (const escaped of [markdownCode(text), markdownText(text)]) {
          const row = micromark(`| a | b |\n| --- | --- |\n| ${escaped} | end |\n`, options);
          expect(row.match(/<td>/g)).toHaveLength(2);
          const alone = micromark(escaped, options);
          expect(alone.replace(/<\/?(?:p|code)>/g, "")).not.toMatch(/[<>]/);
          const item = micromark(`- x ${escaped}`, options);
          expect(item.replace(/<\/?(?:ul|li|code)>/g, "")).not.toMatch(/[<>]/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves no active character of GitLab's Markdown", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(escapeGitlab(text)).not.toMatch(/[<>\n]|(?<!\\)(?:\\\\)*[`*_[\]!#@|~$]/);
      }),
      { numRuns: 2000 },
    );
  });

  it("is a relative URI below the root, and a message without links, in SARIF", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(
          new URL(sarifUri(text), "https://base.example/root/").href.startsWith("https://base.example/root/"),
        ).toBe(true);
        expect(sarifText(text)).not.toMatch(/(?<!\\)(?:\\\\)*[[\]]/);
      }),
      { numRuns: 2000 },
    );
  });
});
