/**
 * Makes the tree that the benchmarks scan: 170 MB in 11,000 files that look like source code, JSON and logs, the same
 * bytes every time. About one file in twelve holds the word `secret`; five hold an (invented) pair of keys.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const plantedPairs = 5;

/** mulberry32 */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const syllables =
  "an be co der el fi ga hub in jo ka lo mer net or pa qu res sta tor un vi wo ex ya zu map key set get list user node path".split(
    " ",
  );
const shapes = [
  (w) => `  const ${w()} = ${w()}.${w()}(${w()}, ${w()});`,
  (w) => `  if (${w()} !== undefined && ${w()}.length > 0) {`,
  (w) => `  return await ${w()}({ ${w()}, ${w()}: ${w()}.${w()} });`,
  (w) => `  // ${w()} ${w()} ${w()} the ${w()} of ${w()} when ${w()} is ${w()}`,
  (w) => `    "${w()}": "${w()}-${w()}", "${w()}": [1, 22, 333],`,
  (w) => `def ${w()}(self, ${w()}, ${w()}=None):`,
  (w) => `        self.${w()} = ${w()}[${w()}] or "${w()}/${w()}/${w()}.${w()}"`,
  (w) => `import { ${w()}, ${w()} } from "./${w()}/${w()}.js";`,
  () => "  }",
  () => "",
];
const extensions = ["ts", "py", "js", "json", "md", "go", "java", "yaml", "txt", "c"];

/** Makes the tree in `dir`, or leaves it where it is whole already. Returns its size. */
export function makeTree(dir, { files = 11_000, bytes = 170e6, seed = 1 } = {}) {
  const stamp = join(dir, ".git", `tree-${files}-${bytes}-${seed}`);
  if (!existsSync(stamp)) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    const next = random(seed);
    const words = Array.from({ length: 4000 }, () => {
      let word = "";
      for (let i = 1 + Math.floor(next() * 3); i >= 0; i--) {
        const part = syllables[Math.floor(next() * syllables.length)];
        word += word === "" ? part : part[0].toUpperCase() + part.slice(1);
      }
      return word;
    });
    const word = () => words[Math.floor(next() * next() * words.length)];
    // One long text, of which every file is a piece with lines of its own at its beginning: making 170 MB line by line
    // would take longer than all the scans.
    let pool = "";
    while (pool.length < 4e6) pool += `${shapes[Math.floor(next() * shapes.length)](word)}\n`;
    const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const base64 = `${base32.slice(0, 26)}${base32.slice(0, 26).toLowerCase()}0123456789+/`;
    const letters = (alphabet, count) =>
      Array.from({ length: count }, () => alphabet[Math.floor(next() * alphabet.length)]).join("");
    // Sizes as in real trees: most files small, a few large (log-normal), then scaled to the wanted sum.
    const weights = Array.from({ length: files }, () => {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return Math.exp(1.25 * normal);
    });
    const scale = bytes / weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < files; i++) {
      const depth = 1 + (i % 4);
      const folder = join(
        dir,
        ...Array.from({ length: depth }, (_, level) => `${words[(i >> (10 - 2 * level)) % 997]}`),
      );
      mkdirSync(folder, { recursive: true });
      let text = `// ${word()} ${i}\n`;
      if (i % 12 === 0) text += `  const secretName = ${word()}.secret; // the secret of ${word()}\n`;
      if (i % Math.floor(files / plantedPairs) === 7) {
        text += `aws_access_key_id = AKIA${letters("QRSTUVWXYZ234567", 1)}${letters(base32, 15)}\n`;
        text += `aws_secret_access_key = ${letters(base64, 40)}\n`;
      }
      const size = Math.max(text.length, Math.round(weights[i] * scale));
      while (text.length < size) {
        const from = pool.indexOf("\n", Math.floor(next() * (pool.length - 1000))) + 1;
        text += pool.slice(from, from + size - text.length);
      }
      writeFileSync(join(folder, `${words[i % 1999]}-${i}.${extensions[i % extensions.length]}`), text.slice(0, size));
    }
    const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
    const git = (...args) => execFileSync("git", args, { cwd: dir, env, stdio: "ignore" });
    git("init", "-q");
    git("-c", "core.compression=0", "-c", "core.looseCompression=0", "add", "-A");
    writeFileSync(stamp, "");
  }
  return dir;
}
