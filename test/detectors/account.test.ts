import { describe, expect, it } from "vitest";
import { accountOf, isCanary } from "../../src/detectors/account.ts";

describe("the account in a key id", () => {
  it.each([
    [`${"ASIA"}Y34FZKBOKMUTVV7A`, "609629065308"],
    [`${"ASIA"}QNZGKIQY56JQ7WML`, "029608264753"],
    [`${"AKIA"}YVP4CIPPERUVIFXG`, "595918472158"],
  ])("of %s is %s", (id, account) => expect(accountOf(id)).toBe(account));

  it("is not told where an older id carries none", () => {
    for (const fifth of "ABCDEFGHIJKLMNOP") expect(accountOf(`${"AKIA"}${fifth}34FZKBOKMUTVV7`)).toBeNull();
  });

  it("is not told for what is no key id", () => {
    for (const text of ["", "AKIA", "AKIA0189018901890189", "AKIA…"]) expect(accountOf(text)).toBeNull();
  });

  it("says whether it is a canary's", () => {
    expect(isCanary(accountOf(`${"AKIA"}YVP4CIPPERUVIFXG`))).toBe(true);
    expect(isCanary("609629065308")).toBe(false);
    expect(isCanary(null)).toBe(false);
  });
});
