import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkIdentity } from "../../src/aws/check-identity.ts";
import type { KeyPair } from "../../src/aws/clients.ts";
import type { AwsSettings } from "../../src/aws/settings.ts";
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

function settings(more: Partial<AwsSettings> = {}): AwsSettings {
  return {
    env: { HOME: "/nonexistent" },
    endpoint: aws.endpoint,
    timeout: 1_000,
    sleep: async (milliseconds) => void waits.push(milliseconds),
    ...more,
  };
}

function pairOf(key: { id: string; secret: string; token?: string }): KeyPair {
  const token = key.token === undefined ? null : new Secret(key.token);
  return { accessKeyId: key.id, secretAccessKey: new Secret(key.secret), sessionToken: token };
}

const check = (pair: KeyPair, more: Partial<AwsSettings> = {}) => checkIdentity(pair, { settings: settings(more) });
const asked = () => aws.calls.map((call) => call.region);

describe("the verdict on a pair", () => {
  it("is live for a key that works, with ARN and account, after one call that needs no permission", async () => {
    const verdict = await check(pairOf(aws.createKey(account, user)));
    expect(verdict).toEqual({
      status: "live",
      arn: "arn:aws:iam::111122223333:user/pipeline",
      account: "111122223333",
      why: `AWS accepts it (asked ${new URL(aws.endpoint).host}, as --endpoint says)`,
    });
    expect(aws.actions).toEqual(["sts:GetCallerIdentity"]);
  });

  it("is live for a user that is denied everything", async () => {
    user.inline.none = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }],
    });
    expect((await check(pairOf(aws.createKey(account, user)))).status).toBe("live");
  });

  it("is live for a session sent with its token, and names the role", async () => {
    const role = aws.createRole(account, "loader", '{"Statement":[]}');
    const verdict = await check(pairOf(aws.createSession(account, role, { name: "job-7" })));
    expect(verdict).toMatchObject({ status: "live", arn: "arn:aws:sts::111122223333:assumed-role/loader/job-7" });
  });

  it("is dead for a key that nobody knows, only after all three partitions said so", async () => {
    const verdict = await check(pairOf({ id: fakeAccessKeyId(1), secret: fakeSecret(1) }));
    expect(verdict).toMatchObject({ status: "dead", why: expect.stringContaining("deleted or is inactive") });
    expect(asked()).toEqual(["us-east-1", "us-gov-west-1", "cn-north-1"]);
  });

  it("is dead for an inactive key", async () => {
    expect((await check(pairOf(aws.createKey(account, user, { status: "Inactive" })))).status).toBe("dead");
  });

  it("is wrong-secret where the id exists, after a second look later", async () => {
    const key = aws.createKey(account, user);
    const verdict = await check(pairOf({ id: key.id, secret: fakeSecret(2) }));
    expect(verdict).toMatchObject({ status: "wrong-secret" });
    expect(waits).toEqual([6_000]);
    expect(aws.calls).toHaveLength(2);
  });

  it("is dead for a session that has ended", async () => {
    const session = aws.createSession(account, user, { seconds: 900 });
    aws.clock.advance(901_000);
    expect(await check(pairOf(session))).toMatchObject({ status: "dead", why: expect.stringContaining("expired") });
  });

  it("is unknown for a temporary key without its token, which is not even asked about", async () => {
    const { token: _, ...session } = aws.createSession(account, user);
    expect(await check(pairOf(session))).toMatchObject({
      status: "unknown",
      why: expect.stringContaining("session token"),
    });
    expect(aws.calls).toEqual([]);
  });

  it("is dead for a temporary key with another's token", async () => {
    const other = aws.createSession(account, user);
    const session = { ...aws.createSession(account, user), token: other.token };
    expect((await check(pairOf(session))).status).toBe("dead");
  });

  it.each([
    ["GovCloud", "aws-us-gov", ["us-east-1", "us-gov-west-1"]],
    ["China", "aws-cn", ["us-east-1", "us-gov-west-1", "cn-north-1"]],
  ] as const)(
    "is live for a key of %s, which the commercial partition does not know",
    async (about, partition, regions) => {
      const elsewhere = aws.createAccount("444455556666", { partition });
      const key = aws.createKey(elsewhere, aws.createUser(elsewhere, "remote"));
      const verdict = await check(pairOf(key));
      expect(verdict).toMatchObject({
        status: "live",
        arn: `arn:${partition}:iam::444455556666:user/remote`,
        why: expect.stringContaining(about),
      });
      expect(asked()).toEqual(regions);
    },
  );

  it("is unknown when a partition gave no answer, since the key may live there", async () => {
    aws.fault({ service: "sts", nth: 3, times: Number.POSITIVE_INFINITY, kind: "unavailable" });
    const verdict = await check(pairOf({ id: fakeAccessKeyId(3), secret: fakeSecret(3) }));
    expect(verdict).toMatchObject({ status: "unknown", why: expect.stringContaining("China: AWS answered 503") });
  });

  it("is unknown when AWS throttles, after the SDK's tries, a pause and as many more", async () => {
    aws.fault({ service: "sts", times: Number.POSITIVE_INFINITY, kind: "throttle" });
    expect(await check(pairOf(aws.createKey(account, user)), { attempts: 2 })).toMatchObject({
      status: "unknown",
      why: expect.stringContaining("slow down"),
    });
    expect(aws.calls).toHaveLength(4);
    expect(waits).toEqual([1_000]);
  });

  it("outlasts a passing throttle, a server error and a cut connection", async () => {
    const key = pairOf(aws.createKey(account, user));
    for (const kind of ["throttle", "internal-error", "reset-before", "reset-after"] as const) {
      aws.fault({ service: "sts", kind });
      expect((await check(key)).status, kind).toBe("live");
      aws.clearFaults();
    }
  });

  it("is unknown when nothing answers at the address", async () => {
    const key = pairOf(aws.createKey(account, user));
    await aws.close();
    expect(await check(key)).toMatchObject({
      status: "unknown",
      why: expect.stringContaining("cannot be reached (ECONNREFUSED)"),
    });
  });

  it("is unknown when no answer comes in time", async () => {
    aws.fault({ service: "sts", times: Number.POSITIVE_INFINITY, kind: "timeout" });
    const verdict = await check(pairOf(aws.createKey(account, user)), { timeout: 80, attempts: 1 });
    expect(verdict).toMatchObject({ status: "unknown", why: expect.stringContaining("no answer in time") });
  });

  it("is unknown when the run is ended meanwhile", async () => {
    const stop = new AbortController();
    aws.fault({ service: "sts", times: Number.POSITIVE_INFINITY, kind: { before: () => stop.abort() } });
    const verdict = await check(pairOf(aws.createKey(account, user)), { signal: stop.signal });
    expect(verdict).toMatchObject({ status: "unknown", why: expect.stringContaining("ended before") });
  });

  it("is live although this machine's clock is twenty minutes off", async () => {
    aws.clock.skew = 20 * 60_000;
    expect((await check(pairOf(aws.createKey(account, user)))).status).toBe("live");
  });

  it("asks once more, later, where AWS refuses the right secret just after another one was tried", async () => {
    aws.fault({ service: "sts", kind: { error: "AccessDenied", status: 403, message: "" } });
    expect((await check(pairOf(aws.createKey(account, user)))).status).toBe("live");
    expect(waits).toEqual([6_000]);
  });

  it("never calls AWS with a canary's key unless told to", async () => {
    const trap = aws.createAccount("595918472158");
    const key = pairOf(aws.createKey(trap, aws.createUser(trap, "bait")));
    expect(await check(key)).toMatchObject({ status: "unknown", why: expect.stringContaining("canary") });
    expect(aws.calls).toEqual([]);
    expect((await checkIdentity(key, { settings: settings(), allowCanary: true })).status).toBe("live");
  });

  it("is unknown, and nothing of the answer is shown, where an endpoint answers what AWS never would", async () => {
    const hostile = createServer((_request, response) => {
      const identity =
        "<Arn>arn:aws:iam::111122223333:user/\u001b[2Jx</Arn><UserId>x</UserId><Account>::set-output::</Account>";
      response.end(
        `<GetCallerIdentityResponse><GetCallerIdentityResult>${identity}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
    });
    await new Promise<void>((resolve) => hostile.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`;
    const verdict = await check(pairOf(aws.createKey(account, user)), { endpoint });
    expect(verdict.status).toBe("unknown");
    expect(JSON.stringify(verdict)).not.toMatch(/u001b|set-output/);
    hostile.closeAllConnections();
    hostile.close();
  });

  it("holds no part of the secret, whatever it is", async () => {
    const key = aws.createKey(account, user);
    const secrets = [key.secret, fakeSecret(9)];
    const verdicts = [await check(pairOf(key)), await check(pairOf({ id: key.id, secret: fakeSecret(9) }))];
    const text = JSON.stringify(verdicts);
    for (const secret of secrets)
      for (let at = 0; at + 8 <= secret.length; at++) expect(text).not.toContain(secret.slice(at, at + 8));
  });
});
