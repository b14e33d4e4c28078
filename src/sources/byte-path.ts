/**
 * A path as its bytes, one character each. Paths on Linux and in git are bytes, not text: a name that is no UTF-8 must
 * be read all the same. Most are ASCII, where both spellings are equal.
 */
export type BytePath = string & { readonly bytePath: unique symbol };

const notAscii = /[^\x00-\x7f]/;

/** Takes what was read with the encoding "latin1". */
export function asBytePath(latin1: string): BytePath {
  return latin1 as BytePath;
}

export function bytePathOf(path: string): BytePath {
  return asBytePath(notAscii.test(path) ? Buffer.from(path, "utf8").toString("latin1") : path);
}

/** What the functions of `node:fs` take. */
export function fsPath(path: BytePath): string | Buffer {
  return notAscii.test(path) ? Buffer.from(path, "latin1") : path;
}

const strict = new TextDecoder("utf-8", { fatal: true });

/** The path as people read it. Where it is no UTF-8, each byte that has no meaning alone becomes one latin1 letter. */
export function readablePath(path: BytePath): string {
  if (!notAscii.test(path)) return path;
  try {
    return strict.decode(Buffer.from(path, "latin1"));
  } catch {
    return path;
  }
}

export function joinBytePath(folder: BytePath, name: BytePath): BytePath {
  return asBytePath(folder === "" || folder.endsWith("/") ? folder + name : `${folder}/${name}`);
}
