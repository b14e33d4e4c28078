// Writes what is derived from the source: the JSON Schemas, and the generated parts of README.md and docs/*.md (help
// texts, tables). With --check it writes nothing and fails where something is stale.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const check = process.argv.includes("--check");
const parts = await loadSource();

const stale = [];
put("schema/keyguardrc.schema.json", `${JSON.stringify(parts.configJsonSchema(), null, 2)}\n`);
put("schema/keyguard-report.schema.json", `${JSON.stringify(parts.reportJsonSchema(), null, 2)}\n`);

const generated = {
  configuration: describeConfiguration(parts.configJsonSchema()),
  detectors: describeDetectors(parts.detectors),
  help: await parts.help(),
};
for (const name of ["scan", "explain", "allow", "baseline"]) generated[`help ${name}`] = await parts.help(name);
for (const path of ["README.md", "docs/configuration.md"]) put(path, fill(read(path), generated));

if (stale.length > 0) {
  console.error(`stale: ${stale.join(", ")}\nrun node scripts/generate-docs.mjs`);
  process.exitCode = 1;
}

/** Bundles what is needed of src, since Node 20 reads no TypeScript. */
async function loadSource() {
  const folder = mkdtempSync(join(tmpdir(), "keyguard-docs-"));
  const entry = `
    export { configJsonSchema } from "./src/config/config-schema.ts";
    export { reportJsonSchema } from "./src/report/json-schema.ts";
    export { detectors } from "./src/detectors/table.ts";
    import { runCommandLine } from "./src/commands/command-line.ts";
    export async function help(name) {
      let text = "";
      const output = { write: (more) => { text += more; }, isTerminal: false, color: false, width: 80 };
      const io = { cwd: "/", env: {}, stdin: { isTerminal: false }, stdout: output, stderr: output, now: () => new Date(0),
        signal: new AbortController().signal, version: "0.0.0" };
      await runCommandLine(name === undefined ? ["--help"] : [name, "--help"], io);
      return "\`\`\`\\n" + text.trim() + "\\n\`\`\`";
    }`;
  try {
    await build({
      stdin: { contents: entry, resolveDir: root, loader: "ts" },
      bundle: true,
      platform: "node",
      target: "node20.19",
      format: "esm",
      splitting: true,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      logLevel: "error",
      banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    });
    const loaded = await import(pathToFileURL(join(folder, "stdin.mjs")).href);
    // Help is asked for below: its modules are loaded when asked, so the folder goes when the process does.
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    return loaded;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function read(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return "";
  }
}

function put(path, content) {
  if (read(path) === content) return;
  if (check) stale.push(path);
  else writeFileSync(join(root, path), content);
}

/** Puts each generated part between its marks: `<!-- generated: NAME -->` and `<!-- end -->`. */
function fill(text, contents) {
  return text.replace(/(<!-- generated: ([\w -]+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, name, end) => {
    if (contents[name] === undefined) throw new Error(`nothing is generated for ${name}`);
    return `${begin}${contents[name]}\n${end}`;
  });
}

function describeDetectors(detectors) {
  const rows = detectors.map(({ id, about }) => `| \`${id}\` | ${about} |`);
  return ["| Detector | Finds |", "| --- | --- |", ...rows].join("\n");
}

function describeConfiguration(schema) {
  const rows = Object.entries(schema.properties)
    .filter(([key]) => key !== "$schema")
    .flatMap(([key, value]) => [row(key, value), ...nested(key, value)]);
  return ["| Key | What it says |", "| --- | --- |", ...rows].join("\n");
}

function nested(key, { items }) {
  if (items?.properties === undefined) return [];
  return Object.entries(items.properties).flatMap(([name, value]) => [
    row(`${key}[].${name}`, value),
    ...Object.entries(value.properties ?? {}).map(([inner, of]) => row(`${key}[].${name}.${inner}`, of)),
  ]);
}

function row(key, { description = "", enum: choices }) {
  const values = choices === undefined ? "" : ` (${choices.join(", ")})`;
  return `| \`${key}\` | ${description.replaceAll("|", "\\|")}${values} |`;
}
