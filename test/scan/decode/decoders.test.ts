import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "../../../src/scan/decode/base64.ts";
import { decodeConstants } from "../../../src/scan/decode/constants.ts";
import { decodeViews } from "../../../src/scan/decode/decode-views.ts";
import { decodeEntities } from "../../../src/scan/decode/entities.ts";
import { decodeEscapes } from "../../../src/scan/decode/escapes.ts";
import { decodeFormats } from "../../../src/scan/decode/formats.ts";
import { decodeHex } from "../../../src/scan/decode/hex.ts";
import { decodeJoins } from "../../../src/scan/decode/joins.ts";
import { decodePercent } from "../../../src/scan/decode/percent.ts";
import { decodeTags } from "../../../src/scan/decode/tags.ts";
import { decodeUtf16 } from "../../../src/scan/decode/utf16.ts";
import { decodeWideRuns } from "../../../src/scan/decode/wide-runs.ts";
import { View } from "../../../src/scan/view.ts";

type Decode = (view: View) => View | null;

/** What a decoder makes of a text; null where it leaves it as it is. */
const read = (decode: Decode, text: string): string | null => decode(new View(text))?.text ?? null;

/** What stands in the text where the decoded view has `needle`. */
function under(decode: Decode, text: string, needle: string): string {
  const view = decode(new View(text));
  const at = view?.text.indexOf(needle) ?? -1;
  if (view === null || at < 0) throw new Error(`no ${needle} in ${view?.text}`);
  const { start, end } = view.spanOf(at, at + needle.length);
  return text.slice(start, end);
}

describe("percent-encoding", () => {
  it("is read where two hexadecimal digits follow the sign", () => {
    expect(read(decodePercent, "a%2Fb%2bc 100% %zz")).toBe("a/b+c 100% %zz");
    expect(under(decodePercent, "a%2Fb", "/b")).toBe("%2Fb");
    expect(read(decodePercent, "100%")).toBeNull();
  });
});

describe("escapes", () => {
  it("of JSON, JavaScript, Java and C are read", () => {
    expect(read(decodeEscapes, String.raw`\u0041\x42\103\u{44}\/\"\\ \t.`)).toBe('ABCD/"\\ \t.');
    expect(under(decodeEscapes, String.raw`x\u0041y`, "Ay")).toBe(String.raw`\u0041y`);
  });

  it("beyond one byte become a question mark, since no credential holds them", () => {
    expect(read(decodeEscapes, String.raw`\u20ac`)).toBe("?");
  });

  it("between the lines of a notebook's cell make them one text", () => {
    expect(read(decodeEscapes, '"one\\n",\n    "two"')).toBe('"one\ntwo"');
  });
});

describe("character references", () => {
  it("are read by name and by number", () => {
    expect(read(decodeEntities, "&quot;a&#43;b&#x2F;c&amp;&nosuch;")).toBe('"a+b/c&&nosuch;');
    expect(under(decodeEntities, "a&#x2F;b", "/")).toBe("&#x2F;");
    expect(read(decodeEntities, "AT&T")).toBeNull();
  });
});

describe("hexadecimal", () => {
  const text = `aws_secret = ${"x".repeat(10)}`;
  const hex = Buffer.from(text).toString("hex");

  it("is read where it spells a text that speaks of a secret", () => {
    expect(read(decodeHex, `0x${hex};`)).toBe(`${text};`);
    // The two characters of `0x` are shared out among all, so that a part of the text is right to a digit or two.
    expect(under(decodeHex, `0x${hex};`, "secret")).toContain(Buffer.from("secre").toString("hex"));
  });

  it("of a commit is left alone", () => {
    expect(read(decodeHex, "commit 4142434445464748494a4b4c4d4e4f5051525354")).toBeNull();
  });
});

describe("base64", () => {
  const text = "name: uploads\npassword: not a token of ours\n";
  const encoded = Buffer.from(text).toString("base64");

  it("is read in place, padding and all", () => {
    expect(read(decodeBase64, `data: ${encoded}\n`)).toBe(`data: ${text}\n`);
    expect(under(decodeBase64, `data: ${encoded}\nmore`, "more")).toBe("more");
  });

  it("maps a part of the text to the characters that encode it", () => {
    const there = under(decodeBase64, `data: ${encoded}\n`, "password");
    expect(Buffer.from(text).toString("base64")).toContain(there);
    expect(there.length).toBeGreaterThanOrEqual(10);
    expect(there.length).toBeLessThanOrEqual(14);
  });

  it("over lines of one width is one text, also behind the signs of a comment", () => {
    const long = text.repeat(4);
    const lines = Buffer.from(long)
      .toString("base64")
      .match(/.{1,64}/g)!;
    expect(read(decodeBase64, `${lines.join("\n")}\nend`)).toBe(`${long}\nend`);
    expect(read(decodeBase64, `# ${lines.join("\n# ")}\nend`)).toBe(`# ${long}\nend`);
  });

  it("of UTF-16 is read as PowerShell reads it, in either order of bytes", () => {
    const wide = Buffer.from(text, "utf16le");
    expect(read(decodeBase64, wide.toString("base64"))).toBe(text);
    expect(read(decodeBase64, Buffer.from(wide).swap16().toString("base64"))).toBe(text);
  });

  it("of gzip is unpacked", () => {
    expect(read(decodeBase64, gzipSync(text.repeat(3)).toString("base64"))).toBe(text.repeat(3));
  });

  it("of random bytes stays as it is", () => {
    expect(
      read(decodeBase64, Buffer.from(Array.from({ length: 60 }, (_, i) => (i * 97) % 256)).toString("base64")),
    ).toBeNull();
  });
});

