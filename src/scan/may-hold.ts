import type { Detector } from "../detectors/detector.ts";
import { secretFileSize } from "../detectors/secret-access-key.ts";
import { latin1 } from "./latin1.ts";
import { containerMagic, prefilterLiterals } from "./prefilter.ts";
import type { Rules } from "./rules.ts";
import { compileSearch, type Search } from "./search/compile-search.ts";

const searches = new WeakMap<readonly Detector[], Search>();

/** Whether the bytes can hold anything that these rules report: one of the literals, or a container. */
export function mayHold(bytes: Uint8Array, rules: Rules): boolean {
  let search = searches.get(rules.detectors);
  if (search === undefined) {
    search = compileSearch(prefilterLiterals(rules));
    searches.set(rules.detectors, search);
  }
  if (search.test(bytes)) return true;
  return containerMagic.some(
    ({ bytes: magic, offset }) =>
      bytes.length > offset + magic.length && latin1(bytes.subarray(offset, offset + magic.length)) === magic,
  );
}

/** Whether the bytes are few and the path's last part says secret: a file that holds nothing else is labelled by its name. */
export function isNamedSecret(bytes: Uint8Array, path: string): boolean {
  return bytes.length <= secretFileSize && bytes.length >= 40 && /secret[^/]*$/i.test(path);
}
