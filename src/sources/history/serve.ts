import { closeSync, openSync } from "node:fs";
import type { Sighting } from "../../model/finding.ts";
import { Secret } from "../../model/secret.ts";
import type { Rules } from "../../scan/engine.ts";
import type { PackPlan } from "./pack-plan.ts";
import { PackScanner } from "./scan-pack.ts";

/** What threads share while they walk: one counter a pack for the next root, and how far they are. */
export interface Shared {
  /** 0: a thread must stop when it is not 0. From 1 on: the next root of each pack. */
  readonly control: Int32Array;
  /** Objects done, and bytes inflated. */
  readonly progress: BigInt64Array;
}

/** A sighting as it goes from thread to thread: a `Secret` cannot. It never leaves the process. */
export type PackedSighting = Omit<Sighting, "credential"> & {
  readonly credential: Readonly<Record<string, string | null>>;
};

/** What a thread tells. `pack` is the pack's number, `place` the object's in its plan. */
export type Told =
  | {
      readonly tell: "sightings";
      readonly pack: number;
      readonly place: number;
      readonly sightings: readonly PackedSighting[];
    }
  | { readonly tell: "damaged"; readonly pack: number; readonly place: number; readonly why: string }
  | { readonly tell: "gone"; readonly pack: number; readonly why: string }
  | { readonly tell: "large"; readonly pack: number; readonly place: number }
  | {
      readonly tell: "unread";
      readonly pack: number;
      readonly place: number;
      readonly path: string;
      readonly why: string;
    };

export function packSighting(sighting: Sighting): PackedSighting {
  const { accessKeyId, secretAccessKey, sessionToken, value } = sighting.credential;
  return {
    ...sighting,
    credential: {
      accessKeyId,
      secretAccessKey: secretAccessKey?.reveal() ?? null,
      sessionToken: sessionToken?.reveal() ?? null,
      value: value?.reveal() ?? null,
    },
  };
}

export function unpackSighting(packed: PackedSighting): Sighting {
  const { accessKeyId, secretAccessKey, sessionToken, value } = packed.credential;
  const secret = (text: string | null | undefined): Secret | null => (text == null ? null : new Secret(text));
  return {
    ...packed,
    credential: {
      accessKeyId: accessKeyId ?? null,
      secretAccessKey: secret(secretAccessKey),
      sessionToken: secret(sessionToken),
      value: secret(value),
    },
  };
}

/**
 * Walks the packs together with the other threads: each takes the next root that nobody has. Yields now and then, so
 * that a thread that has other work (the only one of a small repository) can do it.
 */
export function* walkPacks(
  plans: readonly PackPlan[],
  rules: Rules,
  shared: Shared,
  tell: (told: Told) => void,
): Generator<undefined> {
  const scanner = new PackScanner(rules);
  const { control, progress } = shared;
  const isStopped = (): boolean => Atomics.load(control, 0) !== 0;
  let objects = 0;
  let inflated = 0;
  const report = (): void => {
    Atomics.add(progress, 0, BigInt(objects));
    Atomics.add(progress, 1, BigInt(inflated));
    objects = 0;
    inflated = 0;
  };
  for (const [pack, plan] of plans.entries()) {
    let fd: number;
    try {
      fd = openSync(plan.path, "r");
    } catch (error) {
      // It was there a moment ago: a repack has taken it away. git knows where its objects are now.
      tell({ tell: "gone", pack, why: error instanceof Error ? error.message : "it is gone" });
      continue;
    }
    try {
      const sink = {
        onSightings: (place: number, sightings: readonly Sighting[]) =>
          tell({ tell: "sightings", pack, place, sightings: sightings.map(packSighting) }),
        onDamaged: (place: number, why: string) => tell({ tell: "damaged", pack, place, why }),
        onLarge: (place: number) => tell({ tell: "large", pack, place }),
        onUnread: (place: number, path: string, why: string) => tell({ tell: "unread", pack, place, path, why }),
        onProgress: (more: number, bytes: number) => {
          objects += more;
          inflated += bytes;
          if (objects >= 256) report();
        },
        isStopped,
      };
      for (;;) {
        const root = Atomics.add(control, pack + 1, 1);
        if (root >= plan.roots.length || isStopped()) break;
        scanner.scanTree(plan, fd, plan.roots[root]!, String, sink);
        yield;
      }
    } finally {
      closeSync(fd);
    }
  }
  report();
}
