import type { Finding } from "../../src/model/finding.ts";
import type { CorpusCase, Expected } from "./corpus.ts";

/** What of a finding the score looks at, with its values revealed: they are the corpus's own inventions. */
export type Found = Pick<Finding, "kind" | "credential">;

export interface Score {
  /** Expected values (secrets, tokens, lone ids, other keys), and how many of them stand in some finding. */
  readonly values: number;
  readonly valuesFound: number;
  /** Expected pairs, and how many of them are one finding with exactly that id, secret and token. */
  readonly pairs: number;
  readonly pairsFound: number;
  /** Expectations that were not met, as the case words them. */
  readonly missed: readonly string[];
  /** Findings that join an id with a secret or token that isn't its own. */
  readonly wrongPairs: readonly Found[];
  /** Findings with a value that the case doesn't plant. */
  readonly falsePositives: readonly Found[];
  /** Findings that say again, in part, what another finding says. */
  readonly repeats: readonly Found[];
}

interface Parts {
  readonly id: string | null;
  readonly secret: string | null;
  readonly token: string | null;
  readonly value: string | null;
}

function partsOf({ credential }: Found): Parts {
  return {
    id: credential.accessKeyId,
    secret: credential.secretAccessKey?.reveal() ?? null,
    token: credential.sessionToken?.reveal() ?? null,
    value: credential.value?.reveal() ?? null,
  };
}

/** The base64 of a PEM block without header, line ends (real or written `\n`), indentation and labels. */
function pemBody(text: string): string {
  return text
    .replace(/\\[rn]/g, "\n")
    .replace(/-----(BEGIN|END) [A-Z ]+-----/g, "")
    .replace(/(Proc-Type|DEK-Info):\s*\S+/g, "")
    .replace(/[^A-Za-z0-9+/]/g, "");
}

/** Whether what a finding holds is the expected value: keys over lines and URLs may be cut in more than one right way. */
function isValue(found: string | null, expected: string, kind: Expected["kind"]): boolean {
  if (found === null) return false;
  if (found === expected) return true;
  if (kind === "pem") return pemBody(found) === pemBody(expected);
  if (kind === "url") return found.includes(expected);
  return false;
}

const isOtherStore = (found: Found): boolean => found.kind === "other-store-key";

/** Holds what was found against what the case expects. */
export function scoreCase(each: CorpusCase, findings: readonly Found[]): Score {
  const aws = findings.filter((found) => !isOtherStore(found)).map((found) => ({ found, parts: partsOf(found) }));
  const awsExpected = each.expected.filter((expected) => expected.kind !== "other-store");
  const holds = (value: string, kind: Expected["kind"]): boolean =>
    aws.some(({ parts }) =>
      [parts.id, parts.secret, parts.token, parts.value].some((part) => isValue(part, value, kind)),
    );
  const isPair = (parts: Parts, expected: Expected): boolean =>
    expected.kind === "pair" &&
    parts.id === expected.id &&
    parts.secret === expected.secret &&
    parts.token === expected.token;

  const missed: string[] = [];
  const wanted = new Map<string, Expected["kind"]>();
  let pairs = 0;
  let pairsFound = 0;
  for (const expected of awsExpected) {
    const values =
      expected.kind === "pair" ? [expected.secret, expected.token] : [expected.id ?? expected.secret ?? expected.token];
    for (const value of values) if (value !== null) wanted.set(value, expected.kind);
    if (expected.kind === "pair") {
      pairs++;
      if (aws.some(({ parts }) => isPair(parts, expected))) pairsFound++;
      else missed.push(expected.label);
    } else if (!values.some((value) => value !== null && holds(value, expected.kind))) missed.push(expected.label);
  }
  const valuesFound = [...wanted].filter(([value, kind]) => holds(value, kind)).length;

  const known: { value: string; kind: Expected["kind"] }[] = [];
  for (const { kind, id, secret, token } of awsExpected) {
    for (const value of [id, secret, token]) if (value !== null) known.push({ value, kind });
  }
  const isKnown = (part: string | null): boolean =>
    part === null ||
    each.tolerated.includes(part) ||
    known.some(({ value, kind }) => isValue(part, value, kind)) ||
    (part !== null && each.tolerated.some((value) => value.length > 32 && part.includes(value)));

  const wrongPairs: Found[] = [];
  const falsePositives: Found[] = [];
  const repeats: Found[] = [];
  const met = new Set<Expected>();
  const pairSecrets = new Set(awsExpected.flatMap(({ kind, secret }) => (kind === "pair" && secret ? [secret] : [])));
  for (const { found, parts } of aws) {
    if (![parts.id, parts.secret, parts.token, parts.value].every(isKnown)) {
      falsePositives.push(found);
      continue;
    }
    const present = [parts.id, parts.secret, parts.token, parts.value].filter((part) => part !== null);
    if (present.every((part) => each.tolerated.includes(part))) continue;
    const exact = awsExpected.find((expected) =>
      expected.kind === "pair"
        ? isPair(parts, expected)
        : [parts.id, parts.secret, parts.token, parts.value].every(
            (part) =>
              part === null ||
              each.tolerated.includes(part) ||
              isValue(part, expected.id ?? expected.secret ?? expected.token ?? "", expected.kind) ||
              // A key that is derived from an access key (an SMTP password) may carry the id that it belongs to.
              (part === parts.id && parts.value !== null),
          ),
    );
    if (exact !== undefined) {
      if (met.has(exact)) repeats.push(found);
      met.add(exact);
      continue;
    }
    const secret = parts.secret ?? parts.token;
    if (parts.id !== null && secret !== null && !each.tolerated.includes(secret)) {
      const partial = awsExpected.some(
        (expected) =>
          expected.kind === "pair" &&
          parts.id === expected.id &&
          (parts.secret === null || parts.secret === expected.secret) &&
          (parts.token === null || parts.token === expected.token),
      );
      if (!partial) wrongPairs.push(found);
      continue;
    }
    const elsewhere = present.every((value) =>
      aws.some((other) => other.found !== found && Object.values(other.parts).includes(value)),
    );
    if (elsewhere && (parts.id !== null || present.some((value) => pairSecrets.has(value)))) repeats.push(found);
  }
  for (const found of findings.filter(isOtherStore)) {
    const { secret, value, id } = partsOf(found);
    const expected = each.expected.some(
      (one) => one.kind === "other-store" && (one.secret === secret || one.secret === value),
    );
    const tolerated = [secret, value, id].every((part) => part === null || each.tolerated.includes(part));
    if (!expected && !tolerated && !each.toleratesOtherStores) falsePositives.push(found);
  }
  return { values: wanted.size, valuesFound, pairs, pairsFound, missed, wrongPairs, falsePositives, repeats };
}
