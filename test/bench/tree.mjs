/**
 * How fast a working tree is scanned, beside `git grep` and beside Node's start:
 *
 *     node test/bench/tree.mjs [--runs 11] [--tree FOLDER] [--keyguard dist/keyguard.js]
 *
 * The tree is 170 MB in 11,000 files and made in a temporary folder where it is missing. Runs alternate, so that
 * whatever else the machine does falls on all of them; figures are medians of wall-clock time.
 */
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeTree } from "./make-tree.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "11" },
    tree: { type: "string", default: join(tmpdir(), "keyguard-bench-tree") },
    keyguard: { type: "string", default: resolve(import.meta.dirname, "../../dist/keyguard.js") },
    json: { type: "boolean", default: false },
  },
});
const tree = makeTree(values.tree);
// A CA bundle costs Node 35 ms a start, and what the person has configured is not what is measured.
const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, ...env } = process.env;
Object.assign(env, { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" });

const commands = {
  "git grep": ["git", "grep", "-c", "-E", "A(K|S)IA[A-Z2-7]{16}"],
  "node -e 0": [process.execPath, "-e", "0"],
  keyguard: [process.execPath, resolve(values.keyguard), "scan"],
};
const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let run = -1; run < Number(values.runs); run++) {
  for (const [name, [program, ...args]] of Object.entries(commands)) {
    const began = performance.now();
    const { status, stderr, stdout } = spawnSync(program, args, { cwd: tree, env, maxBuffer: 2 ** 28 });
    // The first run warms the file cache.
    if (run >= 0) times[name].push(performance.now() - began);
    if (status === null || status > 1) throw new Error(`${name}: exit ${status}: ${stderr}`);
    if (run < 0 && name === "keyguard" && !/^\s*$/.test(String(stdout)))
      console.error(String(stdout).trimEnd().split("\n")[0]);
  }
}
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const [grep, node, own] = Object.values(times).map(median);
const ratio = (own - node) / grep;
if (values.json) console.log(JSON.stringify({ grep, node, keyguard: own, ratio }));
else {
  for (const [name, list] of Object.entries(times)) {
    console.log(`${name.padEnd(10)} ${median(list).toFixed(0).padStart(5)} ms  (best ${Math.min(...list).toFixed(0)})`);
  }
  console.log(`keyguard without Node's start is ${ratio.toFixed(2)} × git grep (at most 2.00 is wanted)`);
}
