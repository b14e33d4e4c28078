import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";
import { afterEach } from "vitest";

/**
 * Loaded before every test file: a socket to anything but this machine is refused, and so is asking a name server. The
 * test that tried fails, also where the code under test takes the refusal for a network that is down. Children are
 * outside of its reach: those that could get out are given a proxy that refuses.
 */

const loopback = /^(?:127(?:\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1|::ffff:127(?:\.\d{1,3}){3}|localhost|.*\.localhost)$/i;

const attempts: string[] = [];

/** What was tried since the last call, for the test of this guard. */
export function takeAttempts(): string[] {
  return attempts.splice(0);
}

afterEach(() => {
  const tried = takeAttempts();
  if (tried.length > 0)
    throw new Error(`this test tried to reach ${tried.join(", ")}: tests talk to this machine only`);
});

function refuse(target: string): never {
  attempts.push(target);
  throw new Error(`a test tried to reach ${target}: tests talk to this machine only`);
}

type Connect = typeof net.Socket.prototype.connect;
const connect: Connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]) {
  // net.connect hands over [[options, callback]]; others call with (options), (port, host) or (path).
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
  let host: unknown;
  if (typeof first === "object" && first !== null)
    host = "path" in first && first.path ? "localhost" : "host" in first ? first.host : undefined;
  else if (typeof first === "number" || (typeof first === "string" && /^\d+$/.test(first)))
    host = typeof args[1] === "string" ? args[1] : undefined;
  else host = "localhost";
  if (typeof host === "string" && !loopback.test(host)) refuse(host);
  return Reflect.apply(connect, this, args) as net.Socket;
} as Connect;

const send = dgram.Socket.prototype.send;
dgram.Socket.prototype.send = function guarded(this: dgram.Socket, ...args: unknown[]) {
  const address = args.find((arg, index) => index > 0 && typeof arg === "string");
  if (typeof address === "string" && !loopback.test(address)) refuse(address);
  return Reflect.apply(send, this, args) as undefined;
} as typeof send;

const { lookup } = dns;
dns.lookup = Object.assign(function guarded(hostname: string, ...rest: unknown[]) {
  if (!loopback.test(hostname)) refuse(hostname);
  return Reflect.apply(lookup, dns, [hostname, ...rest]) as undefined;
}, lookup) as typeof lookup;
