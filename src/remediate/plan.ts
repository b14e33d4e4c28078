import { KeyguardError } from "../model/errors.ts";
import type { KeyFile } from "./consumers/key-file.ts";
import {
  type Ability,
  buildPolicy,
  inlinePolicyLimit,
  nameScope,
  type PolicyDocument,
  policySize,
  type Scope,
} from "./policy.ts";

/** What was found out before anything is changed. */
export interface Facts {
  readonly key: {
    readonly id: string;
    readonly status: "Active" | "Inactive";
    /** Null: never, or not known. */
    readonly lastUsed: { readonly date: string; readonly service: string; readonly region: string } | null;
  };
  readonly account: string;
  readonly partition: string;
  readonly owner: { readonly name: string; readonly arn: string };
  /** All keys of the owner. */
  readonly keys: readonly { readonly id: string; readonly status: string; readonly created: string | null }[];
  /** What the owner may do to the bucket, as far as its policies could be read. */
  readonly can: readonly Ability[];
  /** Key patterns that its policies are bound to, `data/*`; everything where there is none. */
  readonly keyPatterns: readonly string[];
  /** Whether what it may do hangs on conditions, which are not carried over. */
  readonly conditional: boolean;
  /** Parts of its policies that could not be read. */
  readonly unseen: readonly { readonly name: string; readonly why: string }[];
  readonly administrator: boolean;
  readonly reachesOther: readonly string[];
  readonly quarantine: readonly string[];
  readonly boundary: string | null;
  readonly bucket: {
    readonly name: string;
    readonly region: string;
    readonly kmsKeys: readonly string[];
    readonly versioned: boolean;
    /** Where the bucket's own policy names the owner, which a new user is not. */
    readonly policyNamesOwner: boolean;
  };
  /** Another bucket of the account, which new credentials must not reach. */
  readonly neighbour: string | null;
  readonly files: readonly KeyFile[];
  /** Files that hold the key and are left to the person, with the reason. */
  readonly unwritable: readonly { readonly path: string; readonly why: string }[];
}

/** What the person chose. */
export interface Choices {
  readonly order: "contain-first" | "replace-first";
  readonly newUser: boolean;
  readonly deleteAfter: boolean;
  readonly can: readonly Ability[] | null;
  readonly prefixes: readonly string[];
  readonly kmsKeys: readonly string[];
  readonly sourceIps: readonly string[];
  readonly boundary: string | null;
  /** A policy of the person's own in place of ours. */
  readonly policy: PolicyDocument | null;
  readonly name: string | null;
  /** The leaked key is the administrator's own. */
  readonly self: boolean;
}

/** One thing that is done. `id` is its name in the journal. */
export type Step =
  | { readonly id: "deactivate"; readonly kind: "deactivate" }
  | { readonly id: "revoke"; readonly kind: "revoke"; readonly deny: "sessions" | "everything" }
  | { readonly id: "settle"; readonly kind: "settle" }
  | { readonly id: "create-user"; readonly kind: "create-user" }
  | { readonly id: "put-policy"; readonly kind: "put-policy" }
  | { readonly id: "create-key"; readonly kind: "create-key" }
  | { readonly id: "verify"; readonly kind: "verify" }
  | { readonly id: `write:${number}`; readonly kind: "write"; readonly file: KeyFile }
  | { readonly id: "hand-over"; readonly kind: "hand-over" }
  | { readonly id: "verify-files"; readonly kind: "verify-files" }
  | { readonly id: "delete-old"; readonly kind: "delete-old" };

/** Everything that a run does, decided before it begins; it holds no secret. */
export interface Plan {
  readonly version: 1;
  readonly run: string;
  readonly order: Choices["order"];
  readonly newUser: boolean;
  readonly self: boolean;
  readonly key: { readonly id: string; readonly user: string; readonly account: string; readonly partition: string };
  /** Keys that the owner had when the plan was made: others came later. */
  readonly knownKeys: readonly string[];
  readonly target: Scope & { readonly versioned: boolean; readonly neighbour: string | null };
  readonly user: {
    readonly name: string;
    readonly path: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly boundary: string | null;
  };
  readonly policy: { readonly name: string; readonly document: PolicyDocument; readonly own: boolean };
  readonly steps: readonly Step[];
  /** What a person should know before saying yes, a sentence each. */
  readonly warnings: readonly string[];
  /** What remains for a person afterwards. */
  readonly left: readonly string[];
}

