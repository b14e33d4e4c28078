import { KeyguardError } from "../model/errors.ts";

/** The refusal of a configuration that would have to be run. */
export function refuseCode(name: string): KeyguardError {
  return new KeyguardError("config", `${name} is code, and keyguard never runs code of a repository`, {
    hint: "write it as .keyguardrc, in JSON or YAML",
  });
}
