import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");

it("carries kernels that are what wasm/*.ts compile to", () => {
  const script = `
    import { carry, kernels } from "./scripts/build-wasm.mjs";
    const made = [];
    for (const kernel of kernels) made.push([kernel.carrier, await carry(kernel)]);
    console.log(JSON.stringify(made));
  `;
  const made = JSON.parse(
    String(execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root })),
  ) as [string, string][];
  expect(made.length).toBe(2);
  const base64 = (text: string): string => /"([A-Za-z0-9+/=]{100,})"/.exec(text)?.[1] ?? "";
  for (const [carrier, text] of made) {
    expect(base64(readFileSync(join(root, carrier), "utf8")), carrier).toBe(base64(text));
    expect(base64(text).length).toBeGreaterThan(1000);
  }
});
