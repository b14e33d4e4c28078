import type { Credential, Finding, Location, Report } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import type { RenderOptions } from "../../src/report/render.ts";
import { fakeAccessKeyId, fakeSecret, fakeSessionToken, seededRandom } from "./fake-keys.ts";

/** What the formats are given where a test has no wish of its own. */
export const renderOptions: RenderOptions = {
  showSecrets: false,
  color: false,
  width: 80,
  version: "1.2.3",
  generated: "2026-11-22T12:00:00Z",
};

/** An id, its secret and a session token, none of which stands anywhere else. */
export function buildCredential(seed: number | string, parts: Partial<Credential> = {}): Credential {
  return {
    accessKeyId: fakeAccessKeyId(seed),
    secretAccessKey: new Secret(fakeSecret(seed)),
    sessionToken: null,
    value: null,
    ...parts,
  };
}

export function buildLocation(location: Partial<Location> = {}): Location {
  return {
    part: "secretAccessKey",
    path: "config/aws-secret.json",
    line: 3,
    column: 29,
    endLine: 3,
    endColumn: 69,
    excerpt: '"AWS_SECRET_ACCESS_KEY": "wJ…(40 characters)"',
    commit: null,
    author: null,
    date: null,
    ...location,
  };
}

/** A critical AWS access key in one JSON file, not checked, of a known account. */
export function buildFinding(finding: Partial<Finding> & { readonly seed?: number | string } = {}): Finding {
  const { seed = 1, ...given } = finding;
  const random = seededRandom(`fingerprint ${seed}`);
  return {
    fingerprint: Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join(""),
    detector: "secret-access-key",
    kind: "aws-access-key",
    severity: "critical",
    confidence: "certain",
    credential: buildCredential(seed),
    account: "609629065308",
    accountName: "data-prod",
    canary: false,
    expires: null,
    verdict: { status: "unchecked" },
    notes: [],
    locations: [
      buildLocation({
        part: "accessKeyId",
        line: 2,
        column: 25,
        endLine: 2,
        endColumn: 45,
        excerpt: '"AWS_ACCESS_KEY_ID": "AKIA…"',
      }),
      buildLocation(),
    ],
    exposure: null,
    ...given,
  };
}

export function buildReport(report: Partial<Report> = {}): Report {
  return {
    complete: true,
    coverage: { mode: "tree", texts: 12, bytes: 34_567, notes: [] },
    unread: [],
    findings: [buildFinding()],
    allowed: [],
    elapsed: 1234,
    ...report,
  };
}

export const cleanReport: Report = buildReport({ findings: [] });

/** The raw secrets of a report: what no format may print. */
export function rawSecrets(report: Report): string[] {
  return [...report.findings, ...report.allowed.map(({ finding }) => finding)]
    .flatMap(({ credential }) => [credential.secretAccessKey, credential.sessionToken, credential.value])
    .filter((secret) => secret !== null)
    .map((secret) => secret.reveal());
}

/** Strings that have broken a report somewhere: workflow commands, HTML, Markdown, formulas, URIs, XML, terminals. */
export const hostileTexts = [
  "::error file=a.js,line=1::owned",
  "a\n::set-output name=findings::0",
  "a\r\n::add-mask::e",
  "##[command]echo owned",
  "x%0A::warning::owned",
  "a,line=1,file=b::c",
  "<script>alert(1)</script>.js",
  '"><img src=x onerror=alert(1)>',
  "'--><svg/onload=alert(1)>",
  "javascript:alert(1)",
  "[click](https://evil.example)",
  "![pixel](https://evil.example/p.png)",
  "| a | b |\n| --- | --- |",
  "`code` **bold** _em_ ~~gone~~ @octocat #1 GH-1 www.evil.example https://evil.example",
  "</code></details><h1>owned</h1>",
  '=HYPERLINK("https://evil.example","x")',
  "+1+cmd|' /C calc'!A0",
  "-2+3",
  "@SUM(1+1)",
  "\t=1+1",
  "\r=1+1",
  "＝1+1",
  'a;b,"c"\r\nd',
  "]]><![CDATA[<!--",
  "&amp;&lt;&#x41;&unknown;",
  "a\u0000b\u0001c\u001b[31mred\u001b[0m\u0007",
  "lone \ud800 surrogate \udfff",
  "photo\u202egpj.exe",
  "zero\u200bwidth\ufeffjoined",
  "line\u2028separator\u2029",
  "\ufffe\uffff",
  "../../etc/passwd",
  "C:\\Windows\\system32",
  "https://evil.example/a?b=c#d",
  "a b%20c%2Fd?e#f[g]{h}",
  "日本語/ключ/🔑.json",
  "{0} {1}",
  "__proto__",
] as const;

