import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { candidateFiles } from "../../src/remediate/consumers/candidate-files.ts";
import { replaceKeys } from "../../src/remediate/consumers/consumer.ts";
import { backupPath, findKeyFile, readPair, restoreFile, writeKeys } from "../../src/remediate/consumers/key-file.ts";
import { consumers, findKeys } from "../../src/remediate/consumers/table.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";

const [oldId, newId, otherId] = [fakeAccessKeyId("old"), fakeAccessKeyId("new"), fakeAccessKeyId("other")];
const [oldSecret, newSecret, otherSecret] = [fakeSecret("old"), fakeSecret("new"), fakeSecret("other")];

/** A file of each kind, with `ID` and `SECRET` where the pair stands, and `GONE…` for what goes. */
const files: Readonly<Record<string, { kind: string; path: string; text: string }>> = {
  "profiles, of which one has the key": {
    kind: "aws profile",
    path: "/h/.aws/credentials",
    text: "# head\r\n[default]\r\naws_access_key_id = OTHERID\r\naws_secret_access_key = OTHERSECRET\r\n\r\n[lab] ; mine\r\nregion=eu-west-1\r\naws_secret_access_key =  SECRET  # keep\r\naws_access_key_id=ID\r\n",
  },
  "the same key in two profiles, and a token that no longer fits": {
    kind: "aws profile",
    path: "/h/.aws/config",
    text: "[profile a]\naws_access_key_id = ID\naws_secret_access_key = SECRET\nGONEaws_session_token = abc\nGONE[profile b]\naws_access_key_id = ID\naws_secret_access_key = SECRET",
  },
  boto: {
    kind: "aws profile",
    path: "/h/.boto",
    text: "[Credentials]\naws_access_key_id = ID\naws_secret_access_key = SECRET\n\n[Boto]\ndebug = 0\n",
  },
  "aws-secret.json": {
    kind: "JSON secret",
    path: "/h/.cloudvolume/secrets/lab-aws-secret.json",
    text: '{\n\t"AWS_SECRET_ACCESS_KEY" : "SECRET", "other": [1, {"a": null}],\n\t"AWS_ACCESS_KEY_ID": "ID"}',
  },
  "a pair deep in a JSON file, beside another one": {
    kind: "JSON secret",
    path: "/h/settings.json",
    text: '{"stores":[{"accessKeyId":"OTHERID","secretAccessKey":"OTHERSECRET"},{"accessKeyId":"ID","secretAccessKey":"SECRET"}],"n":-1.5e3}\n',
  },
  ".env with two pairs": {
    kind: "environment file",
    path: "/w/.env",
    text: "# prod\nexport PROD_AWS_ACCESS_KEY_ID='OTHERID'\nexport PROD_AWS_SECRET_ACCESS_KEY='OTHERSECRET'\nAWS_ACCESS_KEY_ID=\"ID\"  # mine\nAWS_SECRET_ACCESS_KEY=SECRET\nGONEAWS_SESSION_TOKEN=abc\nGONEX=1\n",
  },
  ".passwd-s3fs": {
    kind: "s3fs passwords",
    path: "/h/.passwd-s3fs",
    text: "OTHERID:OTHERSECRET\nlab-volumes:ID:SECRET\n",
  },
  "rclone.conf": {
    kind: "rclone remote",
    path: "/h/.config/rclone/rclone.conf",
    text: "[lab]\ntype = s3\naccess_key_id = ID\nsecret_access_key = SECRET\nregion = us-east-1\n",
  },
  ".s3cfg": {
    kind: "s3cmd",
    path: "/h/.s3cfg",
    text: "[default]\naccess_key = ID\nsecret_key = SECRET\nuse_https = True\n",
  },
  "ArcticDB's URI in a notebook's script": {
    kind: "ArcticDB URI",
    path: "/w/load.py",
    text: "ac = adb.Arctic('s3://s3.eu-west-1.amazonaws.com:lab?access=ID&secret=SECRET&path_prefix=a')\n",
  },
};

const fill = (text: string, id: string, secret: string, gone: boolean) =>
  text
    .replace(/GONE([^\n]*\n)GONE/g, gone ? "" : "$1")
    .replaceAll("OTHERID", otherId)
    .replaceAll("OTHERSECRET", otherSecret)
    .replaceAll("SECRET_ACCESS", "\u0000")
    .replaceAll("_SECRET", "\u0001")
    .replace(/\bID\b/g, id)
    .replace(/\bSECRET\b/g, secret)
    .replaceAll("\u0001", "_SECRET")
    .replaceAll("\u0000", "SECRET_ACCESS");

