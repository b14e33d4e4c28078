import type { CommandModule } from "./command.ts";

export const command: CommandModule = {
  define(scan, _io, exit) {
    scan.action(() => exit(2));
  },
};
