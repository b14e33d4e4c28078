/** A policy as JSON spells it. Every `OneOrMany` may be a single value or a list. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: OneOrMany<Statement>;
}

export type OneOrMany<T> = T | readonly T[];

export type PrincipalElement = "*" | { readonly [kind: string]: OneOrMany<string> };

/** Operator → key → values. */
export type ConditionBlock = {
  readonly [operator: string]: { readonly [key: string]: OneOrMany<string | number | boolean> };
};

export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Action?: OneOrMany<string>;
  readonly NotAction?: OneOrMany<string>;
  readonly Resource?: OneOrMany<string>;
  readonly NotResource?: OneOrMany<string>;
  readonly Condition?: ConditionBlock;
}

/** The values of an element, in a list of its own. */
export function asList<T>(value: OneOrMany<T> | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

const parsed = new Map<string, PolicyDocument>();

/** Parses a policy once and remembers it: the same few texts are evaluated thousands of times. */
export function parsePolicy(text: string): PolicyDocument {
  let document = parsed.get(text);
  if (!document) {
    document = JSON.parse(text) as PolicyDocument;
    if (parsed.size > 2000) parsed.clear();
    parsed.set(text, document);
  }
  return document;
}

const statementKeys = new Set([
  ...["Sid", "Effect", "Principal", "NotPrincipal", "Action"],
  ...["NotAction", "Resource", "NotResource", "Condition"],
]);

/** What AWS would refuse in a policy's text, in a sentence, or null where it would take it. */
export function findPolicyMistake(text: string, kind: "identity" | "resource" | "trust"): string | null {
  let document: PolicyDocument;
  try {
    document = JSON.parse(text) as PolicyDocument;
  } catch {
    return "The policy is not in the valid JSON format.";
  }
  if (typeof document !== "object" || document === null) return "Syntax errors in policy.";
  const unknown = Object.keys(document).find((key) => !["Version", "Id", "Statement"].includes(key));
  if (unknown) return `Unknown field ${unknown}`;
  if (document.Version !== undefined && !["2012-10-17", "2008-10-17"].includes(document.Version))
    return "The policy must contain a valid version string";
  const statements = asList(document.Statement);
  if (statements.length === 0) return "Syntax errors in policy.";
  for (const statement of statements) {
    const stray = Object.keys(statement).find((key) => !statementKeys.has(key));
    if (stray) return `Unknown field ${stray}`;
    if (statement.Effect !== "Allow" && statement.Effect !== "Deny") return "Policy statement must contain an effect";
    if (!statement.Action && !statement.NotAction) return "Policy statement must contain actions.";
    for (const action of [...asList(statement.Action), ...asList(statement.NotAction)])
      if (action !== "*" && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/i.test(action))
        return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    const principal = statement.Principal ?? statement.NotPrincipal;
    if (kind === "identity" && principal) return "Policy document should not specify a principal.";
    if (kind !== "identity" && !principal) return "Missing required field Principal";
    const resources = [...asList(statement.Resource), ...asList(statement.NotResource)];
    if (kind === "trust" && resources.length > 0) return "Has prohibited field Resource";
    if (kind !== "trust" && resources.length === 0) return "Policy statement must contain resources.";
    for (const resource of resources)
      if (resource !== "*" && !/^arn:[a-z*-]*:[a-z0-9*?-]+:/.test(resource) && !resource.startsWith("${"))
        return `Resource ${resource} must be in ARN format or "*".`;
  }
  return null;
}
