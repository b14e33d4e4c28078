import { spawn } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface GitHttpServer {
  readonly url: string;
  /** The Authorization headers of each request, as they came: none, one, or two where a client sent two. */
  readonly authorizations: readonly string[][];
  close(): Promise<void>;
}

/**
 * Serves the repositories below a folder as a private server does: over smart HTTP (git's own http-backend), on
 * loopback, only to who sends exactly the one Authorization header that is expected.
 */
export async function serveGit(folder: string, authorization: string, env: NodeJS.ProcessEnv): Promise<GitHttpServer> {
  const authorizations: string[][] = [];
  const server = createServer((request, response) => {
    const sent = headersOf(request, "authorization");
    authorizations.push(sent);
    // GitHub refuses a request with two such headers, right or wrong.
    if (sent.length !== 1 || sent[0] !== authorization) {
      response.writeHead(sent.length > 1 ? 400 : 401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const backend = spawn("git", ["http-backend"], {
      env: {
        ...env,
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        REQUEST_METHOD: request.method ?? "GET",
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        CONTENT_LENGTH: request.headers["content-length"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        REMOTE_USER: "reader",
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    backend.stdin.on("error", () => {});
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    backend.on("close", () => {
      const answer = Buffer.concat(chunks);
      const end = answer.indexOf("\r\n\r\n");
      let status = 200;
      for (const line of answer.subarray(0, Math.max(0, end)).toString("latin1").split("\r\n")) {
        const [name = "", value = ""] = line.split(/: ?(.*)/s);
        if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
        else if (name !== "") response.setHeader(name, value);
      }
      response.writeHead(end < 0 ? 500 : status).end(answer.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorizations,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function headersOf(request: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(request.rawHeaders[i + 1] ?? "");
  }
  return values;
}
