import { describe, expect, it } from "vitest";
import { refuseGlob } from "../../src/model/glob.ts";
import { matchPath } from "../../src/scan/allow.ts";

describe("a glob", () => {
  it.each([
    ["*.lock", ["a.lock", "x/y/b.lock", "d.lock/inside"], ["a.lock.txt"]],
    ["vendor", ["vendor", "vendor/a", "x/vendor/a/b"], ["vendors/a", "x/my-vendor"]],
    ["vendor/", ["vendor/a", "x/vendor/a", "vendor/"], ["vendor", "x/vendor"]],
    ["/vendor", ["vendor", "vendor/a"], ["x/vendor"]],
    ["docs/*.md", ["docs/a.md"], ["docs/x/a.md", "x/docs/a.md"]],
    ["./docs", ["docs", "docs/a", "x/docs"], []],
    ["test/**", ["test/a", "test/.hidden/b"], ["tests/a"]],
    ["**/*.pem", ["a.pem", "x/a.pem", ".ssh/a.pem"], ["a.pem.txt"]],
    ["a/**/b", ["a/b", "a/x/y/b", "a/x/b/below"], ["b", "x/a/b"]],
    ["{a,b}.txt", ["a.txt", "x/b.txt"], ["c.txt"]],
    [".env*", [".env", ".env.local", "x/.env"], ["env"]],
    ["*", ["a", "x/y"], []],
  ])("%s", (glob, yes, no) => {
    const matches = matchPath([glob]);
    for (const path of yes) expect([path, matches(path)]).toEqual([path, true]);
    for (const path of no) expect([path, matches(path)]).toEqual([path, false]);
  });

  it("tells of a folder whether all below it is matched", () => {
    for (const glob of ["vendor", "vendor/", "vendor/**", "/vendor/"]) expect(matchPath([glob])("vendor/")).toBe(true);
    expect(matchPath(["vendor/*.js", "*.md"])("vendor/")).toBe(false);
  });

  it.each(["*a*a*a", "a/***b*", "!vendor", "{a,{b,c}}", "{a,b}".repeat(7), "a".repeat(1001)])(
    "%s is refused",
    (glob) => {
      expect(refuseGlob(glob)).not.toBeNull();
      expect(matchPath([glob])("a")).toBe(false);
    },
  );

  it("made to stall does not", () => {
    const globs = [
      `${"**/a/".repeat(150)}x`,
      `${"**/*a*b/".repeat(100)}x`,
      "*a*b",
      `${"{a,b}/".repeat(6)}x`,
      "[a-z]?".repeat(100),
    ];
    for (const glob of globs) expect([glob, refuseGlob(glob)]).toEqual([glob, null]);
    const before = performance.now();
    for (const path of ["a".repeat(255), "a/".repeat(2000), `${"a".repeat(255)}/`.repeat(16)])
      expect(matchPath(globs)(path)).toBe(false);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