/** A report in which every text that a repository or a configuration can choose is hostile. */
export function hostileReport(): Report {
  const findings = hostileTexts.map((text, i) =>
    buildFinding({
      seed: `hostile ${i}`,
      severity: (["critical", "high", "medium", "low"] as const)[i % 4] ?? "low",
      accountName: text,
      notes: [text],
      locations: [
        buildLocation({
          path: text,
          excerpt: text,
          author: text,
          commit: "4be1f0c".padEnd(40, "0"),
          date: "2026-03-02T10:00:00+01:00",
        }),
      ],
      exposure: {
        introduced: {
          commit: "4be1f0c".padEnd(40, "0"),
          author: text,
          date: "2026-03-02T10:00:00+01:00",
          subject: text,
        },
        removed: { commit: "9a77d10".padEnd(40, "0"), author: text, date: "2026-03-02T10:11:00+01:00", subject: text },
        atHead: false,
        inWorktree: false,
        refs: [text],
        objects: ["0123456789".repeat(4)],
      },
    }),
  );
  return buildReport({
    complete: false,
    findings,
    unread: hostileTexts.map((text) => ({ path: text, why: text })),
    allowed: hostileTexts.map((text, i) => ({
      finding: buildFinding({ seed: `allowed ${i}`, locations: [buildLocation({ path: text, excerpt: text })] }),
      by: "config",
      reason: text,
    })),
    coverage: {
      mode: "history",
      texts: 3,
      bytes: 9,
      commits: 2,
      objects: 3,
      refs: [...hostileTexts],
      notes: [...hostileTexts],
    },
  });
}

