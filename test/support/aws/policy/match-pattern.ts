/** Context of a request: condition keys (any case) to one or more values. */
export type Context = ReadonlyMap<string, string | readonly string[]>;

/** Looks a condition key up: their names do not tell upper from lower case. */
export function contextValues(context: Context, key: string): readonly string[] | undefined {
  const value = context.get(key.toLowerCase());
  if (value === undefined) return undefined;
  return typeof value === "string" ? [value] : value;
}

const special = /[.+^${}()|[\]\\]/g;

/** A literal part of a pattern as a regular expression's source. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function glob(text: string): string {
  return text.replace(special, "\\$&").replaceAll("*", "[\\s\\S]*").replaceAll("?", "[\\s\\S]");
}

/**
 * The source of a regular expression for an IAM pattern, or null where it holds a variable that the request lacks: such a
 * statement does not apply. What a variable stands for is literal: a user named `*` is no wildcard.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
function patternSource(pattern: string, context: Context | null, wildcards: boolean): string | null {
  const plain = wildcards ? glob : literal;
  if (!context) return plain(pattern);
  let source = "";
  let from = 0;
  for (const variable of pattern.matchAll(/\$\{([^}]*)\}/g)) {
    source += plain(pattern.slice(from, variable.index));
    from = variable.index + variable[0].length;
    const inside = (variable[1] ?? "").trim();
    if (inside === "*" || inside === "?" || inside === "$") {
      source += literal(inside);
      continue;
    }
    const [name = "", fallback] = inside.split(/\s*,\s*'/);
    const values = contextValues(context, name);
    if (values?.length === 1) source += literal(values[0] ?? "");
    else if (!values && fallback !== undefined) source += literal(fallback.replace(/'$/, ""));
    else return null;
  }
  return source + plain(pattern.slice(from));
}

/** Whether the request has a value for every variable of a pattern. */
export function isResolvable(pattern: string, context: Context | null): boolean {
  return patternSource(pattern, context, true) !== null;
}

export interface PatternOptions {
  /** For policy variables; null where the policy's version has none (2008-10-17). */
  readonly context: Context | null;
  readonly wildcards: boolean;
  readonly ignoreCase?: boolean;
}

/** Whether a value matches one pattern of a policy, from beginning to end. */
export function matchesPattern(value: string, pattern: string, options: PatternOptions): boolean {
  if (pattern === "*" && options.wildcards) return true;
  const source = patternSource(pattern, options.context, options.wildcards);
  return source !== null && new RegExp(`^${source}$`, options.ignoreCase ? "i" : "").test(value);
}

/** Splits an ARN into its six parts; the last keeps its colons. Variables in a pattern may hold colons and are kept whole. */
function splitArn(arn: string): string[] | null {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of arn) {
    if (character === "{") depth++;
    if (character === "}") depth--;
    if (character === ":" && depth === 0 && parts.length < 5) {
      parts.push(part);
      part = "";
    } else part += character;
  }
  parts.push(part);
  return parts.length === 6 ? parts : null;
}

/** Whether an ARN matches a pattern part by part: a wildcard never reaches over one of the first five colons. */
export function matchesArn(arn: string, pattern: string, context: Context | null): boolean {
  if (pattern === "*") return true;
  const value = splitArn(arn);
  const parts = splitArn(pattern);
  if (!value || !parts) return false;
  return parts.every((part, index) => matchesPattern(value[index] ?? "", part, { context, wildcards: true }));
}