/** Tag of everything that a run makes: what does not carry it is not ours. */
export const runTag = "keyguard:run";
/** Inline policy on the old user that ends its sessions. */
export const denyPolicyName = "keyguard-revoke";

const abbreviations: Readonly<Record<string, string>> = {
  "read-only": "ro",
  "read-write": "rw",
  "write-only": "wo",
};

/** `kg-rw-lab-volumes-5d1c`, at most the 64 characters that IAM allows. */
export function nameUser(can: readonly Ability[], bucket: string, run: string): string {
  const tail = `-${run.slice(0, 4)}`;
  const head = `kg-${abbreviations[nameScope(can)] ?? "custom"}-`;
  return head + bucket.slice(0, 64 - head.length - tail.length) + tail;
}

function chooseAbilities(facts: Facts, choices: Choices): readonly Ability[] {
  if (choices.can !== null) return choices.can;
  if (facts.can.length > 0) return facts.can;
  throw new KeyguardError("refused", `nothing allows ${facts.owner.name} to reach s3://${facts.bucket.name}`, {
    hint: `name another bucket with --bucket, or say what the new key may do: --read-only, --read-write or --write-only`,
  });
}

function choosePrefixes(facts: Facts, choices: Choices): readonly string[] {
  if (choices.prefixes.length > 0) return choices.prefixes;
  const prefixes = facts.keyPatterns.map((pattern) => /^([^*?$]+\/)\*$/.exec(pattern)?.[1]);
  if (prefixes.every((one) => one !== undefined)) return prefixes;
  if (choices.can !== null || choices.policy !== null) return [];
  throw new KeyguardError("refused", `the old policy is bound to ${facts.keyPatterns.join(", ")}, which is no folder`, {
    hint: "say where the new key belongs with --prefix, or --read-write for the whole bucket",
  });
}

function checkChoices(facts: Facts, choices: Choices): void {
  if (choices.newUser) return;
  if (facts.quarantine.length > 0)
    throw new KeyguardError(
      "refused",
      `AWS has quarantined ${facts.owner.name} (${facts.quarantine.join(", ")}): a new key on it would not work`,
      {
        hint: "leave --same-user out; AWS asks not to detach the quarantine before the account is cleaned",
      },
    );
  if (facts.keys.length >= 2)
    throw new KeyguardError("refused", `${facts.owner.name} has two keys already, which is all that IAM allows`, {
      hint: "leave --same-user out, or delete the key that nothing uses: keyguard list-keys tells the last use",
    });
}

/** The steps of a rotation, in one of its two orders. */
function chooseSteps(facts: Facts, choices: Choices): Step[] {
  const onlyWay = facts.keys.every(({ id, status }) => id === facts.key.id || status !== "Active");
  const contain: Step[] = [
    { id: "deactivate", kind: "deactivate" },
    // Denying everything also reaches federated sessions, and hurts nobody where the user has no other key.
    ...(choices.self
      ? []
      : [
          {
            id: "revoke" as const,
            kind: "revoke" as const,
            deny: choices.newUser && onlyWay ? ("everything" as const) : ("sessions" as const),
          },
        ]),
    { id: "settle", kind: "settle" },
  ];
  const replace: Step[] = [
    ...(choices.newUser
      ? [
          { id: "create-user" as const, kind: "create-user" as const },
          { id: "put-policy" as const, kind: "put-policy" as const },
        ]
      : []),
    { id: "create-key", kind: "create-key" },
    { id: "verify", kind: "verify" },
    ...facts.files.map((file, index): Step => ({ id: `write:${index}`, kind: "write", file })),
    facts.files.length > 0 ? { id: "verify-files", kind: "verify-files" } : { id: "hand-over", kind: "hand-over" },
  ];
  const steps = choices.order === "contain-first" ? [...contain, ...replace] : [...replace, ...contain];
  return choices.deleteAfter ? [...steps, { id: "delete-old", kind: "delete-old" }] : steps;
}

