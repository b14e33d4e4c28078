import type { SimpleGit } from "simple-git";
import { KeyguardError } from "../model/errors.ts";
import { type GitPlace, gitEnvironment, gitFailure, safeSettings } from "./spawn-git.ts";

/**
 * simple-git with the settings of `startGit`, for questions about a repository whose answers are short. Loaded only
 * when asked for: it costs more to start than a scan of staged files takes.
 */
export async function openGit(place: GitPlace): Promise<SimpleGit> {
  const { simpleGit } = await import("simple-git");
  const env = gitEnvironment(place.env);
  return simpleGit({
    baseDir: place.dir,
    config: [...safeSettings],
    // simple-git drops every GIT_* variable that is not named, and refuses our own settings unless they are allowed:
    // it cannot see that each of them switches a program off. What a person's own environment configures is theirs:
    // CI sets `url.….insteadOf`, filters and includes by GIT_CONFIG_COUNT, and git obeys it anyway.
    allowEnvironment: Object.keys(env).filter((name) => name.startsWith("GIT_")),
    unsafe: {
      allowUnsafeAlias: true,
      allowUnsafeAskPass: true,
      allowUnsafeConfigEnvCount: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeDiffExternal: true,
      allowUnsafeDiffTextConv: true,
      allowUnsafeEditor: true,
      allowUnsafeFilter: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeGitProxy: true,
      allowUnsafeGpgProgram: true,
      allowUnsafeHooksPath: true,
      allowUnsafeInclude: true,
      allowUnsafeMergeDriver: true,
      allowUnsafePager: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeSshCommand: true,
      allowUnsafeSubmodule: true,
      allowUnsafeTemplateDir: true,
      allowUnsafeUrlRewrite: true,
    },
    completion: { onClose: true, onExit: false },
  }).env(env);
}

/** Runs one question through simple-git; what goes wrong becomes keyguard's own error. */
export async function askGit(place: GitPlace, ...args: string[]): Promise<string> {
  try {
    return await (await openGit(place)).raw(args);
  } catch (error) {
    if (error instanceof KeyguardError) throw error;
    throw gitFailure([args[0] ?? ""], { status: 128, stderr: error instanceof Error ? error.message : String(error) });
  }
}