describe("a file that holds keys", () => {
  it.each(Object.entries(files))(
    "%s: the pair is replaced and every other byte stays",
    (_name, { kind, path, text }) => {
      const before = fill(text, oldId, oldSecret, false);
      const found = findKeys(path, before, oldId);
      expect(found?.consumer.kind).toBe(kind);
      const pair = { accessKeyId: newId, secretAccessKey: newSecret };
      expect(replaceKeys(before, found?.places ?? [], pair)).toBe(fill(text, newId, newSecret, true));
      expect(findKeys(path, before, newId)).toBeNull();
    },
  );

  it("is never a reason to throw, whatever bytes it has", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.nat(), (noise, cut) => {
        const text = Buffer.from(noise.slice(0, cut % 200) + oldId + noise).toString("latin1");
        for (const consumer of consumers) consumer.find(text, oldId);
      }),
      { numRuns: 300 },
    );
    expect(consumers.flatMap((one) => one.find(`${'{"a":['.repeat(50_000)}"${oldId}"`, oldId))).toEqual([]);
  });

  it("is looked for where programs look", () => {
    const env = { HOME: "/h", RCLONE_CONFIG: "/r/rc.conf", AWS_SHARED_CREDENTIALS_FILE: "/c/creds" };
    expect(candidateFiles(env, "/w")).toEqual(
      expect.arrayContaining([
        "/c/creds",
        "/h/.aws/credentials",
        "/h/.aws/config",
        "/r/rc.conf",
        "/h/.s3cfg",
        "/h/.passwd-s3fs",
      ]),
    );
  });
});

describe("writing new keys", () => {
  let folder: string;
  let path: string;
  const run = "abcd1234";
  const pair = { accessKeyId: newId, secretAccessKey: new Secret(newSecret) };
  const text = `{"AWS_ACCESS_KEY_ID":"${oldId}","AWS_SECRET_ACCESS_KEY":"${oldSecret}"}`;
  const request = (expected: string | null) => ({ path, run, oldIds: [oldId], pair, expected });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keyguard-file-"));
    path = join(folder, "aws-secret.json");
    writeFileSync(path, text, { mode: 0o640 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps the mode, leaves a backup for the owner alone, and does nothing the second time", () => {
    const { hash = "" } = findKeyFile(path, oldId) ?? {};
    const first = writeKeys(request(hash));
    expect(readPair(path, newId)?.secretAccessKey.reveal()).toBe(newSecret);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(backupPath(path, run), "utf8")).toBe(text);
    expect(statSync(backupPath(path, run)).mode & 0o777).toBe(0o600);
    expect(writeKeys(request(hash))).toEqual(first);
  });

  it("refuses a file that was edited since, and leaves it as it is", () => {
    const { hash = "" } = findKeyFile(path, oldId) ?? {};
    writeFileSync(path, `${text}\n`);
    expect(() => writeKeys(request(hash))).toThrow(/edited since the plan/);
    expect(readFileSync(path, "utf8")).toBe(`${text}\n`);
    expect(existsSync(backupPath(path, run))).toBe(false);
  });

  it("refuses a symbolic link, a file whose secret it cannot find and one that the key has left", () => {
    const link = join(folder, "link.json");
    symlinkSync(path, link);
    expect(() => findKeyFile(link, oldId)).toThrow(/symbolic link/);
    expect(() => writeKeys({ ...request(null), path: link })).toThrow(/symbolic link/);
    const lone = join(folder, "notes.txt");
    writeFileSync(lone, `the key is ${oldId}`);
    expect(() => findKeyFile(lone, oldId)).toThrow(/cannot write/);
    writeFileSync(path, "{}");
    expect(() => writeKeys(request(null))).toThrow(/no longer holds the old key/);
    expect(findKeyFile(join(folder, "none"), oldId)).toBeNull();
  });

  it("puts back what was there, unless somebody edited it since", () => {
    writeKeys(request(null));
    const ours = readFileSync(path, "utf8");
    writeFileSync(path, `${ours}\n`);
    expect(restoreFile(path, run, [oldId], [newId])).toBe("edited");
    writeFileSync(path, ours);
    expect(restoreFile(path, run, [oldId], [newId])).toBe("restored");
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(restoreFile(path, run, [oldId], [newId])).toBe("restored");
  });
});
