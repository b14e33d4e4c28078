import { KeyguardError } from "../model/errors.ts";
import type { Render } from "../report/render.ts";

/** Every report format, loaded when it is asked for. */
export const formats = {
  text: async () => (await import("../report/text.ts")).renderText,
  json: async () => (await import("../report/json.ts")).renderJson,
  sarif: async () => (await import("../report/sarif.ts")).renderSarif,
  html: async () => (await import("../report/html.ts")).renderHtml,
  markdown: async () => (await import("../report/markdown.ts")).renderMarkdown,
  github: async () => (await import("../report/github.ts")).renderGithub,
  gitlab: async () => (await import("../report/gitlab.ts")).renderGitlab,
  junit: async () => (await import("../report/junit.ts")).renderJunit,
  csv: async () => (await import("../report/csv.ts")).renderCsv,
} satisfies Record<string, () => Promise<Render>>;

export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as FormatName[];

/** A format and where it goes; null is standard output. */
export interface FormatRequest {
  readonly format: FormatName;
  readonly path: string | null;
}

/**
 * Reads `--format` arguments (`json`, `sarif=out.sarif`, several at once) and `--output`, which is where the one format
 * without a file of its own goes.
 *
 * @throws KeyguardError `usage` for a format that is not there, and when two would share standard output.
 */
export function readFormats(wanted: readonly string[], output: string | undefined): FormatRequest[] {
  const requests = (wanted.length === 0 ? ["text"] : wanted).map((one): FormatRequest => {
    const equals = one.indexOf("=");
    const name = equals < 0 ? one : one.slice(0, equals);
    const path = equals < 0 ? null : one.slice(equals + 1);
    if (!isFormat(name)) {
      throw new KeyguardError("usage", `--format knows no such format`, { hint: `formats: ${formatNames.join(", ")}` });
    }
    if (path === "") {
      throw new KeyguardError("usage", `--format ${name}= names no file`, { hint: `--format ${name}=report.${name}` });
    }
    return { format: name, path: path === "-" ? null : path };
  });
  const open = requests.filter(({ path }) => path === null);
  if (open.length > 1) {
    const [first, second] = open.map(({ format }) => format);
    throw new KeyguardError("usage", `--format ${first} and --format ${second} would both go to standard output`, {
      hint: `give one of them a file: --format ${second}=report.${second}`,
    });
  }
  if (output === undefined || output === "-") return requests;
  if (open.length === 0) {
    throw new KeyguardError("usage", "--output is for a format without a file of its own, and there is none");
  }
  return requests.map((one) => (one.path === null ? { ...one, path: output } : one));
}

function isFormat(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}
