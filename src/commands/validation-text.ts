import type { KeyDescription, NamedPolicy, Seen } from "../aws/describe-key.ts";
import type { BucketReach } from "../aws/policy-reach.ts";
import type { Finding } from "../model/finding.ts";
import { nextStep, shortKeyId } from "../report/finding-words.ts";
import { describeKind } from "../report/kinds.ts";
import { spellOutInvisible } from "../report/visible.ts";

/** A credential with what AWS said of it, and what it may do where that was asked. */
export interface Validated {
  readonly finding: Finding;
  readonly description: KeyDescription | null;
  /** Why there is no description although one was wanted. */
  readonly undescribed: string | null;
}

const words = {
  live: "LIVE",
  dead: "dead",
  "wrong-secret": "WRONG SECRET",
  unknown: "unknown",
  unchecked: "not checked",
} as const;

const indent = 14;
const width = 80;

/** A label and a text that is broken between words at the 80th column. */
function line(label: string, text: string): string {
  let row = `  ${label.padEnd(indent - 2)}`;
  let empty = true;
  let rows = "";
  for (const word of text.split(" ")) {
    if (!empty && row.length + 1 + word.length > width) {
      rows += `${row}\n`;
      row = " ".repeat(indent);
      empty = true;
    }
    row += empty ? word : ` ${word}`;
    empty = false;
  }
  return `${rows}${row}\n`;
}

function day(date: string): string {
  return date.slice(0, 16).replace("T", " ");
}

function whyUnchecked({ kind, credential, notes }: Finding): string {
  if (kind === "other-store-key") return "a key of another store: AWS is not asked about it";
  if (kind === "aws-access-key-id" || (credential.accessKeyId !== null && credential.secretAccessKey === null))
    return notes.at(-1) ?? "its secret was not found here: give the pair with --stdin, or ask with --admin-profile";
  if (kind === "aws-secret-access-key") return "a secret without its id tells nothing";
  return "nothing can be asked about this kind of credential without using it";
}

/** What was found out about one credential, for people. Holds no secret. */
export function describeValidated({ finding, description, undescribed }: Validated): string {
  const { verdict, credential } = finding;
  const title = credential.accessKeyId === null ? describeKind(finding.kind).name : shortKeyId(credential.accessKeyId);
  const temporary = credential.accessKeyId?.startsWith("ASIA") ? " (temporary)" : "";
  let text = `${words[verdict.status].padEnd(12)}  ${title}${temporary}${verdict.status === "live" ? `  ${verdict.arn}` : ""}\n`;
  text += line("why", verdict.status === "unchecked" ? whyUnchecked(finding) : verdict.why);
  const account = finding.account ?? (verdict.status === "live" ? verdict.account : null);
  if (account !== null)
    text += line("account", `${account}${finding.accountName === null ? "" : ` (${finding.accountName})`}`);
  for (const note of finding.notes) if (note.startsWith("from ")) text += line("from", note.slice(5));
  const places = [...new Set(finding.locations.map((place) => `${place.path}:${place.line}`))];
  if (places.length > 0) text += line("stands in", some(places, 3));
  if (description) text += describeReach(description, credential.accessKeyId);
  else if (undescribed) text += line("may do", undescribed);
  if (verdict.status === "live" || verdict.status === "dead") text += line("next", nextStep(finding));
  return text.split("\n").map(spellOutInvisible).join("\n");
}

function seen<T>(value: Seen<T>, describe: (value: T) => string): string {
  return value.seen ? describe(value.value) : value.why;
}

function ability({ can, keys, conditional }: BucketReach): string {
  const where = keys.length === 0 ? "" : ` under ${keys.slice(0, 3).join(", ")}${keys.length > 3 ? ", …" : ""}`;
  return `${can.join(", ")}${where}${conditional ? ", under conditions" : ""}`;
}

/** So many of a list, and how many more there are. */
function some(items: readonly string[], most: number): string {
  const rest = items.length - most;
  return rest > 0 ? `${items.slice(0, most).join(", ")} and ${rest} more` : items.join(", ");
}

function policyName(policy: NamedPolicy): string {
  return `${policy.name} (${policy.group === null ? policy.kind : `group ${policy.group}`})`;
}

type Row = readonly [label: string, text: string];

