import { describe, expect, it } from "vitest";
import { scanText } from "../../src/scan/engine.ts";
import { defaultRules } from "../../src/scan/rules.ts";
import { compilePrefilter } from "../../src/sources/compile-prefilter.ts";
import { loadCorpus } from "../support/corpus.ts";

describe("the prefilter", () => {
  for (const memory of ["its own", "another"] as const) {
    it(`lets through every file of the corpus on which the engine reports anything, in ${memory} memory`, () => {
      const prefilter = compilePrefilter(defaultRules);
      const missed: string[] = [];
      let reported = 0;
      for (const one of loadCorpus()) {
        for (const { path, bytes } of one.files) {
          const sightings = scanText({ id: path, path, bytes, fresh: "all" }, defaultRules);
          if (sightings.length === 0) continue;
          reported++;
          const view = memory === "another" ? bytes : prefilter.reserve(bytes.length);
          if (memory !== "another") view.set(bytes);
          if (!prefilter.test(view, path)) missed.push(`${one.group}/${one.name} ${path}`);
        }
      }
      expect(missed).toEqual([]);
      expect(reported).toBeGreaterThan(900);
    });
  }

  it("keeps out texts that speak of secrets and hold none", () => {
    const prefilter = compilePrefilter(defaultRules);
    const text = Buffer.from(
      "const secret = process.env.AWS_SECRET_ACCESS_KEY; // the secret stays in the vault\n".repeat(50),
    );
    const view = prefilter.reserve(text.length);
    view.set(text);
    expect(prefilter.test(view, "src/app.js")).toBe(false);
  });
});
