import { gunzipSync, inflateSync } from "node:zlib";
import { tokenRuns } from "../../detectors/token-runs.ts";
import { type Replacement, replaceSpans, type View } from "../view.ts";
import { containerKind } from "./archive.ts";

/** 24 characters hold 18 bytes, less than a key id has. */
const shortest = 24;
/** What may follow a wrapped line of base64: its end, perhaps a continuation, the next line's indent and sign of a comment. */
const wrap = /^\\?\r?\n[ \t]{0,40}(#|\/\/|;|--|\*|>|rem)?[ \t]{0,4}([A-Za-z0-9+/]{1,80}={0,2})/;
/** The sign of a comment or a quotation before the first line, which the others must have too. */
const commented = /(?:^|\n)[ \t]{0,40}(#|\/\/|;|--|\*|>|rem)[ \t]{0,4}$/;

/** Unpacked size of compressed data in base64, in bytes: user data and Helm releases are far smaller. */
const unpackedLimit = 4 << 20;

/**
 * Puts in place of every base64 run the text that it encodes (Kubernetes `data`, basic auth, a whole file, PowerShell's
 * UTF-16 commands, gzip in base64); a run that does not decode to text stays.
 */
export function decodeBase64(view: View): View | null {
  return replaceSpans(view, "base64", encodedTexts(view.text));
}

function* encodedTexts(text: string): Iterable<Replacement> {
  let done = 0;
  for (const [start, run] of tokenRuns(text, shortest, "url-safe")) {
    if (start < done || text.charCodeAt(start) === 45 || text.charCodeAt(start) === 95) continue;
    let end = run;
    let encoded = text.slice(start, run);
    // Lines of one width are one text: MIME has 76 columns, PEM 64.
    if (run - start >= 56 && run - start <= 80) {
      const sign = commented.exec(text.slice(Math.max(0, start - 48), start))?.[1];
      for (;;) {
        const more = wrap.exec(text.slice(end, end + 140));
        if (more === null || more[1] !== sign) break;
        encoded += more[2];
        end += more[0].length;
        // The last one is shorter, or padded: what follows is no base64 of this text.
        if ((more[2] ?? "").length < run - start || more[0].endsWith("=")) break;
      }
    }
    while (text.charCodeAt(end) === 61 && end - run < 3) end++;
    const value = textOf(encoded);
    if (value === null) continue;
    done = end;
    yield { start, end, value };
  }
}

function textOf(run: string): string | null {
  const probe = Buffer.from(run.slice(0, 32), "base64");
  if (probe[0] === 0x1f && probe[1] === 0x8b)
    return printable(unpack(() => gunzipSync(Buffer.from(run, "base64"), { maxOutputLength: unpackedLimit })));
  if (probe[0] === 0x78 && (probe[1] === 0x9c || probe[1] === 0x01 || probe[1] === 0xda))
    return printable(unpack(() => inflateSync(Buffer.from(run, "base64"), { maxOutputLength: unpackedLimit })));
  if (share(probe) < 0.85 && isUtf16(probe) === null) return null;
  return printable(Buffer.from(run, "base64"));
}

function unpack(inflate: () => Buffer): Buffer | null {
  try {
    const unpacked = inflate();
    // A tar inside pads its text with zeros.
    return containerKind(unpacked) === "tar"
      ? Buffer.from(unpacked.toString("latin1").replace(/\0+/g, "\n"), "latin1")
      : unpacked;
  } catch {
    return null; // no archive after all, or one that is cut short: it stays as it is
  }
}

/** Which byte of every pair is zero: the second in little-endian text, the first in big-endian. */
function isUtf16(bytes: Buffer): "little" | "big" | null {
  if (bytes.length < 8) return null;
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  if (odd >= bytes.length * 0.4) return "little";
  return even >= bytes.length * 0.4 ? "big" : null;
}

/** The bytes as text when nearly all of them are, else null. */
function printable(bytes: Buffer | null): string | null {
  if (bytes === null || bytes.length < 12) return null;
  const order = isUtf16(bytes);
  const even = bytes.subarray(0, bytes.length & ~1);
  if (order !== null)
    return (order === "big" ? Buffer.from(even).swap16() : even).toString("utf16le").replace(/[^\x00-\xff]/g, "?");
  return share(bytes) >= 0.93 ? bytes.toString("latin1") : null;
}

/** How much of it is text: printable ASCII, white space, or part of a UTF-8 sequence. */
function share(bytes: Buffer): number {
  let good = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if ((byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13)) good++;
    else if (byte >= 0xc2 && byte <= 0xf4 && ((bytes[i + 1] ?? 0) & 0xc0) === 0x80) {
      while (((bytes[i + 1] ?? 0) & 0xc0) === 0x80) {
        good++;
        i++;
      }
      good++;
    }
  }
  return bytes.length === 0 ? 0 : good / bytes.length;
}
