import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { renderText } from "../../src/report/text.ts";
import { fakeSecret } from "../support/fake-keys.ts";
import {
  buildCredential,
  buildFinding,
  buildLocation,
  buildReport,
  cleanReport,
  hostileReport,
  renderOptions,
  richReport,
} from "../support/report-builder.ts";
import { expectNoSecret } from "./attack.ts";

const plain = (text: string) => text.replace(/\u001b\[[0-9;]*m/g, "");

describe("text for people", () => {
  it("says what, where, why and what to type", () => {
    const finding = buildFinding({ notes: ["it stands in test data"] });
    const id = finding.credential.accessKeyId ?? "";
    expect(renderText(buildReport({ findings: [finding] }), renderOptions)).toBe(`1 credential: 1 critical

  critical  AWS access key ${id.slice(0, 6)}…${id.slice(-6)} with its secret
            account 609629065308 (data-prod)
            config/aws-secret.json:2:25   "AWS_ACCESS_KEY_ID": "AKIA…"
            config/aws-secret.json:3:29
              "AWS_SECRET_ACCESS_KEY": "wJ…(40 characters)"
            whoever reads it can act in the AWS account as the user it belongs
              to
            it stands in test data
            now              keyguard rotate ${id}
            it is no secret  keyguard allow ${finding.fingerprint.slice(0, 8)} --reason "…"

in 12 files  (35 kB read, 1.2 s)
`);
  });

  it("is one line when there is nothing, and tells what is let pass", () => {
    expect(renderText(cleanReport, renderOptions)).toBe("no credentials in 12 files  (35 kB read, 1.2 s)\n");
    const allowed = [{ finding: buildFinding(), by: "baseline" as const, reason: "old" }];
    expect(renderText({ ...cleanReport, allowed }, renderOptions)).toContain(
      "1 credential let pass: 1 by the baseline",
    );
  });

  it("never says that all is clean when something was not read", () => {
    const text = renderText({ ...cleanReport, complete: false, unread: [{ path: "a", why: "b" }] }, renderOptions);
    expect(text).toMatch(/^no credentials in the 12 files that could be read /);
  });

  it("says at its end that a scan with findings was incomplete", () => {
    const report = buildReport({ findings: [buildFinding()], complete: false });
    expect(renderText(report, renderOptions)).toContain("\nin the 12 files that could be read (incomplete)  (35 kB");
  });

  it("cuts a long line so that what was found in it stays", () => {
    const found = "AWS_SECRET_ACCESS_KEY=wJ…(40 characters)";
    const [place] = buildFinding().locations;
    const excerpt = `docker run ${"--env A=b ".repeat(7)}${found} ${"image ".repeat(9)}`;
    const text = renderText(
      buildReport({ findings: [buildFinding({ locations: [{ ...place!, excerpt }] })] }),
      renderOptions,
    );
    expect(text).toContain(found);
    expect(text.split("\n").every((line) => /it is no secret/.test(line) || [...line].length <= 80)).toBe(true);
  });

  it("says once why AWS could not be asked", () => {
    const verdict = { status: "unknown" as const, why: "AWS cannot be reached (ENOTFOUND)" };
    const text = renderText(buildReport({ findings: [buildFinding({ verdict })] }), renderOptions);
    expect(text.match(/ENOTFOUND/g)).toHaveLength(1);
  });

  it("tells the exposure that history knows", () => {
    const ref = (commit: string, date: string, subject: string) => ({
      commit: commit.padEnd(40, "0"),
      author: "Ada",
      date,
      subject,
    });
    const finding = buildFinding({
      exposure: {
        introduced: ref("4be1f0c1", "2026-03-02T10:00:00Z", "add loader"),
        removed: ref("9a77d102", "2026-03-02T10:11:00Z", "oops"),
        atHead: false,
        inWorktree: false,
        refs: ["origin/main", "v0.3", "a", "b", "c"],
        objects: ["1", "2", "3"],
      },
    });
    const text = renderText(buildReport({ findings: [finding] }), renderOptions);
    expect(text).toContain('introduced  2026-03-02  4be1f0c1  "add loader"  by Ada\n');
    expect(text).toContain('removed     2026-03-02  9a77d102  "oops"  by Ada, 11 minutes later\n');
    expect(text).toContain("still in    origin/main, v0.3, a, b, 1 more refs; not at HEAD\n");
    expect(text).toContain(`keyguard allow ${finding.fingerprint.slice(0, 16)} `);
  });

  it("says that a key lives", () => {
    const arn = "arn:aws:iam::609629065308:user/pipeline";
    const finding = buildFinding({ verdict: { status: "live", arn, account: "609629065308", why: "" } });
    const text = renderText(buildReport({ findings: [finding] }), renderOptions);
    expect(text).toContain("1 credential: 1 critical; 1 of them live");
    expect(text).toContain(`            live: ${arn}\n`);
  });

  it("warns of a canary and does not say to rotate it", () => {
    const text = renderText(buildReport({ findings: [buildFinding({ canary: true })] }), renderOptions);
    expect(text).toContain("a canary token");
    expect(text).not.toContain("keyguard rotate");
  });

  it("counts places beyond the first eight", () => {
    const locations = Array.from({ length: 11 }, (_, i) => buildLocation({ line: i + 1 }));
    expect(renderText(buildReport({ findings: [buildFinding({ locations })] }), renderOptions)).toContain(
      "and 3 more places",
    );
  });

  it("keeps to 80 columns whatever a path or line is, except for commands and paths themselves", () => {
    for (const line of renderText(richReport(), renderOptions).split("\n")) {
      if (!/^ +it is no secret /.test(line))
        expect([line, [...line].length <= 80 || /^ +.+:\d+:\d+/.test(line)]).toEqual([line, true]);
    }
  });

  it("means the same without colours", () => {
    const colored = renderText(richReport(), { ...renderOptions, color: true });
    expect(colored).toContain("\u001b[");
    expect(plain(colored)).toBe(renderText(richReport(), renderOptions));
  });

  it("moves no cursor and forges no line, whatever a repository names its things", () => {
    const text = renderText(hostileReport(), renderOptions);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2028\u2029\ufeff]/);
    expect(text.split("\n").filter((line) => /^(::|##\[|keyguard:)/.test(line))).toEqual([]);
  });
});

describe("secrets", () => {
  it("are shown when asked for, and only then", () => {
    const pem = ["-----BEGIN TEST", `${fakeSecret(5)}${fakeSecret(6)}`, "END-----"].join("\n");
    const finding = buildFinding({ credential: buildCredential(3, { value: new Secret(pem) }) });
    const report = buildReport({ findings: [finding] });
    expectNoSecret(report, renderText(report, renderOptions));
    const shown = renderText(report, { ...renderOptions, showSecrets: true });
    expect(shown).toContain(fakeSecret(3));
    expect(shown).toContain(fakeSecret(5));
  });

  it("never appear, over random reports", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(40, 80, 200), fc.boolean(), (seed, width, color) => {
        const report = buildReport({
          findings: [buildFinding({ seed })],
          allowed: [{ finding: buildFinding({ seed: seed + 1 }), by: "config", reason: "x" }],
        });
        expectNoSecret(report, renderText(report, { ...renderOptions, width, color }));
      }),
    );
  });
});
