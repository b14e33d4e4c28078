import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8"),
);

it("the lock file names the optional packages of every platform, without which npm ci refuses it", () => {
  // An npm whose registry lacks some of them leaves them out silently when it writes the file.
  const missing = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies).filter((name) => lock.packages[`node_modules/${name}`] === undefined),
  );
  expect(missing).toEqual([]);
});

it("the lock file names no registry, so that an installation uses the person's own", () => {
  const named = Object.values(lock.packages).filter(({ resolved }) => resolved?.startsWith("http"));
  expect(named).toEqual([]);
});
