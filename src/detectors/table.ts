import { accessKeyId } from "./access-key-id.ts";
import { appsyncApiKey } from "./appsync-api-key.ts";
import { bedrockApiKey } from "./bedrock-api-key.ts";
import type { Detector } from "./detector.ts";
import { mwsAuthToken } from "./mws-auth-token.ts";
import { presignedUrl } from "./presigned-url.ts";
import { privateKey } from "./private-key.ts";
import { secretAccessKey } from "./secret-access-key.ts";
import { sesSmtpPassword } from "./ses-smtp-password.ts";
import { sessionToken } from "./session-token.ts";

/** Every built-in detector, in the order in which the README lists them. */
export const detectors: readonly Detector[] = [
  accessKeyId,
  secretAccessKey,
  sessionToken,
  bedrockApiKey,
  sesSmtpPassword,
  presignedUrl,
  privateKey,
  appsyncApiKey,
  mwsAuthToken,
];
