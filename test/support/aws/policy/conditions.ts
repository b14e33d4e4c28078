import { type Context, contextValues, matchesArn, matchesPattern } from "./match-pattern.ts";
import { asList, type ConditionBlock } from "./policy-document.ts";

/** Whether one value of the request satisfies one value of the policy. */
type Test = (actual: string, expected: string, context: Context | null) => boolean;

const exact: Test = (actual, expected, context) => matchesPattern(actual, expected, { context, wildcards: false });
const exactIgnoringCase: Test = (actual, expected, context) =>
  matchesPattern(actual, expected, { context, wildcards: false, ignoreCase: true });
const like: Test = (actual, expected, context) => matchesPattern(actual, expected, { context, wildcards: true });

function compare(parse: (text: string) => number, holds: (a: number, b: number) => boolean): Test {
  return (actual, expected) => {
    const a = parse(actual);
    const b = parse(expected);
    return !Number.isNaN(a) && !Number.isNaN(b) && holds(a, b);
  };
}

const number = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));
/** Dates are ISO 8601, or seconds since 1970. */
const date = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text));

function ipBits(address: string): { bits: bigint; width: number } | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) {
    const bytes = address.split(".").map(Number);
    if (bytes.some((byte) => byte > 255)) return null;
    return { bits: bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n), width: 32 };
  }
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(":")) return null;
  const [head = "", tail] = address.split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  if (tail === undefined ? left.length !== 8 : left.length + right.length > 7) return null;
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return { bits: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), width: 128 };
}

const withinRange: Test = (actual, expected) => {
  const [network = "", size] = expected.split("/");
  const address = ipBits(actual);
  const range = ipBits(network);
  if (!address || !range || address.width !== range.width) return false;
  const ignored = BigInt(range.width - (size === undefined ? range.width : Number(size)));
  return address.bits >> ignored === range.bits >> ignored;
};

const arnLike: Test = (actual, expected, context) => matchesArn(actual, expected, context);

/** Operator → its test, and whether it asks for the opposite. */
const operators: ReadonlyMap<string, { readonly test: Test; readonly negated: boolean }> = new Map(
  Object.entries({
    stringequals: { test: exact, negated: false },
    stringnotequals: { test: exact, negated: true },
    stringequalsignorecase: { test: exactIgnoringCase, negated: false },
    stringnotequalsignorecase: { test: exactIgnoringCase, negated: true },
    stringlike: { test: like, negated: false },
    stringnotlike: { test: like, negated: true },
    numericequals: { test: compare(number, (a, b) => a === b), negated: false },
    numericnotequals: { test: compare(number, (a, b) => a === b), negated: true },
    numericlessthan: { test: compare(number, (a, b) => a < b), negated: false },
    numericlessthanequals: { test: compare(number, (a, b) => a <= b), negated: false },
    numericgreaterthan: { test: compare(number, (a, b) => a > b), negated: false },
    numericgreaterthanequals: { test: compare(number, (a, b) => a >= b), negated: false },
    dateequals: { test: compare(date, (a, b) => a === b), negated: false },
    datenotequals: { test: compare(date, (a, b) => a === b), negated: true },
    datelessthan: { test: compare(date, (a, b) => a < b), negated: false },
    datelessthanequals: { test: compare(date, (a, b) => a <= b), negated: false },
    dategreaterthan: { test: compare(date, (a, b) => a > b), negated: false },
    dategreaterthanequals: { test: compare(date, (a, b) => a >= b), negated: false },
    bool: { test: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(), negated: false },
    binaryequals: { test: (actual, expected) => actual === expected, negated: false },
    ipaddress: { test: withinRange, negated: false },
    notipaddress: { test: withinRange, negated: true },
    arnequals: { test: arnLike, negated: false },
    arnlike: { test: arnLike, negated: false },
    arnnotequals: { test: arnLike, negated: true },
    arnnotlike: { test: arnLike, negated: true },
  } satisfies Record<string, { test: Test; negated: boolean }>),
);

/** Whether one `operator: { key: values }` holds. An operator that does not exist never holds. */
function holds(
  operator: string,
  key: string,
  expected: readonly string[],
  request: Context,
  variables: Context | null,
): boolean {
  const parts = /^(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?$/.exec(operator.toLowerCase());
  const actual = contextValues(request, key);
  if (parts?.[2] === "null")
    return expected.some((value) => (value.toLowerCase() === "true") === (actual === undefined));
  const known = operators.get(parts?.[2] ?? "");
  if (!known) return false;
  const quantifier = parts?.[1];
  if (actual === undefined || actual.length === 0) {
    if (parts?.[3] || quantifier === "forallvalues") return true;
    return quantifier === "foranyvalue" ? false : known.negated;
  }
  // Several values in the policy are an OR for an operator and a NOR for its opposite.
  const satisfied = (value: string) =>
    expected.some((wanted) => known.test(value, wanted, variables)) !== known.negated;
  if (quantifier === "forallvalues") return actual.every(satisfied);
  if (quantifier === "foranyvalue") return actual.some(satisfied);
  return known.negated ? actual.every(satisfied) : actual.some(satisfied);
}

/**
 * Whether all conditions of a statement hold for a request.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function conditionsHold(
  block: ConditionBlock | undefined,
  request: Context,
  variables: Context | null,
): boolean {
  return Object.entries(block ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => holds(operator, key, asList(values).map(String), request, variables)),
  );
}
