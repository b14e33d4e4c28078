import { accountOf } from "../../src/detectors/account.ts";
import { fakeAccessKeyId, fakeSecret } from "../support/fake-keys.ts";

/** A credential in the words of an INI file, and its parts, to look for in what is printed. */
export interface Planted {
  readonly text: string;
  readonly id: string;
  readonly secret: string;
}

export function plant(seed: string): Planted {
  // An id of 13 digits is no account's: take the next one, as AWS never made such an id.
  let id = fakeAccessKeyId(seed);
  for (let again = 0; accountOf(id) === null; again++) id = fakeAccessKeyId(`${seed} ${again}`);
  const secret = fakeSecret(seed);
  return { text: `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`, id, secret };
}

/** Whether any 8 characters in a row of the secret stand in what was printed. */
export function leaks(printed: string, { secret }: Planted): boolean {
  for (let at = 0; at + 8 <= secret.length; at++) if (printed.includes(secret.slice(at, at + 8))) return true;
  return false;
}
