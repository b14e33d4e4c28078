import { describe, expect, it } from "vitest";
import {
  isNeutralName,
  isOtherStore,
  isTestData,
  speaksOfAws,
  standsWithAccessKey,
} from "../../src/scan/surroundings.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";

const secret = fakeSecret("surroundings");

/** Asks of the secret that stands in the text as `…`. */
function around<T>(text: string, ask: (text: string, start: number, end: number) => T): T {
  const start = text.indexOf("…");
  return ask(text.replace("…", secret), start, start + secret.length);
}

describe("whether a secret is another store's", () => {
  it("is told by the endpoint beside it", () => {
    for (const endpoint of [
      "https://play.minio.example",
      "https://s3.eu-central-1.wasabisys.com",
      "https://fra1.digitaloceanspaces.com",
      "https://abc.r2.cloudflarestorage.com",
      "https://storage.googleapis.com",
      "http://localhost:9000",
    ])
      expect(around(`endpoint: ${endpoint}\nsecret_key: …\n`, isOtherStore), endpoint).toBe(true);
    expect(around("endpoint: https://s3.eu-central-1.amazonaws.com\nsecret_key: …\n", isOtherStore)).toBe(false);
  });

  it("is told by the key id beside it, whatever store it is", () => {
    expect(around("access_key = 3f1b9c04d7e25a6688b0c9d1e2f3a4b5\nsecret_key = …\n", isOtherStore)).toBe(true);
    expect(around("access_key = DO00K7RWZ3NQ5XTM8VBJ\nsecret_key = …\n", isOtherStore)).toBe(true);
    expect(around("access_key = your_access_key\nsecret_key = …\n", isOtherStore)).toBe(false);
  });

  it("is no where an access key id of AWS's stands beside it, whatever else does", () => {
    const id = fakeAccessKeyId("surroundings");
    expect(around(`# copied from minio\naccess_key = ${id}\nsecret_key = …\n`, isOtherStore)).toBe(false);
  });
});

describe("whether the surroundings speak of AWS", () => {
  const ask = (text: string, path: string) => around(text, (all, start, end) => speaksOfAws(all, start, end, path));

  it("is told by the words around the value, and by the path", () => {
    expect(ask("bucket: uploads\nsecret_key: …", "config.yml")).toBe(true);
    expect(ask("region: eu-west-1\nsecret_key: …", "config.yml")).toBe(true);
    expect(ask("secret_key: …", "deploy/aws.yml")).toBe(true);
    expect(ask("secret_key: …", "home/rootkey.csv")).toBe(true);
    expect(ask("secret_key: …", "config.yml")).toBe(false);
  });

  it("does not go by what stands further away than a screen", () => {
    expect(ask(`bucket: uploads\n${"-\n".repeat(1000)}secret_key: …`, "config.yml")).toBe(false);
  });
});

describe("whether a bare secret key is an access key's", () => {
  const ask = (text: string, path = "settings.py") =>
    around(text, (all, start, end) => standsWithAccessKey(all, start, end, path));

  it("is told by an access key beside it, or a file of AWS's", () => {
    expect(ask("access_key = get()\nsecret_key = …\n")).toBe(true);
    expect(ask("secret_key = …\n", "prod.tfvars")).toBe(true);
    expect(ask("secret_key = …\n")).toBe(false);
  });

  it("is no beside a framework that has secret keys of its own, nor beside AWS's under its full name", () => {
    expect(ask("import django\naccess_key = get()\nsecret_key = …\n")).toBe(false);
    expect(ask("secret_key = …\nAWS_SECRET_ACCESS_KEY = env('X')\nAWS_ACCESS_KEY_ID = env('Y')\n")).toBe(false);
  });
});

describe("whether a name is neutral", () => {
  it("is told by its words, each of which says whose it is and where, not what it is for", () => {
    for (const name of ["SECRET_KEY", "prodSecretKey", "backup.secret.key.2", "my-backup-bucket-secret"])
      expect(isNeutralName(name), name).toBe(true);
    for (const name of ["GF_SECURITY_SECRET_KEY", "stripeSecretKey", "secret_key_base"])
      expect(isNeutralName(name), name).toBe(false);
  });
});

describe("whether a path is one of test data or documentation", () => {
  it("is told by its folders and by its name", () => {
    for (const path of [
      "test/keys.env",
      "src/__tests__/a.ts",
      "a/fixtures/b.json",
      "docs/setup.md",
      "pkg/client_test.go",
      "spec/x.rb",
      "config.example.yml",
      "app.zip!tests/a.py",
      "lib/test_client.py",
    ])
      expect(isTestData(path), path).toBe(true);
    for (const path of ["src/app.ts", "contest/a.ts", "latest/a.ts", "src/testify.go", "attest.json"])
      expect(isTestData(path), path).toBe(false);
  });
});
