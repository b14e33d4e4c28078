import { Command, CommanderError } from "@commander-js/extra-typings";
import { KeyguardError } from "../model/errors.ts";
import { spellOutInvisible } from "../report/visible.ts";
import type { CommandModule, ExitCode, Io } from "./command.ts";

interface Entry {
  readonly name: string;
  readonly about: string;
  load(): Promise<{ readonly command: CommandModule }>;
}

/** Every command, in the order of the help. A module is loaded when its command is typed. */
export const entries: readonly Entry[] = [
  {
    name: "scan",
    about: "find AWS credentials in files, in what is staged, in commits or in history",
    load: () => import("./scan.ts"),
  },
  {
    name: "explain",
    about: "say why something in a file is reported, or is not",
    load: () => import("./explain.ts"),
  },
  {
    name: "allow",
    about: "let a finding pass, with a reason, by an entry in the configuration",
    load: () => import("./allow.ts"),
  },
  {
    name: "baseline",
    about: "let pass all that is there now, so that only what is new fails",
    load: () => import("./baseline.ts"),
  },
  {
    name: "hook",
    about: "stop credentials before they are committed or pushed: install, uninstall, status",
    load: () => import("./hook.ts"),
  },
  {
    name: "report",
    about: "put reports together: the shards of a scan, or several repositories",
    load: () => import("./report.ts"),
  },
  {
    name: "validate",
    about: "ask AWS whether credentials work, whose they are and what they may do",
    load: () => import("./validate.ts"),
  },
  {
    name: "whoami",
    about: "say who you are to AWS, and where those credentials came from",
    load: () => import("./whoami.ts"),
  },
  {
    name: "rotate",
    about: "replace a leaked key: stop it, make a narrower one, write it where the old one stands",
    load: () => import("./rotate.ts"),
  },
  {
    name: "create",
    about: "make credentials for one bucket: a user, the narrowest policy and a key that was tried",
    load: () => import("./create.ts"),
  },
  {
    name: "policy",
    about: "print the narrowest policy for a bucket",
    load: () => import("./policy.ts"),
  },
  {
    name: "list-users",
    about: "list the users of an account",
    load: () => import("./list-users.ts"),
  },
  {
    name: "list-keys",
    about: "list access keys, with their age and last use",
    load: () => import("./list-keys.ts"),
  },
  {
    name: "list-user-policies",
    about: "print the policies of users",
    load: () => import("./list-user-policies.ts"),
  },
  {
    name: "list-buckets",
    about: "list the buckets of an account",
    load: () => import("./list-buckets.ts"),
  },
  {
    name: "delete-user",
    about: "delete a user that keyguard made, with its key and policy",
    load: () => import("./delete-user.ts"),
  },
  {
    name: "completion",
    about: "print a completion script for your shell",
    load: () => import("./completion.ts"),
  },
];

const epilogue = `
Examples:
  keyguard scan                      what is in this folder
  keyguard scan --staged             what the next commit would bring
  keyguard scan --range main...HEAD  what this branch brings
  keyguard COMMAND --help            more on a command

Exit codes: 0 clean and complete, 1 credentials found, 2 could not finish.`;

/**
 * Runs what was typed (without `node` and the script's name) and says how it ended. Errors that a person can mend are
 * told on standard error; whatever else is thrown is a bug and comes through.
 */
export async function runCommandLine(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    const words = argv.filter((word) => !word.startsWith("-"));
    const wanted = words[0] === "help" ? words[1] : words[0];
    if (
      words[0] === "help" &&
      wanted !== undefined &&
      wanted !== "help" &&
      !entries.some(({ name }) => name === wanted)
    ) {
      throw new KeyguardError("usage", hideLong(`there is no command '${wanted}'`), {
        hint: `keyguard help COMMAND, with one of ${entries.map(({ name }) => name).join(", ")}`,
      });
    }
    let code: ExitCode = 0;
    const program = await buildProgram(io, wanted === undefined ? [] : [wanted], (given) => {
      code = given;
    });
    if (argv.length === 0) {
      io.stderr.write(`${program.helpInformation()}${epilogue}\n`);
      return 2;
    }
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof KeyguardError) {
      io.stderr.write(describeError(error));
      return 2;
    }
    throw error;
  }
}

/** The program, with the options of the named commands defined (all of them for "all"). */
export async function buildProgram(
  io: Io,
  defined: readonly string[] | "all",
  exit: (code: ExitCode) => void,
): Promise<Command> {
  const program: Command = new Command("keyguard")
    .description("Finds leaked AWS credentials in a git repository, and stops them before they are committed.")
    .version(io.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", epilogue);
  configure(program, io);
  for (const { name, about, load } of entries) {
    const command = program.command(name).summary(about).description(sentence(about));
    configure(command, io);
    command.helpOption("-h, --help", "print this help");
    if (defined === "all" || defined.includes(name)) (await load()).command.define(command, io, exit);
  }
  return program;
}

function sentence(about: string): string {
  return `${about.charAt(0).toUpperCase()}${about.slice(1)}.`;
}

function configure(command: Command, io: Io): void {
  command.exitOverride();
  command.showSuggestionAfterError(true);
  command.configureHelp({ helpWidth: Math.min(Math.max(io.stdout.width, 60), 100) });
  command.configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: (text, write) => write(`keyguard: ${spellOut(hideLong(text.trim()))}\nhint: ${helpFor(command)}\n`),
  });
}

function helpFor(command: Command): string {
  return command.name() === "keyguard" ? "keyguard --help" : `keyguard ${command.name()} --help`;
}

/** What commander quotes may be a secret that was pasted into the wrong place. */
function hideLong(text: string): string {
  // The closing quote is left to the next match: what stands between two quoted words is commander's own.
  return text.replace(/'([^']{21,})(?=')/g, (quoted, inside: string) =>
    /^-.* [<[]/.test(inside) || (/^[ .,]/.test(inside) && !/\S{21}/.test(inside)) ? quoted : "'…",
  );
}

/** `keyguard: error: …` for each line, and `hint: …`. */
export function describeError(error: KeyguardError): string {
  const lines = error.message.split("\n").map((line) => `keyguard: error: ${spellOut(line)}`);
  if (error.hint !== undefined) lines.push(`hint: ${spellOut(error.hint)}`);
  return `${lines.join("\n")}\n`;
}

function spellOut(text: string): string {
  return text.split("\n").map(spellOutInvisible).join("\n");
}
