import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** moto as a process of its own, listening on this machine only. */
export class MotoServer {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  private constructor(endpoint: string, process: ChildProcess) {
    this.endpoint = endpoint;
    this.#process = process;
  }

  static async start(bin: string): Promise<MotoServer> {
    const port = await freePort();
    // A proxy that refuses: whatever moto would like to ask of the world, it does not get out.
    const env = {
      PATH: process.env.PATH,
      HTTP_PROXY: "http://127.0.0.1:9",
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1",
    };
    const child = spawn(join(bin, "python"), ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
      stdio: "ignore",
      env,
    });
    const server = new MotoServer(`http://127.0.0.1:${port}`, child);
    for (let waited = 0; waited < 60_000; waited += 100) {
      if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`);
      try {
        await server.#post("/moto-api/reset", "");
        return server;
      } catch {
        await pause(100);
      }
    }
    child.kill();
    throw new Error("moto does not answer");
  }

  async #post(path: string, body: string): Promise<void> {
    const response = await fetch(`${this.endpoint}${path}`, { method: "POST", body });
    if (!response.ok) throw new Error(`moto answered ${response.status}`);
  }

  /** Forgets everything, and believes every caller again. */
  async reset(): Promise<void> {
    await this.#post("/moto-api/reset-auth", "Infinity");
    await this.#post("/moto-api/reset", "");
  }

  /** From here on it checks signatures and identity policies. */
  requireAuthentication(): Promise<void> {
    return this.#post("/moto-api/reset-auth", "0");
  }

  stop(): void {
    this.#process.kill();
  }
}
