import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { describeDuration, timeTicks } from "../../src/report/html/duration.ts";
import { escapeHtml, html } from "../../src/report/html/markup.ts";
import { contentSecurityPolicy, renderHtml } from "../../src/report/html.ts";
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

describe("the HTML page", () => {
  it("allows its own style and script by their hashes, and nothing else", () => {
    const page = renderHtml(richReport(), renderOptions);
    expect(page).toContain(`content="${contentSecurityPolicy.replaceAll("'", "&#39;")}"`);
    expect(contentSecurityPolicy).toMatch(
      /^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; base-uri 'none'; form-action 'none'$/,
    );
    for (const [tag, directive] of [
      ["style", "style-src"],
      ["script", "script-src"],
    ]) {
      const elements = [...page.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))];
      expect(elements).toHaveLength(1);
      const hash = createHash("sha256")
        .update(elements[0]?.[1] ?? "")
        .digest("base64");
      expect(contentSecurityPolicy).toContain(`${directive} 'sha256-${hash}'`);
    }
  });

  it("is one file: no address is loaded, no style or handler is inline", () => {
    for (const report of [richReport(), hostileReport(), cleanReport]) {
      const page = renderHtml(report, renderOptions).replace(/<(style|script)>[\s\S]*?<\/\1>/g, "");
      expect(page).not.toMatch(/<(link|img|iframe|object|embed|base|audio|video|source)\b/);
      expect(page).not.toMatch(/<[^>]*\s(style|src|on[a-z]+)=/);
      for (const [, address] of page.matchAll(/<[^>]*\shref="([^"]*)"/g))
        expect(address).toMatch(
          /^(#|https:\/\/(docs\.aws\.amazon\.com|cwe\.mitre\.org|developer-docs\.amazon\.com)\/)/,
        );
    }
  });

  it("holds no secret, also when secrets were asked for", () => {
    for (const report of [buildReport(), richReport(), hostileReport()]) {
      expectNoSecret(report, renderHtml(report, { ...renderOptions, showSecrets: true }));
    }
  });

  it.each(hostileTexts)("shows %j as text, in an element and in an attribute", (text) => {
    const escaped = escapeHtml(text);
    expect(escaped).not.toMatch(/[<>"'`]/);
    expect(escaped).not.toMatch(/&(?!(amp|lt|gt|quot|#39|#96);)/);
    expect(escaped).not.toMatch(/[\u0000-\u001f\u202e\u200b]/);
  });

  it("escapes what is put into a template, at any depth, and nothing twice", () => {
    const inner = html`<b>${"<i>"}</b>`;
    expect(html`${inner}${[html`<p>`, "&", null, 3]}`.source).toBe("<b>&lt;i&gt;</b><p>&amp;3");
  });

  it("says incomplete where it is, and clean only where everything was read", () => {
    expect(renderHtml(cleanReport, renderOptions)).toContain('<h1 class="calm">No credentials found</h1>');
    const partial = renderHtml(
      buildReport({ complete: false, findings: [], unread: [{ path: "a.bin", why: "too large" }] }),
      renderOptions,
    );
    expect(partial).toContain("No credentials found in what could be read");
    expect(partial).toContain("This scan is incomplete.");
    expect(partial).not.toContain('calm">');
  });

  it("draws no timeline, and says how to get one, where history was not read", () => {
    const page = renderHtml(buildReport(), renderOptions);
    expect(page).not.toContain("Exposure over time");
    expect(page).toContain("keyguard scan --history --format html");
  });

  it("gives every credential an anchor of its own, also two that share a fingerprint's beginning", () => {
    const page = renderHtml(buildReport({ findings: [buildFinding(), buildFinding()] }), renderOptions);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is the same page for the same report", () => {
    expect(renderHtml(richReport(), renderOptions)).toBe(renderHtml(richReport(), renderOptions));
  });
});

describe("time in words and on an axis", () => {
  const day = 86_400_000;
  it.each([
    [30_000, "less than a minute"],
    [11 * 60_000, "11 minutes"],
    [60 * 60_000, "1 hour"],
    [40 * 3_600_000, "40 hours"],
    [9 * day, "9 days"],
    [100 * day, "3 months"],
    [730.5 * day, "2 years"],
    [1257 * day, "3 years 5 months"],
  ])("says %d ms as %s", (span, words) => {
    expect(describeDuration(span)).toBe(words);
  });

  it.each([
    [Date.UTC(2026, 2, 2, 10), Date.UTC(2026, 2, 2, 10, 40)],
    [Date.UTC(2026, 2, 2), Date.UTC(2026, 2, 3)],
    [Date.UTC(2026, 1, 20), Date.UTC(2026, 2, 9)],
    [Date.UTC(2025, 10, 1), Date.UTC(2026, 4, 1)],
    [Date.UTC(2023, 5, 1), Date.UTC(2026, 10, 1)],
    [Date.UTC(2006, 5, 1), Date.UTC(2026, 10, 1)],
  ])("puts two to eight marks between %d and %d, in order and in range", (from, to) => {
    const ticks = timeTicks(from, to, 8);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(9);
    expect(ticks.map(({ at }) => at)).toEqual(ticks.map(({ at }) => at).toSorted((a, b) => a - b));
    for (const { at, label } of ticks) {
      expect(at).toBeGreaterThanOrEqual(from);
      expect(at).toBeLessThanOrEqual(to);
      expect(label).not.toContain("undefined");
    }
  });
});
