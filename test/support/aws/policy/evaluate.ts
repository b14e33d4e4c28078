import { conditionsHold } from "./conditions.ts";
import { type Context, isResolvable, matchesArn, matchesPattern } from "./match-pattern.ts";
import { asList, type PolicyDocument, type Statement } from "./policy-document.ts";
import { isExcepted, type Naming, nameOf, type Principal } from "./principals.ts";

/** Everything that decides one request. */
export interface AccessRequest {
  /** `s3:GetObject`. */
  readonly action: string;
  /** An ARN, or `*` for actions that know no resource. */
  readonly resource: string;
  /** The account that the resource belongs to. */
  readonly resourceAccount: string;
  readonly principal: Principal;
  readonly context: Context;
  /** Inline, attached and group policies of the user or role. */
  readonly identity: readonly PolicyDocument[];
  readonly boundary: PolicyDocument | null;
  /** Null where the credentials have no session policies; an empty list allows nothing, as a bare GetFederationToken does. */
  readonly session: readonly PolicyDocument[] | null;
  /** Bucket policy, key policy or role trust policy. */
  readonly resourcePolicy: PolicyDocument | null;
  /** Key and trust policies must allow by themselves or hand over to the account; other resources need no policy. */
  readonly resourcePolicyRequired?: boolean;
  /** Of the caller's organization; each must allow. */
  readonly servicePolicies?: readonly PolicyDocument[] | null;
}

export type Layer = "identity" | "resource" | "boundary" | "session" | "service-control";

export type Decision =
  | { readonly allowed: true }
  /** `explicit`: a Deny statement of that layer; otherwise that layer lacks an Allow. */
  | { readonly allowed: false; readonly explicit: boolean; readonly layer: Layer };

function actionMatches(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) =>
    matchesPattern(action, pattern, { context: null, wildcards: true, ignoreCase: true }),
  );
}

function statementApplies(statement: Statement, request: AccessRequest, variables: Context | null): boolean {
  const { action, resource } = request;
  const named = (patterns: readonly string[]) => patterns.some((pattern) => matchesArn(resource, pattern, variables));
  if (statement.Action !== undefined && !actionMatches(asList(statement.Action), action)) return false;
  if (statement.NotAction !== undefined && actionMatches(asList(statement.NotAction), action)) return false;
  // Trust policies have no Resource: they speak of the role that they belong to.
  if (statement.Resource !== undefined && !named(asList(statement.Resource))) return false;
  if (statement.NotResource !== undefined) {
    const patterns = asList(statement.NotResource);
    // What a variable that the request lacks would have excepted is not known: such a statement does not apply.
    if (named(patterns) || !patterns.every((pattern) => isResolvable(pattern, variables))) return false;
  }
  return conditionsHold(statement.Condition, request.context, variables);
}

/** The statements of a policy that speak of this request, whoever calls. */
function applying(document: PolicyDocument, request: AccessRequest): readonly Statement[] {
  const variables = document.Version === "2012-10-17" ? request.context : null;
  return asList(document.Statement).filter((statement) => statementApplies(statement, request, variables));
}

function verdictOf(documents: readonly PolicyDocument[], request: AccessRequest): "deny" | "allow" | "none" {
  const effects = documents.flatMap((document) => applying(document, request).map((statement) => statement.Effect));
  if (effects.includes("Deny")) return "deny";
  return effects.includes("Allow") ? "allow" : "none";
}

/** Whether a resource policy denies the caller, and all the ways in which it allows it. */
function resourceVerdict(request: AccessRequest): { denied: boolean; allowedAs: ReadonlySet<Naming> } {
  const allowedAs = new Set<Naming>();
  if (!request.resourcePolicy) return { denied: false, allowedAs };
  for (const statement of applying(request.resourcePolicy, request)) {
    let naming: Naming = "none";
    if (statement.Principal !== undefined) naming = nameOf(statement.Principal, request.principal);
    else if (statement.NotPrincipal !== undefined)
      naming = isExcepted(statement.NotPrincipal, request.principal) ? "none" : "everyone";
    if (naming === "none") continue;
    if (statement.Effect === "Deny") return { denied: true, allowedAs };
    allowedAs.add(naming);
  }
  return { denied: false, allowedAs };
}

/**
 * Decides as IAM does: any Deny wins; within one account an Allow on either side will do, across accounts both sides
 * must allow; boundaries and session policies only ever take away.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 */
export function evaluate(request: AccessRequest): Decision {
  const { principal } = request;
  const identity = verdictOf(request.identity, request);
  const boundary = request.boundary ? verdictOf([request.boundary], request) : "allow";
  const session = request.session ? verdictOf(request.session, request) : "allow";
  const organization = (request.servicePolicies ?? []).map((document) => verdictOf([document], request));
  const resource = resourceVerdict(request);

  const deny = (layer: Layer, explicit: boolean): Decision => ({ allowed: false, explicit, layer });
  if (organization.includes("deny")) return deny("service-control", true);
  if (resource.denied) return deny("resource", true);
  if (identity === "deny") return deny("identity", true);
  if (boundary === "deny") return deny("boundary", true);
  if (session === "deny") return deny("session", true);
  if (organization.includes("none")) return deny("service-control", false);

  const { allowedAs } = resource;
  if (principal.kind === "anonymous" || principal.kind === "service")
    return allowedAs.size > 0 ? { allowed: true } : deny("resource", false);

  const own = ((): Decision => {
    if (principal.kind !== "root" && identity !== "allow") return deny("identity", false);
    if (boundary !== "allow") return deny("boundary", false);
    if (session !== "allow") return deny("session", false);
    return { allowed: true };
  })();

  if (principal.account !== request.resourceAccount) {
    if (allowedAs.size === 0) return deny("resource", false);
    return own;
  }
  // An Allow for the very caller stands by itself; one for the role or user behind a session is still cut down by what
  // cuts down the session.
  const isSession = principal.arn !== principal.behindArn;
  if (allowedAs.has("self") || (allowedAs.has("everyone") && (!isSession || session === "allow")))
    return { allowed: true };
  if (allowedAs.has("behind")) {
    if (boundary !== "allow") return deny("boundary", false);
    return session === "allow" ? { allowed: true } : deny("session", false);
  }
  if (allowedAs.has("everyone")) return deny("session", false);
  if (request.resourcePolicyRequired && !allowedAs.has("account")) return deny("resource", false);
  return own;
}