function warn(facts: Facts, choices: Choices, can: readonly Ability[]): string[] {
  const more = can.filter((one) => !facts.can.includes(one));
  const { bucket } = facts;
  return [
    ...(facts.unseen.length > 0
      ? [`not every policy of ${facts.owner.name} could be read (${facts.unseen.map(({ name }) => name).join(", ")})`]
      : []),
    ...(choices.can !== null && more.length > 0 && facts.unseen.length === 0
      ? [`the new key may ${more.join(", ")}, which the old one may not`]
      : []),
    ...(facts.conditional && choices.policy === null
      ? ["conditions of the old policies are not carried over; --source-ip or --policy set new ones"]
      : []),
    ...(bucket.policyNamesOwner && choices.newUser
      ? [`the policy of s3://${bucket.name} names ${facts.owner.name}: it may not let the new user in`]
      : []),
    ...(bucket.kmsKeys.length > 0 &&
    choices.boundary !== null &&
    /\/AmazonS3(FullAccess|ReadOnlyAccess)$/.test(choices.boundary)
      ? ["the boundary allows S3 only, and the bucket is encrypted with KMS: the new key will be refused"]
      : []),
    ...(choices.newUser ? [] : ["the new key may do all that the user may, not only what the bucket needs"]),
    ...(choices.order === "replace-first" ? ["the leaked key works until the new one is in place"] : []),
  ];
}

function leftOver(facts: Facts, choices: Choices): string[] {
  const active = facts.keys.filter(({ id, status }) => id !== facts.key.id && status === "Active");
  return [
    ...facts.unwritable.map(({ path, why }) => `${path}: ${why}`),
    ...(facts.reachesOther.length > 0
      ? [
          `the old key also reached ${facts.reachesOther.slice(0, 5).join(", ")}: what used it there needs a key of its own`,
        ]
      : []),
    ...(active.length > 0
      ? [`${facts.owner.name} has another active key: ${active.map(({ id }) => id).join(", ")}`]
      : []),
    ...(choices.newUser ? [`the old user ${facts.owner.name} and its policies`] : []),
    "the key in the history of the repository, and what it exposed",
    "CI secrets: gh secret set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which read from standard input",
  ];
}

/**
 * Decides everything that a rotation does.
 *
 * @throws KeyguardError `refused` or `usage` where the facts and the choices do not go together, with what to do instead.
 */
export function makePlan(facts: Facts, choices: Choices, run: string): Plan {
  checkChoices(facts, choices);
  if (choices.self && choices.order === "contain-first")
    throw new KeyguardError("usage", "a key cannot switch itself off and go on working", {
      hint: "--self needs --order replace-first; better, name an administrator with --admin-profile",
    });
  const can = chooseAbilities(facts, choices);
  const prefixes = choices.newUser ? choosePrefixes(facts, choices) : choices.prefixes;
  const { bucket } = facts;
  const scope: Scope = {
    bucket: bucket.name,
    can,
    prefixes,
    region: bucket.region,
    partition: facts.partition,
    kmsKeys: [...new Set([...bucket.kmsKeys, ...choices.kmsKeys])],
    sourceIps: choices.sourceIps,
    ownerAcl: can.includes("write") && facts.files.some(({ path }) => /aws-secret\.json$/.test(path)),
  };
  const document = choices.policy ?? buildPolicy(scope);
  if (policySize(document) > inlinePolicyLimit)
    throw new KeyguardError(
      "usage",
      `the new policy has ${policySize(document)} characters; IAM takes ${inlinePolicyLimit}`,
      {
        hint: "name fewer prefixes, or folders above them",
      },
    );
  return {
    version: 1,
    run,
    order: choices.order,
    newUser: choices.newUser,
    self: choices.self,
    key: { id: facts.key.id, user: facts.owner.name, account: facts.account, partition: facts.partition },
    knownKeys: facts.keys.map(({ id }) => id),
    target: { ...scope, versioned: bucket.versioned, neighbour: facts.neighbour },
    user: {
      name: choices.newUser ? (choices.name ?? nameUser(can, bucket.name, run)) : facts.owner.name,
      path: "/keyguard/",
      tags: { [runTag]: run, "keyguard:replaces": facts.key.id },
      boundary: choices.boundary ?? facts.boundary,
    },
    policy: {
      name: `kg-${can.length > 0 ? nameScope(can).replaceAll(", ", "-") : "custom"}`,
      document,
      own: choices.policy !== null,
    },
    steps: chooseSteps(facts, choices),
    warnings: warn(facts, choices, can),
    left: leftOver(facts, choices),
  };
}

