import type { IAMClient } from "@aws-sdk/client-iam";
import { KeyguardError } from "../model/errors.ts";
import { describeFailure, whyUnknown } from "./aws-failure.ts";
import type { Clients } from "./clients.ts";
import { loadIam, loadS3 } from "./load-sdk.ts";
import { partitionOf } from "./partitions.ts";
import { type PolicyText, type Reach, reachOf } from "./policy-reach.ts";

/** What was looked for: seen, or why it was not. Nothing is ever filled in by guessing. */
export type Seen<T> = { readonly seen: true; readonly value: T } | { readonly seen: false; readonly why: string };

/** Whose key it is: from GetCallerIdentity, or from an administrator's GetAccessKeyLastUsed. */
export type Owner =
  | { readonly kind: "user" | "role"; readonly name: string; readonly account: string; readonly arn: string }
  | {
      readonly kind: "root" | "federated-user" | "other";
      readonly name: string;
      readonly account: string;
      readonly arn: string;
    };

export interface NamedPolicy extends PolicyText {
  readonly kind: "inline" | "attached" | "group" | "boundary";
  /** The group that brings it. */
  readonly group: string | null;
  readonly arn: string | null;
}

export interface KeyDescription {
  readonly owner: Owner;
  readonly created: Seen<string>;
  readonly tags: Seen<Readonly<Record<string, string>>>;
  /** All keys of the user, this one included. Dates are ISO 8601. */
  readonly keys: Seen<readonly { readonly id: string; readonly status: string; readonly created: string | null }[]>;
  /** Null: never. */
  readonly lastUsed: Seen<{ readonly date: string; readonly service: string; readonly region: string } | null>;
  readonly policies: Seen<readonly NamedPolicy[]>;
  /** Policies, or parts of their list, that could not be read: the reach below may be larger. */
  readonly unseenPolicies: readonly { readonly name: string; readonly why: string }[];
  readonly boundary: Seen<NamedPolicy | null>;
  /** Names of AWS's quarantine policies on the user. */
  readonly quarantine: Seen<readonly string[]>;
  /** What the policies that could be read allow. */
  readonly reach: Reach | null;
  /** Names of the buckets that the key itself can list; null where it was not asked. */
  readonly buckets: Seen<readonly string[]> | null;
}

/** Policies that AWS attaches when it finds a key in public; V4 exists since 2026-11. */
const quarantineName = /^AWSCompromisedKeyQuarantine/;

export const notAllowed = "not allowed to see";

async function look<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: true, value: await ask() };
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    const failure = describeFailure(error);
    if (failure.kind === "refused" && /AccessDenied|Unauthorized|Forbidden|InvalidClientTokenId/.test(failure.code))
      return { seen: false, why: notAllowed };
    if (failure.code === "NoSuchEntity" || failure.code === "NoSuchEntityException")
      return { seen: false, why: "it is not there" };
    return { seen: false, why: whyUnknown(failure) };
  }
}

/** All items of a paged list. */
async function all<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of pages) found.push(...(itemsOf(page) ?? []));
  return found;
}

/** Whose ARN it is. */
export function ownerOf(arn: string): Owner {
  const [, account = "", kind = "", path = ""] = /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):([a-z-]+)\/?(.*)$/.exec(arn) ?? [];
  if (kind === "root") return { kind: "root", name: "root", account, arn };
  if (kind === "user") return { kind: "user", name: path.split("/").at(-1) ?? path, account, arn };
  if (kind === "assumed-role") return { kind: "role", name: path.split("/")[0] ?? path, account, arn };
  if (kind === "federated-user") return { kind: "federated-user", name: path, account, arn };
  return { kind: "other", name: path || arn, account, arn };
}

/** The text of a managed policy's version in force. */
async function managedDocument(iam: IAMClient, arn: string): Promise<string> {
  const { GetPolicyCommand, GetPolicyVersionCommand } = await loadIam();
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }));
  const VersionId = Policy?.DefaultVersionId ?? "v1";
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn: arn, VersionId }));
  return decodeURIComponent(PolicyVersion?.Document ?? "");
}

function nameOfArn(arn: string): string {
  return arn.split("/").at(-1) ?? arn;
}

/** Collects the policies of one owner, and remembers what it was not shown. */
class PolicyReader {
  readonly policies: NamedPolicy[] = [];
  readonly unseen: { name: string; why: string }[] = [];
  /** Whether any list was shown at all. */
  sawAny = false;
  readonly attachedNames: string[] = [];
  sawAttached = false;
  readonly #iam: IAMClient;

