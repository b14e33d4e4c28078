import { assembled, type Detector, type Match } from "./detector.ts";
import { labelBefore } from "./label.ts";
import { isEscapedPiece } from "./piece.ts";
import { tokenRuns } from "./token-runs.ts";
import { entropy, holdsPlaceholderWord, isCyclic, regularSteps } from "./token-shape.ts";

/**
 * The heads that AWS's tokens have today and had before: base64 of `!\n\tJorigin_ec` and of `\x17\x07…\x19aws`.
 * Real tokens are 300 characters and longer; 100 leaves room for what comes.
 */
const heads = ["IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz", "FQoDYXdz", "AQoDYXdz", "AQoEXAMPLE"];
const shortest = 100;
const name = /(?:session|security)[ _.-]?token|aws[\w.-]{0,16}token/i;

export const sessionToken: Detector = {
  id: "session-token",
  kind: "aws-session-token",
  about: "Session token of temporary credentials",
  references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html"],
  keywords: [
    { text: "IQoJb3JpZ2lu" },
    { text: "FwoGZXIvYXdz" },
    { text: "FQoGZXIvYXdz" },
    { text: "QoDYXdz" },
    { text: "session_token", ignoreCase: true },
    { text: "sessiontoken", ignoreCase: true },
    { text: "session-token", ignoreCase: true },
    { text: "session.token", ignoreCase: true },
    { text: "session token", ignoreCase: true },
    { text: "security_token", ignoreCase: true },
    { text: "securitytoken", ignoreCase: true },
    { text: "security-token", ignoreCase: true },
  ],
  *find(view: string): Iterable<Match> {
    const named = view.search(name) >= 0;
    if (!named && !heads.some((head) => view.includes(head))) return;
    for (const [start, run] of tokenRuns(view, shortest)) {
      if (isEscapedPiece(view, start, run)) continue;
      const end = view.startsWith("==", run) ? run + 2 : view.startsWith("=", run) ? run + 1 : run;
      if (!heads.some((head) => view.startsWith(head, start))) {
        if (
          !named ||
          /^(?:ABSK|eyJ)/.test(view.slice(start, start + 4)) ||
          labelBefore(view, start).kind !== "session-token"
        )
          continue;
        if (/[_-]/.test(view.charAt(start - 1)) || /[_-]/.test(view.charAt(end))) continue;
      }
      yield judge(view.slice(start, end), start, end);
    }
  },
  examples: {
    finds: [
      `aws_session_token = «${assembled("IQoJb3JpZ2lu", "X2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDk3vT9yFq0cWZJm5QhT8e7nRb2xLsYpGvA1uKiDzHoXfC6wMa4gjE2tV8Nr+PdB5lUeZqS7yQ0x")}»`,
    ],
    ignores: [`aws_session_token = ${"A".repeat(120)}`, "AWS_SESSION_TOKEN=${TOKEN}"],
  },
};

function judge(token: string, start: number, end: number): Match {
  const span = { start, end };
  const match = { part: "sessionToken", span } as const;
  if (/EXAMPLE/.test(token)) return { ...match, clean: "an example from AWS's documentation" };
  const tail = token.slice(24);
  if (entropy(tail) < (tail.length > 200 ? 4.9 : 4.6) || isCyclic(tail) || regularSteps(tail) > tail.length * 0.2)
    return { ...match, clean: "too regular for a real token" };
  if (/x{6}|X{6}|\.{3}/.test(token)) return { ...match, clean: "a placeholder" };
  if (token.length < 200 && holdsPlaceholderWord(token.slice(30)) && entropy(tail) < 5)
    return { ...match, clean: "a placeholder" };
  return match;
}
