import { describe, expect, it } from "vitest";
import { replaceSpans, substitute, View } from "../../src/scan/view.ts";

/** Where `needle` stands in a view, in the bytes that it was read from. */
function bytesOf(view: View, needle: string): string {
  let root = view;
  while (root.via.length > 0) root = roots.get(root)!;
  const at = view.text.indexOf(needle);
  const { start, end } = view.spanOf(at, at + needle.length);
  return root.text.slice(start, end);
}

const roots = new Map<View, View>();

function over(parent: View, pattern: RegExp, via: string, decode: (match: RegExpExecArray) => string | null): View {
  const view = substitute(parent, pattern, via, decode);
  if (view === null) throw new Error("nothing to replace");
  roots.set(view, parent);
  return view;
}

describe("a view", () => {
  it("of the bytes themselves maps every span to itself", () => {
    expect(new View("abc").spanOf(1, 2)).toEqual({ start: 1, end: 2 });
    expect(new View("abc").via).toEqual([]);
  });

  it("maps what was replaced to what stood there, and what was not to where it stands", () => {
    const view = over(new View("one %2F two"), /%2F/g, "percent", () => "/");
    expect(view.text).toBe("one / two");
    expect(view.via).toEqual(["percent"]);
    expect(view.spanOf(0, 3)).toEqual({ start: 0, end: 3 });
    expect(view.spanOf(4, 5)).toEqual({ start: 4, end: 7 });
    expect(view.spanOf(6, 9)).toEqual({ start: 8, end: 11 });
    expect(view.spanOf(2, 7)).toEqual({ start: 2, end: 9 });
  });

  it("maps through two views, one on top of the other", () => {
    // JSON in which a percent sign is escaped: \u0025 is `%`, %2B is `+`.
    const raw = new View('{"key": "ab\\u00252Bcd"}');
    const unescaped = over(raw, /\\u([0-9A-Fa-f]{4})/g, "escapes", ([, code]) =>
      String.fromCharCode(Number.parseInt(code ?? "", 16)),
    );
    expect(unescaped.text).toBe('{"key": "ab%2Bcd"}');
    const plain = over(unescaped, /%([0-9A-F]{2})/g, "percent", ([, code]) =>
      String.fromCharCode(Number.parseInt(code ?? "", 16)),
    );
    expect(plain.text).toBe('{"key": "ab+cd"}');
    expect(plain.via).toEqual(["escapes", "percent"]);
    expect(bytesOf(plain, "+")).toBe("\\u00252B");
    expect(bytesOf(plain, "b+c")).toBe("b\\u00252Bc");
    expect(bytesOf(plain, "cd")).toBe("cd");
    expect(bytesOf(plain, "key")).toBe("key");
  });

  it("maps a piece of a replaced part to its share of what stood there", () => {
    const view = over(new View("x 41424344 y"), /[0-9]{8}/g, "hex", ([digits]) =>
      Buffer.from(digits ?? "", "hex").toString("latin1"),
    );
    expect(view.text).toBe("x ABCD y");
    expect(bytesOf(view, "BC")).toBe("4243");
    expect(bytesOf(view, "D y")).toBe("44 y");
  });

  it("maps what is joined over a gap to all that it stands on", () => {
    const view = over(new View('a = "left" + "right"'), /" \+ "/g, "joined", () => "");
    expect(view.text).toBe('a = "leftright"');
    expect(bytesOf(view, "leftright")).toBe('left" + "right');
    expect(bytesOf(view, "left")).toBe("left");
    expect(bytesOf(view, "right")).toBe("right");
  });

  it("is null where nothing is replaced, also when every match is left as it is", () => {
    expect(substitute(new View("abc"), /x/g, "none", () => "y")).toBeNull();
    expect(substitute(new View("abc"), /b/g, "none", () => null)).toBeNull();
  });

  it("takes the first of two replacements that overlap", () => {
    const view = replaceSpans(new View("abcdef"), "test", [
      { start: 1, end: 4, value: "X" },
      { start: 3, end: 5, value: "Y" },
    ]);
    expect(view?.text).toBe("aXef");
    expect(view?.spanOf(2, 4)).toEqual({ start: 4, end: 6 });
  });

  it("that has lost all its text maps to the end of what it was", () => {
    const view = replaceSpans(new View("abc"), "test", [{ start: 0, end: 3, value: "" }]);
    expect(view?.text).toBe("");
    expect(view?.spanOf(0, 0)).toEqual({ start: 3, end: 3 });
  });
});
