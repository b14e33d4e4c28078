import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { hideSecrets } from "../../src/report/hide-secrets.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";
import { buildFinding, buildReport } from "../support/report-builder.ts";

const secret = fakeSecret("hidden");

function reportWith(words: string) {
  const finding = buildFinding({
    credential: {
      accessKeyId: fakeAccessKeyId("hidden"),
      secretAccessKey: new Secret(secret),
      sessionToken: null,
      value: null,
    },
  });
  const ref = { commit: "1".repeat(40), author: words, date: "2026-01-01T00:00:00Z", subject: words };
  return buildReport({
    findings: [
      {
        ...finding,
        locations: finding.locations.map((location) => ({ ...location, path: words, author: words })),
        notes: [words],
        exposure: { introduced: ref, removed: ref, atHead: true, inWorktree: true, refs: [words], objects: [] },
      },
    ],
  });
}

describe("what comes with a finding", () => {
  it.each([
    ["the secret itself", secret],
    ["the secret within words", `fix ${secret} now`],
    ["the secret as a file name has it", `keys/${secret.replaceAll("/", "-").replaceAll("+", "_")}.txt`],
    ["half of it", `only ${secret.slice(0, 20)} here`],
  ])("shows no eight characters of %s", (_, words) => {
    const shown = JSON.stringify(hideSecrets(reportWith(words)));
    for (let i = 0; i + 8 <= secret.length; i++) {
      expect(shown).not.toContain(secret.slice(i, i + 8));
      expect(shown).not.toContain(
        secret
          .slice(i, i + 8)
          .replaceAll("/", "-")
          .replaceAll("+", "_"),
      );
    }
  });

  it("stays as it is where it holds none", () => {
    const report = reportWith("src/main/java/App.java by José Müller (feature/add-loader)");
    expect(hideSecrets(report)).toEqual(report);
  });

  it("shows none wherever in whatever words it stands", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 30 }),
        fc.string({ maxLength: 30 }),
        fc.integer({ min: 0, max: 31 }),
        (before, after, cut) => {
          const shown = JSON.stringify(hideSecrets(reportWith(before + secret.slice(cut) + after)));
          for (let i = cut; i + 8 <= secret.length; i++) expect(shown).not.toContain(secret.slice(i, i + 8));
        },
      ),
      { numRuns: 300 },
    );
  });
});
