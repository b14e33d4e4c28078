/** An object as `git cat-file --batch` announces it. */
export interface ObjectHeader {
  readonly oid: string;
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** What followed the object's name on the input line: its path, as git quotes it. */
  readonly rest: string;
}

/** The format that `parseObjects` reads; it is `cat-file --batch`'s own with the rest of the input line behind it. */
export const batchFormat = "%(objectname) %(objecttype) %(objectsize) %(rest)";

export interface ObjectSink {
  /** A new object begins. */
  begin(header: ObjectHeader): void;
  /** Some of its bytes, `bytes[from, to)`, which are only valid during the call. */
  data(bytes: Buffer, from: number, to: number): void;
  end(): void;
  /**
   * A trailer `?name=status`. The shell appends one after each program of the pipe, since POSIX sh has no pipefail; one
   * that went through git comes back as a missing object. `?` occurs in no object name, so no branch can forge one.
   */
  trailer(name: string, status: string): void;
  /** A line that is none of these: an object that is not there, an ambiguous name, an unmerged path. */
  strange(line: string): void;
}

/** Parses what `git cat-file --batch` writes, in pieces of any size. */
export function parseObjects(sink: ObjectSink): { feed(chunk: Buffer): void; finish(): boolean } {
  let line: Buffer[] = [];
  /** Bytes still to come of the current object, with its closing newline; -1 between objects. */
  let left = -1;

  const announce = (text: string): void => {
    const trailer = /^\?([a-z-]+)=(\d+)( missing)?$/.exec(text);
    if (trailer) {
      sink.trailer(trailer[1] as string, trailer[2] as string);
      return;
    }
    const header = /^([0-9a-f]{40,64}) (blob|commit|tag|tree) (\d+)(?: (.*))?$/s.exec(text);
    if (!header) {
      sink.strange(text);
      return;
    }
    const size = Number(header[3]);
    sink.begin({ oid: header[1] as string, type: header[2] as string, size, rest: header[4] ?? "" });
    left = size + 1;
  };

  return {
    feed(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (left < 0) {
          const newline = chunk.indexOf(10, at);
          if (newline < 0) {
            line.push(Buffer.from(chunk.subarray(at)));
            return;
          }
          const tail = chunk.toString("latin1", at, newline);
          const text = line.length > 0 ? Buffer.concat(line).toString("latin1") + tail : tail;
          line = [];
          at = newline + 1;
          announce(text);
          continue;
        }
        const take = Math.min(left, chunk.length - at);
        // The newline that closes an object is no part of it.
        const end = take === left ? at + take - 1 : at + take;
        if (end > at) sink.data(chunk, at, end);
        at += take;
        left -= take;
        if (left === 0) {
          left = -1;
          sink.end();
        }
      }
    },
    /** False when the stream broke off within an object or a line. */
    finish: () => left < 0 && line.length === 0,
  };
}
