import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, it } from "vitest";
import { markdownCode, markdownText, renderMarkdown, renderMarkdownWithin } from "../../src/report/markdown.ts";
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
import { expectNoSecret } from "./attack.ts";

/** As GitHub's renderer does before it sanitises: GFM, and HTML that is let through. */
function toHtml(markdown: string): string {
  return micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

function tagsOf(html: string): Set<string> {
  return new Set([...html.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, tag = ""]) => tag.toLowerCase()));
}

/** What a reader sees of the HTML. */
function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

describe("Markdown", () => {
  it("says how bad it is, where, and what to do, in a table", () => {
    const markdown = renderMarkdown(buildReport(), renderOptions);
    const html = toHtml(markdown);
    expect(html).toContain("<h2>1 leaked credential: 1 critical</h2>");
    expect(html.match(/<table>/g)).toHaveLength(2);
    expect(textOf(html)).toContain("config/aws-secret.json:2");
    expect(textOf(html)).toMatch(/keyguard rotate AKIA[A-Z2-7]{16}/);
  });

  it("says of a clean scan what was read", () => {
    const html = toHtml(renderMarkdown(cleanReport, renderOptions));
    expect(html).toContain("<h2>No credentials found</h2>");
    expect(textOf(html)).toContain("12 texts");
  });

  it("does not say clean of a scan that is incomplete", () => {
    const report = buildReport({ complete: false, findings: [], unread: [{ path: "big.bin", why: "too large" }] });
    const text = textOf(toHtml(renderMarkdown(report, renderOptions)));
    expect(text).toContain("No credentials found in what could be read");
    expect(text).toContain("The scan is incomplete");
    expect(text).toContain("big.bin");
  });

  it.each(hostileTexts)("shows %j in code and in prose as it is, with no tag, link or cell of its own", (text) => {
    for (const escaped of [markdownCode(text), `x ${markdownText(text)} y`, markdownText(text)]) {
      const html = toHtml(`| a | b |\n| --- | --- |\n| ${escaped} | end |\n`);
      expect(
        [...tagsOf(html)].filter((tag) => !["table", "thead", "tbody", "tr", "th", "td", "code"].includes(tag)),
      ).toEqual([]);
      expect(html.match(/<td>/g)).toHaveLength(2);
      expect(html).not.toMatch(/<[^>]*(?:href|src|on[a-z]+)=/);
      const alone = toHtml(escaped);
      expect([...tagsOf(alone)].filter((tag) => !["p", "code"].includes(tag))).toEqual([]);
      const plain = !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
      if (plain) expect(textOf(html).replaceAll("\u200b", "")).toContain(text.trim());
    }
  });

  it("mentions nobody in prose, which GitHub would do after rendering", () => {
    expect(textOf(toHtml(markdownText("agreed with @octocat")))).not.toContain("@octocat");
    expect(toHtml(markdownCode("@octocat"))).toContain("<code>@octocat</code>");
  });

  it("turns no part of a hostile report into markup of its own", () => {
    const html = toHtml(renderMarkdown(hostileReport(), renderOptions));
    expect([...tagsOf(html)].sort()).toEqual(
      [
        ...["blockquote", "code", "details", "h2", "h3", "li", "ol", "p", "pre", "strong", "sub", "summary"],
        ...["table", "tbody", "td", "th", "thead", "tr"],
      ].sort(),
    );
    expect(html).not.toMatch(/<[^>]*(?:href|src|on[a-z]+)=/);
    for (const row of html.matchAll(/<tr>([\s\S]*?)<\/tr>/g)) {
      expect((row[1] ?? "").match(/<t[dh]>/g)?.length).toBeLessThanOrEqual(5);
    }
  });

  it("holds no secret", () => {
    for (const report of [buildReport(), richReport(), hostileReport()]) {
      expectNoSecret(report, renderMarkdown(report, renderOptions));
    }
  });

  it("tells one line of many versions of a file as one place, from the first on", () => {
    const version = (date: string, commit: string) =>
      buildLocation({ path: "a.env", line: 3, date, commit: commit.repeat(40), author: "Ada" });
    const locations = [
      version("2026-03-01T00:00:00Z", "c"),
      version("2026-01-01T00:00:00Z", "a"),
      version("2026-02-01T00:00:00Z", "b"),
    ];
    const text = textOf(
      toHtml(renderMarkdown(buildReport({ findings: [buildFinding({ locations })] }), renderOptions)),
    );
    expect(text).toContain("1 place");
    expect(text).toContain("aaaaaaaaaaaa and 2 later");
  });

  it("keeps within the bytes it is given, and says how much it left out", () => {
    const findings = Array.from({ length: 400 }, (_, i) =>
      buildFinding({ seed: i, locations: [buildLocation({ path: `日本語-${i}.env` })] }),
    );
    const text = renderMarkdownWithin(buildReport({ findings }), renderOptions, 100_000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(100_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(20_000);
    expect(text).toMatch(/…and \d+ more credentials\./);
    expect(text).toContain("## 400 leaked credentials");
  });
});