  constructor(iam: IAMClient) {
    this.#iam = iam;
  }

  async #list<T>(what: string, ask: () => Promise<T[]>): Promise<T[] | null> {
    const seen = await look(ask);
    if (seen.seen) {
      this.sawAny = true;
      return seen.value;
    }
    this.unseen.push({ name: what, why: seen.why });
    return null;
  }

  async #keep(
    name: string,
    kind: NamedPolicy["kind"],
    group: string | null,
    arn: string | null,
    read: () => Promise<string>,
  ): Promise<void> {
    const document = await look(read);
    if (document.seen) this.policies.push({ name, kind, group, arn, document: document.value });
    else this.unseen.push({ name, why: document.why });
  }

  async readUser(UserName: string): Promise<void> {
    const sdk = await loadIam();
    const iam = this.#iam;
    const paging = { client: iam };
    const inline = await this.#list("inline policies", () =>
      all(sdk.paginateListUserPolicies(paging, { UserName }), (page) => page.PolicyNames),
    );
    for (const PolicyName of inline ?? [])
      await this.#keep(PolicyName, "inline", null, null, async () =>
        decodeURIComponent(
          (await iam.send(new sdk.GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument ?? "",
        ),
      );
    const attached = await this.#list("attached policies", () =>
      all(sdk.paginateListAttachedUserPolicies(paging, { UserName }), (page) => page.AttachedPolicies),
    );
    this.sawAttached = attached !== null;
    for (const { PolicyArn = "" } of attached ?? []) {
      this.attachedNames.push(nameOfArn(PolicyArn));
      await this.#keep(nameOfArn(PolicyArn), "attached", null, PolicyArn, () => managedDocument(iam, PolicyArn));
    }
    const groups = await this.#list("groups", () =>
      all(sdk.paginateListGroupsForUser(paging, { UserName }), (page) => page.Groups),
    );
    for (const { GroupName = "" } of groups ?? []) await this.#readGroup(GroupName);
  }

  async #readGroup(GroupName: string): Promise<void> {
    const sdk = await loadIam();
    const iam = this.#iam;
    const inline = await this.#list(`inline policies of group ${GroupName}`, () =>
      all(sdk.paginateListGroupPolicies({ client: iam }, { GroupName }), (page) => page.PolicyNames),
    );
    for (const PolicyName of inline ?? [])
      await this.#keep(PolicyName, "group", GroupName, null, async () =>
        decodeURIComponent(
          (await iam.send(new sdk.GetGroupPolicyCommand({ GroupName, PolicyName }))).PolicyDocument ?? "",
        ),
      );
    const attached = await this.#list(`attached policies of group ${GroupName}`, () =>
      all(sdk.paginateListAttachedGroupPolicies({ client: iam }, { GroupName }), (page) => page.AttachedPolicies),
    );
    for (const { PolicyArn = "" } of attached ?? [])
      await this.#keep(nameOfArn(PolicyArn), "group", GroupName, PolicyArn, () => managedDocument(iam, PolicyArn));
  }

  async readRole(RoleName: string): Promise<void> {
    const sdk = await loadIam();
    const iam = this.#iam;
    const inline = await this.#list("inline policies", () =>
      all(sdk.paginateListRolePolicies({ client: iam }, { RoleName }), (page) => page.PolicyNames),
    );
    for (const PolicyName of inline ?? [])
      await this.#keep(PolicyName, "inline", null, null, async () =>
        decodeURIComponent(
          (await iam.send(new sdk.GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument ?? "",
        ),
      );
    const attached = await this.#list("attached policies", () =>
      all(sdk.paginateListAttachedRolePolicies({ client: iam }, { RoleName }), (page) => page.AttachedPolicies),
    );
    for (const { PolicyArn = "" } of attached ?? [])
      await this.#keep(nameOfArn(PolicyArn), "attached", null, PolicyArn, () => managedDocument(iam, PolicyArn));
  }
}

const everything: PolicyText = {
  name: "root",
  document: '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
};

/**
 * When a key was last used, and for what. Whoever tries the key changes the answer, so that this is to be asked before.
 *
 * @param region any region of the key's partition
 */
