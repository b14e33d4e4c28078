import type { Credential, Part, Place, Sighting } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";

/** The parts of a credential as plain strings. */
export interface Parts {
  readonly id?: string;
  readonly secret?: string;
  readonly token?: string;
  readonly value?: string;
}

/** A sighting made by hand: a part a line, from line 1 on. */
export function sight(path: string, parts: Parts, rest: Partial<Sighting> = {}): Sighting {
  const credential: Credential = {
    accessKeyId: parts.id ?? null,
    secretAccessKey: parts.secret === undefined ? null : new Secret(parts.secret),
    sessionToken: parts.token === undefined ? null : new Secret(parts.token),
    value: parts.value === undefined ? null : new Secret(parts.value),
  };
  const names: readonly [Part, string | undefined][] = [
    ["accessKeyId", parts.id],
    ["secretAccessKey", parts.secret],
    ["sessionToken", parts.token],
    ["value", parts.value],
  ];
  const places = names.flatMap(([part, text], i): Place[] =>
    text === undefined
      ? []
      : [
          {
            part,
            span: { start: 100 * i, end: 100 * i + text.length },
            line: i + 1,
            column: 5,
            endLine: i + 1,
            endColumn: 5 + text.length,
            excerpt: `${part} = …`,
          },
        ],
  );
  const lone = parts.id !== undefined && parts.secret === undefined;
  return {
    textId: path,
    path,
    detector: parts.value !== undefined ? "private-key" : lone ? "access-key-id" : "secret-access-key",
    kind:
      parts.value !== undefined
        ? "private-key"
        : parts.id === undefined
          ? parts.secret === undefined
            ? "aws-session-token"
            : "aws-secret-access-key"
          : parts.secret === undefined
            ? "aws-access-key-id"
            : "aws-access-key",
    credential,
    places,
    confidence: "certain",
    severity: lone ? "medium" : "critical",
    notes: [],
    expires: null,
    allow: null,
    ...rest,
  };
}
