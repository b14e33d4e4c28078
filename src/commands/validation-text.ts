import type { KeyDescription, Seen } from "../aws/describe-key.ts";
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

function line(label: string, text: string): string {
  return `  ${label.padEnd(12)}${text}\n`;
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
  if (places.length > 0)
    text += line(
      "stands in",
      `${places.slice(0, 3).join(", ")}${places.length > 3 ? ` and ${places.length - 3} more` : ""}`,
    );
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

/** The blast radius: who the key is, and what the policies that could be read allow. */
function describeReach(description: KeyDescription, accessKeyId: string | null): string {
  const { owner, reach } = description;
  let text = line(
    owner.kind,
    `${owner.name}${description.created.seen ? `, made ${day(description.created.value)}` : ""}`,
  );
  if (!description.created.seen) text += line("made", description.created.why);
  if (description.tags.seen && Object.keys(description.tags.value).length > 0)
    text += line(
      "tags",
      Object.entries(description.tags.value)
        .map(([key, value]) => `${key}=${value}`)
        .join(", "),
    );
  text += line(
    "last used",
    seen(description.lastUsed, (used) =>
      used === null ? "never" : `${day(used.date)} UTC, ${used.service} in ${used.region}`,
    ),
  );
  text += line(
    "keys",
    seen(description.keys, (keys) =>
      keys
        .map(
          (key) =>
            `${shortKeyId(key.id)} ${key.status}${key.id === accessKeyId ? " (this one)" : ""}${key.created ? ` since ${day(key.created)}` : ""}`,
        )
        .join(", "),
    ),
  );
  text += line(
    "quarantined",
    seen(description.quarantine, (names) => (names.length === 0 ? "no" : `by AWS: ${names.join(", ")}`)),
  );
  text += line(
    "policies",
    seen(description.policies, (policies) =>
      policies.length === 0
        ? "none"
        : policies
            .map((policy) => `${policy.name} (${policy.group === null ? policy.kind : `group ${policy.group}`})`)
            .join(", "),
    ),
  );
  text += line(
    "boundary",
    seen(description.boundary, (policy) => policy?.name ?? "none"),
  );
  if (reach) {
    if (reach.administrator) text += line("may do", "EVERYTHING in the account: it is an administrator");
    const width = Math.min(40, Math.max(8, ...reach.buckets.map(({ bucket }) => bucket.length)) + 2);
    if (reach.buckets.length === 0 && !reach.administrator) text += line("buckets", "none, by these policies");
    reach.buckets.forEach((bucket, index) => {
      text += line(
        index === 0 ? "buckets" : "",
        `${bucket.bucket.padEnd(width)}${ability(bucket)}  (${bucket.policies.join(", ")})`,
      );
    });
    if (reach.listsAllBuckets) text += line("", "can list the names of all buckets");
    if (reach.others.length > 0)
      text += line(
        "besides",
        `${reach.others.slice(0, 12).join(", ")}${reach.others.length > 12 ? ` and ${reach.others.length - 12} more` : ""}`,
      );
    for (const denial of reach.denied.slice(0, 6))
      text += line("denied", denial.length > 160 ? `${denial.slice(0, 160)}…` : denial);
  } else
    text += line(
      "may do",
      seen(description.policies, () => ""),
    );
  if (description.buckets !== null)
    text += line(
      "sees",
      seen(description.buckets, (names) =>
        names.length === 0
          ? "no bucket"
          : `${names.length} buckets: ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`,
      ),
    );
  for (const { name, why } of description.unseenPolicies)
    text += line(why === "not allowed to see" ? "not seen" : "not read", `${name}: ${why}`);
  return text;
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
