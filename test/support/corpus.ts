import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeBytes, encodeText, isContainer, type Member, pack } from "./corpus-encoders.ts";
import { credentialKinds, type Family, noiseKinds, seededRandom } from "./corpus-values.ts";

/** Where the corpus lies; its README.md describes the format. */
export const corpusRoot = fileURLToPath(new URL("../fixtures/corpus/", import.meta.url));

export type ExpectedKind = "pair" | Family | "other-store";

/** What a scanner must find in a case. The values are raw: as AWS would issue them, before any encoding. */
export interface Expected {
  readonly kind: ExpectedKind;
  /** As it is written in the case: `pair a`. */
  readonly label: string;
  /** Present for `pair` and `id`; null where none is expected. */
  readonly id: string | null;
  /** The secret of a pair, or the one value of every other kind but `id`. */
  readonly secret: string | null;
  readonly token: string | null;
}

export interface CorpusFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface CorpusCase {
  /** The archive's path without its ending: `leaks/ini`. */
  readonly group: string;
  readonly name: string;
  readonly about: string;
  readonly files: readonly CorpusFile[];
  readonly expected: readonly Expected[];
  /** Values whose report is neither demanded nor wrong. */
  readonly tolerated: readonly string[];
  /** Whether a key of another store may be reported as such. */
  readonly toleratesOtherStores: boolean;
  /** The letters of every credential placeholder in the files, as `family letter`. */
  readonly used: readonly string[];
  /** Those that `expect:` or `tolerate:` names, the same way. */
  readonly named: readonly string[];
}

interface Section {
  path: string;
  transforms: string[];
  lines: string[];
}

interface RawCase {
  name: string;
  fields: Map<string, string[]>;
  sections: Section[];
}

const placeholder = /⟦([^⟦⟧]*)⟧/g;

/**
 * Every case of the corpus, or of one folder of it (`leaks`, `clean`), in the order of the files. Another `seed` plants
 * other keys in the same files: what depends on luck (a key that begins with `/`, holds no digit, spells a word) shows
 * over some seeds.
 */
export function loadCorpus(folder = "", root = corpusRoot, seed = ""): CorpusCase[] {
  return listArchives(join(root, folder)).flatMap((path) => {
    const group = relative(root, path)
      .split(sep)
      .join("/")
      .replace(/\.txt$/, "");
    return readArchive(group, readFileSync(path, "utf8"), seed);
  });
}

function listArchives(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".txt"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The cases of one archive's text. Throws with the case's name on anything that is not in the format. */
export function readArchive(group: string, text: string, seed = ""): CorpusCase[] {
  const cases = splitCases(group, text);
  const names = new Set<string>();
  return cases.map((raw) => {
    try {
      if (names.has(raw.name)) throw new Error("this name is taken");
      names.add(raw.name);
      return expandCase(group, raw, seed);
    } catch (error) {
      throw new Error(`${group} ${raw.name}: ${error instanceof Error ? error.message : error}`);
    }
  });
}

function splitCases(group: string, text: string): RawCase[] {
  const cases: RawCase[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const where = `${group}.txt:${index + 1}`;
    const current = cases.at(-1);
    const section = current?.sections.at(-1);
    if (line.startsWith("=== ")) {
      cases.push({ name: line.slice(4).trim(), fields: new Map(), sections: [] });
    } else if (current !== undefined && line.startsWith("--- ")) {
      const [path = "", ...transforms] = line.slice(4).trim().split(/\s+/);
      current.sections.push({ path: decodeURI(path), transforms, lines: [] });
    } else if (section !== undefined) {
      section.lines.push(/^\\(===|---) /.test(line) ? line.slice(1) : line);
    } else if (current !== undefined && line.trim() !== "") {
      const field = /^(about|expect|tolerate):\s*(.*)$/.exec(line);
      if (field === null) throw new Error(`${where}: neither a field (about, expect, tolerate) nor a section`);
      const [, name = "", value = ""] = field;
      current.fields.set(name, [...(current.fields.get(name) ?? []), value]);
    } else if (line.trim() !== "" && !line.startsWith("#")) {
      throw new Error(`${where}: text before the first case must be a # comment`);
    }
  }
  return cases;
}

/** The values of one case: the same letter gives the same value everywhere in it. */
class Values {
  readonly made = new Map<string, string>();
  readonly within: string[] = [];
  readonly #seed: string;
  readonly #kinds = new Map<string, string>();
  #anonymous = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  get(kind: string, argument: string, name: string): string {
    const credential = credentialKinds[kind];
    if (credential !== undefined) {
      if (!/^[a-z][a-z0-9]*$/.test(argument)) throw new Error(`⟦${kind}:${argument}⟧ needs a letter`);
      const key = `${credential.family} ${argument}`;
      const known = this.made.get(key);
      if (known !== undefined) {
        if (this.#kinds.get(key) !== kind) throw new Error(`${key} is both ${this.#kinds.get(key)} and ${kind}`);
        return known;
      }
      const made = credential.make(seededRandom(`${this.#seed}\0${key}`), argument);
      this.#kinds.set(key, kind);
      this.made.set(key, made.value);
      this.within.push(...(made.within ?? []));
      return made.value;
    }
    const noise = noiseKinds[kind];
    if (noise === undefined) throw new Error(`no such placeholder: ⟦${kind}⟧`);
    const seed = name === "" ? `#${this.#anonymous++}` : name;
    return noise(seededRandom(`${this.#seed}\0${kind}\0${argument}\0${seed}`), argument);
  }
}

/** Expands placeholders, and `⟦begin|…⟧ … ⟦end⟧` regions from the inside out. */
function expandText(text: string, values: Values): string {
  const stack: { filters: string[]; text: string }[] = [{ filters: [], text: "" }];
  let from = 0;
  const add = (piece: string): void => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += piece;
  };
  for (const match of text.matchAll(placeholder)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    const [head = "", ...filters] = (match[1] ?? "").split("|");
    if (head === "begin") stack.push({ filters, text: "" });
    else if (head === "end") {
      const region = stack.pop();
      if (region === undefined || stack.length === 0) throw new Error("⟦end⟧ without ⟦begin⟧");
      add(applyFilters(region.text.replace(/^\n/, "").replace(/\n$/, ""), region.filters));
    } else {
      const [kind = "", argument = "", name = ""] = head.split(":");
      add(applyFilters(values.get(kind, argument, name), filters));
    }
  }
  if (stack.length !== 1) throw new Error("⟦begin⟧ without ⟦end⟧");
  add(text.slice(from));
  return stack[0]?.text ?? "";
}

