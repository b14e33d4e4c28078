import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { anonymous, authenticate, type Caller } from "./authenticate.ts";
import { AwsFault } from "./aws-fault.ts";
import { answerBedrock, type BedrockKey } from "./bedrock.ts";
import type { Call, Service } from "./call.ts";
import { cloudtrail, recordEvent } from "./cloudtrail.ts";
import { FaultPlan, type FaultRule, faultOf, type LoggedCall } from "./fault-plan.ts";
import { iam } from "./iam/iam.ts";
import { kms } from "./kms.ts";
import { s3 } from "./s3/s3.ts";
import { Scene } from "./scene.ts";
import { readSignature, type Signature } from "./sigv4.ts";
import { sts } from "./sts.ts";
import type { WireRequest, WireResponse } from "./wire.ts";
import { World } from "./world.ts";

const services: Readonly<Record<string, Service>> = { sts, iam, s3, kms, cloudtrail };

async function receive(message: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const url = message.url ?? "/";
  const question = url.indexOf("?");
  const headers = Object.entries(message.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(",") : (value ?? ""),
  ]);
  return {
    method: message.method ?? "GET",
    rawPath: question < 0 ? url : url.slice(0, question),
    rawQuery: question < 0 ? "" : url.slice(question + 1),
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}

/** No operation needs them, and the log of calls is printed when a test fails. */
function withoutSecrets(params: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...params].filter(([name]) => !/^(x-amz-security-token|password)$/i.test(name)));
}

/**
 * An AWS in memory, for tests: STS, IAM, S3 and what else keyguard calls, over HTTP on this machine, as the real SDK
 * speaks them. Signatures and session tokens are checked and policies are enforced, so that it proves scoping and not
 * only wire formats. Time is virtual, IAM's lag is a setting, and every call can be made to fail in many ways.
 */
export class AwsEmulator extends Scene {
  readonly #server: Server;
  #port = 0;
  readonly #faults = new FaultPlan();
  readonly #sockets = new Set<Socket>();
  /** Every call since the start, oldest first. */
  readonly calls: LoggedCall[] = [];
  readonly bedrockKeys: BedrockKey[] = [];

  constructor(seed: string) {
    super(new World(seed));
    this.#server = createServer((message, response) => {
      this.#answer(message, response).catch((error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain" });
        response.end(`the emulator broke: ${error instanceof Error ? error.stack : error}`);
      });
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      // A program that is still connected must not keep the test run alive.
      socket.unref();
    });
  }

  /** `http://127.0.0.1:…`, the endpoint of every service; it stays when the emulator is closed. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Makes calls fail; calling what it returns takes the fault away again. */
  fault(rule: FaultRule): () => void {
    return this.#faults.add(rule);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** `service:Action` of every call since the start, in order. */
  get actions(): string[] {
    return this.calls.map((call) => `${call.service}:${call.action}`);
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await receive(message);
    const requestId = this.world.ids.uuid();
    const bearer = request.headers.authorization?.startsWith("Bearer ") ?? false;
    let signature: Signature | null = null;
    let unreadable: AwsFault | null = null;
    try {
      signature = readSignature(request);
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      unreadable = error;
    }
    // Only S3 knows callers without a name; other unsigned calls are told from it by being forms or JSON.
    const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
    const name = bearer ? "bedrock" : (signature?.service ?? (form ? "sts" : "s3"));
    const service = services[name];
    const logged: LoggedCall = {
      index: this.calls.length + 1,
      service: name,
      action: service?.actionOf(request) ?? (bearer ? "ListFoundationModels" : ""),
      region: signature?.region ?? "us-east-1",
      accessKeyId: signature?.accessKeyId ?? "",
      caller: "",
      params: withoutSecrets(service?.paramsOf(request) ?? new Map()),
      path: decodeURIComponent(request.rawPath.slice(1)),
      status: 0,
      errorCode: null,
      effect: false,
    };
    this.calls.push(logged);
    this.world.nextRequest();

    const refuse = (fault: AwsFault): WireResponse => {
      logged.errorCode = fault.code;
      return (service ?? s3).refuse(fault, request, requestId);
    };
    const cut = () => message.socket.resetAndDestroy();

    const kinds = this.#faults.kindsFor(logged);
    for (const kind of kinds) {
      if (kind === "timeout") return;
      if (kind === "reset-before") return void cut();
      if (typeof kind === "object" && "delay" in kind) await pause(kind.delay, undefined, { ref: false });
      if (typeof kind === "object" && "before" in kind) await kind.before(logged);
    }
    const early = kinds
      .filter((kind) => kind !== "error-after")
      .map((kind) => faultOf(kind, logged))
      .find((fault) => fault !== null);

    let answer: WireResponse;
    if (unreadable ?? early) answer = refuse((unreadable ?? early) as AwsFault);
    else if (bearer) answer = answerBedrock(request, this.bedrockKeys, requestId);
    else if (!service) answer = refuse(new AwsFault("UnknownService", 400, `the emulator has no ${name}`));
    else answer = await this.#perform(service, request, signature, logged, requestId, refuse);

    for (const kind of kinds) {
      if (typeof kind === "object" && "after" in kind) await kind.after(logged);
      if (kind === "error-after") answer = refuse(faultOf(kind, logged) as AwsFault);
      if (kind === "reset-after") return void cut();
    }
    logged.status = answer.status;
    const body = typeof answer.body === "string" ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0));
    const date = new Date(this.world.clock.serverTime()).toUTCString();
    const length = answer.status === 204 || answer.status === 304 ? {} : { "content-length": String(body.length) };
    response.writeHead(answer.status, { date, ...length, ...answer.headers });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #perform(
    service: Service,
    request: WireRequest,
    signature: Signature | null,
    logged: LoggedCall,
    requestId: string,
    refuse: (fault: AwsFault) => WireResponse,
  ): Promise<WireResponse> {
    let caller: Caller = anonymous;
    const { action, region, params } = logged;
    const call = (): Call => ({
      world: this.world,
      request,
      caller,
      service: logged.service,
      action,
      region,
      params,
      requestId,
    });
    try {
      caller = authenticate(this.world, request, signature);
      if (caller === anonymous && logged.service !== "s3")
        throw new AwsFault("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
      Object.assign(logged, { caller: caller.arn });
      if (caller.accessKeyId)
        this.world.lastUsed.set(caller.accessKeyId, { at: this.world.clock.now(), service: logged.service, region });
      const answer = await service.run(call());
      logged.effect = true;
      recordEvent(this.world, call(), null);
      return answer;
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      recordEvent(this.world, call(), error.code);
      return refuse(error);
    }
  }
}

/** Starts an emulator of its own for a test; equal seeds make equal keys. Takes about a millisecond. */
export async function startAwsEmulator(seed = "keyguard"): Promise<AwsEmulator> {
  const emulator = new AwsEmulator(seed);
  await emulator.listen();
  return emulator;
}
