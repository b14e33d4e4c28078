import { arcticUri } from "./arctic-uri.ts";
import { awsProfile } from "./aws-profile.ts";
import type { Consumer, KeySpans } from "./consumer.ts";
import { dotenv } from "./dotenv.ts";
import { jsonSecret } from "./json-secret.ts";
import { passwdS3fs } from "./passwd-s3fs.ts";
import { rclone } from "./rclone.ts";
import { s3cmd } from "./s3cmd.ts";

/** Every kind of file that keyguard can write new keys into. */
export const consumers: readonly Consumer[] = [awsProfile, jsonSecret, passwdS3fs, rclone, s3cmd, dotenv, arcticUri];

export interface FoundKeys {
  readonly consumer: Consumer;
  readonly places: readonly KeySpans[];
}

/** Where a key stands in a file: read as its name says, else as whatever kind fits. Null where it does not. */
export function findKeys(path: string, text: string, accessKeyId: string): FoundKeys | null {
  if (!text.includes(accessKeyId)) return null;
  const expected = consumers.filter((one) => one.expects(path));
  for (const consumer of [...expected, ...consumers.filter((one) => !expected.includes(one))]) {
    const places = consumer.find(text, accessKeyId);
    if (places.length > 0) return { consumer, places };
  }
  return null;
}
