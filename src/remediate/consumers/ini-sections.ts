import type { Span } from "../../model/span.ts";
import type { KeySpans } from "./consumer.ts";

/** The names that a program's configuration has for the three parts of a credential. */
export interface IniNames {
  readonly id: readonly string[];
  readonly secret: readonly string[];
  readonly token: readonly string[];
}

interface Setting {
  readonly name: string;
  readonly value: Span;
  /** With its line break. */
  readonly line: Span;
}

interface Section {
  readonly title: string;
  readonly settings: Setting[];
}

/** Sections and settings of an INI file. Whatever is neither is left alone. */
function readSections(text: string): Section[] {
  const sections: Section[] = [{ title: "", settings: [] }];
  for (const match of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)) {
    const line = match[0];
    if (line === "") break;
    const title = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (title !== undefined) {
      sections.push({ title: title.trim(), settings: [] });
      continue;
    }
    const setting = /^(\s*([A-Za-z0-9_.-]+)\s*[=:]\s*["']?)([^\s"';#]+)/.exec(line);
    if (setting === null) continue;
    const [, before = "", name = "", value = ""] = setting;
    const start = match.index + before.length;
    sections.at(-1)?.settings.push({
      name: name.toLowerCase(),
      value: { start, end: start + value.length },
      line: { start: match.index, end: match.index + line.length },
    });
  }
  return sections;
}

/** The pairs of an INI file by their id, section by section: the profile's name proves nothing. */
export function findInIni(text: string, accessKeyId: string, names: IniNames): KeySpans[] {
  const found: KeySpans[] = [];
  for (const { title, settings } of readSections(text)) {
    const last = (wanted: readonly string[]) => settings.findLast(({ name }) => wanted.includes(name));
    for (const setting of settings) {
      if (!names.id.includes(setting.name)) continue;
      if (text.slice(setting.value.start, setting.value.end) !== accessKeyId) continue;
      found.push({
        id: setting.value,
        secret: last(names.secret)?.value ?? null,
        token: last(names.token)?.line ?? null,
        name: title === "" ? setting.name : `[${title}]`,
      });
    }
  }
  return found;
}
