import { existsSync } from "node:fs";

/**
 * The system's Chromium: `CHROMIUM_PATH`, or where Debian and others put it. Undefined where there is none; the browser
 * tests are then skipped, unless `KEYGUARD_REQUIRE_CHROMIUM` is set, as CI does.
 */
export function findChromium(): string | undefined {
  const found = [
    process.env.CHROMIUM_PATH,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ].find((path) => path !== undefined && path !== "" && existsSync(path));
  if (found === undefined && process.env.KEYGUARD_REQUIRE_CHROMIUM) {
    throw new Error("no Chromium: apt-get install chromium, or set CHROMIUM_PATH");
  }
  return found;
}
