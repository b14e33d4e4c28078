import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding, Sighting } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Origin } from "../../src/model/text.ts";
import { type GatherContext, gather } from "../../src/scan/gather.ts";
import { fakeAccessKeyId, fakeSecret, fakeSessionToken } from "../support/fake-keys.ts";
import { sight } from "../support/fake-sightings.ts";

const id = fakeAccessKeyId(1);
const otherId = fakeAccessKeyId(2);
const secret = fakeSecret(1);
const otherSecret = fakeSecret(2);
const token = fakeSessionToken(1);

const context = (rest: Partial<GatherContext> = {}): GatherContext => ({
  accounts: {},
  allow: [],
  baseline: new Set(),
  now: "2026-06-15T12:00:00.000Z",
  ...rest,
});

const find = (sightings: readonly Sighting[], rest: Partial<GatherContext> = {}) =>
  gather(sightings, context(rest)).findings;
const paths = (finding: Finding | undefined) => finding?.locations.map(({ path, line }) => `${path}:${line}`);

/** An id that holds the account: one set bit, 40 bits of account, 7 bits of something else, in base32. */
function idOfAccount(account: string): string {
  let bits = ((1n << 47n) | (BigInt(account) << 7n) | 0x55n) << 2n;
  let letters = "";
  for (let i = 0; i < 10; i++) {
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(Number(bits & 31n)) + letters;
    bits >>= 5n;
  }
  return `AKIA${letters}${fakeAccessKeyId(account).slice(-6)}`;
}

describe("one credential is one finding", () => {
  it("with all its places, wherever it stands", () => {
    const findings = find([sight("b.env", { id, secret }), sight("a.env", { id, secret })]);
    expect(findings).toHaveLength(1);
    expect(paths(findings[0])).toEqual(["a.env:1", "a.env:2", "b.env:1", "b.env:2"]);
  });

  it("and takes in the id, the secret and the token that stand alone elsewhere", () => {
    const findings = find([
      sight("id.txt", { id }),
      sight("secret.txt", { secret }),
      sight("token.txt", { token }),
      sight("whole.env", { id, secret, token }),
    ]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ kind: "aws-access-key", severity: "critical", confidence: "certain" });
    expect(paths(findings[0])).toEqual([
      "id.txt:1",
      "secret.txt:2",
      "token.txt:3",
      "whole.env:1",
      "whole.env:2",
      "whole.env:3",
    ]);
  });

  it("with the session token of one place and the pair without it of another", () => {
    const findings = find([sight("a", { id, secret }), sight("b", { id, secret, token })]);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.credential.sessionToken?.reveal()).toBe(token);
  });

  it("but two ids with one secret, and one id with two secrets, are two, each saying so", () => {
    const twoIds = find([sight("a", { id, secret }), sight("b", { id: otherId, secret })]);
    expect(twoIds.map(({ credential }) => credential.accessKeyId).sort()).toEqual([id, otherId].sort());
    for (const { notes } of twoIds) expect(notes.join()).toContain("it can belong to only one id");
    const twoSecrets = find([sight("a", { id, secret }), sight("b", { id, secret: otherSecret })]);
    expect(twoSecrets).toHaveLength(2);
    for (const { notes } of twoSecrets) expect(notes.join()).toContain("2 different secrets");
  });

  it("and the id of a presigned URL stays a finding of its own elsewhere", () => {
    const url = sight("page.html", { id, value: "https://signed" }, { kind: "aws-presigned-url", severity: "low" });
    const findings = find([url, sight("key.txt", { id })]);
    expect(findings.map(({ kind }) => kind)).toEqual(["aws-access-key-id", "aws-presigned-url"]);
  });
});

