import { containerMagic, prefilterLiterals } from "../scan/prefilter.ts";
import { defaultRules } from "../scan/rules.ts";

// The build works these out once and bundles the result in place of this file, so that the hook loads no detector.

/** One of these stands in every text that the built-in detectors can report on, but for containers. */
export const literals = prefilterLiterals(defaultRules);

/** First bytes of what must be unpacked before anything can be said of it. */
export const magic = containerMagic;
