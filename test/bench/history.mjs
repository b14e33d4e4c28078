// node test/bench/history.mjs REPOSITORY [--runs N] [--jobs N]
//   times `keyguard scan --history --no-cache` beside what nobody can go below: inflating every stored blob once, in one
//   thread, with inflateSync and with the fastest inflate that this Node has, in the same run.
// node test/bench/history.mjs --grow [N]
//   the same for a generated history of n, 2n and 4n commits.
// Times are the best of the runs; each scan is a process of its own.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const args = process.argv.slice(2);
const option = (name, fallback) => {
  const at = args.indexOf(name);
  return at < 0 ? fallback : Number(args[at + 1] ?? fallback);
};
const runs = option("--runs", 3);
const jobs = option("--jobs", 0);
const scratch = mkdtempSync(join(tmpdir(), "keyguard-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

execFileSync(process.execPath, ["scripts/build.mjs", join(scratch, "dist")], { cwd: root, stdio: "inherit" });
writeFileSync(join(scratch, "package.json"), '{"type":"module"}');
const floorScript = join(scratch, "floor.mjs");
await build({
  stdin: { contents: floorSource(), resolveDir: root, loader: "ts" },
  bundle: true,
  platform: "node",
  format: "esm",
  outfile: floorScript,
  logLevel: "warning",
});

if (args[0] === "--grow") {
  const n = option("--grow", 500);
  for (const commits of [n, 2 * n, 4 * n]) {
    const repository = join(scratch, `grown-${commits}`);
    growHistory(repository, commits);
    await measure(repository, `${commits} commits`);
  }
} else if (args[0] === undefined) {
  console.error("usage: node test/bench/history.mjs REPOSITORY | --grow [N]");
  process.exitCode = 2;
} else await measure(args[0], args[0]);

async function measure(repository, name) {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, NODE_OPTIONS: undefined };
  const scan = (...more) => {
    const out = join(scratch, "report.json");
    const command = [
      join(scratch, "dist/keyguard.js"),
      "scan",
      "--history",
      repository,
      "--allow-partial",
      "-q",
      "-f",
      "json",
      "-o",
      out,
    ];
    if (jobs > 0) command.push("--jobs", String(jobs));
    return timed([...command, ...more], env);
  };
  const best = (list) => list.reduce((a, b) => (b.wall < a.wall ? b : a));
  const start = best(Array.from({ length: 5 }, () => timed(["-e", "0"], env)));
  const plain = [];
  const fast = [];
  const cold = [];
  // In turns, so that a machine that slows down slows all of them.
  for (let run = 0; run < runs; run++) {
    plain.push(JSON.parse(execFileSync(process.execPath, [floorScript, repository, "plain"], { env })));
    fast.push(JSON.parse(execFileSync(process.execPath, [floorScript, repository, "fast"], { env })));
    cold.push(scan("--no-cache"));
  }
  scan();
  const warm = best(Array.from({ length: runs }, () => scan()));
  const [floor, fastFloor, whole] = [best(plain), best(fast), best(cold)];
  const seconds = (ms) => `${(ms / 1000).toFixed(2).padStart(7)} s`;
  console.log(`${name}: ${floor.blobs} blobs, ${(floor.bytes / 1e6).toFixed(0)} MB inflated as stored`);
  console.log(`  floor, inflateSync, 1 thread  ${seconds(floor.wall)} wall`);
  console.log(`  floor, fastest,     1 thread  ${seconds(fastFloor.wall)} wall`);
  console.log(
    `  scan --history, cold          ${seconds(whole.wall)} wall  ${seconds(whole.cpu)} CPU  ${whole.rss.toFixed(0)} MB`,
  );
  console.log(
    `  ratio to inflateSync          ${(whole.wall / floor.wall).toFixed(2)} wall   ${(whole.cpu / floor.wall).toFixed(2)} CPU`,
  );
  console.log(
    `  ratio to the fastest          ${(whole.wall / fastFloor.wall).toFixed(2)} wall   ${(whole.cpu / fastFloor.wall).toFixed(2)} CPU`,
  );
  console.log(
    `  scan --history, nothing new   ${seconds(warm.wall)} wall, ${((warm.wall - start.wall) / 1000).toFixed(2)} s more than Node's start`,
  );
}

/** Wall and CPU time in milliseconds and peak memory in MB of a node process, its threads included and its gits not. */
function timed(command, env) {
  const watched = `process.on("exit", () => { const u = process.resourceUsage(); process.stderr.write("\\n@" + JSON.stringify({ cpu: (u.userCPUTime + u.systemCPUTime) / 1000, rss: u.maxRSS / 1024 })); });`;
  const watch = join(scratch, "watch.mjs");
  writeFileSync(watch, watched);
  const began = performance.now();
  const { stderr, status } = spawnSync(process.execPath, ["--import", pathToFileURL(watch).href, ...command], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const wall = performance.now() - began;
  const said = /@(\{.*\})\s*$/.exec(String(stderr));
  if (said === null) throw new Error(`the scan failed (${status}): ${stderr}`);
  return { wall, ...JSON.parse(said[1]) };
}

/** Inflates every blob of every pack once, as stored; nothing else is timed but reading the compressed bytes. */
function floorSource() {
  return `
    import { openSync, readSync, readdirSync, existsSync } from "node:fs";
    import { join } from "node:path";
    import { inflateSync } from "node:zlib";
    import { readPackIndex } from "./src/sources/history/pack-index.ts";
    import { objectType, planPack } from "./src/sources/history/pack-plan.ts";
    import { createInflater } from "./src/sources/history/inflate.ts";
    const [repository, how] = process.argv.slice(2);
    const objects = existsSync(join(repository, ".git")) ? join(repository, ".git/objects") : join(repository, "objects");
    const inflate = createInflater();
    let out = Buffer.allocUnsafe(1 << 20);
    let input = Buffer.allocUnsafe(1 << 20);
    let wall = 0, bytes = 0, blobs = 0;
    for (const name of readdirSync(join(objects, "pack")).filter((name) => name.endsWith(".idx"))) {
      const path = join(objects, "pack", name);
      const plan = planPack(path.replace(/idx$/, "pack"), readPackIndex(path, 20), 20, () => false, () => {});
      const fd = openSync(plan.path, "r");
      const began = performance.now();
      for (let i = 0; i < plan.count; i++) {
        if (plan.types[i] !== objectType.blob) continue;
        const start = plan.offsets[i] + plan.headers[i];
        const length = plan.offsets[i + 1] - start;
        const size = plan.sizes[i];
        if (length > input.length) input = Buffer.allocUnsafe(length);
        readSync(fd, input, 0, length, start);
        if (how === "plain") bytes += inflateSync(input.subarray(0, length)).length;
        else {
          if (size + 8 > out.length) out = Buffer.allocUnsafe(size + 8);
          inflate(input, length, out, 0, size);
          bytes += size;
        }
        blobs++;
      }
      wall += performance.now() - began;
    }
    console.log(JSON.stringify({ wall, bytes, blobs }));
  `;
}

/** A history in which files of several sizes change, are added and grow, packed as git packs it. */
function growHistory(repository, commits) {
  const git = (input, ...more) =>
    execFileSync("git", ["-C", repository, ...more], { input, stdio: ["pipe", "ignore", "inherit"] });
  execFileSync("git", ["init", "-q", "--bare", repository]);
  let state = 7;
  const random = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % n;
  };
  const words = "bucket volume secret layer config region token key value path return await import export const".split(
    " ",
  );
  const line = () => Array.from({ length: 6 + random(8) }, () => words[random(words.length)] + random(1000)).join(" ");
  const files = new Map();
  const stream = [];
  for (let commit = 1; commit <= commits; commit++) {
    stream.push(
      `commit refs/heads/main\ncommitter Ada <ada@example.org> ${1_700_000_000 + commit * 60} +0000\ndata 8\nchange\n\n`,
    );
    for (let change = 0; change < 4; change++) {
      const name = `src/file-${random(Math.min(400, 10 + commit))}.txt`;
      const lines = files.get(name) ?? Array.from({ length: 40 + random(600) }, line);
      for (let edit = 0; edit < 3; edit++) lines.splice(random(lines.length), random(3), line());
      files.set(name, lines);
      const text = `${lines.join("\n")}\n`;
      stream.push(`M 100644 inline ${name}\ndata ${text.length}\n${text}\n`);
    }
  }
  git(stream.join(""), "fast-import", "--quiet");
  git("", "repack", "-adfq", "--window=20");
}
