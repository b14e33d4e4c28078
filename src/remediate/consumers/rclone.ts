import type { Consumer } from "./consumer.ts";
import { findInIni } from "./ini-sections.ts";

const names = { id: ["access_key_id"], secret: ["secret_access_key"], token: ["session_token"] };

/** https://rclone.org/s3/ */
export const rclone: Consumer = {
  kind: "rclone remote",
  expects: (path) => /(?:^|[\\/])\.?rclone\.conf$/.test(path),
  find: (text, accessKeyId) => findInIni(text, accessKeyId, names),
};
