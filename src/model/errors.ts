/** Stable names of what can go wrong; `usage` and `config` are the person's to mend, the others the machine's. */
export type ErrorCode = "usage" | "config" | "git" | "unread" | "aws" | "io" | "refused";

/** The one error that keyguard prints as `keyguard: error: …` and `hint: …`. Anything else is a bug and is rethrown. */
export class KeyguardError extends Error {
  readonly code: ErrorCode;
  /** What to do next, as a sentence or a command. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "KeyguardError";
    this.code = code;
    this.hint = options.hint;
  }
}