/** A history of several years with credentials of every kind and state, for pages that people look at. */
export function richReport(): Report {
  const commit = (seed: string): string => buildFinding({ seed }).fingerprint.slice(0, 40);
  const at = (
    id: string,
    path: string,
    line: number,
    date: string,
    author: string,
    more: Partial<Location> = {},
  ): Location => buildLocation({ path, line, endLine: line, commit: commit(id), date, author, ...more });
  return buildReport({
    coverage: {
      mode: "history",
      texts: 93_555,
      bytes: 2_600_000_000,
      commits: 29_961,
      objects: 93_555,
      refs: ["refs/heads/main", "refs/remotes/origin/main", "refs/tags/v0.3"],
      notes: ["refs/pull/* is not here: git fetch origin '+refs/pull/*:refs/pull/*' brings it."],
    },
    elapsed: 3214,
    findings: [
      buildFinding({
        seed: "pipeline",
        verdict: {
          status: "live",
          arn: "arn:aws:iam::609629065308:user/pipeline",
          account: "609629065308",
          why: "sts:GetCallerIdentity accepted it",
        },
        locations: [
          at("a", "src/loader.py", 14, "2026-03-02T10:02:11+01:00", "Ada Author", {
            part: "accessKeyId",
            excerpt: 'ACCESS_KEY = "AKIA…"',
          }),
          at("a", "src/loader.py", 15, "2026-03-02T10:02:11+01:00", "Ada Author", {
            excerpt: 'SECRET_KEY = "wJ…(40 characters)"',
          }),
          at("b", ".env", 3, "2026-03-09T16:44:00+01:00", "Ada Author", {
            excerpt: "AWS_SECRET_ACCESS_KEY=wJ…(40 characters)",
          }),
          at("c", "notebooks/explore volumes.ipynb", 212, "2026-05-20T09:00:00+02:00", "Ben Builder", {
            excerpt: '"os.environ[\\"AWS_SECRET_ACCESS_KEY\\"] = \\"wJ…(40 characters)\\""',
          }),
        ],
        exposure: {
          introduced: {
            commit: commit("a"),
            author: "Ada Author",
            date: "2026-03-02T10:02:11+01:00",
            subject: "add loader",
          },
          removed: null,
          atHead: true,
          inWorktree: true,
          refs: ["refs/heads/main", "refs/remotes/origin/main", "refs/tags/v0.3", "refs/stash"],
          objects: ["1".repeat(40), "2".repeat(40), "3".repeat(40), "4".repeat(40)],
        },
      }),
      buildFinding({
        seed: "old",
        severity: "high",
        accountName: null,
        verdict: { status: "dead", why: "InvalidClientTokenId in aws, aws-cn and aws-us-gov" },
        locations: [at("d", "deploy/ansible/group_vars/all.yml", 88, "2023-06-14T12:00:00+02:00", "Cleo Committer")],
        exposure: {
          introduced: {
            commit: commit("d"),
            author: "Cleo Committer",
            date: "2023-06-14T12:00:00+02:00",
            subject: "ansible: staging",
          },
          removed: {
            commit: commit("e"),
            author: "Ada Author",
            date: "2025-01-20T12:00:00+01:00",
            subject: "vault for staging",
          },
          atHead: false,
          inWorktree: false,
          refs: ["refs/remotes/origin/main", "refs/remotes/origin/release-2"],
          objects: ["5".repeat(40)],
        },
      }),
      buildFinding({
        seed: "oops",
        account: "171436882533",
        accountName: null,
        notes: ["The secret stands 14 lines from the id, in the same list of variables."],
        confidence: "likely",
        locations: [at("f", "ci/debug.log", 1402, "2025-09-01T08:30:00+02:00", "Ben Builder")],
        exposure: {
          introduced: {
            commit: commit("f"),
            author: "Ben Builder",
            date: "2025-09-01T08:30:00+02:00",
            subject: "debug ci",
          },
          removed: { commit: commit("g"), author: "Ben Builder", date: "2025-09-01T08:41:00+02:00", subject: "oops" },
          atHead: false,
          inWorktree: false,
          refs: ["refs/remotes/origin/main"],
          objects: ["6".repeat(40)],
        },
      }),
      buildFinding({
        seed: "bedrock",
        detector: "bedrock-api-key",
        kind: "aws-bedrock-api-key",
        severity: "high",
        account: null,
        accountName: null,
        verdict: { status: "unknown", why: "not checked offline" },
        credential: {
          accessKeyId: null,
          secretAccessKey: null,
          sessionToken: null,
          value: new Secret(`ABSK${fakeSessionToken("b", 120)}`),
        },
        locations: [
          at("h", "web/src/chat/client.ts", 7, "2026-08-11T17:00:00+02:00", "Ada Author", {
            part: "value",
            excerpt: 'const key = "AB…(124 characters)"',
          }),
        ],
        exposure: {
          introduced: {
            commit: commit("h"),
            author: "Ada Author",
            date: "2026-08-11T17:00:00+02:00",
            subject: "chat prototype",
          },
          removed: null,
          atHead: true,
          inWorktree: true,
          refs: ["refs/heads/main"],
          objects: ["7".repeat(40)],
        },
      }),
      buildFinding({
        seed: "canary",
        severity: "medium",
        account: "052310077262",
        accountName: null,
        canary: true,
        notes: ["The account is one of a canary service's."],
        locations: [at("i", "backup/credentials.csv", 2, "2024-02-02T02:02:02+00:00", "Cleo Committer")],
        exposure: {
          introduced: {
            commit: commit("i"),
            author: "Cleo Committer",
            date: "2024-02-02T02:02:02+00:00",
            subject: "import",
          },
          removed: null,
          atHead: true,
          inWorktree: true,
          refs: ["refs/heads/main", "refs/remotes/origin/main"],
          objects: ["8".repeat(40)],
        },
      }),
      buildFinding({
        seed: "lone",
        detector: "access-key-id",
        kind: "aws-access-key-id",
        severity: "low",
        accountName: null,
        credential: buildCredential("lone", { secretAccessKey: null }),
        locations: [
          at("j", "docs/runbook.md", 31, "2026-10-30T11:00:00+01:00", "Ben Builder", {
            part: "accessKeyId",
            excerpt: "the key AKIA… is the loader's",
          }),
        ],
        exposure: {
          introduced: {
            commit: commit("j"),
            author: "Ben Builder",
            date: "2026-10-30T11:00:00+01:00",
            subject: "runbook",
          },
          removed: null,
          atHead: true,
          inWorktree: true,
          refs: ["refs/heads/main"],
          objects: ["9".repeat(40)],
        },
      }),
    ],
    allowed: [
      {
        finding: buildFinding({ seed: "vector", locations: [buildLocation({ path: "test/vectors.json", line: 9 })] }),
        by: "inline",
        reason: "test vector from the SigV4 documentation, agreed in #12",
      },
    ],
  });
}