export async function readLastUsed(
  clients: Clients,
  accessKeyId: string,
  region: string,
): Promise<KeyDescription["lastUsed"]> {
  if (accessKeyId.startsWith("ASIA")) return { seen: false, why: "AWS keeps no last use of temporary keys" };
  return look(async () => {
    const [iam, sdk] = [await clients.iam(region), await loadIam()];
    const { AccessKeyLastUsed: used } = await iam.send(
      new sdk.GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }),
    );
    if (!used?.LastUsedDate) return null;
    return { date: used.LastUsedDate.toISOString(), service: used.ServiceName ?? "", region: used.Region ?? "" };
  });
}

/** How to look: with whose eyes, at which key. */
export interface DescribeRequest {
  /** The administrator's clients, or the key's own. */
  readonly clients: Clients;
  readonly accessKeyId: string;
  readonly owner: Owner;
  /** Whether the clients are the key's own: then it is also asked which buckets it can list. */
  readonly withOwnKey: boolean;
  /** What was read before the key was tried. */
  readonly lastUsed?: KeyDescription["lastUsed"] | undefined;
}

/**
 * What a key may do and what it did last, read-only: its user, the policies in force, the buckets they reach. Each call
 * that is refused is told as such.
 */
export async function describeKey(request: DescribeRequest): Promise<KeyDescription> {
  const { clients, accessKeyId, owner, withOwnKey } = request;
  const region = partitionOf(owner.arn).region;
  const iam = await clients.iam(region);
  const sdk = await loadIam();
  const unasked = <T>(why: string): Seen<T> => ({ seen: false, why });
  const isUser = owner.kind === "user";

  const user = isUser
    ? await look(async () => (await iam.send(new sdk.GetUserCommand({ UserName: owner.name }))).User)
    : owner.kind === "role"
      ? await look(async () => (await iam.send(new sdk.GetRoleCommand({ RoleName: owner.name }))).Role)
      : unasked<undefined>(`${owner.kind} has no user`);

  const keys = isUser
    ? await look(async () =>
        (
          await all(
            sdk.paginateListAccessKeys({ client: iam }, { UserName: owner.name }),
            (page) => page.AccessKeyMetadata,
          )
        ).map((key) => ({
          id: key.AccessKeyId ?? "",
          status: key.Status ?? "",
          created: key.CreateDate?.toISOString() ?? null,
        })),
      )
    : unasked<never[]>(`${owner.kind} has no keys of its own`);

  const lastUsed = request.lastUsed ?? (await readLastUsed(clients, accessKeyId, region));

  const reader = new PolicyReader(iam);
  if (isUser) await reader.readUser(owner.name);
  if (owner.kind === "role") await reader.readRole(owner.name);

  const boundaryArn = user.seen ? user.value?.PermissionsBoundary?.PermissionsBoundaryArn : undefined;
  const boundary: Seen<NamedPolicy | null> = !user.seen
    ? unasked(user.why)
    : boundaryArn === undefined
      ? { seen: true, value: null }
      : await look(async () => ({
          name: nameOfArn(boundaryArn),
          kind: "boundary" as const,
          group: null,
          arn: boundaryArn,
          document: await managedDocument(iam, boundaryArn),
        }));

  const texts = owner.kind === "root" ? [everything] : reader.policies;
  const known = owner.kind === "root" || reader.sawAny;
  const buckets = withOwnKey
    ? await look(async () => {
        const s3 = await clients.s3(region);
        const { ListBucketsCommand } = await loadS3();
        return ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map((bucket) => bucket.Name ?? "");
      })
    : null;

  return {
    owner,
    created: user.seen ? { seen: true, value: user.value?.CreateDate?.toISOString() ?? "" } : unasked(user.why),
    tags: user.seen
      ? {
          seen: true,
          value: Object.fromEntries((user.value?.Tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""])),
        }
      : unasked(user.why),
    keys,
    lastUsed,
    policies: known
      ? { seen: true, value: reader.policies }
      : unasked(reader.unseen[0]?.why ?? "it has none of its own"),
    unseenPolicies: reader.unseen,
    boundary,
    quarantine:
      isUser && !reader.sawAttached
        ? unasked(reader.unseen.find(({ name }) => name === "attached policies")?.why ?? notAllowed)
        : { seen: true, value: reader.attachedNames.filter((name) => quarantineName.test(name)) },
    reach: known ? reachOf(texts, boundary.seen ? boundary.value : null) : null,
    buckets,
  };
}
