import { assign } from "./assign.ts";
import { compareWords, tellingWords } from "./telling-words.ts";

/** A part of a credential that has no partner in its own text. */
export interface LonePart {
  readonly part: "accessKeyId" | "secretAccessKey";
  /** Whether it is no finding by itself. */
  readonly half: boolean;
  /** The texts in which it stands. */
  readonly texts: ReadonlySet<string>;
  /** Its paths, each with the commit that brought it where one is known. */
  readonly places: readonly { readonly path: string; readonly commit: string | null; readonly testData: boolean }[];
  readonly names: ReadonlySet<string>;
}

/** What stands between two files. A folder up or down is the unit of ten. */
const price = { folder: 10, otherCommit: 25, testData: 40, half: 4, otherName: 600 } as const;
/** Two parts are joined when that costs less than twice this: files at most five folders apart. */
const aloneCost = 26;
/** Another partner that is nearly as near makes it a choice that only a person can make. */
const doubt = 5;
/** More lone parts than this are compared with their own folder's only, so that time stays bounded. */
const most = 60;

/**
 * Which lone ids and lone secrets of different texts belong together: nearest folders first, in the same commit, by the
 * names that lead to them where several stand in one file. Gives pairs of indexes. Where two choices are as good as each
 * other, none is made.
 */
export function joinAcrossTexts(parts: readonly LonePart[]): { id: number; secret: number }[] {
  const ids = indexesOf(parts, "accessKeyId");
  const secrets = indexesOf(parts, "secretAccessKey");
  if (ids.length === 0 || secrets.length === 0) return [];
  if (ids.length > most || secrets.length > most) return joinByFolder(parts, ids, secrets);
  return joinSome(parts, ids, secrets);
}

function indexesOf(parts: readonly LonePart[], part: LonePart["part"]): number[] {
  return parts.flatMap((one, i) => (one.part === part ? [i] : []));
}

function joinByFolder(
  parts: readonly LonePart[],
  ids: readonly number[],
  secrets: readonly number[],
): { id: number; secret: number }[] {
  const byFolder = new Map<string, { ids: number[]; secrets: number[] }>();
  const put = (index: number, side: "ids" | "secrets"): void => {
    const folder = folderOf(parts[index]!.places[0]?.path ?? "");
    const there = byFolder.get(folder) ?? { ids: [], secrets: [] };
    there[side].push(index);
    byFolder.set(folder, there);
  };
  for (const id of ids) put(id, "ids");
  for (const secret of secrets) put(secret, "secrets");
  return [...byFolder.values()].flatMap((there) =>
    there.ids.length === 0 || there.secrets.length === 0 || there.ids.length > most || there.secrets.length > most
      ? []
      : joinSome(parts, there.ids, there.secrets),
  );
}

function joinSome(
  parts: readonly LonePart[],
  ids: readonly number[],
  secrets: readonly number[],
): { id: number; secret: number }[] {
  const telling = tellingWords(
    ids.map((i) => parts[i]!.names),
    secrets.map((i) => parts[i]!.names),
  );
  const costs = ids.map((id) => secrets.map((secret) => costOf(parts[id]!, parts[secret]!, telling)));
  const joined: { id: number; secret: number }[] = [];
  for (const [row, column] of assign(costs, aloneCost).entries()) {
    if (column < 0) continue;
    const cost = costs[row]![column]!;
    const rivals = [
      ...costs[row]!.filter((_, j) => j !== column),
      ...costs.filter((_, i) => i !== row).map((line) => line[column]!),
    ];
    if (rivals.some((rival) => rival < cost + doubt)) continue;
    joined.push({ id: ids[row]!, secret: secrets[column]! });
  }
  return joined;
}

function costOf(id: LonePart, secret: LonePart, telling: ReadonlySet<string>): number {
  for (const text of id.texts) if (secret.texts.has(text)) return Number.POSITIVE_INFINITY;
  let cost = Number.POSITIVE_INFINITY;
  for (const a of id.places) {
    for (const b of secret.places) {
      const folders = foldersApart(a.path, b.path) * price.folder;
      const commit = a.commit !== b.commit ? price.otherCommit : 0;
      cost = Math.min(cost, folders + commit + (a.testData === b.testData ? 0 : price.testData));
    }
  }
  if (secret.half) cost += price.half;
  const names = compareWords(id.names, secret.names, telling);
  if (names.shared > 0) return cost * 0.2;
  return names.id > 0 && names.secret > 0 ? cost + price.otherName : cost + 2;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** How many folders one goes up and down from one file to the other. */
function foldersApart(a: string, b: string): number {
  const mine = folderOf(a).split("/");
  const theirs = folderOf(b).split("/");
  let common = 0;
  while (common < mine.length && common < theirs.length && mine[common] === theirs[common]) common++;
  return mine.length + theirs.length - 2 * common;
}
