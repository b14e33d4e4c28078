import { describe, expect, it } from "vitest";
import { detectors } from "../../src/detectors/table.ts";

/** Takes the marks out of an example and gives the spans that they stood around. */
function readMarks(example: string): { view: string; spans: { start: number; end: number }[] } {
  const spans: { start: number; end: number }[] = [];
  let view = "";
  let start = -1;
  for (const character of example) {
    if (character === "«") start = view.length;
    else if (character === "»") spans.push({ start, end: view.length });
    else view += character;
  }
  return { view, spans };
}

describe("every detector", () => {
  it("has an id of its own, a reference and both kinds of example", () => {
    expect(new Set(detectors.map(({ id }) => id)).size).toBe(detectors.length);
    for (const { id, examples, references, keywords } of detectors) {
      expect(examples.finds.length, id).toBeGreaterThan(0);
      expect(examples.ignores.length, id).toBeGreaterThan(0);
      expect(references.length, id).toBeGreaterThan(0);
      expect(keywords.length, id).toBeGreaterThan(0);
    }
  });

  for (const detector of detectors) {
    for (const example of detector.examples.finds) {
      it(`${detector.id} finds exactly what is marked in ${JSON.stringify(example.slice(0, 40))}…`, () => {
        const { view, spans } = readMarks(example);
        const found = [...detector.find(view, "file")]
          .filter(({ clean }) => clean === undefined)
          .map(({ span }) => span);
        expect(found).toEqual(spans);
        expect(
          detector.keywords.some(({ text, ignoreCase }) =>
            ignoreCase ? view.toLowerCase().includes(text.toLowerCase()) : view.includes(text),
          ),
        ).toBe(true);
      });
    }
    for (const example of detector.examples.ignores) {
      it(`${detector.id} ignores ${JSON.stringify(example.slice(0, 40))}…`, () => {
        const found = [...detector.find(example, "file")].filter(
          ({ clean, weak }) => clean === undefined && weak !== true,
        );
        expect(found).toEqual([]);
      });
    }
  }
});
