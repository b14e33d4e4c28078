/** A workflow command as GitHub's runner understands it. */
export interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/**
 * Reads a step's output as GitHub's runner does (actions/runner, ActionCommand.cs): a line that begins with `::` after
 * blanks is a command of the second kind; `##[` anywhere in a line makes one of the first kind; the rest is text.
 */
export function parseRunnerLog(output: string): { commands: RunnerCommand[]; lines: string[] } {
  const commands: RunnerCommand[] = [];
  const lines: string[] = [];
  for (const line of output.split(/\r\n|\r|\n/)) {
    const command = parseSecondKind(line) ?? parseFirstKind(line);
    if (command !== null) commands.push(command);
    else if (line !== "") lines.push(line);
  }
  return { commands, lines };
}

function parseSecondKind(line: string): RunnerCommand | null {
  const trimmed = line.trimStart();
  if (!trimmed.startsWith("::")) return null;
  const end = trimmed.indexOf("::", 2);
  if (end < 0) return null;
  const info = trimmed.slice(2, end);
  const space = info.indexOf(" ");
  const name = space < 0 ? info : info.slice(0, space);
  const properties: Record<string, string> = {};
  for (const pair of space < 0
    ? []
    : info
        .slice(space + 1)
        .trim()
        .split(",")) {
    const equals = pair.indexOf("=");
    if (equals > 0) properties[pair.slice(0, equals)] = unescapeProperty(pair.slice(equals + 1));
  }
  return { name, properties, message: unescapeData(trimmed.slice(end + 2)) };
}

function parseFirstKind(line: string): RunnerCommand | null {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  if (end < 0) return null;
  const [name = ""] = line.slice(start + 3, end).split(" ");
  return { name, properties: {}, message: line.slice(end + 1) };
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

function unescapeProperty(text: string): string {
  return text
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%25", "%");
}
