// biome-ignore-all lint/performance/useDomNodeTextContent: Playwright's innerText() is what a person sees, without what is hidden.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/model/finding.ts";
import { renderHtml } from "../../src/report/html.ts";
import { findChromium } from "../support/find-chromium.ts";
import {
  buildFinding,
  buildLocation,
  buildReport,
  cleanReport,
  hostileReport,
  renderOptions,
  richReport,
} from "../support/report-builder.ts";
import { makeFolder } from "../support/temp-repo.ts";

const executablePath = findChromium();
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(executablePath === undefined)("the HTML page in Chromium", () => {
  let browser: Browser;
  let folder: ReturnType<typeof makeFolder>;

  beforeAll(async () => {
    folder = makeFolder();
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder.dir, { recursive: true, force: true });
  });

  /** Opens a report's page, and collects what went wrong and what was asked of the network. */
  async function open(
    report: Report,
    context: BrowserContextOptions = {},
  ): Promise<{ page: Page; problems: string[]; requests: string[] }> {
    const file = join(folder.dir, `report-${Math.random().toString(36).slice(2)}.html`);
    writeFileSync(file, renderHtml(report, renderOptions));
    const page = await (await browser.newContext({ viewport: { width: 1200, height: 900 }, ...context })).newPage();
    const problems: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("dialog", (dialog) => {
      problems.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return { page, problems, requests: requests.filter((url) => url !== pathToFileURL(file).href) };
  }

  async function visibleCredentials(page: Page): Promise<string[]> {
    return page.locator("article:visible h3").allInnerTexts();
  }

  it.each<[string, Report]>([
    ["a long history", richReport()],
    ["hostile texts", hostileReport()],
    ["a clean scan", cleanReport],
  ])("of %s runs without an error, a dialog or a request", async (_name, report) => {
    const { page, problems, requests } = await open(report);
    expect(problems).toEqual([]);
    expect(requests).toEqual([]);
    expect(await page.locator("h1").count()).toBe(1);
    // The script ran: what it brings to light is there.
    expect(await page.locator("#theme").isVisible()).toBe(true);
  });

  it("stops a script and a style that are put into it after all", async () => {
    const { page, problems } = await open(buildReport());
    const injected = `<img src="https://evil.example/x.png" onerror="document.title='owned'"><p id="p" style="color: rgb(1, 2, 3)">x</p>`;
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(injected)})`);
    await page.waitForTimeout(200);
    expect(await page.title()).not.toBe("owned");
    expect(await page.evaluate('getComputedStyle(document.querySelector("#p")).color')).not.toBe("rgb(1, 2, 3)");
    expect(problems.join("\n")).toContain("Content Security Policy");
  });

  it.each<[string, BrowserContextOptions]>([
    ["light", {}],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 390, height: 844 } }],
  ])("has nothing to object to for axe, %s", async (_name, context) => {
    for (const report of [
      richReport(),
      buildReport({ complete: false, unread: [{ path: "a.bin", why: "too large" }] }),
      cleanReport,
    ]) {
      const { page } = await open(report, context);
      await page.evaluate(axeSource);
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        return (await axe.run()).violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`,
        );
      });
      expect(violations).toEqual([]);
    }
  });

  it.each([390, 768, 1200])("is no wider than a window of %d pixels", async (width) => {
    for (const report of [richReport(), hostileReport()]) {
      const { page } = await open(report, { viewport: { width, height: 800 } });
      expect(await page.locator("html").evaluate((element) => element.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });

  it("answers how bad, where, since when and what next", async () => {
    const { page } = await open(richReport());
    expect(await page.locator("h1").innerText()).toBe("6 credentials leaked, 1 of them works");
    const answers = await page.locator(".answers > section").allInnerTexts();
    expect(answers).toHaveLength(4);
    expect(answers[0]).toMatch(/How bad[\s\S]*1 of 6 accepted by AWS[\s\S]*2 critical/);
    expect(answers[1]).toMatch(/Where[\s\S]*8 files[\s\S]*4 still at HEAD, 4 on a remote branch/);
    expect(answers[2]).toMatch(/Since when[\s\S]*2023-06-14[\s\S]*3 years 5 months ago[\s\S]*took 11 minutes/);
    expect(answers[3]).toMatch(/What next[\s\S]*keyguard rotate AKIA/);
  });

  it("draws a bar for each credential where its time was, the earliest first", async () => {
    const { page } = await open(richReport());
    const bars = await page
      .locator(".timeline li rect")
      .evaluateAll((rects) =>
        rects.map((rect) => ({ left: rect.getBoundingClientRect().left, width: rect.getBoundingClientRect().width })),
      );
    expect(bars).toHaveLength(6);
    expect(bars.map(({ left }) => left)).toEqual(bars.map(({ left }) => left).toSorted((a, b) => a - b));
    // Of 1,257 days, 586 were exposed by the first; its bar is about that share of the axis.
    const axis = await page
      .locator(".timeline li svg")
      .first()
      .evaluate((svg) => svg.getBoundingClientRect().width);
    expect((bars[0]?.width ?? 0) / axis).toBeCloseTo(586 / 1257, 1);
    expect(await page.locator(".timeline li .after").count()).toBe(2);
  });

  it("filters by words, severity, status and place, and says how many are left", async () => {
    const { page } = await open(richReport());
    const shown = page.locator("#shown");
    expect(await shown.innerText()).toBe("all 6 shown");
    await page.getByLabel("Text in it").fill("ada loader");
    expect(await visibleCredentials(page)).toHaveLength(1);
    expect(await shown.innerText()).toBe("1 of 6 shown");
    expect(await page.locator(".timeline li:visible").count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await shown.innerText()).toBe("all 6 shown");
    await page.getByLabel("critical").uncheck();
    expect(await visibleCredentials(page)).toHaveLength(4);
    await page.getByLabel("Status").selectOption("dead");
    expect(await visibleCredentials(page)).toHaveLength(1);
    await page.getByLabel("Still there").selectOption("head");
    expect(await visibleCredentials(page)).toHaveLength(0);
    expect(await page.locator("#none").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => shown.innerText()).toBe("all 6 shown");
  });

  it("orders by age when asked, and back", async () => {
    const { page } = await open(richReport());
    const byUrgency = await visibleCredentials(page);
    expect(byUrgency[0]).toContain("with its secret");
    await page.getByLabel("Order").selectOption("oldest");
    const introduced = await page
      .locator("article time:first-of-type")
      .evaluateAll((times) => times.map((time) => time.textContent));
    expect(introduced[0]).toBe("2023-06-14");
    await page.getByLabel("Order").selectOption("urgency");
    expect(await visibleCredentials(page)).toEqual(byUrgency);
  });

  it("is used with the keyboard alone: skip link first, every control and command in reach, focus seen", async () => {
    const { page } = await open(richReport());
    const stops: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate<{ name: string; seen: boolean }>(`(() => {
        const active = document.activeElement;
        const name = active.id || active.getAttribute("name") || active.textContent || active.tagName;
        return { name, seen: getComputedStyle(active).outlineStyle !== "none" };
      })()`);
      if (stop.name === "BODY" || stop.name.startsWith("\n")) break;
      expect(stop.seen, stop.name).toBe(true);
      stops.push(stop.name);
    }
    expect(stops[0]).toBe("Skip to the report");
    for (const name of ["theme", "text", "severity", "status", "where", "order", "Clear"])
      expect(stops).toContain(name);
  });

  it("leads from the overview and the timeline to the credential, also past a filter that hides it", async () => {
    const { page } = await open(richReport());
    await page.getByLabel("Text in it").fill("nothing has this");
    await page.locator(".answers a").first().click();
    await expect.poll(() => page.locator("article:target").isVisible()).toBe(true);
  });

  it("names its regions and headings for a screen reader", async () => {
    const { page } = await open(richReport());
    const tree = await page.locator("body").ariaSnapshot();
    for (const line of [
      /- banner/,
      /- main/,
      /- contentinfo/,
      /- heading "6 credentials leaked, 1 of them works" \[level=1\]/,
      /- search "Filter the credentials"/,
      /- region "How bad"/,
      /- article "AWS access key/,
      /brought 2025-09-01, taken out of the files after 11 minutes, in the history still/,
      /- columnheader "File and line"/,
    ]) {
      expect(tree).toMatch(line);
    }
  });

  it("changes its theme by button, over what the system wishes", async () => {
    const { page } = await open(richReport());
    const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await ground();
    await page.locator("#theme").click();
    expect(await ground()).not.toBe(light);
    await page.locator("#theme").click();
    expect(await ground()).toBe(light);
  });

  it("prints everything: folded places are open, filters are gone, the ground is white", async () => {
    const places = Array.from({ length: 30 }, (_, i) => buildLocation({ path: `copy-${i}.env`, line: i + 1 }));
    const { page } = await open(
      buildReport({ findings: [buildFinding({ locations: places }), buildFinding({ seed: 2 })] }),
      { colorScheme: "dark" },
    );
    expect(await page.evaluate('document.querySelector("details").open')).toBe(false);
    await page.emulateMedia({ media: "print" });
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.getByText("copy-29.env").isVisible()).toBe(true);
    expect(await page.locator("#filters").isVisible()).toBe(false);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    expect(await page.evaluate('document.querySelector("details").open')).toBe(false);
  });

  it("is whole without its script", async () => {
    const { page } = await open(richReport(), { javaScriptEnabled: false });
    expect(await page.locator("article").count()).toBe(6);
    expect(await page.locator("#filters").isVisible()).toBe(false);
    expect(await page.locator("#theme").isVisible()).toBe(false);
  });

  it("opens a report of 3,000 credentials in seconds and filters it at once", async () => {
    const findings = Array.from({ length: 3000 }, (_, i) =>
      buildFinding({ seed: i, locations: [buildLocation({ path: `dir/${i}.env` })] }),
    );
    const start = Date.now();
    const { page } = await open(buildReport({ findings }));
    expect(Date.now() - start).toBeLessThan(20_000);
    await page.getByLabel("Text in it").fill("dir/2999.env");
    expect(await page.locator("#shown").innerText()).toBe("1 of 3000 shown");
  });
});
