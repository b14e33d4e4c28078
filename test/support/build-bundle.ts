import { execFileSync } from "node:child_process";

/** End-to-end tests run the bundle that ships, so it is built once before any of them starts. */
export default function buildBundle(): void {
  if (process.env.KEYGUARD_SKIP_BUILD === "1") return;
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
