import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkIdentity } from "../../src/aws/check-identity.ts";
import { chooseEndpoint } from "../../src/aws/endpoint.ts";
import { bypassesProxy, proxyFor } from "../../src/aws/proxy.ts";
import type { AwsSettings } from "../../src/aws/settings.ts";
import { Secret } from "../../src/model/secret.ts";
import { type AwsEmulator, startAwsEmulator } from "../support/aws/aws-emulator.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keyguard-home-"));
  mkdirSync(join(home, ".aws"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const config = (text: string) => writeFileSync(join(home, ".aws/config"), text);
const choose = (settings: Partial<AwsSettings>, profile?: string) =>
  chooseEndpoint("sts", { ...settings, env: { HOME: home, ...settings.env } }, profile);

describe("where requests go", () => {
  it("is AWS, where nobody said otherwise", async () => {
    expect(await choose({})).toBeNull();
  });

  it("is what --endpoint says, before everything else", async () => {
    const env = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" };
    expect(await choose({ endpoint: "http://127.0.0.1:2", env })).toEqual({
      url: "http://127.0.0.1:2",
      from: "--endpoint",
    });
  });

  it("follows the person's environment, the service's own variable first", async () => {
    const env = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ENDPOINT_URL_STS: "http://127.0.0.1:3" };
    expect(await choose({ env })).toEqual({ url: "http://127.0.0.1:3", from: "AWS_ENDPOINT_URL_STS" });
    expect(await chooseEndpoint("iam", { env: { HOME: home, ...env } })).toMatchObject({ url: "http://127.0.0.1:1" });
  });

  it("follows the person's configuration file: the profile's services section, then its endpoint_url", async () => {
    config(
      "[default]\nendpoint_url = http://127.0.0.1:4\n[profile lab]\nservices = local\nendpoint_url = http://127.0.0.1:5\n" +
        "[services local]\nsts =\n  endpoint_url = http://127.0.0.1:6\n",
    );
    expect(await choose({})).toMatchObject({ url: "http://127.0.0.1:4" });
    expect(await choose({}, "lab")).toMatchObject({ url: "http://127.0.0.1:6" });
    expect(await chooseEndpoint("iam", { env: { HOME: home, AWS_PROFILE: "lab" } })).toMatchObject({
      url: "http://127.0.0.1:5",
    });
  });

  it("is AWS again where configured endpoints are switched off, in the environment or in the profile", async () => {
    config("[default]\nendpoint_url = http://127.0.0.1:4\nignore_configured_endpoint_urls = true\n");
    expect(await choose({})).toBeNull();
    expect(
      await choose({ env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "TRUE" } }),
    ).toBeNull();
  });

  it("is never said by a configuration file inside the scanned folder", async () => {
    const repository = join(home, "repository");
    mkdirSync(join(repository, ".aws"), { recursive: true });
    writeFileSync(join(repository, ".aws/config"), "[default]\nendpoint_url = http://127.0.0.1:7\n");
    const env = { AWS_CONFIG_FILE: join(repository, ".aws/config") };
    expect(await choose({ env })).toMatchObject({ url: "http://127.0.0.1:7" });
    expect(await choose({ env, untrusted: repository })).toBeNull();
    expect(await choose({ env: { HOME: repository }, untrusted: repository })).toBeNull();
  });

  it("is never said by a .env file of the scanned folder, which nobody reads", async () => {
    writeFileSync(join(home, ".env"), "AWS_ENDPOINT_URL=http://127.0.0.1:8\n");
    expect(await choose({ untrusted: home })).toBeNull();
  });

  it("must be an address", async () => {
    await expect(choose({ endpoint: "nonsense" })).rejects.toThrow("--endpoint is no address");
    await expect(choose({ env: { AWS_ENDPOINT_URL: "ftp://host" } })).rejects.toThrow(
      "AWS_ENDPOINT_URL is neither http nor https",
    );
  });
});

describe("the proxy of the environment", () => {
  const sts = new URL("https://sts.us-east-1.amazonaws.com/");

  it("is taken in either case of its name, the lower one first, with or without a scheme", () => {
    expect(proxyFor(sts, { HTTPS_PROXY: "http://proxy:1" })).toBe("http://proxy:1");
    expect(proxyFor(sts, { HTTPS_PROXY: "http://proxy:1", https_proxy: "proxy:2" })).toBe("http://proxy:2");
    expect(proxyFor(sts, { HTTP_PROXY: "http://proxy:3" })).toBeNull();
    expect(proxyFor(new URL("http://host"), { http_proxy: "http://proxy:3" })).toBe("http://proxy:3");
    expect(proxyFor(sts, { ALL_PROXY: "http://proxy:4" })).toBe("http://proxy:4");
  });

  it.each([
    ["*", true],
    ["amazonaws.com", true],
    [".amazonaws.com", true],
    ["*.amazonaws.com", true],
    ["localhost, sts.us-east-1.amazonaws.com", true],
    ["STS.us-east-1.AMAZONAWS.com:443", true],
    ["sts.us-east-1.amazonaws.com:8443", false],
    ["naws.com", false],
    ["amazonaws.com.example.org", false],
    ["", false],
  ])("with NO_PROXY=%s excepts STS: %s", (noProxy, excepted) => {
    expect(bypassesProxy(sts, noProxy)).toBe(excepted);
  });

  it("excepts addresses of IPv6", () => {
    expect(bypassesProxy(new URL("http://[::1]:80/"), "::1")).toBe(true);
    expect(bypassesProxy(new URL("http://[::1]:80/"), "[::1]:80")).toBe(true);
  });
});

