import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { explainText, scanText } from "../../src/scan/engine.ts";
import { defaultRules } from "../../src/scan/rules.ts";
import { fakeAccessKeyId, fakeSecret, fakeSessionToken } from "../support/fake-keys.ts";

const id = fakeAccessKeyId("engine");
const secret = fakeSecret("engine");

function scan(text: string | Uint8Array, path = "app/config", fresh: { start: number; end: number }[] | "all" = "all") {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return scanText({ id: path, path, bytes, fresh }, defaultRules);
}

describe("what the engine says of a credential", () => {
  it("gives the line and the column of each part, in characters", () => {
    const [sighting] = scan(
      `# schlüssel für später\nñ = 1; aws_access_key_id = ${id}\r\n\taws_secret_access_key=${secret}\r\n`,
    );
    expect(sighting?.kind).toBe("aws-access-key");
    expect(sighting?.credential.accessKeyId).toBe(id);
    expect(sighting?.credential.secretAccessKey?.reveal()).toBe(secret);
    expect(
      sighting?.places.map(({ part, line, column, endLine, endColumn }) => [part, line, column, endLine, endColumn]),
    ).toEqual([
      ["accessKeyId", 2, 28, 2, 48],
      ["secretAccessKey", 3, 24, 3, 64],
    ]);
  });

  it("maps a percent-encoded secret back to the bytes it was read from", () => {
    const odd = `${secret.slice(0, 10)}/+${secret.slice(12)}`;
    const line = `s3://${id}:${encodeURIComponent(odd)}@bucket\n`;
    const [sighting] = scan(line);
    expect(sighting?.credential.secretAccessKey?.reveal()).toBe(odd);
    const place = sighting?.places.find(({ part }) => part === "secretAccessKey");
    expect(line.slice(place?.span.start, place?.span.end)).toBe(encodeURIComponent(odd));
  });

  it("counts lines and columns of UTF-16 as an editor does", () => {
    const text = `\ufeffone\r\naws_access_key_id=${id}\r\naws_secret_access_key=${secret}\r\n`;
    const [sighting] = scan(Buffer.from(text, "utf16le"));
    expect(sighting?.places.map(({ line }) => line)).toEqual([2, 3]);
  });

  it("counts lines and columns of a plain text to which UTF-16 was appended, in either half", () => {
    const lines = `aws_access_key_id=${id}\naws_secret_access_key=${secret}\n`;
    const plain = Buffer.from(`one\ntwo\n${lines}`);
    const wide = Buffer.from(`appended by PowerShell\n${lines}`, "utf16le");
    const [before] = scan(Buffer.concat([plain, Buffer.from("and more from PowerShell\n", "utf16le")]));
    expect(before?.places.map(({ line, column }) => [line, column])).toEqual([
      [3, 19],
      [4, 23],
    ]);
    const [after] = scan(Buffer.concat([Buffer.from("# one\n".repeat(50)), wide]));
    expect(after?.places.map(({ line, column }) => [line, column])).toEqual([
      [52, 19],
      [53, 23],
    ]);
  });

  it("names the member of an archive", () => {
    const [sighting] = scan(gzipSync(`aws_access_key_id=${id}\naws_secret_access_key=${secret}\n`), "backup.env.gz");
    expect(sighting?.path).toBe("backup.env.gz!content");
  });

  it("shows lines with every secret in them masked", () => {
    const token = fakeSessionToken("engine");
    const sightings = scan(
      `{"AccessKeyId":"${id.replace("AKIA", "ASIA")}","SecretAccessKey":"${secret}","SessionToken":"${token}"}`,
    );
    const shown = JSON.stringify(sightings);
    for (let i = 0; i + 8 <= secret.length; i++) expect(shown).not.toContain(secret.slice(i, i + 8));
    for (let i = 24; i + 8 <= token.length; i++) expect(shown).not.toContain(token.slice(i, i + 8));
  });
});

describe("fresh spans", () => {
  const text = `aws_access_key_id = ${id}\nregion = eu-west-1\naws_secret_access_key = ${secret}\n`;

  it("count a credential when one of its parts is new", () => {
    const start = text.indexOf("aws_secret");
    expect(scan(text, "a", [{ start, end: text.length }])).toHaveLength(1);
  });

  it("leave alone what stood there before", () => {
    const start = text.indexOf("region");
    expect(scan(text, "a", [{ start, end: start + 18 }])).toEqual([]);
    expect(scan(text, "a", [])).toEqual([]);
  });
});

describe("keyguard:allow", () => {
  const pair = `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}`;

  it("covers its own line and, from a line of its own, the next", () => {
    expect(scan(`${pair} # keyguard:allow test vector of the RFC`)[0]?.allow).toEqual({
      line: 2,
      reason: "test vector of the RFC",
    });
    expect(scan(`# keyguard:allow agreed in #12\n${pair}`)[0]?.allow).toEqual({ line: 1, reason: "agreed in #12" });
  });

  it("is told to be without a reason, so that it can be refused", () => {
    expect(scan(`${pair} # keyguard:allow`)[0]?.allow).toEqual({ line: 2, reason: null });
  });

  it("does not reach over from a neighbour's line", () => {
    const other = fakeSecret("other");
    const sightings = scan(
      `a_secret_access_key = ${secret} # keyguard:allow known and dead\nb_aws_secret_access_key = ${other}\n`.replace(
        "a_secret",
        "aws_secret",
      ),
    );
    const second = sightings.find(({ credential }) => credential.secretAccessKey?.reveal() === other);
    expect(second?.allow).toBeNull();
  });
});

describe("keyguard explain's account of a text", () => {
  it("says of each candidate why it was reported or not", () => {
    const text = `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\nsha = ${"0123456789abcdef".repeat(3).slice(0, 40)}\nAKIAIOSFODNN7EXAMPLE\n`;
    const considered = explainText({ id: "a", path: "a", bytes: Buffer.from(text), fresh: "all" }, defaultRules);
    expect(considered.map(({ line, reported }) => [line, reported])).toEqual([
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ]);
    expect(considered.every(({ why }) => why.length > 5)).toBe(true);
    expect(JSON.stringify(considered)).not.toContain(secret.slice(4, 12));
  });
});
