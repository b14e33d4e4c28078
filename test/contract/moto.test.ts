import * as iam from "@aws-sdk/client-iam";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkIdentity } from "../../src/aws/check-identity.ts";
import { openClients } from "../../src/aws/clients.ts";
import { describeKey, ownerOf } from "../../src/aws/describe-key.ts";
import { Secret } from "../../src/model/secret.ts";
import { clientsFor, type Keys } from "../aws/emulator/clients.ts";
import { startAwsEmulator } from "../support/aws/aws-emulator.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";
import { flows } from "./flows.ts";
import { MotoServer } from "./moto-server.ts";
import { preparePython } from "./prepare-python.ts";

/**
 * An implementation that we did not write must understand us: the flows of rotation and validation against moto, and the
 * same against our emulator, with the same result. moto proves wire formats, never scoping (it ignores conditions).
 */
const python = await preparePython("test/requirements.txt", process.env.KEYGUARD_REQUIRE_MOTO === "1");
if (python.why !== null) console.warn(`contract tests are skipped: ${python.why}`);

describe.skipIf(python.bin === null)("moto and our emulator agree", () => {
  let moto: MotoServer;
  beforeAll(async () => {
    moto = await MotoServer.start(python.bin ?? "");
  });
  afterAll(() => moto?.stop());
  beforeEach(() => moto.reset());

  const anyone: Keys = { id: fakeAccessKeyId("anyone"), secret: fakeSecret("anyone") };
  const clientsOfMoto = (keys: Keys = anyone) => clientsFor({ endpoint: moto.endpoint }, keys);

  it.each(Object.entries(flows))("%s", async (_name, flow) => {
    const ours = await startAwsEmulator();
    const account = ours.createAccount("123456789012");
    const admin = ours.createKey(account, ours.createUser(account, "zz-admin", { attached: ["AdministratorAccess"] }));
    try {
      const expected = await flow(clientsOfMoto());
      expect(await flow(clientsFor(ours, admin))).toEqual(expected);
    } finally {
      await ours.close();
    }
  });
});

describe.skipIf(python.bin === null)("validation against moto", () => {
  let moto: MotoServer;
  let admin: Keys;
  beforeAll(async () => {
    moto = await MotoServer.start(python.bin ?? "");
  });
  afterAll(() => moto?.stop());

  beforeEach(async () => {
    await moto.reset();
    const { iam: client } = clientsFor(
      { endpoint: moto.endpoint },
      { id: fakeAccessKeyId("first"), secret: fakeSecret("first") },
    );
    const all = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });
    await client.send(new iam.CreateUserCommand({ UserName: "pipeline" }));
    await client.send(new iam.PutUserPolicyCommand({ UserName: "pipeline", PolicyName: "all", PolicyDocument: all }));
    const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName: "pipeline" }));
    admin = { id: AccessKey?.AccessKeyId ?? "", secret: AccessKey?.SecretAccessKey ?? "" };
    await moto.requireAuthentication();
  });

  const settings = () => ({ env: { HOME: "/nonexistent" }, endpoint: moto.endpoint, sleep: async () => undefined });
  const pair = (keys: Keys) => ({ accessKeyId: keys.id, secretAccessKey: new Secret(keys.secret), sessionToken: null });

  it("says live, dead and wrong secret", async () => {
    const check = (keys: Keys) => checkIdentity(pair(keys), { settings: settings() });
    expect(await check(admin)).toMatchObject({ status: "live", arn: "arn:aws:iam::123456789012:user/pipeline" });
    expect(await check({ id: fakeAccessKeyId("gone"), secret: fakeSecret("gone") })).toMatchObject({ status: "dead" });
    expect(await check({ id: admin.id, secret: fakeSecret("other") })).toMatchObject({ status: "wrong-secret" });
  });

  it("describes a key: user, keys, last use, policies, reach", async () => {
    const clients = openClients(settings(), pair(admin));
    const owner = ownerOf("arn:aws:iam::123456789012:user/pipeline");
    const description = await describeKey({ clients, accessKeyId: admin.id, owner, withOwnKey: true });
    clients.close();
    expect(description.keys).toMatchObject({ seen: true, value: [{ id: admin.id, status: "Active" }] });
    expect(description.lastUsed).toMatchObject({ seen: true, value: { date: expect.any(String) } });
    expect(description.policies).toMatchObject({ seen: true, value: [{ name: "all", kind: "inline" }] });
    expect(description.reach?.administrator).toBe(true);
    expect(description.buckets).toEqual({ seen: true, value: [] });
    expect(description.unseenPolicies).toEqual([]);
  });
});
