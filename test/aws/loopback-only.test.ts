import dgram from "node:dgram";
import dns from "node:dns";
import http from "node:http";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { checkIdentity } from "../../src/aws/check-identity.ts";
import { Secret } from "../../src/model/secret.ts";
import { startAwsEmulator } from "../support/aws/aws-emulator.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";
import { takeAttempts } from "../support/loopback-only.ts";

/** Addresses that are for documentation: nobody is there, even if the guard were broken. */
const nobody = "192.0.2.1";

describe("the guard around the tests", () => {
  it.each([
    ["a socket by options", () => net.connect({ host: nobody, port: 443 })],
    ["a socket by port and host", () => net.connect(443, nobody)],
    ["a socket that is opened later", () => new net.Socket().connect(443, nobody)],
    ["a socket over IPv6", () => net.connect({ host: "2001:db8::1", port: 443 })],
    ["a datagram", () => dgram.createSocket("udp4").send("x", 53, nobody)],
    ["a question to a name server", () => dns.lookup("example.com", () => undefined)],
    ["an address that only begins like ours", () => net.connect({ host: "127.0.0.1.example.com", port: 443 })],
  ])("refuses %s", (_name, reach) => {
    expect(reach).toThrow("tests talk to this machine only");
    expect(takeAttempts()).toHaveLength(1);
  });

  it("refuses what fetch and http ask for", async () => {
    await expect(fetch(`http://${nobody}/`)).rejects.toThrow();
    await expect(new Promise((_, reject) => http.get(`http://${nobody}/`).on("error", reject))).rejects.toThrow(
      "this machine only",
    );
    expect(takeAttempts().length).toBeGreaterThanOrEqual(1);
  });

  it("remembers an attempt that the code under test took for a network that is down", async () => {
    const pair = { accessKeyId: fakeAccessKeyId(1), secretAccessKey: new Secret(fakeSecret(1)), sessionToken: null };
    const verdict = await checkIdentity(pair, { settings: { env: { HOME: "/nonexistent" }, attempts: 1 } });
    expect(verdict.status).toBe("unknown");
    expect(takeAttempts()).toEqual(["sts.us-east-1.amazonaws.com"]);
  });

  it("lets this machine be reached", async () => {
    const aws = await startAwsEmulator();
    expect((await fetch(aws.endpoint)).status).toBe(403);
    await new Promise<void>((resolve) => dns.lookup("localhost", () => resolve()));
    await aws.close();
    expect(takeAttempts()).toEqual([]);
  });
});
