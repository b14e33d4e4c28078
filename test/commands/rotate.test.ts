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
});
