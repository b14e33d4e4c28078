/** What a set of policies lets somebody do, worked out from their texts alone: no network, no guess. */

/** The five things that one does to a bucket. `manage` stands for its policy, its encryption and the like. */
export type BucketAbility = "list" | "read" | "write" | "delete" | "manage";

export interface BucketReach {
  /** As the policies spell it: a name, a pattern, or `*` for every bucket. */
  readonly bucket: string;
  /** Key patterns, where the policies name any: `home/ana/*`. */
  readonly keys: readonly string[];
  readonly can: readonly BucketAbility[];
  /** Some of it holds under conditions only, or is denied under some. */
  readonly conditional: boolean;
  /** Names of the policies that allow it. */
  readonly policies: readonly string[];
}

export interface Reach {
  /** Everything, everywhere. */
  readonly administrator: boolean;
  readonly buckets: readonly BucketReach[];
  readonly listsAllBuckets: boolean;
  /** Actions of other services, as the policies spell them. */
  readonly others: readonly string[];
  /** Denials, as `s3:GetObject, s3:ListBucket on * (policy name)`. */
  readonly denied: readonly string[];
}

export interface PolicyText {
  readonly name: string;
  /** JSON. */
  readonly document: string;
}

interface Statement {
  readonly policy: string;
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  readonly conditional: boolean;
}

/** One action that stands for each ability, and what it is done to. */
const abilities: readonly { readonly can: BucketAbility; readonly action: string; readonly on: "bucket" | "object" }[] =
  [
    { can: "list", action: "s3:ListBucket", on: "bucket" },
    { can: "read", action: "s3:GetObject", on: "object" },
    { can: "write", action: "s3:PutObject", on: "object" },
    { can: "delete", action: "s3:DeleteObject", on: "object" },
    { can: "manage", action: "s3:PutBucketPolicy", on: "bucket" },
  ];

function texts(value: unknown): string[] {
  return [value].flat().filter((one): one is string => typeof one === "string");
}

function readStatements({ name, document }: PolicyText): Statement[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    return [];
  }
  const list = typeof parsed === "object" && parsed !== null ? [Reflect.get(parsed, "Statement")].flat() : [];
  return list
    .filter((one): one is Record<string, unknown> => typeof one === "object" && one !== null)
    .map((one) => ({
      policy: name,
      effect: one.Effect === "Deny" ? "Deny" : "Allow",
      actions: texts(one.Action),
      notActions: texts(one.NotAction),
      resources: texts(one.Resource),
      notResources: texts(one.NotResource),
      conditional: one.Condition !== undefined,
    }));
}

