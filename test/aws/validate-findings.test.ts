import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AwsSettings } from "../../src/aws/settings.ts";
import { validateFindings } from "../../src/aws/validate-findings.ts";
import { findingOf } from "../../src/commands/find-credentials.ts";
import type { Finding } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";
import type { Account, User } from "../support/aws/world.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";

let aws: AwsEmulator;
let account: Account;
let user: User;
const waits: number[] = [];

beforeEach(async () => {
  aws = await startAwsEmulator();
  account = aws.createAccount("111122223333");
  user = aws.createUser(account, "pipeline");
  waits.length = 0;
});
afterEach(() => aws.close());

const settings = (more: Partial<AwsSettings> = {}): AwsSettings => ({
  env: { HOME: "/nonexistent" },
  endpoint: aws.endpoint,
  sleep: async (milliseconds) => void waits.push(milliseconds),
  ...more,
});

function pair(id: string, secret: string): Finding {
  return findingOf(
    { accessKeyId: id, secretAccessKey: new Secret(secret), sessionToken: null, value: null },
    "aws-access-key",
  );
}

const statuses = (findings: readonly Finding[]) => findings.map(({ verdict }) => verdict.status);

describe("validating findings", () => {
  it("keeps their order, asks about each credential once, and tells the account that AWS named", async () => {
    const key = aws.createKey(account, user);
    const dead = pair(fakeAccessKeyId(1), fakeSecret(1));
    const done: string[] = [];
    const findings = [dead, pair(key.id, key.secret), pair(key.id, key.secret), dead];
    const validated = await validateFindings(findings, {
      settings: settings(),
      onProgress: (now, total) => done.push(`${now}/${total}`),
    });
    expect(statuses(validated)).toEqual(["dead", "live", "live", "dead"]);
    expect(aws.calls).toHaveLength(3 + 1);
    expect(done).toEqual(["1/2", "2/2"]);
  });

  it("asks no more than four at once", async () => {
    let open = 0;
    let most = 0;
    aws.fault({
      kind: {
        before: async () => {
          most = Math.max(most, ++open);
          await new Promise((r) => setTimeout(r, 15));
          open--;
        },
      },
      times: 1000,
    });
    const users = Array.from({ length: 12 }, (_, index) => aws.createUser(account, `user-${index}`));
    const findings = users.map((one) => aws.createKey(account, one)).map((key) => pair(key.id, key.secret));
    expect(new Set(statuses(await validateFindings(findings, { settings: settings() })))).toEqual(new Set(["live"]));
    expect(most).toBe(4);
  });

  it("tries several secrets of one id one after the other, and a refusal of the right one once more, later", async () => {
    const key = aws.createKey(account, user);
    // AWS's quirk: of two secrets for one id within five seconds, the second is refused even if it is the right one.
    aws.fault({ accessKeyId: key.id, nth: 3, kind: { error: "InvalidClientTokenId", status: 403 } });
    const findings = [pair(key.id, fakeSecret(2)), pair(key.id, key.secret)];
    expect(statuses(await validateFindings(findings, { settings: settings() }))).toEqual(["wrong-secret", "live"]);
    expect(waits).toEqual([6_000, 6_000]);
  });

  it("leaves alone what cannot be asked about, and never sends another store's key", async () => {
    const id = fakeAccessKeyId(3);
    const secret = new Secret(fakeSecret(3));
    const none = { accessKeyId: null, secretAccessKey: null, sessionToken: null, value: null };
    const findings = [
      findingOf({ ...none, accessKeyId: id, secretAccessKey: secret }, "other-store-key"),
      findingOf({ ...none, accessKeyId: id }, "aws-access-key-id"),
      findingOf({ ...none, secretAccessKey: secret }, "aws-secret-access-key"),
      findingOf({ ...none, value: secret }, "private-key"),
      findingOf({ ...none, value: secret }, "aws-ses-smtp-password"),
    ];
    expect(statuses(await validateFindings(findings, { settings: settings() }))).toEqual(Array(5).fill("unchecked"));
    expect(aws.calls).toEqual([]);
  });

  it("knows without a call that what has expired by its own word is dead", async () => {
    const key = aws.createKey(account, user);
    const finding = { ...pair(key.id, key.secret), expires: "2020-01-01T00:00:00.000Z" };
    expect(await validateFindings([finding], { settings: settings() })).toMatchObject([
      { verdict: { status: "dead", why: "it ended at 2020-01-01T00:00:00.000Z" } },
    ]);
    expect(aws.calls).toEqual([]);
  });

  it("does not touch canaries, and says why", async () => {
    const trap = aws.createAccount("052310077262");
    const key = aws.createKey(trap, aws.createUser(trap, "bait"));
    const finding = pair(key.id, key.secret);
    expect(finding.canary).toBe(true);
    const [left] = await validateFindings([finding], { settings: settings() });
    expect(left?.verdict).toMatchObject({ status: "unknown", why: expect.stringContaining("canary") });
    expect(aws.calls).toEqual([]);
    expect(statuses(await validateFindings([finding], { settings: settings(), allowCanary: true }))).toEqual(["live"]);
  });

  it("waits for everyone when AWS throttles one, and goes on", async () => {
    aws.fault({ service: "sts", times: 2, kind: "throttle" });
    const key = aws.createKey(account, user);
    const other = aws.createKey(account, aws.createUser(account, "second"));
    const findings = [pair(key.id, key.secret), pair(other.id, other.secret)];
    expect(statuses(await validateFindings(findings, { settings: settings({ attempts: 1 }), concurrency: 1 }))).toEqual(
      ["unknown", "live"],
    );
    expect(waits[0]).toBe(1_000);
    expect(waits.length).toBeGreaterThan(1);
  });

  it("gives up after AWS could not be reached three times, instead of keeping a person waiting", async () => {
    const findings = Array.from({ length: 9 }, (_, index) =>
      pair(fakeAccessKeyId(`lost ${index}`), fakeSecret(`lost ${index}`)),
    );
    aws.fault({ times: Number.POSITIVE_INFINITY, kind: "reset-before" });
    const validated = await validateFindings(findings, { settings: settings({ attempts: 1 }), concurrency: 1 });
    expect(new Set(statuses(validated))).toEqual(new Set(["unknown"]));
    expect(aws.calls).toHaveLength(3);
    expect(validated.at(-1)?.verdict).toMatchObject({ why: "not asked: AWS could not be reached for those before it" });
  });

  it.each([
    [
      "a CA bundle that is not there",
      { env: { HOME: "/nonexistent", AWS_CA_BUNDLE: "/nowhere.pem" } },
      "AWS_CA_BUNDLE cannot be read",
    ],
    [
      "an endpoint that is none",
      { env: { HOME: "/nonexistent", AWS_ENDPOINT_URL: "nonsense" }, endpoint: undefined },
      "AWS_ENDPOINT_URL is no address",
    ],
  ])("keeps the findings where the person's settings are broken: %s", async (_name, broken, why) => {
    const key = aws.createKey(account, user);
    const [validated] = await validateFindings([pair(key.id, key.secret)], { settings: settings(broken) });
    expect(validated?.verdict).toMatchObject({ status: "unknown", why: expect.stringContaining(why) });
    expect(aws.calls).toEqual([]);
  });

  it("ends at once when the run is ended while it waits to ask again", async () => {
    const key = aws.createKey(account, user);
    const stop = new AbortController();
    const begun = performance.now();
    aws.fault({ service: "sts", kind: { after: () => void setTimeout(() => stop.abort(), 20) } });
    const { sleep: _, ...real } = settings({ signal: stop.signal });
    const [validated] = await validateFindings([pair(key.id, fakeSecret(2))], { settings: real });
    expect(validated?.verdict).toMatchObject({ status: "unknown", why: expect.stringContaining("ended") });
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  it("says of what is left when the run is ended that it was not asked", async () => {
    const stop = new AbortController();
    const keys = [aws.createKey(account, user), aws.createKey(account, aws.createUser(account, "second"))];
    const onProgress = () => stop.abort();
    const findings = keys.map((key) => pair(key.id, key.secret));
    const validated = await validateFindings(findings, {
      settings: settings({ signal: stop.signal }),
      concurrency: 1,
      onProgress,
    });
    expect(statuses(validated)).toEqual(["live", "unknown"]);
  });
});

describe("validating Bedrock API keys", () => {
  const long = (name: string) =>
    `ABSK${Buffer.from(`BedrockAPIKey-${name}-at-111122223333:${fakeSecret(name)}${fakeSecret(`${name} more`)}`).toString("base64")}`;
  const finding = (token: string) =>
    findingOf(
      { accessKeyId: null, secretAccessKey: null, sessionToken: null, value: new Secret(token) },
      "aws-bedrock-api-key",
    );

  it("tells a working key from a dead one by listing models, and names its user and account", async () => {
    const [working, shy, dead] = [long("ab12"), long("cd34"), long("ef56")];
    aws.bedrockKeys.push(
      { token: working, status: "active", mayList: true },
      { token: shy, status: "active", mayList: false },
    );
    const validated = await validateFindings([working, shy, dead].map(finding), { settings: settings() });
    expect(statuses(validated)).toEqual(["live", "live", "dead"]);
    expect(validated[0]?.verdict).toMatchObject({
      account: "111122223333",
      arn: "arn:aws:iam::111122223333:user/BedrockAPIKey-ab12",
    });
    expect(new Set(aws.actions)).toEqual(new Set(["bedrock:ListFoundationModels"]));
  });

  it("takes expiry for death, and trouble for not knowing", async () => {
    const [expired, troubled] = [long("gh78"), long("ij90")];
    aws.bedrockKeys.push(
      { token: expired, status: "expired", mayList: true },
      { token: troubled, status: "active", mayList: true },
    );
    expect(statuses(await validateFindings([finding(expired)], { settings: settings() }))).toEqual(["dead"]);
    aws.fault({ service: "bedrock", times: 10, kind: "unavailable" });
    expect(statuses(await validateFindings([finding(troubled)], { settings: settings() }))).toEqual(["unknown"]);
  });

  it("asks about a short-lived key in the region that it was made in", async () => {
    const url = `bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=${fakeAccessKeyId(8, "ASIA")}%2F20261122%2Feu-central-1%2Fbedrock%2Faws4_request`;
    const token = `bedrock-api-key-${Buffer.from(url).toString("base64")}`;
    aws.bedrockKeys.push({ token, status: "active", mayList: true });
    const [validated] = await validateFindings([finding(token)], { settings: settings() });
    expect(validated?.verdict).toMatchObject({ status: "live", why: "Bedrock accepts it in eu-central-1" });
  });
});