describe("an id and a secret in different texts", () => {
  it("are likely one credential when their folder has only them", () => {
    const findings = find([
      sight("app/.env", { id }),
      sight("app/secret.txt", { secret }),
      sight("other/x", { id: otherId }),
    ]);
    expect(findings.map(({ kind, confidence, severity }) => [kind, confidence, severity])).toEqual([
      ["aws-access-key", "likely", "critical"],
      ["aws-access-key-id", "certain", "medium"],
    ]);
    expect(findings[0]?.notes.join()).toContain("likely, not certain");
    expect(findings[0]?.fingerprint).toBe(new Secret(secret).hash);
  });

  it("are not when the folder has another id or another secret", () => {
    expect(find([sight("a/1", { id }), sight("a/2", { id: otherId }), sight("a/3", { secret })])).toHaveLength(3);
    expect(find([sight("a/1", { id }), sight("a/2", { secret }), sight("a/3", { secret: otherSecret })])).toHaveLength(
      3,
    );
  });

  it("are not when the engine saw both in one text and kept them apart", () => {
    expect(find([sight("a/1", { id }), sight("a/1", { secret })])).toHaveLength(2);
  });

  it("are not when either has another partner in another folder", () => {
    const findings = find([
      sight("a/1", { id }),
      sight("a/2", { secret }),
      sight("b/1", { id }),
      sight("b/2", { secret: otherSecret }),
    ]);
    expect(findings).toHaveLength(3);
  });

  it("are one when a commit brought just these two, into whatever folders", () => {
    const commit = (path: string, hash: string): Origin => ({
      kind: "commit",
      path,
      commit: hash,
      author: "Ada",
      date: "2026-01-02T03:04:05Z",
    });
    const originsOf = (sighting: Sighting) => [commit(sighting.path, sighting.path.startsWith("late") ? "c2" : "c1")];
    const findings = find([sight("x/1", { id }), sight("y/2", { secret }), sight("late/3", { id: otherId })], {
      originsOf,
    });
    expect(findings.map(({ kind }) => kind)).toEqual(["aws-access-key", "aws-access-key-id"]);
    expect(findings[0]?.locations[0]).toMatchObject({ commit: "c1", author: "Ada", date: "2026-01-02T03:04:05Z" });
  });
});

describe("a finding", () => {
  it("has a fingerprint of its secret alone: neither path, line nor commit changes it", () => {
    const [a] = find([sight("a", { id, secret })]);
    const [b] = find([sight("b/c", { id: otherId, secret, token })]);
    expect(a?.fingerprint).toBe(b?.fingerprint);
    expect(find([sight("a", { id })])[0]?.fingerprint).toBe(new Secret(id).hash);
  });

  it("names the account, one's own name for it, and canaries", () => {
    const known = idOfAccount("609629065308");
    const [finding] = find([sight("a", { id: known })], { accounts: { "609629065308": "data-prod" } });
    expect(finding).toMatchObject({ account: "609629065308", accountName: "data-prod", canary: false });
    const canary = idOfAccount("595918472158");
    expect(find([sight("a", { id: canary })])[0]).toMatchObject({ account: "595918472158", canary: true });
  });

  it("is as severe as its worst place, and gives only that place's reasons", () => {
    const test = sight("test/a", { id, secret }, { severity: "medium", notes: ["lowered: test data"] });
    expect(find([test])[0]).toMatchObject({ severity: "medium", notes: ["lowered: test data"] });
    expect(find([test, sight("src/a", { id, secret })])[0]).toMatchObject({ severity: "critical", notes: [] });
  });

  it("that has expired is low", () => {
    const url = (expires: string) =>
      sight("a", { value: "v" }, { kind: "aws-presigned-url", severity: "medium", expires });
    expect(find([url("2026-06-15T11:59:59Z")])[0]).toMatchObject({
      severity: "low",
      notes: ["expired 2026-06-15T11:59:59Z"],
    });
    expect(find([url("2026-06-15T12:00:01Z")])[0]).toMatchObject({ severity: "medium", notes: [] });
  });

  it("comes the most severe first, then by path and line", () => {
    const findings = find([
      sight("b", { id: otherId }),
      sight("c", { value: "2" }),
      sight("a", { id }),
      sight("b/", { value: "1" }),
    ]);
    expect(findings.map(({ locations }) => locations[0]?.path)).toEqual(["b/", "c", "a", "b"]);
  });
});

describe("a comment that allows", () => {
  it("lets its place pass, and with the last place the finding", () => {
    const allow = { line: 1, reason: "vector of the RFC" };
    const { findings, allowed } = gather([sight("a", { id, secret }, { allow })], context());
    expect(findings).toEqual([]);
    expect(allowed).toMatchObject([
      { by: "inline", reason: "vector of the RFC", finding: { fingerprint: new Secret(secret).hash } },
    ]);
    const [left] = find([sight("a", { id, secret }, { allow }), sight("b", { id, secret })]);
    expect(paths(left)).toEqual(["b:1", "b:2"]);
    expect(left?.notes).toContain("2 more places are let pass: vector of the RFC");
  });

  it("without a reason is refused, and the finding says so", () => {
    for (const reason of [null, "  "]) {
      const [finding] = find([sight("a", { id, secret }, { allow: { line: 7, reason } })]);
      expect(finding?.notes).toContain("the keyguard:allow at a:7 gives no reason, so it was refused");
    }
  });

  it("on the pair covers the bare id elsewhere", () => {
    const sightings = [
      sight("a", { id, secret }, { allow: { line: 1, reason: "vector of the RFC" } }),
      sight("README", { id }),
    ];
    expect(gather(sightings, context())).toMatchObject({ findings: [], allowed: [{ by: "inline" }] });
  });
});

