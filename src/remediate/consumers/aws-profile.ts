import type { Consumer } from "./consumer.ts";
import { findInIni } from "./ini-sections.ts";

const names = {
  id: ["aws_access_key_id"],
  secret: ["aws_secret_access_key"],
  token: ["aws_session_token", "aws_security_token"],
};

/** `~/.aws/credentials` and `~/.aws/config`; boto's `~/.boto` has the same names. */
export const awsProfile: Consumer = {
  kind: "aws profile",
  expects: (path) => /(?:^|[\\/])(?:\.aws[\\/](?:credentials|config)|\.boto|boto\.cfg)$/.test(path),
  find: (text, accessKeyId) => findInIni(text, accessKeyId, names),
};
