import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { describe, expect, it } from "vitest";

/** Files that are loaded as soon as one is, through its static imports. */
function loadedWith(entry: string, { outputs }: Metafile): Set<string> {
  const start = Object.entries(outputs).find(([, output]) => output.entryPoint === entry)?.[0];
  if (start === undefined) throw new Error(`${entry} is no entry point of the bundle`);
  const seen = new Set<string>([start]);
  for (const name of seen)
    for (const one of outputs[name]?.imports ?? [])
      if (one.kind !== "dynamic-import" && !one.external) seen.add(one.path);
  return new Set([...seen].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {})));
}

describe("the AWS SDK in the bundle", () => {
  it("is loaded by nothing on the way of a scan or a hook", async () => {
    const entries = [
      "src/cli.ts",
      "src/hook/front.ts",
      "src/hook/engine-gate.ts",
      "src/hook/judge.ts",
      "src/action/main.ts",
      "src/commands/command-line.ts",
      "src/commands/scan.ts",
      "src/commands/hook.ts",
    ];
    const { metafile } = await build({
      entryPoints: entries,
      bundle: true,
      platform: "node",
      format: "esm",
      splitting: true,
      outdir: "/nowhere",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    for (const entry of entries) {
      const loaded = [...loadedWith(entry, metafile)];
      expect(loaded, entry).toContain(entry);
      expect(
        loaded.filter((path) => /node_modules\/(@aws-sdk|@smithy|@aws|https-proxy-agent)\//.test(path)),
        entry,
      ).toEqual([]);
    }
    // The proof proves something: the SDK is in the bundle, behind a door.
    expect(Object.keys(metafile.inputs).some((path) => path.includes("@aws-sdk/client-sts"))).toBe(true);
  });
});

describe("what is loaded when it is needed", () => {
  it("is there in the bundle under its name, whatever kind of module it is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keyguard-doors-"));
    const contents = `
      import * as sdk from "./src/aws/load-sdk.ts";
      const doors = {
        STSClient: await sdk.loadSts(), IAMClient: await sdk.loadIam(), S3Client: await sdk.loadS3(), KMSClient: await sdk.loadKms(),
        CloudTrailClient: await sdk.loadCloudTrail(), fromNodeProviderChain: await sdk.loadCredentialProviders(),
        loadSharedConfigFiles: await sdk.loadConfigReader(), NodeHttpHandler: await sdk.loadHttpHandler(),
        HttpsProxyAgent: await import("./src/aws/proxy-agent.ts"), HttpRequest: await import("@smithy/core/protocols"),
      };
      console.log(JSON.stringify(Object.entries(doors).map(([name, door]) => name + " " + typeof door[name])));`;
    try {
      await build({
        stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
        bundle: true,
        platform: "node",
        format: "esm",
        splitting: true,
        // As scripts/build.mjs has it.
        mainFields: ["module", "main"],
        outdir: folder,
        outExtension: { ".js": ".mjs" },
        banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
      });
      const names: string[] = JSON.parse(
        execFileSync(process.execPath, [join(folder, "stdin.mjs")], { encoding: "utf8" }),
      );
      expect(names).toHaveLength(10);
      for (const name of names) expect(name).toMatch(/ function$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
