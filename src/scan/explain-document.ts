import type { Part } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import type { Document } from "./documents.ts";
import { LineIndex } from "./locate.ts";
import { readDocument } from "./read-document.ts";
import type { Assembled, Reading, Seen } from "./reading.ts";
import type { Rules } from "./rules.ts";

/** Something that looked like a part of a credential, and what became of it; for `keyguard explain`. */
export interface Considered {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly detector: string;
  readonly part: Part;
  /** Safe to print. */
  readonly masked: string;
  /** The decoders that it was read through; empty when it stands there plainly. */
  readonly via: readonly string[];
  readonly label: string | null;
  readonly reported: boolean;
  /** Why it was or was not reported, as a sentence without a full stop. */
  readonly why: string;
}

/** All that looked like a part of a credential in a document, reported or not, in the order of the text. */
export function explainDocument(document: Document, rules: Rules): Considered[] {
  const reading = readDocument(document, rules);
  const lines = new LineIndex(document.raw.text, reading.wide);
  const reported = new Map<string, Assembled>();
  for (const one of reading.assembled.filter(({ half }) => half !== true))
    for (const value of one.parts.values()) reported.set(value, one);
  return [...reading.seen]
    .sort((a, b) => a.span.start - b.span.start)
    .map((candidate) => {
      const { span, match, value, detector, view } = candidate;
      const one = match.clean === undefined ? reported.get(value) : undefined;
      return {
        path: document.path,
        ...lines.position(span),
        detector,
        part: match.part,
        masked: match.part === "accessKeyId" ? `${value.slice(0, 6)}…${value.slice(-6)}` : new Secret(value).mask,
        via: view.via,
        label: match.label ?? null,
        reported: one !== undefined,
        why: one === undefined ? whyNot(candidate, reading) : `reported: ${whyReported(candidate, one)}`,
      };
    });
}

function whyNot({ match, value }: Seen, { dropped }: Reading): string {
  return match.clean ?? dropped.get(value) ?? "part of a longer secret";
}

function whyReported({ match }: Seen, { parts }: Assembled): string {
  const others = [...parts.keys()].filter((part) => part !== match.part);
  if (parts.size > 1) return `pairs with ${others.map((part) => partNames[part]).join(" and ")} of the same structure`;
  return match.label === undefined ? "its form is enough" : `named ${match.label}`;
}

const partNames: Readonly<Record<Part, string>> = {
  accessKeyId: "the access key id",
  secretAccessKey: "the secret",
  sessionToken: "the session token",
  value: "the value",
};