describe("through a proxy and behind a company's own certificate authority", () => {
  let aws: AwsEmulator;
  beforeEach(async () => {
    aws = await startAwsEmulator();
  });
  afterEach(() => aws.close());

  function liveKey() {
    const account = aws.createAccount();
    const key = aws.createKey(account, aws.createUser(account, "pipeline"));
    return { accessKeyId: key.id, secretAccessKey: new Secret(key.secret), sessionToken: null };
  }

  it("asks through HTTP_PROXY by CONNECT, and directly where NO_PROXY says so", async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on("connect", (request, socket) => {
      asked.push(request.url ?? "");
      const { hostname, port } = new URL(`http://${request.url}`);
      const target = connect(Number(port), hostname, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      target.pipe(socket).pipe(target);
      socket.on("error", () => target.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const pair = liveKey();
    const env = { HOME: home, HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    expect((await checkIdentity(pair, { settings: { env, endpoint: aws.endpoint } })).status).toBe("live");
    expect(asked).toEqual([new URL(aws.endpoint).host]);
    expect(
      (await checkIdentity(pair, { settings: { env: { ...env, NO_PROXY: "127.0.0.1" }, endpoint: aws.endpoint } }))
        .status,
    ).toBe("live");
    expect(asked).toHaveLength(1);
    proxy.close();
  });

  it("says that the proxy cannot be reached, and never goes around it", async () => {
    const env = { HOME: home, HTTP_PROXY: "http://127.0.0.1:9" };
    expect(await checkIdentity(liveKey(), { settings: { env, endpoint: aws.endpoint, attempts: 1 } })).toMatchObject({
      status: "unknown",
      why: expect.stringContaining("ECONNREFUSED"),
    });
    expect(aws.calls).toEqual([]);
  });

  it("trusts AWS_CA_BUNDLE, and says what to do where TLS is inspected and it is missing", async () => {
    const [key, certificate] = [join(home, "key.pem"), join(home, "cert.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", certificate, ...subject],
      { stdio: "ignore" },
    );
    const inner = new URL(aws.endpoint);
    const tls = createHttpsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
      const passed = connect(Number(inner.port), inner.hostname);
      const body: Buffer[] = [];
      request.on("data", (chunk: Buffer) => body.push(chunk));
      request.on("end", () => {
        const headers = Object.entries(request.headers).map(
          ([name, value]) => `${name}: ${name === "connection" ? "close" : value}`,
        );
        passed.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
        passed.write(Buffer.concat(body));
      });
      // The answer is passed on as it comes, beneath what Node would say.
      passed.pipe(response.socket as NodeJS.WritableStream);
    });
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
    const endpoint = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
    const pair = liveKey();
    const untrusted = await checkIdentity(pair, { settings: { env: { HOME: home }, endpoint, attempts: 1 } });
    expect(untrusted).toMatchObject({
      status: "unknown",
      why: expect.stringMatching(/not trusted .*set AWS_CA_BUNDLE/),
    });
    const trusted = await checkIdentity(pair, {
      settings: { env: { HOME: home, AWS_CA_BUNDLE: certificate }, endpoint, attempts: 1 },
    });
    expect(trusted.status).toBe("live");
    tls.closeAllConnections();
    tls.close();
  });

  it("refuses an AWS_CA_BUNDLE that is not there or holds no certificate", async () => {
    const settings = (path: string) => ({
      settings: { env: { HOME: home, AWS_CA_BUNDLE: path }, endpoint: aws.endpoint },
    });
    await expect(checkIdentity(liveKey(), settings("/nowhere.pem"))).rejects.toThrow(
      "AWS_CA_BUNDLE cannot be read: /nowhere.pem",
    );
    writeFileSync(join(home, "empty.pem"), "nothing\n");
    await expect(checkIdentity(liveKey(), settings(join(home, "empty.pem")))).rejects.toThrow(
      "AWS_CA_BUNDLE holds no PEM certificate",
    );
  });
});
