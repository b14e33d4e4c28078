import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../aws/run-command.ts";
import { type RotationScene, setRotationScene } from "../remediate/rotation-scene.ts";

let scene: RotationScene;
let cwd: string;

beforeEach(async () => {
  scene = await setRotationScene();
  cwd = join(scene.home, "work");
  mkdirSync(cwd);
});
afterEach(() => scene.close());

const rotate = (...args: string[]) =>
  runCommand(["rotate", ...args, "--admin-profile", "admin"], { cwd, env: scene.env });
const changes = () => scene.aws.actions.filter((one) => /:(Create|Put|Delete|Update|Attach|Tag)/.test(one));

describe("keyguard rotate", () => {
  it("stops the key, makes a narrower one, writes it where the old one stood and proves both", async () => {
    const ran = await rotate(scene.old.id, "--yes");
    expect(ran).toMatchObject({ code: 0 });
    expect(scene.old.status).toBe("Inactive");
    const made = Object.values(scene.account.iam.users).find(({ name }) => name.startsWith("kg-rw-lab-volumes-"));
    const [key] = made?.keys ?? [];
    expect(made?.keys).toHaveLength(1);
    expect(scene.read(".aws/credentials")).toBe(
      `# kept\n[admin]\naws_access_key_id = ${scene.admin.id}\naws_secret_access_key = ${scene.admin.secret}\n\n[lab]\naws_access_key_id=${key?.id}\naws_secret_access_key=${key?.secret}\n# end\n`,
    );
    expect(JSON.parse(scene.read(".cloudvolume/secrets/aws-secret.json"))).toEqual({
      AWS_ACCESS_KEY_ID: key?.id,
      AWS_SECRET_ACCESS_KEY: key?.secret,
    });
    expect(statSync(join(scene.home, ".aws/credentials")).mode & 0o777).toBe(0o600);
    expect(ran.stdout).toContain("AWS refuses it");
    for (const secret of [key?.secret ?? "", scene.old.secret, scene.admin.secret])
      expect(ran.stdout + ran.stderr).not.toContain(secret);
    expect([...(scene.aws.world.buckets.get("lab-volumes")?.objects.keys() ?? [])]).toEqual(["data/1"]);
  });

  it("prints the plan and changes nothing on a dry run", async () => {
    const ran = await rotate(scene.old.id, "--dry-run");
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("deactivate") });
    expect(changes()).toEqual([]);
    expect(readdirSync(scene.home)).not.toContain(".local");
    expect(scene.old.status).toBe("Active");
  });

  it("takes the key from a report, a profile or a file, and says which bucket it is for", async () => {
    const report = join(cwd, "report.json");
    mkdirSync(join(cwd, "repo"));
    scene.write("work/repo/settings.json", scene.read(".cloudvolume/secrets/aws-secret.json"));
    await runCommand(["scan", "repo", "--format", "json", "-o", report], { cwd, env: scene.env });
    for (const from of [
      ["--from", report],
      ["--profile", "lab"],
      ["--file", "repo/settings.json"],
    ]) {
      const ran = await rotate(...from, "--dry-run", "--json", "--read-only", "--prefix", "data/");
      expect(ran, from.join(" ")).toMatchObject({ code: 0 });
      const { facts, plan } = JSON.parse(ran.stdout);
      expect(facts.key.id).toBe(scene.old.id);
      expect(plan.target).toMatchObject({ bucket: "lab-volumes", can: ["list", "read"], prefixes: ["data/"] });
      expect(plan.user.name).toMatch(/^kg-ro-lab-volumes-[0-9a-f]{4}$/);
      expect(plan.steps.filter(({ kind }: { kind: string }) => kind === "write")).toHaveLength(
        from[0] === "--file" ? 3 : 2,
      );
      expect(ran.stdout).not.toContain(scene.old.secret);
    }
    expect(changes()).toEqual([]);
  });

  it("asks before it begins, and does nothing where nobody can answer", async () => {
    const ran = await rotate(scene.old.id);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining("nobody is here to say yes") });
    expect(changes()).toEqual([]);
  });

  it("with a leaked administrator's key and --self: replaced first, then stopped by itself", async () => {
    scene.write(
      ".aws/credentials",
      `[admin]\naws_access_key_id = ${scene.admin.id}\naws_secret_access_key = ${scene.admin.secret}\n`,
    );
    scene.aws.fault({ service: "iam", action: "UpdateAccessKey", kind: "access-denied" });
    const ran = await rotate(scene.admin.id, "--self", "--order", "replace-first", "--yes", "--bucket", "lab-volumes");
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining("could not deactivate") });
    expect(scene.read(".aws/credentials")).not.toContain(scene.admin.id);
    expect(await rotate("--resume")).toMatchObject({ code: 0 });
    expect(scene.admin.status).toBe("Inactive");
    expect(scene.read(".aws/credentials")).not.toContain(scene.admin.id);
  });

  it("never writes a new key into a file that git tracks", async () => {
    scene.write("work/aws-secret.json", scene.read(".cloudvolume/secrets/aws-secret.json"));
    const git = (...args: string[]) => execFileSync("git", args, { cwd });
    git("init", "-q");
    git("add", "aws-secret.json");
    const ran = await rotate(scene.old.id, "--yes");
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("git rm it and ignore it") });
    expect(scene.read("work/aws-secret.json")).toContain(scene.old.id);
    expect(scene.read(".cloudvolume/secrets/aws-secret.json")).not.toContain(scene.old.id);
  });
});
