/**
 * `npm run accuracy`: keyguard over the labelled corpus. Prints a table by group and ends with 1 where a figure is
 * short of the aim: recall and pair recall 100 %, no wrong pair, no false positive, no repeat.
 */
import { parseArgs } from "node:util";
import { scanText } from "../../src/scan/engine.ts";
import { gather } from "../../src/scan/gather.ts";
import { defaultRules } from "../../src/scan/rules.ts";
import { type CorpusCase, loadCorpus } from "../support/corpus.ts";
import { credentialKinds, seededRandom } from "../support/corpus-values.ts";
import { type Found, type Score, scoreCase } from "../support/score-case.ts";

interface Result {
  readonly each: CorpusCase;
  readonly score: Score;
  readonly findings: readonly Found[];
  /** The message of an exception that the engine threw; it throws none when it is right. */
  readonly threw: string | null;
}

const { values: options } = parseArgs({
  options: {
    failures: { type: "boolean", default: false },
    case: { type: "string" },
    group: { type: "string", default: "" },
    seed: { type: "string", default: "" },
    chance: { type: "string" },
    corpus: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** Enough to recognise an invented value by, masked as everything that keyguard prints is. */
const mask = (value: string | null): string => {
  if (value === null) return "";
  // Ids all begin alike, so their ends are shown.
  return value.length === 20 ? `…${value.slice(-4)}(20)` : `${value.slice(0, 4)}…(${value.length})`;
};

function runCase(each: CorpusCase): Result {
  try {
    const sightings = each.files.flatMap(({ path, bytes }) =>
      scanText({ id: `${each.group}/${each.name}/${path}`, path, bytes, fresh: "all" }, defaultRules),
    );
    const { findings } = gather(sightings, {
      accounts: {},
      allow: [],
      baseline: new Set(),
      now: "2026-01-14T12:00:00Z",
    });
    return { each, score: scoreCase(each, findings), findings, threw: null };
  } catch (error) {
    const threw =
      error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 3).join(" ") : `${error}`;
    return { each, score: scoreCase(each, []), findings: [], threw };
  }
}

const isGood = ({ score, threw }: Result): boolean =>
  threw === null &&
  score.valuesFound === score.values &&
  score.pairsFound === score.pairs &&
  score.missed.length + score.wrongPairs.length + score.falsePositives.length + score.repeats.length === 0;

const percent = (part: number, whole: number): string => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);

function sum(results: readonly Result[], of: (score: Score) => number): number {
  return results.reduce((total, { score }) => total + of(score), 0);
}

function row(name: string, results: readonly Result[]): string[] {
  const total = (of: (score: Score) => number): number => sum(results, of);
  return [
    name,
    `${results.length}`,
    `${results.filter((result) => !isGood(result)).length}`,
    percent(
      total((score) => score.valuesFound),
      total((score) => score.values),
    ),
    percent(
      total((score) => score.pairsFound),
      total((score) => score.pairs),
    ),
    `${total((score) => score.wrongPairs.length)}`,
    `${total((score) => score.falsePositives.length)}`,
    `${total((score) => score.repeats.length)}`,
  ];
}

function printTable(results: readonly Result[]): void {
  const groups = groupResults(results);
  const leaks = results.filter(({ each }) => each.expected.length > 0);
  const clean = results.filter(({ each }) => each.expected.length === 0);
  const rows = [
    ["group", "cases", "failing", "recall", "pairs", "wrong", "false", "repeats"],
    ...[...groups].map(([name, members]) => row(name, members)),
    row("all leaks", leaks),
    row("all clean", clean),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  for (const cells of rows) {
    const line = cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(line.join("  "));
  }
  const alarmed = clean.filter(({ score }) => score.falsePositives.length > 0).length;
  console.log(
    `\nfalse-positive rate over clean cases: ${percent(alarmed, clean.length)} (${alarmed} of ${clean.length})`,
  );
}

function groupResults(results: readonly Result[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>();
  for (const result of results) groups.set(result.each.group, [...(groups.get(result.each.group) ?? []), result]);
  return groups;
}

function describeFound({ kind, credential }: Found): string {
  const parts = {
    id: credential.accessKeyId,
    secret: credential.secretAccessKey?.reveal() ?? null,
    token: credential.sessionToken?.reveal() ?? null,
    value: credential.value?.reveal() ?? null,
  };
  const shown = Object.entries(parts).flatMap(([name, value]) => (value === null ? [] : [`${name} ${mask(value)}`]));
  return `${kind}: ${shown.join(", ")}`;
}

function printFailure({ each, score, findings, threw }: Result): void {
  console.log(`\n${each.group} ${each.name}${each.about === "" ? "" : `\n  (${each.about})`}`);
  if (threw !== null) console.log(`  threw     ${threw}`);
  for (const { label, id, secret, token } of each.expected) {
    const shown = [id, secret, token].filter((value) => value !== null).map(mask);
    console.log(`  expected  ${score.missed.includes(label) ? "✗" : "✓"} ${label}: ${shown.join(", ")}`);
  }
  for (const found of findings) {
    const marks = [
      score.wrongPairs.includes(found) ? " ← wrong pair" : "",
      score.falsePositives.includes(found) ? " ← false positive" : "",
      score.repeats.includes(found) ? " ← repeat" : "",
    ];
    console.log(`  found     ${describeFound(found)}${marks.join("")}`);
  }
}

/** The plainest contexts: whatever is lost in them is lost by the look of the key alone. */
const plainContexts: Readonly<Record<string, (id: string, secret: string) => string>> = {
  variables: (id, secret) => `AWS_ACCESS_KEY_ID=${id}\nAWS_SECRET_ACCESS_KEY=${secret}\n`,
  call: (id, secret) => `s3 = new BasicAWSCredentials("${id}", "${secret}");\n`,
  prose: (id, secret) => `The key of the bucket is ${id} and its secret ${secret}, until Friday.\n`,
};

/** Plants `count` random pairs in each plain context and prints how many are not found as a pair, and up to ten of them. */
function printChance(count: number): number {
  let lost = 0;
  for (const [name, write] of Object.entries(plainContexts)) {
    const missed: string[] = [];
    for (let number = 0; number < count; number++) {
      const random = seededRandom(`${options.seed}${name}${number}`);
      const [id = "", secret = ""] = ["id", "secret"].map((kind) => credentialKinds[kind]?.make(random, "a").value);
      const path = "src/settings.txt";
      const sightings = scanText({ id: name, path, bytes: Buffer.from(write(id, secret)), fresh: "all" }, defaultRules);
      const paired = sightings.some(
        ({ credential }) => credential.accessKeyId === id && credential.secretAccessKey?.reveal() === secret,
      );
      if (!paired) missed.push(`${id} ${secret}`);
    }
    lost += missed.length;
    console.log(`${name}: ${missed.length} of ${count} pairs lost (${((100 * missed.length) / count).toFixed(3)} %)`);
    for (const pair of missed.slice(0, 10)) console.log(`  ${pair}`);
  }
  // The entropy floors alone lose some 0.03 %; more than 0.05 % means that a rule of thumb throws keys away.
  return lost <= 0.0005 * count * Object.keys(plainContexts).length ? 0 : 1;
}

function main(): number {
  if (options.help) {
    console.log("usage: npm run accuracy -- [--failures] [--group PREFIX] [--case NAME] [--seed TEXT]");
    console.log("  --failures   lists every failing case, with what was expected and found (values masked)");
    console.log("  --group      only groups whose name begins so: leaks/ini, clean");
    console.log("  --case       prints the expanded files of the case (or group/case), and how it scores");
    console.log("  --seed       plants other keys in the same files; the corpus's own keys are those of no seed");
    console.log(
      "  --chance     plants so many random pairs in the plainest contexts: how many are lost by their look?",
    );
    return 0;
  }
  if (options.chance !== undefined) return printChance(Number(options.chance));
  const corpus = loadCorpus("", options.corpus, options.seed).filter(
    (each) =>
      each.group.startsWith(options.group) &&
      (options.case === undefined || each.name === options.case || `${each.group}/${each.name}` === options.case),
  );
  if (corpus.length === 0) {
    console.error("keyguard: error: no case of the corpus matches");
    return 2;
  }
  const results = corpus.map(runCase);
  if (options.case !== undefined) {
    for (const result of results) {
      for (const { path, bytes } of result.each.files) {
        console.log(`----- ${path}`);
        console.log(Buffer.from(bytes).toString(bytes.includes(0) ? "latin1" : "utf8"));
      }
      printFailure(result);
    }
  } else {
    printTable(results);
    if (options.failures) results.filter((result) => !isGood(result)).forEach(printFailure);
  }
  return results.every(isGood) ? 0 : 1;
}

process.exitCode = main();
