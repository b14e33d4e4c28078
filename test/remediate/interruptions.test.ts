import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { KeyguardError } from "../../src/model/errors.ts";
import type { Choices } from "../../src/remediate/plan.ts";
import { rollBack } from "../../src/remediate/roll-back.ts";
import { runPlan } from "../../src/remediate/run-plan.ts";
import type { FaultKind, FaultRule } from "../support/aws/fault-plan.ts";
import { seededRandom } from "../support/fake-keys.ts";
import { Crash, type CrashPoint, Killer, Lives } from "./interruptions.ts";
import { type RotationScene, setRotationScene } from "./rotation-scene.ts";

/** One case: what the person chose, where the program is killed, what AWS does wrong. */
interface Case {
  readonly order: Choices["order"];
  readonly newUser: boolean;
  readonly crash: CrashPoint | null;
  readonly faults: readonly FaultRule[];
}

// Hundreds of lives one after the other: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

let cases = 0;
const began = performance.now();
afterAll(() => {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`rotation was interrupted in ${cases} ways, in ${seconds} s`);
});

const consumerFiles = [".aws/credentials", ".cloudvolume/secrets/aws-secret.json"];

function pairIn(scene: RotationScene, path: string): { id: string; secret: string } {
  const text = scene.read(path);
  const lab = path.endsWith("json") ? text : (text.split("[lab]")[1] ?? "");
  const [id = ""] = /AKIA[A-Z2-7]{16}/.exec(lab) ?? [];
  const [, secret = ""] = /(?:KEY"|_key) ?[:=] ?"?([A-Za-z0-9/+]{40})/.exec(lab) ?? [];
  return { id, secret };
}

function activeKey(scene: RotationScene, { id, secret }: { id: string; secret: string }): boolean {
  return Object.values(scene.account.iam.users).some((user) =>
    user.keys.some((key) => key.id === id && key.secret === secret && key.status === "Active"),
  );
}

/** What must hold at every moment that a run ends, whatever the end. */
function checkAlways(scene: RotationScene, lives: Lives, { order }: Case): void {
  if (order === "replace-first")
    for (const path of consumerFiles) expect(activeKey(scene, pairIn(scene, path)), `${path} works`).toBe(true);
  expect(
    scene.aws.calls.some(({ action, params }) => action === "UpdateAccessKey" && params.get("Status") === "Active"),
  ).toBe(false);
  for (const user of Object.values(scene.account.iam.users)) expect(user.keys.length).toBeLessThanOrEqual(2);
  const journal = lives.folder.list()[0];
  const told = lives.said + (journal ? readFileSync(journal.path, "utf8") : "");
  const secrets = [scene.old.secret, scene.admin.secret, ...consumerFiles.map((path) => pairIn(scene, path).secret)];
  for (const secret of secrets)
    for (let at = 0; at + 8 <= secret.length; at++) expect(told.includes(secret.slice(at, at + 8))).toBe(false);
}

/** The one good end. */
function checkEnd(scene: RotationScene, newUser: boolean): void {
  const { users } = scene.account.iam;
  expect(scene.old.status).toBe("Inactive");
  const ours = Object.values(users).filter(({ path }) => path === "/keyguard/");
  expect(ours.length, "users that were made").toBe(newUser ? 1 : 0);
  expect(users.pipeline?.keys.length, "keys of the old user").toBe(newUser ? 1 : 2);
  const holder = newUser ? ours[0] : users.pipeline;
  const keys = holder?.keys.filter((key) => key !== scene.old) ?? [];
  expect(keys.map(({ status }) => status)).toEqual(["Active"]);
  for (const path of consumerFiles) expect(pairIn(scene, path)).toEqual({ id: keys[0]?.id, secret: keys[0]?.secret });
  const objects = [...(scene.aws.world.buckets.get("lab-volumes")?.objects ?? [])];
  expect(objects.filter(([, versions]) => versions.length > 0).map(([name]) => name)).toEqual(["data/1"]);
  expect(users.pipeline?.inline["keyguard-revoke"]).toContain(newUser ? "Everything" : "aws:TokenIssueTime");
}

async function suffer(one: Case, seed: string): Promise<readonly string[]> {
  cases++;
  const scene = await setRotationScene(seed);
  try {
    const lives = new Lives(scene);
    const plan = lives.plan({ order: one.order, newUser: one.newUser });
    lives.begin(plan);
    for (const rule of one.faults) scene.aws.fault(rule);
    const killer = new Killer(one.crash);
    for (let life = 1; ; life++) {
      try {
        await lives.live(plan.run, runPlan, life === 1 ? killer : new Killer(null));
        break;
      } catch (error) {
        if (!(error instanceof Crash) && !(error instanceof KeyguardError)) throw error;
        if (error instanceof KeyguardError) {
          expect(error.message.length).toBeGreaterThan(10);
          expect(error.hint).toMatch(/--resume|--rollback/);
        }
        checkAlways(scene, lives, one);
        expect(life, `resumed without end: ${error.message}`).toBeLessThan(4);
        // The disturbance passes before the person types the command again, except on the second of a pair.
        if (life > 1 || one.faults.length < 2) scene.aws.clearFaults();
      }
    }
    checkAlways(scene, lives, one);
    checkEnd(scene, one.newUser);
    return killer.log;
  } finally {
    await scene.close();
  }
}

async function sufferAll(all: readonly (readonly [name: string, one: Case])[]): Promise<void> {
  const failures: string[] = [];
  for (const [name, one] of all)
    try {
      await suffer(one, name);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.slice(0, 300) : error}`);
    }
  expect(failures).toEqual([]);
}

const orders = ["contain-first", "replace-first"] as const;
const calm = { newUser: true, crash: null, faults: [] };

describe("a rotation that is killed", () => {
  it.each(orders)("before, at and after each effect, %s, ends well when it is typed again", async (order) => {
    const log = await suffer({ ...calm, order }, "calm");
    // After one effect is before the next: the same moment, which is tried once.
    const points = log.flatMap((name, index): CrashPoint[] => [
      { at: index + 1, when: "before" },
      ...(name === "journal.done" ? [{ at: index + 1, when: "torn" as const }] : []),
    ]);
    await sufferAll(
      points.map((crash) => [`${order} ${log[crash.at - 1]} ${crash.at} ${crash.when}`, { ...calm, order, crash }]),
    );
  });

  it("with a second key on the same user, ends well when it is typed again", async () => {
    const order = "replace-first";
    const log = await suffer({ ...calm, order, newUser: false }, "same");
    const points = log
      .map((_, index): CrashPoint => ({ at: index + 1, when: "after" }))
      .filter(({ at }) => at % 2 === 0);
    await sufferAll(
      points.map((crash) => [`same ${log[crash.at - 1]} ${crash.at}`, { ...calm, order, newUser: false, crash }]),
    );
  });
});

const kinds: readonly (readonly [string, FaultKind])[] = [
  ["AccessDenied", "access-denied"],
  ["Throttling", "throttle"],
  ["500", "internal-error"],
  ["500 after the effect", "error-after"],
  ["timeout", "timeout"],
  ["reset before", "reset-before"],
  ["reset after", "reset-after"],
  ["LimitExceeded", { error: "LimitExceeded", status: 409 }],
  ["EntityAlreadyExists", { error: "EntityAlreadyExists", status: 409 }],
  ["NoSuchEntity", { error: "NoSuchEntity", status: 404 }],
];

/** Every kind of call that a rotation makes. */
const actions = [
  "iam:UpdateAccessKey",
  "iam:PutUserPolicy",
  "sts:GetCallerIdentity",
  "iam:ListAccessKeys",
  "iam:ListUserPolicies",
  "iam:GetUser",
  "iam:CreateUser",
  "iam:CreateAccessKey",
  "s3:PutObject",
  "s3:ListObjectsV2",
  "s3:HeadObject",
  "s3:GetObject",
  "s3:DeleteObject",
  "s3:ListBuckets",
];

function ruleOf(action: string, kind: FaultKind, more: Partial<FaultRule> = {}): FaultRule {
  const [service = "", name = ""] = action.split(":");
  return { service, action: name, kind, ...more };
}

describe("a rotation while AWS misbehaves", () => {
  it("makes the calls that the table below names, and no others", async () => {
    const scene = await setRotationScene();
    const lives = new Lives(scene);
    const plan = lives.plan();
    lives.begin(plan);
    await lives.live(plan.run, runPlan);
    expect([...new Set(scene.aws.actions)].sort()).toEqual([...actions].sort());
    await scene.close();
  });

  it.each(kinds)("ends well after one %s at any call", async (name, kind) => {
    const all = actions.map((action, index): [string, Case] => {
      const order = orders[index % 2 === kinds.findIndex((one) => one[0] === name) % 2 ? 0 : 1];
      return [`${order} ${action} ${name}`, { ...calm, order, faults: [ruleOf(action, kind)] }];
    });
    await sufferAll(all);
  });

  it.each(kinds.filter(([name]) => name === "AccessDenied" || name === "reset before"))(
    "stops at %s that does not pass, and ends well later",
    async (name, kind) => {
      await sufferAll(
        actions.map((action): [string, Case] => [
          `${action} ${name} always`,
          { ...calm, order: "replace-first", faults: [ruleOf(action, kind, { times: Number.POSITIVE_INFINITY })] },
        ]),
      );
    },
  );

  it("ends well after two disturbances at random, and a crash in some", async () => {
    const random = seededRandom(process.env.KEYGUARD_SEED ?? "pairs");
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const all = Array.from({ length: 40 }, (_, index): [string, Case] => {
      const faults = [0, 1].map(() => ({
        ...ruleOf(pick(actions), pick(kinds)[1]),
        nth: 1 + Math.floor(random() * 3),
      }));
      const crash =
        random() < 0.4 ? { at: 1 + Math.floor(random() * 60), when: pick(["before", "after"] as const) } : null;
      return [
        `pair ${index} ${JSON.stringify({ faults, crash })}`,
        { order: pick(orders), newUser: random() < 0.8, crash, faults },
      ];
    });
    await sufferAll(all);
  });
});

describe("taking a rotation back", () => {
  it("leaves nothing of ours and never wakes the leaked key, wherever run and rollback are killed", async () => {
    const scene = await setRotationScene("rollback");
    const length = { run: 0, back: 0 };
    await scene.close();
    const attempt = async (runPoint: number, backPoint: number, order: Choices["order"]) => {
      cases++;
      const own = await setRotationScene(`rollback ${runPoint} ${backPoint}`);
      try {
        const before = consumerFiles.map(own.read);
        const lives = new Lives(own);
        const plan = lives.plan({ order });
        lives.begin(plan);
        const first = new Killer({ at: runPoint, when: "after" });
        const crashed = await lives.live(plan.run, runPlan, first).then(
          () => false,
          (error) => error instanceof Crash,
        );
        length.run = Math.max(length.run, first.log.length);
        if (!crashed) return false;
        const second = new Killer(backPoint === 0 ? null : { at: backPoint, when: "after" });
        await lives.live(plan.run, rollBack, second).catch((error) => {
          if (!(error instanceof Crash)) throw error;
        });
        length.back = Math.max(length.back, second.log.length);
        const [journal] = lives.folder.list();
        if (journal?.state !== "rolled-back") await lives.live(plan.run, rollBack);
        expect(Object.keys(own.account.iam.users).sort()).toEqual(["ana", "pipeline"]);
        expect(consumerFiles.map(own.read)).toEqual(before);
        checkAlways(own, lives, { ...calm, order: "contain-first" });
        return true;
      } finally {
        await own.close();
      }
    };
    for (let point = 3; await attempt(point, 0, point % 2 === 0 ? "contain-first" : "replace-first"); point += 6);
    for (let back = 1; back <= length.back; back++) await attempt(length.run - 6, back, "replace-first");
    expect(length.back).toBeGreaterThan(6);
  });
});

describe("two runs", () => {
  it("of the same key: the second is refused while the first lives, and not once it is gone", async () => {
    const scene = await setRotationScene();
    const { folder } = new Lives(scene);
    const unlock = folder.lock(scene.old.id, () => true, 101);
    expect(() => folder.lock(scene.old.id, () => true, 102)).toThrow(/another keyguard \(process 101\)/);
    const taken = folder.lock(scene.old.id, () => false, 103);
    taken();
    unlock();
    folder.lock(scene.old.id, () => true, 104)();
    writeFileSync(join(folder.path, `${scene.old.id}.lock`), "105");
    expect(() => folder.lock(scene.old.id, () => true, 106)).toThrow(/process 105/);
    await scene.close();
  });
});
