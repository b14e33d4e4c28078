const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk gave an error",
  ENXIO: "not a regular file",
  EAGAIN: "not a regular file",
  ENAMETOOLONG: "the path is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ELOOP: "too many symbolic links",
  EBUSY: "in use by another program",
  ESTALE: "the network file system lost it",
};

/** What a failed read means for a person, in a few words, without the path. */
export function whyUnread(error: unknown): string {
  const code = codeOf(error);
  return reasons[code] ?? `cannot be read (${code})`;
}

/** The system's name of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";
}
