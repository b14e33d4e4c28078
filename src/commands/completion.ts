import { Argument, type Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import type { CommandModule } from "./command.ts";

const shells = ["bash", "zsh", "fish", "powershell"] as const;

const examples = `
Examples:
  source <(keyguard completion bash)                  in ~/.bashrc
  keyguard completion zsh > "\${fpath[1]}/_keyguard"    once
  keyguard completion fish > ~/.config/fish/completions/keyguard.fish
  keyguard completion powershell | Out-String | Invoke-Expression`;

export const command: CommandModule = {
  define(completion, io, exit) {
    completion
      .addArgument(new Argument("<shell>", "the shell to complete in").choices(shells))
      .addHelpText("after", examples)
      .action(async (shell) => {
        const { buildProgram } = await import("./command-line.ts");
        io.stdout.write(writeCompletion(shell, describeProgram(await buildProgram(io, "all", exit))));
        exit(0);
      });
  },
};

/** What a shell needs to know of an option. */
interface Choice {
  /** `-f`, `--format`. */
  readonly flags: readonly string[];
  readonly about: string;
  /** What its value may be; null when it takes none, empty for a file or anything else. */
  readonly values: readonly string[] | null;
}

interface Described {
  readonly name: string;
  readonly about: string;
  readonly options: readonly Choice[];
  /** What the first argument may be; empty for files or anything else. */
  readonly words: readonly string[];
}

/** The commands with their options, as the help shows them: hidden ones are left out. */
export function describeProgram(program: Command): Described[] {
  return program
    .createHelp()
    .visibleCommands(program as Command)
    .map((one) => ({
      name: one.name(),
      about: one.summary() || one.description(),
      // What stands in the options of a group's commands is offered for the group: the shells look at one word only.
      options: [one, ...one.commands].flatMap((command) => optionsOf(command)).filter(isFirst),
      words: wordsOf(one, program),
    }));
}

function optionsOf(command: CommandUnknownOpts): Choice[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      about: option.description,
      values: option.required || option.optional ? (option.argChoices ?? []) : null,
    }));
}

function isFirst(option: Choice, i: number, all: readonly Choice[]): boolean {
  return all.findIndex((other) => other.flags.join() === option.flags.join()) === i;
}

function wordsOf(command: CommandUnknownOpts, program: Command): readonly string[] {
  if (command.name() === "help") return program.commands.map((other) => other.name());
  if (command.commands.length > 0) return command.commands.map((other) => other.name());
  return command.registeredArguments[0]?.argChoices ?? [];
}

/**
 * A script for a shell, with all names in it: pressing the tabulator starts no program and evaluates nothing of what
 * stands on the line.
 */
export function writeCompletion(shell: (typeof shells)[number], commands: readonly Described[]): string {
  switch (shell) {
    case "bash":
      return writeBash(commands);
    case "zsh":
      return writeZsh(commands);
    case "fish":
      return writeFish(commands);
    case "powershell":
      return writePowershell(commands);
  }
}

function writeBash(commands: readonly Described[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter((option) => option.values !== null)
      .map(({ flags, values: words }) => {
        const patterns = flags.map((flag) => `${name}:${flag}`).join("|");
        return `    ${patterns}) words='${(words ?? []).join(" ")}' ;;`;
      }),
  );
  const words = commands.map(({ name, options, words: first }) => {
    const flags = options.flatMap((option) => option.flags).join(" ");
    return `      ${name}) case "$cur" in -*) words='${flags}' ;; *) words='${first.join(" ")}' ;; esac ;;`;
  });
  return `# bash completion for keyguard: source <(keyguard completion bash)
_keyguard() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(" ")} --help --version' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}:$prev" in
${values.join("\n")}
    *) case "\${COMP_WORDS[1]}" in
${words.join("\n")}
    esac ;;
  esac
  # Nothing of ours fits: -o default completes file names.
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _keyguard keyguard
`;
}

function writeZsh(commands: readonly Described[]): string {
  const inSpec = (text: string) => text.replace(/[[\]:\\]/g, "\\$&").replaceAll("'", "'\\''");
  const described = commands.map(({ name, about }) => `    '${name}:${inSpec(about)}'`);
  const cases = commands.map(({ name, options, words }) => {
    const specs = options.flatMap(({ flags, about, values }) =>
      flags.map((flag) => {
        const action = values === null ? "" : `:value:${values.length > 0 ? `(${values.join(" ")})` : "_files"}`;
        return `'*${flag}[${inSpec(about)}]${action}'`;
      }),
    );
    const first = words.length > 0 ? `'1:word:(${words.join(" ")})'` : "'*:file:_files'";
    return `    ${name}) _arguments -s ${[...specs, first].join(" \\\n      ")} ;;`;
  });
  return `#compdef keyguard
# zsh completion for keyguard: keyguard completion zsh > "\${fpath[1]}/_keyguard"
_keyguard() {
  local -a commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _keyguard ]; then _keyguard "$@"; else compdef _keyguard keyguard; fi
`;
}

function writeFish(commands: readonly Described[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const lines = ["# fish completion for keyguard: keyguard completion fish > ~/.config/fish/completions/keyguard.fish"];
  for (const { name, about, options, words } of commands) {
    lines.push(`complete -c keyguard -n __fish_use_subcommand -f -a ${name} -d ${quote(about)}`);
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    if (words.length > 0) lines.push(`complete -c keyguard ${when} -f -a ${quote(words.join(" "))}`);
    for (const option of options) {
      const flags = option.flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const value =
        option.values === null ? "" : option.values.length > 0 ? ` -x -a ${quote(option.values.join(" "))}` : " -r";
      lines.push(`complete -c keyguard ${when} ${flags.join(" ")}${value} -d ${quote(option.about)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function writePowershell(commands: readonly Described[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const list = (words: readonly string[]) => `@(${words.map(quote).join(", ")})`;
  const table = commands.map(
    ({ name, options, words }) => `    ${quote(name)} = ${list([...words, ...options.flatMap(({ flags }) => flags)])}`,
  );
  return `# PowerShell completion for keyguard: keyguard completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName keyguard -ScriptBlock {
  param($word, $line, $cursor)
  $table = @{
${table.join("\n")}
  }
  $typed = @($line.CommandElements | ForEach-Object { $_.Extent.Text })
  $choices = if ($typed.Count -lt 2 -or ($typed.Count -eq 2 -and $word)) { $table.Keys } else { $table[$typed[1]] }
  $choices | Where-Object { $_ -like "$word*" } | Sort-Object | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}