describe("constants", () => {
  it("are put where they are concatenated", () => {
    expect(read(decodeConstants, 'a = "AKIAY34F"\nb = "ZKBOKM"\nkey = a + b\n')).toBe(
      'a = "AKIAY34F"\nb = "ZKBOKM"\nkey = "AKIAY34F" + "ZKBOKM"\n',
    );
  });

  it("are put where they are interpolated", () => {
    expect(read(decodeConstants, 'left=AKIAY34F\nright=ZKBOKM\nKEY="${left}${right}"\n')).toContain(
      'KEY="AKIAY34FZKBOKM"',
    );
  });

  it("leave a text alone that uses none", () => {
    expect(read(decodeConstants, 'a = "AKIAY34F"\n')).toBeNull();
  });
});

describe("formats", () => {
  it("are filled in with their arguments, in the order that they ask for", () => {
    expect(read(decodeFormats, 'k = "{}{}".format("AKIA", "Y34F")')).toContain('"AKIAY34F"');
    expect(read(decodeFormats, 'k = "{1}{0}".format("AKIA", "Y34F")')).toContain('"Y34FAKIA"');
    expect(read(decodeFormats, "k = '%s%s' % ('AKIA', 'Y34F')")).toContain('"AKIAY34F"');
    expect(read(decodeFormats, "printf '%s%s' AKIA Y34F\n")).toContain('"AKIAY34F"');
  });
});

describe("joins", () => {
  it("make one of literals that stand side by side or are concatenated", () => {
    expect(read(decodeJoins, 'k = "AKIA" + "Y34F";')).toBe('k = "AKIAY34F";');
    expect(read(decodeJoins, '"AKIA"\n  "Y34F"')).toBe('"AKIAY34F"');
    expect(under(decodeJoins, 'k = "AKIA" + "Y34F";', "AKIAY34F")).toBe('AKIA" + "Y34F');
  });

  it("make one of a list only where something joins it", () => {
    expect(read(decodeJoins, '["AKIA", "Y34F"]')).toBeNull();
    expect(read(decodeJoins, '["AKIA", "Y34F"].join("")')).toBe('["AKIAY34F"].join("")');
  });

  it("make one of lines that a backslash continues, and of what a terminal colours", () => {
    expect(read(decodeJoins, "AKIA\\\n  Y34F")).toBe("AKIAY34F");
    expect(read(decodeJoins, "AKIA\x1b[1mY34F\x1b[0m")).toBe("AKIAY34F");
  });

  it("read quoted-printable where a text says that it is", () => {
    expect(read(decodeJoins, "Content-Transfer-Encoding: quoted-printable\n\nkey=3Dab=\ncd")).toMatch(/key=abcd$/);
  });
});

describe("mark-up", () => {
  it("is taken out, where it breaks a line a line break takes its place", () => {
    expect(read(decodeTags, "<p>AK<b>IA</b></p><wbr>Y")).toBe("\nAKIA\nY");
    expect(under(decodeTags, "<p>AK<b>IA</b></p>", "AKIA")).toBe("AK<b>IA");
    expect(read(decodeTags, "a < b")).toBeNull();
  });
});

describe("UTF-16", () => {
  it("is read with a mark and without, in either order of bytes, and maps to two bytes a character", () => {
    const text = "[default] some text\n";
    const little = Buffer.from(text, "utf16le");
    const big = Buffer.from(little).swap16();
    const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), little]);
    for (const [bytes, mark] of [
      [little, 0],
      [big, 0],
      [marked, 2],
    ] as const) {
      const view = decodeUtf16(bytes, new View(bytes.toString("latin1")));
      expect(view?.text).toBe(text);
      expect(view?.spanOf(1, 8)).toEqual({ start: mark + 2, end: mark + 16 });
    }
    expect(decodeUtf16(Buffer.from(text), new View(text))).toBeNull();
  });

  it("in the middle of other bytes is read too", () => {
    const text = `\x01\x02${Buffer.from("a registry value", "utf16le").toString("latin1")}\x03`;
    expect(read(decodeWideRuns, text)).toBe("\x01\x02a registry value\x03");
    expect(under(decodeWideRuns, text, "registry")).toBe(Buffer.from("registry", "utf16le").toString("latin1"));
  });
});

describe("the views of a text", () => {
  it("go through every decoder again on what the others gave", () => {
    const inner = Buffer.from('{"key": "a\\u002Fb", "region": "eu-west-1"}').toString("base64");
    const outer = JSON.stringify({ data: inner.replace("/", "\\/") });
    const views = decodeViews(Buffer.from(outer), new View(outer));
    expect(views[0]?.via).toEqual([]);
    const last = views.at(-1)!;
    expect(last.text).toContain('"key": "a/b"');
    expect(last.via).toEqual(["base64", "escapes"]);
  });

  it("of a plain text are that text alone", () => {
    expect(decodeViews(Buffer.from("plain"), new View("plain")).map(({ text }) => text)).toEqual(["plain"]);
  });
});