describe("an allowance of the configuration", () => {
  const pair = [sight("src/a", { id, secret }), sight("test/b", { id, secret })];
  const fingerprint = new Secret(secret).hash;
  const allow = (entry: object) => ({ allow: [{ reason: "agreed in #12", ...entry }] });

  it.each([
    ["the beginning of the fingerprint", { fingerprint: fingerprint.slice(0, 8).toUpperCase() }],
    ["the secret", { value: secret }],
    ["the id", { value: id }],
    ["paths that cover all places", { path: "*" }],
    ["several at once", { value: id, path: "**", detector: "secret-access-key" }],
  ])("by %s lets it pass", (_, entry) => {
    expect(gather(pair, context(allow(entry)))).toMatchObject({
      findings: [],
      allowed: [{ by: "config", reason: "agreed in #12" }],
    });
  });

  it.each([
    ["another fingerprint", { fingerprint: "0".repeat(8) }],
    ["another value", { value: otherSecret }],
    ["a part of the secret", { value: secret.slice(0, 20) }],
    ["another detector", { path: "*", detector: "private-key" }],
    ["one that has expired", { value: secret, expires: "2026-06-14" }],
  ])("by %s does not", (_, entry) => {
    expect(gather(pair, context(allow(entry))).findings).toHaveLength(1);
  });

  it("counts on its last day, and is told afterwards", () => {
    expect(find(pair, allow({ value: secret, expires: "2026-06-15" }))).toEqual([]);
    expect(find(pair, allow({ value: secret, expires: "2026-06-14" }))[0]?.notes).toContain(
      "an allowance for it expired on 2026-06-14: agreed in #12",
    );
  });

  it("by a path leaves the other places", () => {
    const [left] = find(pair, allow({ path: "test/" }));
    expect(paths(left)).toEqual(["src/a:1", "src/a:2"]);
  });
});

it("the baseline lets pass what it knows", () => {
  const baseline = new Set([new Secret(secret).hash]);
  const { findings, allowed } = gather(
    [sight("a", { id, secret }), sight("b", { id: otherId })],
    context({ baseline }),
  );
  expect(findings.map(({ kind }) => kind)).toEqual(["aws-access-key-id"]);
  expect(allowed).toMatchObject([{ by: "baseline" }]);
});

it("loses no place and no credential, in whatever order they come", () => {
  const part = fc.record(
    {
      id: fc.constantFrom(id, otherId),
      secret: fc.constantFrom(secret, otherSecret),
      token: fc.constant(token),
    },
    { requiredKeys: [] },
  );
  const sighting = fc
    .tuple(part, fc.constantFrom("a/1", "a/2", "b/3", "b/4"))
    .filter(([parts]) => Object.keys(parts).length > 0)
    .map(([parts, path]) => sight(path, parts));
  fc.assert(
    fc.property(fc.array(sighting, { maxLength: 6 }), (sightings) => {
      const findings = find(sightings);
      const told = new Set(findings.flatMap(({ locations }) => locations.map(({ path, part }) => `${path} ${part}`)));
      const seen = new Set(sightings.flatMap(({ path, places }) => places.map((place) => `${path} ${place.part}`)));
      expect(told).toEqual(seen);
      const secrets = (all: readonly (Sighting | Finding)[]) =>
        new Set(
          all.flatMap(({ credential: { secretAccessKey, accessKeyId } }) => [secretAccessKey?.reveal(), accessKeyId]),
        );
      for (const one of secrets(sightings)) if (one) expect(secrets(findings)).toContain(one);
      const outline = (all: readonly Finding[]) =>
        all.map((one) => JSON.stringify([one.fingerprint, one.kind, one.severity, paths(one)])).sort();
      expect(outline(find(sightings.toReversed()))).toEqual(outline(findings));
    }),
    { numRuns: 500 },
  );
});
