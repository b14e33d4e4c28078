import { anonymous, type Caller } from "./authenticate.ts";
import { AwsFault } from "./aws-fault.ts";
import { type AccessRequest, type Decision, evaluate } from "./policy/evaluate.ts";
import { type PolicyDocument, parsePolicy } from "./policy/policy-document.ts";
import type { Account, IamState, World } from "./world.ts";

/** What is asked, of which resource, and what goes with it. */
export interface Demand {
  readonly action: string;
  readonly resource: string;
  /** The account of the resource; the caller's own where it is left out. */
  readonly account?: string;
  /** JSON. */
  readonly resourcePolicy?: string | null;
  readonly resourcePolicyRequired?: boolean;
  /** Condition keys of this action beside the global ones. Undefined values are absent keys. */
  readonly context?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

type Policies = Pick<AccessRequest, "identity" | "boundary" | "session" | "servicePolicies">;

function documents(texts: Iterable<string | null | undefined>): PolicyDocument[] {
  return [...texts].filter((text) => text !== null && text !== undefined).map(parsePolicy);
}

/** Policies of a user or a role by name: its own, its groups', its boundary. A name that is gone has none. */
export function policiesOf(
  world: World,
  account: Account,
  kind: "user" | "role",
  name: string,
  iam: IamState = account.iam,
): Pick<Policies, "identity" | "boundary"> {
  const owner = kind === "user" ? iam.users[name] : iam.roles[name];
  if (!owner) return { identity: [], boundary: null };
  const groups = kind === "user" ? (iam.users[name]?.groups ?? []) : [];
  const holders = [owner, ...groups.map((group) => iam.groups[group]).filter((group) => group !== undefined)];
  const texts = holders.flatMap((holder) => [
    ...Object.values(holder.inline),
    ...holder.attached.map((arn) => world.managedPolicy(account, arn, iam)),
  ]);
  // A boundary whose policy is gone allows nothing.
  const boundary =
    owner.boundary === null ? null : (world.managedPolicy(account, owner.boundary, iam) ?? '{"Statement":[]}');
  return { identity: documents(texts), boundary: boundary === null ? null : parsePolicy(boundary) };
}

function policiesOfCaller(world: World, caller: Caller): Policies {
  const account = world.accounts.get(caller.account);
  if (!account || caller.kind === "anonymous") return { identity: [], boundary: null, session: null };
  const kind = caller.kind === "assumed-role" ? "role" : "user";
  const own = policiesOf(world, account, kind, caller.ownerName, world.seen(account, "policies"));
  // A federated root has what root has, cut down by its session policies.
  const all =
    caller.ownerName === ""
      ? [parsePolicy('{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')]
      : own.identity;
  return {
    identity: all,
    boundary: own.boundary,
    session: caller.session?.policies ? documents(caller.session.policies) : null,
    servicePolicies: caller.kind === "root" || !account.servicePolicies ? null : documents(account.servicePolicies),
  };
}

function contextOf(
  world: World,
  caller: Caller,
  demand: Demand,
  region: string,
): Map<string, string | readonly string[]> {
  const now = world.clock.now();
  const account = world.accounts.get(caller.account);
  const iam = account && world.seen(account, "policies");
  const tags =
    (caller.kind === "assumed-role" ? iam?.roles[caller.ownerName] : iam?.users[caller.ownerName])?.tags ?? {};
  const { session } = caller;
  const types: Record<Caller["kind"], string> = {
    root: "Account",
    user: "User",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    anonymous: "Anonymous",
    service: "Service",
  };
  const iso = (time: number) => new Date(time).toISOString();
  const known = caller.kind !== "anonymous";
  const entries: Record<string, string | readonly string[] | undefined> = {
    "aws:PrincipalType": types[caller.kind],
    "aws:PrincipalArn": known ? caller.behindArn : undefined,
    "aws:PrincipalAccount": known ? caller.account : undefined,
    "aws:userid": known ? caller.userId : undefined,
    "aws:username": caller.kind === "user" ? caller.ownerName : undefined,
    "aws:SourceIp": world.sourceIp,
    "aws:SecureTransport": String(world.secureTransport),
    "aws:CurrentTime": iso(now),
    "aws:EpochTime": String(Math.floor(now / 1000)),
    "aws:RequestedRegion": region,
    "aws:ViaAWSService": "false",
    "aws:ResourceAccount": demand.account ?? caller.account,
    "aws:TokenIssueTime": session ? iso(session.issued) : undefined,
    "aws:MultiFactorAuthPresent": session ? String(session.mfa) : undefined,
    "aws:MultiFactorAuthAge": session?.mfa ? String(Math.floor((now - session.issued) / 1000)) : undefined,
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
    ...demand.context,
  };
  const context = new Map<string, string | readonly string[]>();
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) context.set(key.toLowerCase(), value);
  return context;
}

/** Decides whether a caller may do what it asks. */
export function decide(world: World, caller: Caller, demand: Demand, region: string): Decision {
  return evaluate({
    action: demand.action,
    resource: demand.resource,
    resourceAccount: demand.account ?? caller.account,
    principal: caller,
    context: contextOf(world, caller, demand, region),
    ...policiesOfCaller(world, caller),
    resourcePolicy: demand.resourcePolicy ? parsePolicy(demand.resourcePolicy) : null,
    ...(demand.resourcePolicyRequired === undefined ? {} : { resourcePolicyRequired: demand.resourcePolicyRequired }),
  });
}

const layerNames = {
  identity: "identity-based policy",
  resource: "resource-based policy",
  boundary: "permissions boundary",
  session: "session policy",
  "service-control": "service control policy",
} as const;

/** AWS's sentence for a refusal, which says what refused. */
export function denialText(caller: Caller, demand: Demand, decision: Decision & { allowed: false }): string {
  const s3 = demand.action.startsWith("s3:");
  // S3 tells callers of other accounts, and those without a name, nothing.
  if (s3 && caller.account !== (demand.account ?? caller.account)) return "Access Denied";
  const layer = layerNames[decision.layer];
  const article = layer.startsWith("i") ? "an" : "a";
  const why = decision.explicit
    ? `with an explicit deny in ${article} ${layer}`
    : `because no ${layer} allows the ${demand.action} action`;
  const resource = s3 ? `"${demand.resource}"` : demand.resource;
  return `User: ${caller.arn} is not authorized to perform: ${demand.action} on resource: ${resource} ${why}`;
}

/** Throws AccessDenied where a caller may not do what it asks. */
export function authorize(world: World, caller: Caller, demand: Demand, region: string): void {
  const { session } = caller;
  const service = demand.action.split(":")[0];
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
  const shutOut =
    (session?.kind === "federated-user" && (service === "iam" || service === "sts")) ||
    (session?.kind === "user-session" && service === "iam" && !session.mfa) ||
    (session?.kind === "user-session" && service === "sts" && demand.action !== "sts:AssumeRole");
  if (shutOut) throw new AwsFault("InvalidClientTokenId", 403, "The security token included in the request is invalid");
  const decision = decide(world, caller, demand, region);
  if (decision.allowed) return;
  const text = caller === anonymous ? "Access Denied" : denialText(caller, demand, decision);
  const code = service === "kms" || service === "cloudtrail" ? "AccessDeniedException" : "AccessDenied";
  throw new AwsFault(code, code === "AccessDenied" ? 403 : 400, text);
}
