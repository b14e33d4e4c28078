import { appendFileSync } from "node:fs";
import { openCloud } from "../../src/aws/open-cloud.ts";
import type { AwsSettings } from "../../src/aws/settings.ts";
import type { Cloud, CloudPair } from "../../src/model/cloud.ts";
import { Secret } from "../../src/model/secret.ts";
import { findKeyFile, readPair, restoreFile, writeKeys } from "../../src/remediate/consumers/key-file.ts";
import { type Journal, JournalFolder } from "../../src/remediate/journal.ts";
import { type Choices, type Facts, makePlan, type Plan } from "../../src/remediate/plan.ts";
import type { RunContext } from "../../src/remediate/run-context.ts";
import type { RotationScene } from "./rotation-scene.ts";

/** The end of the program at some point, with nothing after it: no clean-up, no last word. */
export class Crash extends Error {}

/** Where a run is killed: before or after its n-th call to AWS, to a file or to the journal. `torn` breaks a journal's line. */
export interface CrashPoint {
  readonly at: number;
  readonly when: "before" | "after" | "torn";
}

/** Counts everything that a run does to the world, and ends it where it is told to. */
export class Killer {
  readonly log: string[] = [];
  #dead = false;
  readonly #point: CrashPoint | null;

  constructor(point: CrashPoint | null) {
    this.#point = point;
  }

  #begin(name: string, tear: () => void): boolean {
    if (this.#dead) throw new Crash("dead already");
    this.log.push(name);
    const now = this.#point?.at === this.log.length;
    if (now && this.#point?.when === "before") this.#die();
    if (now && this.#point?.when === "torn") {
      tear();
      this.#die();
    }
    return now;
  }

  #die(): never {
    this.#dead = true;
    throw new Crash(`killed at ${this.log.at(-1)}`);
  }

  sync<T>(name: string, call: () => T, tear: () => void = () => undefined): T {
    const now = this.#begin(name, tear);
    const result = call();
    if (now) this.#die();
    return result;
  }

  async async<T>(name: string, call: () => Promise<T>): Promise<T> {
    const now = this.#begin(name, () => undefined);
    const result = await call();
    if (now) this.#die();
    return result;
  }

  /** The same object, with each of its asynchronous methods counted. */
  watch<T extends object>(target: T, label: string): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          if (name === "failureOf" || name === "close" || name === "clockOffset")
            return Reflect.apply(member, object, args);
          if (name === "as") return this.watch(Reflect.apply(member, object, args) as object, "seat");
          return this.async(`${label}.${String(name)}`, () => Reflect.apply(member, object, args) as Promise<unknown>);
        };
      },
    });
  }
}

export const usual: Choices = {
  order: "contain-first",
  newUser: true,
  deleteAfter: false,
  can: null,
  prefixes: [],
  kmsKeys: [],
  sourceIps: [],
  boundary: null,
  policy: null,
  name: null,
  self: false,
};

/** The facts of the scene as they would be gathered. */
export function factsOf(scene: RotationScene, more: Partial<Facts> = {}): Facts {
  const paths = [".aws/credentials", ".cloudvolume/secrets/aws-secret.json"].map((path) => `${scene.home}/${path}`);
  return {
    key: { id: scene.old.id, status: "Active", lastUsed: null },
    account: scene.account.id,
    partition: "aws",
    owner: { name: "pipeline", arn: scene.pipeline.arn },
    keys: scene.pipeline.keys.map(({ id, status }) => ({ id, status, created: null })),
    can: ["list", "read", "write", "delete"],
    keyPatterns: [],
    conditional: false,
    unseen: [],
    administrator: false,
    reachesOther: [],
    quarantine: [],
    boundary: null,
    bucket: { name: "lab-volumes", region: "us-east-1", kmsKeys: [], versioned: false, policyNamesOwner: false },
    neighbour: "lab-private",
    files: paths.flatMap((path) => findKeyFile(path, scene.old.id) ?? []),
    unwritable: [],
    ...more,
  };
}

/** One life of the program on a scene: as many as a test wants, one after the other. */
export class Lives {
  readonly scene: RotationScene;
  readonly folder: JournalFolder;
  readonly #settings: AwsSettings;
  #nonce = 0;
  /** All that was ever said to a person, and all that was handed over. */
  said = "";

  constructor(scene: RotationScene) {
    this.scene = scene;
    const { aws } = scene;
    this.folder = new JournalFolder(`${scene.home}/state`, () => new Date(aws.clock.now()));
    this.#settings = { env: {}, endpoint: aws.endpoint, timeout: 120, now: aws.clock.now, sleep: aws.clock.sleep };
  }

  plan(choices: Partial<Choices> = {}, facts: Partial<Facts> = {}): Plan {
    return makePlan(factsOf(this.scene, facts), { ...usual, ...choices }, "5d1c00000000");
  }

  begin(plan: Plan): Journal {
    return this.folder.begin(plan);
  }

  /** Lets the program live with the journal as it stands on the disk, until it ends or is killed. */
  async live(run: string, use: (context: RunContext) => Promise<unknown>, killer = new Killer(null)): Promise<void> {
    const { admin, old } = this.scene;
    const pair = (key: { id: string; secret: string }): CloudPair & { sessionToken: null } => ({
      accessKeyId: key.id,
      secretAccessKey: new Secret(key.secret),
      sessionToken: null,
    });
    const cloud: Cloud = openCloud(this.#settings, pair(admin), { region: "us-east-1" });
    const journal = this.folder.open(run);
    const add = journal.add.bind(journal);
    const tear = () => appendFileSync(journal.path, '{"at":"2026-01-01T00:00:00.000Z","kind":"do');
    journal.add = (entry) => killer.sync(`journal.${entry.kind}`, () => add(entry), tear);
    try {
      await use({
        cloud: killer.watch(cloud, "cloud"),
        journal,
        oldPair: pair(old),
        files: {
          write: (request) => killer.sync("file.write", () => writeKeys(request)),
          read: readPair,
          restore: (...args) => killer.sync("file.restore", () => restoreFile(...args)),
        },
        now: this.scene.aws.clock.now,
        pause: this.scene.aws.clock.sleep,
        nonce: () => `n${++this.#nonce}`,
        note: (text) => {
          this.said += `${text}\n`;
          journal.add({ kind: "note", text });
        },
        tell: (event) => {
          this.said += `${JSON.stringify(event)}\n`;
        },
        handOver: () => undefined,
        crashed: (error) => {
          if (error instanceof Crash) throw error;
        },
      });
    } finally {
      cloud.close();
    }
  }
}
