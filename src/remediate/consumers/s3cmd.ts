import type { Consumer } from "./consumer.ts";
import { findInIni } from "./ini-sections.ts";

const names = { id: ["access_key"], secret: ["secret_key"], token: ["access_token"] };

/** https://s3tools.org/kb/item14.htm */
export const s3cmd: Consumer = {
  kind: "s3cmd",
  expects: (path) => /(?:^|[\\/])\.?s3cfg$/.test(path),
  find: (text, accessKeyId) => findInIni(text, accessKeyId, names),
};
