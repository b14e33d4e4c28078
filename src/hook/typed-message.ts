import { readFileSync } from "node:fs";

/**
 * The message that was typed as `git commit -m …`. Git runs pre-commit before it writes the message anywhere, so a refusal
 * would lose it; whoever asked is the parent of the hook, and Linux shows its arguments. Null elsewhere, and where there
 * was none: a message that comes from an editor or a file is not yet typed or still there.
 */
export function findTypedMessage(pid: number = process.ppid): string | null {
  let current = pid;
  // The hook's shell, a hook manager and its shells may stand in between.
  for (let generation = 0; generation < 10 && current > 1; generation++) {
    let args: string[];
    let parent: number;
    try {
      args = readFileSync(`/proc/${current}/cmdline`, "utf8").split("\0").slice(0, -1);
      // The name in parentheses may hold anything, a closing one included.
      parent = Number(/.*\) \S+ (\d+)/s.exec(readFileSync(`/proc/${current}/stat`, "utf8"))?.[1] ?? 0);
    } catch {
      return null;
    }
    const at = args.indexOf("commit");
    if (/(^|\/)git$/.test(args[0] ?? "") && at > 0) return readMessage(args.slice(at + 1));
    current = parent;
  }
  return null;
}

/** The paragraphs of `-m`, as git joins them; from the arguments behind `commit`. */
export function readMessage(args: readonly string[]): string | null {
  const paragraphs: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--") break;
    // A cluster of short options ends with the first that takes a value.
    const value = /^--message=(.*)$/s.exec(arg)?.[1] ?? /^-[apqvsneioz]*m(.+)$/s.exec(arg)?.[1];
    if (value !== undefined) paragraphs.push(value);
    else if (arg === "--message" || /^-[apqvsneioz]*m$/.test(arg)) paragraphs.push(args[++i] ?? "");
    else if (/^-[apqvsneioz]*[CcFt]$|^--(author|date|file|template|fixup|squash|trailer|cleanup)$/.test(arg)) i++;
  }
  return paragraphs.length === 0 ? null : `${paragraphs.join("\n\n")}\n`;
}
