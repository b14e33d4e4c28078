import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

function namesIn(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * Where programs keep keys: the person's own files, wherever the environment says that they are, and the environment
 * files of the folder one is in. Not all of them exist.
 */
export function candidateFiles(env: Environment, cwd: string): string[] {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const configured = (name: string): string[] => {
    const path = env[name];
    return path ? [resolve(cwd, path)] : [];
  };
  const secretFolders = [
    join(env.CLOUD_VOLUME_DIR ? resolve(cwd, env.CLOUD_VOLUME_DIR) : join(home, ".cloudvolume"), "secrets"),
    join(env.CLOUD_FILES_DIR ? resolve(cwd, env.CLOUD_FILES_DIR) : join(home, ".cloudfiles"), "secrets"),
  ];
  const paths = [
    ...configured("AWS_SHARED_CREDENTIALS_FILE"),
    join(home, ".aws", "credentials"),
    ...configured("AWS_CONFIG_FILE"),
    join(home, ".aws", "config"),
    ...secretFolders.flatMap((folder) => namesIn(folder, /\.json$/)),
    join(home, ".passwd-s3fs"),
    ...configured("RCLONE_CONFIG"),
    join(env.XDG_CONFIG_HOME ? resolve(cwd, env.XDG_CONFIG_HOME) : join(home, ".config"), "rclone", "rclone.conf"),
    join(home, ".rclone.conf"),
    join(home, ".s3cfg"),
    ...configured("BOTO_CONFIG"),
    join(home, ".boto"),
    ...namesIn(cwd, /^\.env(?:rc|\..+)?$|\.env$|aws-secret\.json$/),
  ];
  return [...new Set(paths)];
}