/** Whose key it is, and what became of it. */
function ownerRows(
  { owner, created, tags, lastUsed, keys, quarantine }: KeyDescription,
  accessKeyId: string | null,
): Row[] {
  const rows: Row[] = [[owner.kind, created.seen ? `${owner.name}, made ${day(created.value)}` : owner.name]];
  if (!created.seen) rows.push(["made", created.why]);
  const tagged = tags.seen ? Object.entries(tags.value).map(([name, value]) => `${name}=${value}`) : [];
  if (tagged.length > 0) rows.push(["tags", some(tagged, 12)]);
  rows.push([
    "last used",
    seen(lastUsed, (used) => (used === null ? "never" : `${day(used.date)} UTC, ${used.service} in ${used.region}`)),
  ]);
  if (!keys.seen) rows.push(["keys", keys.why]);
  else
    keys.value.forEach(({ id, status, created: since }, index) => {
      const which = id === accessKeyId ? " (this one)" : "";
      rows.push([
        index === 0 ? "keys" : "",
        `${shortKeyId(id)} ${status}${which}${since === null ? "" : ` since ${day(since)}`}`,
      ]);
    });
  rows.push(["quarantined", seen(quarantine, (names) => (names.length === 0 ? "no" : `by AWS: ${names.join(", ")}`))]);
  return rows;
}

/** The policies in force, and what those that could be read allow. */
function reachRows({ policies, boundary, reach, buckets, unseenPolicies, quarantine }: KeyDescription): Row[] {
  const rows: Row[] = [
    ["policies", seen(policies, (all) => (all.length === 0 ? "none" : some(all.map(policyName), 12)))],
    ["boundary", seen(boundary, (policy) => policy?.name ?? "none")],
  ];
  if (reach) {
    if (reach.administrator) rows.push(["may do", "EVERYTHING in the account: it is an administrator"]);
    else if (reach.buckets.length === 0) rows.push(["buckets", "none, by these policies"]);
    const column = Math.min(40, Math.max(8, ...reach.buckets.map(({ bucket }) => bucket.length))) + 2;
    reach.buckets.forEach((bucket, index) => {
      const by = bucket.policies.join(", ");
      rows.push([index === 0 ? "buckets" : "", `${bucket.bucket.padEnd(column)}${ability(bucket)}  (${by})`]);
    });
    if (reach.listsAllBuckets) rows.push(["", "can list the names of all buckets"]);
    if (reach.others.length > 0) rows.push(["besides", some(reach.others, 12)]);
    // What a quarantine denies is the same long list each time, and its name stands above.
    const quarantines = quarantine.seen ? quarantine.value : [];
    const denied = reach.denied.filter((denial) => !quarantines.some((name) => denial.endsWith(`(${name})`)));
    for (const denial of denied.slice(0, 6))
      rows.push(["denied", denial.length > 200 ? `${denial.slice(0, 200)}…` : denial]);
    for (const { name, why } of unseenPolicies) rows.push(["not seen", `${name}: ${why}`]);
  }
  if (buckets !== null)
    rows.push([
      "sees",
      seen(buckets, (names) => (names.length === 0 ? "no bucket" : `${names.length} buckets: ${some(names, 8)}`)),
    ]);
  return rows;
}

/** The blast radius. */
function describeReach(description: KeyDescription, accessKeyId: string | null): string {
  const rows = [...ownerRows(description, accessKeyId), ...reachRows(description)];
  return rows.map(([label, text]) => line(label, text)).join("");
}

/** One credential in the JSON of `keyguard validate --json`. Holds no secret. */
export function validatedJson({ finding, description, undescribed }: Validated) {
  const { verdict, credential } = finding;
  return {
    fingerprint: finding.fingerprint,
    kind: finding.kind,
    accessKeyId: credential.accessKeyId,
    temporary: credential.accessKeyId?.startsWith("ASIA") ?? false,
    account: finding.account ?? (verdict.status === "live" ? verdict.account : null),
    accountName: finding.accountName,
    canary: finding.canary,
    expires: finding.expires,
    verdict: {
      status: verdict.status,
      why: verdict.status === "unchecked" ? whyUnchecked(finding) : verdict.why,
      arn: verdict.status === "live" ? verdict.arn : null,
      account: verdict.status === "live" ? verdict.account : null,
    },
    locations: finding.locations.map(({ path, line: row, commit }) => ({ path, line: row, commit })),
    description,
    undescribed,
  };
}