/** Whether a pattern with `*` and `?` matches a text. Linear in both: stars are tried from the left, never nested. */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (from < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      resume = from;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[from])) {
      at++;
      from++;
    } else if (star >= 0) {
      at = star + 1;
      from = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

function coversAction(statement: Statement, action: string): boolean {
  const lower = action.toLowerCase();
  const matches = (pattern: string) => globMatches(pattern.toLowerCase(), lower);
  if (statement.notActions.length > 0) return !statement.notActions.some(matches);
  return statement.actions.some(matches);
}

/** Bucket and key patterns of a resource, or null where it is not S3's. */
function splitResource(resource: string): { bucket: string; key: string | null } | null {
  if (resource === "*") return { bucket: "*", key: "*" };
  const path = /^arn:[^:]*:(?:s3|\*):[^:]*:[^:]*:(.+)$/.exec(resource)?.[1];
  if (path === undefined) return null;
  const slash = path.indexOf("/");
  if (slash >= 0) return { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
  // A star at the end reaches into the keys as well.
  return { bucket: path, key: path.endsWith("*") ? "*" : null };
}

interface Target {
  readonly bucket: string;
  readonly key: string | null;
}

/** The buckets that a statement names for one ability. */
function targetsOf(statement: Statement, on: "bucket" | "object"): Target[] {
  const resources = statement.notResources.length > 0 ? ["*"] : statement.resources;
  return resources
    .map(splitResource)
    .filter((one) => one !== null)
    .filter(({ bucket, key }) => (on === "object" ? key !== null : key === null || bucket.endsWith("*")));
}

/** Whether a statement's resources cover a whole target. */
function coversTarget(statement: Statement, target: Target, on: "bucket" | "object"): boolean {
  const path = on === "bucket" ? target.bucket : `${target.bucket}/${target.key ?? "*"}`;
  const arn = `arn:aws:s3:::${path}`;
  const matches = (pattern: string) => globMatches(pattern.replace(/^arn:[^:]*:/, "arn:aws:"), arn);
  if (statement.notResources.length > 0) return !statement.notResources.some(matches);
  return statement.resources.some(matches);
}

/**
 * What the policies allow on S3, bucket by bucket, after their denials and the boundary. Conditions are not decided: what
 * depends on one is marked.
 */
export function reachOf(policies: readonly PolicyText[], boundary: PolicyText | null = null): Reach {
  const statements = policies.flatMap(readStatements);
  const allows = statements.filter(({ effect }) => effect === "Allow");
  const bounds = boundary === null ? null : readStatements(boundary);
  const denies = [...statements, ...(bounds ?? [])].filter(({ effect }) => effect === "Deny");
  const found = new Map<
    string,
    { keys: Set<string>; can: Set<BucketAbility>; policies: Set<string>; conditional: boolean }
  >();

  for (const statement of allows)
    for (const { can, action, on } of abilities) {
      if (!coversAction(statement, action)) continue;
      for (const target of targetsOf(statement, on)) {
        const against = denies.filter((deny) => coversAction(deny, action) && coversTarget(deny, target, on));
        if (against.some((deny) => !deny.conditional)) continue;
        const within = bounds
          ?.filter(({ effect }) => effect === "Allow")
          .filter((one) => coversAction(one, action) && coversTarget(one, target, on));
        if (within?.length === 0) continue;
        const entry = found.get(target.bucket) ?? {
          keys: new Set(),
          can: new Set(),
          policies: new Set(),
          conditional: false,
        };
        entry.can.add(can);
        entry.policies.add(statement.policy);
        if (on === "object" && target.key !== null && target.key !== "*") entry.keys.add(target.key);
        entry.conditional ||=
          statement.conditional ||
          statement.notResources.length > 0 ||
          against.length > 0 ||
          (within?.every((one) => one.conditional) ?? false);
        found.set(target.bucket, entry);
      }
    }

  const order = abilities.map(({ can }) => can);
  const buckets = [...found].map(([bucket, entry]) => ({
    bucket,
    keys: [...entry.keys].sort(),
    can: order.filter((can) => entry.can.has(can)),
    conditional: entry.conditional,
    policies: [...entry.policies].sort(),
  }));
  buckets.sort((a, b) => (a.bucket < b.bucket ? -1 : 1));

  const unbounded = (action: string) =>
    allows.some((one) => coversAction(one, action) && one.resources.includes("*") && !one.conditional) &&
    !denies.some((one) => coversAction(one, action) && one.resources.includes("*") && !one.conditional) &&
    (bounds === null ||
      bounds.some((one) => one.effect === "Allow" && coversAction(one, action) && one.resources.includes("*")));
  const otherActions = allows.flatMap((one) =>
    one.notActions.length > 0 ? [`everything but ${one.notActions.join(", ")}`] : one.actions,
  );
  return {
    administrator: unbounded("iam:CreateUser") && unbounded("s3:DeleteBucket") && unbounded("kms:Decrypt"),
    buckets,
    listsAllBuckets: unbounded("s3:ListAllMyBuckets"),
    others: [...new Set(otherActions.filter((action) => !/^(s3:|\*$)/i.test(action)))].sort(),
    denied: denies.map((one) => {
      const what = one.notActions.length > 0 ? `everything but ${one.notActions.join(", ")}` : one.actions.join(", ");
      const where =
        one.notResources.length > 0 ? `everything but ${one.notResources.join(", ")}` : one.resources.join(", ");
      return `${what} on ${where}${one.conditional ? ", under conditions" : ""} (${one.policy})`;
    }),
  };
}
