import { backupPath } from "./consumers/key-file.ts";
import type { JournalEntry } from "./journal.ts";
import { describeStep, type Plan } from "./plan.ts";
import { nameScope } from "./policy.ts";

/** A management event that CloudTrail has of the leaked key. */
export interface TrailEvent {
  readonly at: string;
  readonly region: string;
  readonly name: string;
  readonly source: string;
  readonly sourceIp: string;
  readonly error: string | null;
  /** `user eve`: what it was done to. */
  readonly resources: readonly string[];
}

/** What CloudTrail was asked, and what it said. */
export interface Trail {
  readonly regions: readonly string[];
  /** Regions that gave no answer, with the reason. */
  readonly unread: readonly { readonly region: string; readonly why: string }[];
  readonly events: readonly TrailEvent[];
}

/** What a rotation did and what it found, for whoever has to answer for it. It holds no secret. */
export interface Incident {
  readonly schema: "keyguard-incident/1";
  readonly run: string;
  readonly finished: boolean;
  readonly key: Plan["key"];
  readonly order: Plan["order"];
  readonly newKey: {
    readonly id: string;
    readonly user: string;
    readonly can: string;
    readonly bucket: string;
    readonly prefixes: readonly string[];
  } | null;
  readonly timeline: readonly {
    readonly at: string;
    readonly what: string;
    readonly outcome: "done" | "failed";
    readonly detail: string;
  }[];
  readonly proof: { readonly oldIsDead: string | null; readonly newWorks: readonly string[] };
  readonly files: readonly { readonly path: string; readonly backup: string }[];
  readonly notes: readonly string[];
  readonly trail: Trail | null;
  /** Things that the leaked key made: users, keys, roles, policies. */
  readonly madeByKey: readonly string[];
  readonly left: readonly string[];
}

const making =
  /^(Create|Put|Attach|Add|Update)(User|Role|Group|Policy|AccessKey|LoginProfile|UserPolicy|RolePolicy|GroupPolicy|UserToGroup|AssumeRolePolicy|FederationToken)/;

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** Tells a run from its journal alone, with what CloudTrail has where it was asked. */
export function describeIncident(plan: Plan, entries: readonly JournalEntry[], trail: Trail | null): Incident {
  const done = new Map(entries.flatMap((entry) => (entry.kind === "done" ? [[entry.step, entry.data] as const] : [])));
  const keyId = done.get("create-key")?.keyId;
  const timeline = entries.flatMap((entry) => {
    if (entry.kind !== "done" && entry.kind !== "failed") return [];
    const step = plan.steps.find(({ id }) => id === entry.step);
    if (step === undefined) return [];
    const detail = entry.kind === "failed" ? entry.why : typeof entry.data.detail === "string" ? entry.data.detail : "";
    return [{ at: entry.at, what: describeStep(step, plan), outcome: entry.kind, detail }];
  });
  const proof = done.get("settle")?.proof;
  return {
    schema: "keyguard-incident/1",
    run: plan.run,
    finished: entries.some(({ kind }) => kind === "finished"),
    key: plan.key,
    order: plan.order,
    newKey:
      typeof keyId === "string"
        ? {
            id: keyId,
            user: plan.user.name,
            can: nameScope(plan.target.can),
            bucket: plan.target.bucket,
            prefixes: plan.target.prefixes,
          }
        : null,
    timeline,
    proof: {
      oldIsDead: typeof proof === "string" ? proof : null,
      newWorks: textsOf(done.get("verify-files")?.checks ?? done.get("verify")?.checks),
    },
    files: plan.steps.flatMap((step) =>
      step.kind === "write" && done.has(step.id)
        ? [{ path: step.file.path, backup: backupPath(step.file.path, plan.run) }]
        : [],
    ),
    notes: entries.flatMap((entry) => (entry.kind === "note" ? [entry.text] : [])),
    trail,
    madeByKey: (trail?.events ?? [])
      .filter(({ name, error }) => error === null && making.test(name))
      .map(({ name, resources, at }) => `${name}${resources.length > 0 ? ` ${resources.join(", ")}` : ""} (${at})`),
    left: plan.left,
  };
}

function trailLines(trail: Trail | null): string[] {
  if (trail === null) return ["CloudTrail was not asked"];
  const lines = [
    `${trail.events.length} management events by the key in 90 days, in ${trail.regions.length} regions; reads and writes of objects do not show there`,
    ...trail.unread.map(({ region, why }) => `${region}: ${why}`),
  ];
  for (const event of trail.events.slice(0, 20))
    lines.push(
      `${event.at}  ${event.region}  ${event.name}${event.error === null ? "" : ` (${event.error})`}  from ${event.sourceIp}`,
    );
  if (trail.events.length > 20) lines.push(`and ${trail.events.length - 20} more (in the JSON report)`);
  return lines;
}

/** The parts of a report, each a title and its lines. */
function sectionsOf(incident: Incident): { title: string; lines: readonly string[] }[] {
  const { proof, newKey } = incident;
  const all = [
    {
      title: "timeline",
      lines: incident.timeline.map(
        ({ at, what, outcome, detail }) =>
          `${at}  ${outcome === "done" ? "ok    " : "failed"}  ${what}${detail === "" ? "" : `: ${detail}`}`,
      ),
    },
    {
      title: "proof",
      lines: [
        `old key ${incident.key.id}: ${proof.oldIsDead ?? "not proven dead"}`,
        newKey === null
          ? "no new key"
          : `new key ${newKey.id} of ${newKey.user}: ${proof.newWorks.join(", ") || "not proven"}`,
      ],
    },
    { title: "noticed", lines: incident.notes },
    { title: "what the old key did", lines: trailLines(incident.trail) },
    { title: "made with the old key", lines: incident.madeByKey },
    {
      title: "files",
      lines: incident.files.map(
        ({ path, backup }) => `${path}  (before: ${backup}; it holds the dead key: rm it when all is well)`,
      ),
    },
    { title: "left for you", lines: incident.left },
  ];
  return all.filter(({ lines }) => lines.length > 0);
}

/** For a terminal. */
export function incidentText(incident: Incident): string {
  const head = `rotation ${incident.run} of ${incident.key.id} (user ${incident.key.user}, account ${incident.key.account}): ${incident.finished ? "finished" : "not finished"}`;
  return `${head}\n${sectionsOf(incident)
    .map(({ title, lines }) => `\n${title}\n${lines.map((line) => `  ${line}\n`).join("")}`)
    .join("")}`;
}

/** For a ticket. */
export function incidentMarkdown(incident: Incident): string {
  const quote = (text: string) => text.replace(/[\\`*_{}[\]<>|#]/g, "\\$&");
  const head = `# Rotation of ${incident.key.id}\n\nUser ${quote(incident.key.user)}, account ${incident.key.account}, run ${incident.run}: ${incident.finished ? "finished" : "**not finished**"}.\n`;
  return (
    head +
    sectionsOf(incident)
      .map(
        ({ title, lines }) =>
          `\n## ${title.charAt(0).toUpperCase()}${title.slice(1)}\n\n${lines.map((line) => `- ${quote(line)}\n`).join("")}`,
      )
      .join("")
  );
}

/** For programs. */
export function incidentJson(incident: Incident): string {
  return `${JSON.stringify(incident, null, 2)}\n`;
}