function applyFilters(text: string, filters: readonly string[]): string {
  return filters.reduce((current, filter) => {
    const slice = /^(-?\d*)\.\.(-?\d*)$/.exec(filter);
    if (slice === null) return encodeText(filter, current);
    const [, start = "", end = ""] = slice;
    return current.slice(start === "" ? 0 : Number(start), end === "" ? undefined : Number(end));
  }, text);
}

function expandCase(group: string, raw: RawCase, seed: string): CorpusCase {
  const values = new Values(`${seed}${group}\0${raw.name}`);
  const files: { path: string; bytes: Buffer; container: string | null; members: Member[] }[] = [];
  for (const section of raw.sections) {
    while (section.lines.length > 0 && section.lines.at(-1)?.trim() === "") section.lines.pop();
    const text = section.lines.length === 0 ? "" : `${expandText(section.lines.join("\n"), values)}\n`;
    const container = section.transforms.find(isContainer);
    const at = container === undefined ? section.transforms.length : section.transforms.indexOf(container);
    let bytes: Buffer = Buffer.from(text);
    for (const transform of section.transforms.slice(0, at)) bytes = encodeBytes(transform, bytes);
    if (container === undefined) {
      files.push({ path: section.path, bytes, container: null, members: [] });
      continue;
    }
    // Sections of one path with the same kind of container are members of one archive.
    const [kind = "", ...member] = container.split(":");
    const rest = section.transforms.slice(at + 1);
    const label = [kind, ...rest].join(" ");
    const same = files.find((file) => file.path === section.path && file.container === label);
    const target = same ?? { path: section.path, bytes: Buffer.alloc(0), container: label, members: [] };
    if (same === undefined) files.push(target);
    target.members.push({ name: member.join(":") || "file.txt", bytes });
    target.bytes = rest.reduce<Buffer>(
      (current, transform) => {
        if (isContainer(transform)) {
          const [outer = "", ...inner] = transform.split(":");
          return pack(outer, [{ name: inner.join(":") || "file", bytes: current }]);
        }
        return encodeBytes(transform, current);
      },
      pack(kind, target.members),
    );
  }
  const named: string[] = [];
  const read = (family: string, letter: string): string => {
    named.push(`${family} ${letter}`);
    const value = values.made.get(`${family} ${letter}`);
    if (value === undefined) throw new Error(`expects ${family} ${letter}, which is in no file`);
    return value;
  };
  const expected = splitList(raw.fields.get("expect")).map((label) => readExpectation(label, values, read));
  const tolerances = splitList(raw.fields.get("tolerate"));
  const tolerated = tolerances
    .filter((label) => label !== "other-store")
    .map((label) => {
      const [family = "", letter = ""] = label.split(/\s+/);
      return read(family, letter);
    });
  return {
    group,
    name: raw.name,
    about: (raw.fields.get("about") ?? []).join(" "),
    files: files.map(({ path, bytes }) => ({ path, bytes })),
    expected,
    tolerated: [...tolerated, ...values.within],
    toleratesOtherStores: tolerances.includes("other-store"),
    used: [...values.made.keys()],
    named,
  };
}

function splitList(fields: readonly string[] | undefined): string[] {
  return (fields ?? [])
    .flatMap((field) => field.split(";"))
    .map((label) => label.trim().replace(/\s+/g, " "))
    .filter((label) => label !== "" && label !== "none");
}

const families: readonly Family[] = ["id", "secret", "token", "bedrock", "appsync", "mws", "smtp", "pem", "url"];

function readExpectation(label: string, values: Values, read: (family: string, letter: string) => string): Expected {
  const [kind = "", letters = ""] = label.split(" ");
  if (kind === "pair") {
    // `pair a` is the id, secret and (where the case has one) token of a; `pair a/b/c` names each.
    const [id = "", secret = id, token = values.made.has(`token ${id}`) && !letters.includes("/") ? id : ""] =
      letters.split("/");
    return {
      kind,
      label,
      id: read("id", id),
      secret: read("secret", secret),
      token: token === "" ? null : read("token", token),
    };
  }
  if (kind === "other-store") {
    return { kind, label, id: null, secret: read("secret", letters), token: null };
  }
  const family = families.find((each) => each === kind);
  if (family === undefined) throw new Error(`no such expectation: ${label}`);
  const value = read(family, letters);
  if (family === "id") return { kind: family, label, id: value, secret: null, token: null };
  if (family === "token") return { kind: family, label, id: null, secret: null, token: value };
  return { kind: family, label, id: null, secret: value, token: null };
}