const verbs: Readonly<Record<Ability, string>> = { list: "list", read: "get", write: "put", delete: "delete" };

/** What a step does, in a line that a person can agree to. */
export function describeStep(step: Step, plan: Plan, nameFile: (path: string) => string = (path) => path): string {
  const { target, user, key } = plan;
  const where = `s3://${target.bucket}${target.prefixes.length === 0 ? "" : ` below ${target.prefixes.join(", ")}`}`;
  const shortId = `${key.id.slice(0, 6)}…${key.id.slice(-6)}`;
  switch (step.kind) {
    case "deactivate":
      return `deactivate ${shortId}`;
    case "revoke":
      return step.deny === "everything"
        ? `deny everything to ${key.user}, whose only key it is, and so to its sessions`
        : `deny ${key.user} every session that was issued before now`;
    case "settle":
      return `wait until AWS refuses it; deactivate any key that ${key.user} was given meanwhile`;
    case "create-user":
      return `create user ${user.name}${user.boundary === null ? "" : `, bounded by ${user.boundary.split("/").at(-1)}`}`;
    case "put-policy":
      return plan.policy.own
        ? "give it the policy that you named"
        : `give it a policy: ${target.can.map((one) => verbs[one]).join(", ")} on ${where} only`;
    case "create-key":
      return "create its key, keep it in memory until it is written";
    case "verify":
      return `try it: ${target.can.map((one) => verbs[one]).join(", ")} below _keyguard_check/${plan.newUser ? "; all else must be refused" : ""}`;
    case "write":
      return `write ${nameFile(step.file.path)} ${step.file.places.join(", ")} (backup kept)`;
    case "hand-over":
      return plan.key.id === "" ? "hand the key over" : "print the new key: no file here holds the old one";
    case "verify-files":
      return "read it back, try again as its reader would";
    case "delete-old":
      return `delete ${shortId}`;
  }
}

/** What `create` is asked for. */
export interface CreationRequest {
  readonly run: string;
  readonly account: string;
  readonly scope: Scope;
  readonly versioned: boolean;
  readonly neighbour: string | null;
  readonly name: string | null;
  readonly boundary: string | null;
  readonly policy: PolicyDocument | null;
}

/**
 * The same steps with nothing to replace: a user, its policy, its key, tried and handed over.
 *
 * @throws KeyguardError `usage` for a policy that IAM does not take.
 */
export function planCreation(request: CreationRequest): Plan {
  const { run, scope, account } = request;
  const document = request.policy ?? buildPolicy(scope);
  if (policySize(document) > inlinePolicyLimit)
    throw new KeyguardError(
      "usage",
      `the policy has ${policySize(document)} characters; IAM takes ${inlinePolicyLimit}`,
      { hint: "name fewer prefixes, or folders above them" },
    );
  return {
    version: 1,
    run,
    order: "replace-first",
    newUser: true,
    self: false,
    key: { id: "", user: "", account, partition: scope.partition },
    knownKeys: [],
    target: { ...scope, versioned: request.versioned, neighbour: request.neighbour },
    user: {
      name: request.name ?? nameUser(scope.can, scope.bucket, run),
      path: "/keyguard/",
      tags: { [runTag]: run },
      boundary: request.boundary,
    },
    policy: {
      name: `kg-${nameScope(scope.can).replaceAll(", ", "-")}`,
      document,
      own: request.policy !== null,
    },
    steps: [
      { id: "create-user", kind: "create-user" },
      { id: "put-policy", kind: "put-policy" },
      { id: "create-key", kind: "create-key" },
      { id: "verify", kind: "verify" },
      { id: "hand-over", kind: "hand-over" },
    ],
    warnings: [],
    left: [],
  };
}
