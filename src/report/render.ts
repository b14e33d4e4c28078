import type { Report } from "../model/finding.ts";

/** What every format is told beside the report itself. Formats are pure: the command line decides all of this. */
export interface RenderOptions {
  /** Raw secrets instead of masks. Only ever true where a person typed `--show-secrets`. */
  readonly showSecrets: boolean;
  /** Whether the reader is a terminal that wants colours. */
  readonly color: boolean;
  /** Columns of the terminal; formats that are no text ignore it. */
  readonly width: number;
  /** keyguard's own version. */
  readonly version: string;
  /** When the scan ended, ISO 8601 in UTC: formats have no clock of their own, and GitLab's demands a time. */
  readonly generated?: string;
}

/** One format: a whole document, with its final line feed. */
export type Render = (report: Report, options: RenderOptions) => string;
