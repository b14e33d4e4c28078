import type { Detector, Match } from "../detectors/detector.ts";
import type { Span } from "../model/span.ts";
import { type BoundPattern, boundPattern, PatternRefusal } from "./bound-pattern.ts";
import type { OwnDetectorSpec } from "./config-schema.ts";
import type { Mistake } from "./mistakes.ts";

/** Compiles the detectors of a configuration, and tries each on its own examples. */
export function compileOwnDetectors(
  specs: readonly OwnDetectorSpec[],
  builtIn: readonly string[],
): { detectors: Detector[]; mistakes: Mistake[] } {
  const detectors: Detector[] = [];
  const mistakes: Mistake[] = [];
  const taken = new Set(builtIn);
  for (const [i, spec] of specs.entries()) {
    const path = ["detectors", i] as const;
    if (taken.has(spec.id)) mistakes.push({ path: [...path, "id"], message: "is taken by another detector" });
    taken.add(spec.id);
    try {
      const detector = compile(spec);
      const failed = checkExamples(detector);
      for (const { list, index, message } of failed) {
        mistakes.push({ path: [...path, "examples", list, index], message });
      }
      detectors.push(detector);
    } catch (error) {
      if (!(error instanceof PatternRefusal)) throw error;
      mistakes.push({ path: [...path, "pattern"], message: error.message });
    }
  }
  return { detectors, mistakes };
}

/** @throws PatternRefusal */
function compile(spec: OwnDetectorSpec): Detector {
  const ignoreCase = spec.ignoreCase ?? false;
  const pattern = boundPattern(spec.pattern, ignoreCase);
  return {
    id: spec.id,
    kind: "custom",
    about: spec.about ?? `secret that this repository's detector ${spec.id} knows`,
    references: [],
    keywords: spec.keywords.map((text) => ({ text, ignoreCase })),
    find: (view) => find(view, pattern, ignoreCase),
    examples: spec.examples,
  };
}

function* find(view: string, { source, group }: BoundPattern, ignoreCase: boolean): Generator<Match> {
  // `d` gives the place of a group; where the whole match is the secret, it would only cost.
  const pattern = new RegExp(source, `g${ignoreCase ? "i" : ""}${group === 0 ? "" : "d"}`);
  for (const match of view.matchAll(pattern)) {
    const inGroup = group === "value" ? match.indices?.groups?.value : match.indices?.[group];
    if (group !== 0 && inGroup === undefined) continue; // the group stands in an option that was not taken
    const [start, end] = inGroup ?? [match.index, match.index + match[0].length];
    if (start < end) yield { part: "value", span: { start, end } };
  }
}

/** An example that does not come out as marked. */
export interface FailedExample {
  readonly list: "finds" | "ignores";
  readonly index: number;
  readonly message: string;
}

/** Tries a detector on its examples: exactly the marked spans are expected, and a keyword in each that finds. */
export function checkExamples({ examples, find, keywords }: Detector): FailedExample[] {
  const failed: FailedExample[] = [];
  for (const [index, example] of examples.finds.entries()) {
    const { view, spans } = readMarks(example);
    const fail = (message: string) => failed.push({ list: "finds", index, message });
    if (spans.length === 0) {
      fail("marks nothing: put «» around the secret");
      continue;
    }
    const found = [...find(view, "")].filter(({ clean }) => clean === undefined).map(({ span }) => span);
    const same =
      found.length === spans.length &&
      found.every(({ start, end }, i) => start === spans[i]?.start && end === spans[i]?.end);
    if (found.length === 0) fail("is not matched by the pattern");
    else if (!same) fail("is matched in another place than the one marked «so»");
    else if (!keywords.some(({ text, ignoreCase }) => has(view, text, ignoreCase ?? false))) {
      fail("holds none of the keywords, so a file like it would never be tried");
    }
  }
  for (const [index, example] of examples.ignores.entries()) {
    const { view } = readMarks(example);
    if ([...find(view, "")].some(({ clean }) => clean === undefined)) {
      failed.push({ list: "ignores", index, message: "is matched by the pattern, and should not be" });
    }
  }
  return failed;
}

function has(view: string, keyword: string, ignoreCase: boolean): boolean {
  return ignoreCase ? view.toLowerCase().includes(keyword.toLowerCase()) : view.includes(keyword);
}

/** Takes the marks out of an example; gives it as the latin1 view that detectors search, with the marked spans. */
export function readMarks(example: string): { view: string; spans: Span[] } {
  let view = "";
  const spans: Span[] = [];
  for (const [i, part] of example.split(/[«»]/).entries()) {
    const bytes = Buffer.from(part, "utf8").toString("latin1");
    if (i % 2 === 1) spans.push({ start: view.length, end: view.length + bytes.length });
    view += bytes;
  }
  return { view, spans };
}
