import { asList, type PrincipalElement } from "./policy-document.ts";

/** Who calls, as far as policies can tell. */
export interface Principal {
  readonly kind: "root" | "user" | "assumed-role" | "federated-user" | "anonymous" | "service";
  readonly account: string;
  /** Of the caller itself: a user, a session of a role, a federated user; of the service its host name. */
  readonly arn: string;
  /** The role behind a session, or the user behind a federated user; otherwise the same as `arn`. */
  readonly behindArn: string;
  /** AIDA… or AROA…: what a policy names after the principal it named was deleted. */
  readonly uniqueId: string;
}

/**
 * How a principal is named by a resource policy.
 * `self`: it, by its own ARN. `behind`: the role of a session, or the user of a federated user. `everyone`: `*`.
 * `account`: its account, which hands the decision to that account's own policies.
 */
export type Naming = "none" | "self" | "behind" | "everyone" | "account";

function namedBy(value: string, kind: string, principal: Principal): Naming {
  if (value === "*" && (kind === "AWS" || kind === "*")) return "everyone";
  if (kind === "Service") return principal.kind === "service" && principal.arn === value ? "self" : "none";
  if (kind !== "AWS" || principal.kind === "service" || principal.kind === "anonymous") return "none";
  if (value === principal.arn || value === principal.uniqueId) return principal.kind === "root" ? "account" : "self";
  if (value === principal.behindArn) return "behind";
  if (value === principal.account || /^arn:[a-z-]+:iam::(\d{12}):root$/.exec(value)?.[1] === principal.account)
    return "account";
  return "none";
}

const strength: readonly Naming[] = ["none", "account", "everyone", "behind", "self"];

/**
 * Whether a NotPrincipal element excepts a principal: it must name the principal and its account both.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function isExcepted(element: PrincipalElement, principal: Principal): boolean {
  const account = nameOf(element, { ...principal, kind: "root", arn: "", behindArn: "", uniqueId: "" });
  const naming = nameOf(element, principal);
  if (principal.kind === "anonymous" || principal.kind === "service") return naming !== "none";
  return account !== "none" && (principal.kind === "root" || (naming !== "none" && naming !== "account"));
}

/** The strongest way in which an element names a principal. */
export function nameOf(element: PrincipalElement, principal: Principal): Naming {
  const named = typeof element === "string" ? [namedBy(element, "*", principal)] : [];
  if (typeof element !== "string")
    for (const [kind, values] of Object.entries(element))
      for (const value of asList(values)) named.push(namedBy(value, kind, principal));
  return named.reduce((best, one) => (strength.indexOf(one) > strength.indexOf(best) ? one : best), "none");
}
