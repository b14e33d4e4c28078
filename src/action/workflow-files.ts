import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";

/**
 * One output in the form that takes any value: between two lines of a delimiter that is new each time and stands nowhere
 * in the value, so that no path in it can end it and set another output.
 */
export function formatOutput(name: string, value: string): string {
  let delimiter: string;
  do delimiter = `keyguard_${randomUUID()}`;
  while (value.includes(delimiter) || name.includes(delimiter));
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

/** Adds to a file that the runner reads (`GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY`); nothing where there is none. */
export function appendForRunner(path: string | undefined, text: string): void {
  if (path !== undefined && path !== "") appendFileSync(path, text);
}
