import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/build-bundle.ts"],
    // A test that reaches for anything but loopback fails.
    setupFiles: ["test/support/loopback-only.ts"],
    // Every test that runs git or keyguard starts real processes: two cores need time when all files run at once.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Neither the developer's own configuration nor a CA bundle (35 ms a start on Node 20) may colour a result.
    env: {
      NODE_EXTRA_CA_CERTS: "",
      NODE_OPTIONS: "",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      NO_COLOR: "1",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
  },
});
