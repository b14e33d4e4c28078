// What no emulator settles, asked of the real AWS. The test bed (test/support/aws) behaves as AWS's documentation says;
// where that is silent, or where people report otherwise, it had to assume. Each question below makes the experiment.
//
//   node scripts/sandbox-check.mjs --list                 the questions, without touching AWS
//   node scripts/sandbox-check.mjs --profile sandbox --yes [--only id,id]
//
// Use an account that holds nothing else. It makes a dozen users below /keyguard-sandbox/ and one bucket, and
// takes them away again, also after an error. It costs less than a cent and a quarter of an hour.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const iam = await import("@aws-sdk/client-iam");
const s3 = await import("@aws-sdk/client-s3");
const sts = await import("@aws-sdk/client-sts");
const trail = await import("@aws-sdk/client-cloudtrail");
const { fromIni, fromNodeProviderChain } = await import("@aws-sdk/credential-providers");

const path = "/keyguard-sandbox/";
const region = "us-east-1";

/** @param {unknown} error @returns {string} the code, or the status where a HEAD has none */
const codeOf = (error) => {
  const { name, $metadata } = /** @type {{ name?: string, $metadata?: { httpStatusCode?: number } }} */ (error);
  return !name || name === "Unknown" || /^\d+$/.test(name) ? String($metadata?.httpStatusCode) : name;
};

/** @param {Promise<unknown>} call @returns {Promise<string>} `allowed`, or the code of the refusal */
const outcome = (call) => call.then(() => "allowed", codeOf);

/** @param {...object} statements */
const policy = (...statements) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (/** @type {unknown} */ Action, /** @type {unknown} */ Resource, more = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const deny = (/** @type {unknown} */ Action, /** @type {unknown} */ Resource, more = {}) => ({
  Effect: "Deny",
  Action,
  Resource,
  ...more,
});

/** The scene of the experiments: an administrator's clients, and users that come and go. */
class Sandbox {
  constructor(credentials, endpoint, quick) {
    this.config = { region, ...(endpoint ? { endpoint } : {}) };
    this.quick = quick;
    this.iam = new iam.IAMClient({ ...this.config, credentials });
    this.s3 = new s3.S3Client({ ...this.config, credentials });
    this.sts = new sts.STSClient({ ...this.config, credentials });
    this.trail = new trail.CloudTrailClient({ ...this.config, credentials });
    this.run = randomBytes(4).toString("hex");
    this.bucket = `keyguard-sandbox-${this.run}`;
    this.users = new Set();
  }

  /** Clients of a key that do not retry, so that each answer is one answer. */
  as({ AccessKeyId, SecretAccessKey, SessionToken }) {
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken ? { sessionToken: SessionToken } : {}),
    };
    const config = { ...this.config, credentials, maxAttempts: 1 };
    const own = { sts: new sts.STSClient(config), s3: new s3.S3Client(config), iam: new iam.IAMClient(config) };
    return {
      ...own,
      who: () => outcome(own.sts.send(new sts.GetCallerIdentityCommand({}))),
      list: () => outcome(own.s3.send(new s3.ListObjectsV2Command({ Bucket: this.bucket }))),
      get: (Key) => outcome(own.s3.send(new s3.GetObjectCommand({ Bucket: this.bucket, Key }))),
      put: (Key, more = {}) =>
        outcome(own.s3.send(new s3.PutObjectCommand({ Bucket: this.bucket, Key, Body: "x", ...more }))),
    };
  }

  async makeUser(name, text, more = {}) {
    const UserName = `kg-sandbox-${name}-${this.run}`;
    await this.iam.send(new iam.CreateUserCommand({ UserName, Path: path, ...more }));
    this.users.add(UserName);
    if (text) await this.setPolicy(UserName, text);
    return UserName;
  }

  setPolicy(UserName, PolicyDocument, PolicyName = "sandbox") {
    return this.iam.send(new iam.PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
  }

  async makeKey(UserName) {
    return (await this.iam.send(new iam.CreateAccessKeyCommand({ UserName }))).AccessKey;
  }

  /** A key that AWS accepts five times in a row by now. */
  async settledKey(UserName) {
    const key = await this.makeKey(UserName);
    const { who } = this.as(key);
    await this.until(async () => (await who()) === "allowed", 5);
    return key;
  }

  /**
   * Asks again until a condition holds some times in a row.
   * @returns seconds until it first held, until it held for good, and how often it fell back in between
   */
  async until(condition, times = 5, limit = 120_000) {
    const begun = Date.now();
    let first = null;
    let streak = 0;
    let backslides = 0;
    while (Date.now() - begun < limit) {
      if (await condition()) {
        first ??= (Date.now() - begun) / 1000;
        if (++streak >= times) return { first, settled: (Date.now() - begun) / 1000, backslides };
      } else if (streak > 0) {
        streak = 0;
        backslides++;
      }
      await pause(this.quick ? 1 : 400);
    }
    return { first, settled: null, backslides };
  }

  settle() {
    return pause(this.quick ? 1 : 15_000);
  }

  async cleanUp() {
    const attempt = (call) =>
      call.catch((error) =>
        codeOf(error).startsWith("NoSuch") ? undefined : console.error(`left behind: ${codeOf(error)}`),
      );
    for (const UserName of this.users) {
      const keys = await this.iam.send(new iam.ListAccessKeysCommand({ UserName }));
      for (const { AccessKeyId } of keys.AccessKeyMetadata ?? [])
        await attempt(this.iam.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId })));
      const names = (await this.iam.send(new iam.ListUserPoliciesCommand({ UserName }))).PolicyNames ?? [];
      for (const PolicyName of names)
        await attempt(this.iam.send(new iam.DeleteUserPolicyCommand({ UserName, PolicyName })));
      await attempt(this.iam.send(new iam.DeleteUserCommand({ UserName })));
    }
    const Bucket = this.bucket;
    const listed = await this.s3.send(new s3.ListObjectsV2Command({ Bucket })).catch(() => ({ Contents: [] }));
    for (const { Key } of listed.Contents ?? [])
      await attempt(this.s3.send(new s3.DeleteObjectCommand({ Bucket, Key })));
    await attempt(this.s3.send(new s3.DeleteBucketCommand({ Bucket })));
  }
}

/** An access key id that is nobody's, as far as chance goes. */
const inventedId = () => {
  const letters = [...randomBytes(15)].map((byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]);
  return `AKIA${["Q", ...letters].join("")}`;
};

const seconds = ({ first, settled, backslides }) =>
  `first after ${first?.toFixed(1) ?? "never"} s, for good after ${settled?.toFixed(1) ?? "never"} s, fell back ${backslides} times`;

/**
 * Each question: what is asked, what the emulator (and so keyguard) assumes, and the experiment. An assumption that is a
 * pattern is held against the answer; one in words is for a person to compare.
 * @type {{ id: string, asks: string, assumed: string | RegExp, run(box: Sandbox): Promise<string> }[]}
 */
const questions = [
  {
    id: "new-key-lag",
    asks: "how long until a new key works, and does it fall back in between?",
    assumed: "8 to 15 s on AWS, and one success proves nothing: rotate verifies twice in a row",
    run: async (box) => {
      const { who } = box.as(await box.makeKey(await box.makeUser("lag")));
      return seconds(await box.until(async () => (await who()) === "allowed"));
    },
  },
  {
    id: "inactive-key-lag",
    asks: "how long does a deactivated key go on working, and what does STS answer then?",
    assumed: "3 to 4 s; InvalidClientTokenId",
    run: async (box) => {
      const UserName = await box.makeUser("inactive");
      const key = await box.settledKey(UserName);
      await box.iam.send(
        new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: key.AccessKeyId, Status: "Inactive" }),
      );
      const { who, list } = box.as(key);
      const gone = await box.until(async () => (await who()) !== "allowed");
      return `${seconds(gone)}; STS ${await who()}, S3 ${await list()}`;
    },
  },
  {
    id: "inactive-code",
    asks: "which codes stand for an inactive key?",
    assumed: /^InvalidClientTokenId, InvalidAccessKeyId$/,
    run: async (box) => {
      const UserName = await box.makeUser("code");
      const key = await box.settledKey(UserName);
      await box.iam.send(
        new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: key.AccessKeyId, Status: "Inactive" }),
      );
      await box.settle();
      const { who, list } = box.as(key);
      return `${await who()}, ${await list()}`;
    },
  },
  {
    id: "two-secrets",
    asks: "does AWS refuse the right secret just after a wrong one for the same id, and with which code?",
    assumed: "within five seconds, at times: keyguard asks again once, six seconds later",
    run: async (box) => {
      const key = await box.settledKey(await box.makeUser("quirk"));
      const wrong = await box.as({ ...key, SecretAccessKey: randomBytes(30).toString("base64") }).who();
      const answers = [];
      for (let index = 0; index < 6; index++) {
        answers.push(await box.as(key).who());
        await pause(box.quick ? 1 : 1_000);
      }
      return `wrong: ${wrong}; then right, each second: ${answers.join(", ")}`;
    },
  },
  {
    id: "session-outlives-key",
    asks: "does a session made from a key go on working after the key was deactivated, and after it was deleted?",
    assumed: /^inactive: allowed, deleted: allowed$/,
    run: async (box) => {
      const UserName = await box.makeUser(
        "session",
        policy(allow("sts:GetSessionToken", "*"), allow("s3:ListBucket", `arn:aws:s3:::${box.bucket}`)),
      );
      const key = await box.settledKey(UserName);
      const { Credentials } = await box.as(key).sts.send(new sts.GetSessionTokenCommand({ DurationSeconds: 900 }));
      const session = box.as(Credentials);
      await box.until(async () => (await session.list()) === "allowed");
      await box.iam.send(
        new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: key.AccessKeyId, Status: "Inactive" }),
      );
      await box.settle();
      const inactive = await session.list();
      await box.iam.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId: key.AccessKeyId }));
      await box.settle();
      return `inactive: ${inactive}, deleted: ${await session.list()}`;
    },
  },
  {
    id: "token-issue-time",
    asks: "does a deny on aws:TokenIssueTime end sessions (GetSessionToken, GetFederationToken) and leave the key alone?",
    assumed: /^session: AccessDenied, federated: AccessDenied, key: allowed$/,
    run: async (box) => {
      const list = allow("s3:ListBucket", `arn:aws:s3:::${box.bucket}`);
      const UserName = await box.makeUser(
        "revoke",
        policy(allow(["sts:GetSessionToken", "sts:GetFederationToken"], "*"), list),
      );
      const key = await box.settledKey(UserName);
      const own = box.as(key);
      await box.until(async () => (await own.list()) === "allowed");
      const made = await own.sts.send(new sts.GetSessionTokenCommand({ DurationSeconds: 900 }));
      const lent = await own.sts.send(
        new sts.GetFederationTokenCommand({ Name: "guest", Policy: policy(list), DurationSeconds: 900 }),
      );
      const [session, federated] = [box.as(made.Credentials), box.as(lent.Credentials)];
      await box.until(async () => (await federated.list()) === "allowed");
      const before = new Date(Date.now() + 60_000).toISOString();
      await box.setPolicy(
        UserName,
        policy(deny("*", "*", { Condition: { DateLessThan: { "aws:TokenIssueTime": before } } })),
        "revoke",
      );
      await box.until(async () => (await session.list()) !== "allowed", 3);
      await box.settle();
      return `session: ${await session.list()}, federated: ${await federated.list()}, key: ${await own.list()}`;
    },
  },
  {
    id: "last-used-of-others",
    asks: "what does GetAccessKeyLastUsed answer for a key that was deleted, and for one that is not ours?",
    assumed: /^deleted: AccessDenied, foreign: AccessDenied$/,
    run: async (box) => {
      const UserName = await box.makeUser("last");
      const key = await box.makeKey(UserName);
      const ask = (AccessKeyId) => outcome(box.iam.send(new iam.GetAccessKeyLastUsedCommand({ AccessKeyId })));
      await box.iam.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId: key.AccessKeyId }));
      await box.settle();
      return `deleted: ${await ask(key.AccessKeyId)}, foreign: ${await ask(inventedId())}`;
    },
  },
  {
    id: "acl-header",
    asks: "does a write with x-amz-acl: bucket-owner-full-control (cloud-files sends it) need s3:PutObjectAcl?",
    assumed: /^without: AccessDenied, with: allowed$/,
    run: async (box) => {
      const arn = `arn:aws:s3:::${box.bucket}/*`;
      const UserName = await box.makeUser("acl", policy(allow("s3:PutObject", arn)));
      const own = box.as(await box.settledKey(UserName));
      await box.until(async () => (await own.put("acl/a")) === "allowed");
      const without = await own.put("acl/b", { ACL: "bucket-owner-full-control" });
      await box.setPolicy(UserName, policy(allow(["s3:PutObject", "s3:PutObjectAcl"], arn)));
      await box.settle();
      return `without: ${without}, with: ${await own.put("acl/b", { ACL: "bucket-owner-full-control" })}`;
    },
  },
  {
    id: "missing-key",
    asks: "is a missing key a 404 for who may list, and a 403 for who may not?",
    assumed: /^may list: NoSuchKey, may not: AccessDenied$/,
    run: async (box) => {
      const read = allow("s3:GetObject", `arn:aws:s3:::${box.bucket}/*`);
      const UserName = await box.makeUser(
        "missing",
        policy(read, allow("s3:ListBucket", `arn:aws:s3:::${box.bucket}`)),
      );
      const own = box.as(await box.settledKey(UserName));
      await box.until(async () => (await own.get("nothing/here")) === "NoSuchKey", 2, 30_000);
      const mayList = await own.get("nothing/here");
      await box.setPolicy(UserName, policy(read));
      await box.settle();
      return `may list: ${mayList}, may not: ${await own.get("nothing/here")}`;
    },
  },
  {
    id: "unresolved-variable",
    asks: "does an Allow with NotResource apply when a variable in it has no value?",
    assumed: /^AccessDenied$/,
    run: async (box) => {
      const statement = {
        Effect: "Allow",
        Action: "s3:ListBucket",
        NotResource: `arn:aws:s3:::x-\${aws:PrincipalTag/nobody-has-this}`,
      };
      const own = box.as(await box.settledKey(await box.makeUser("variable", policy(statement))));
      await box.settle();
      return own.list();
    },
  },
  {
    id: "if-none-match",
    asks: "does a conditional write refuse to overwrite?",
    assumed: /^allowed, PreconditionFailed$/,
    run: async (box) => {
      const put = () =>
        outcome(box.s3.send(new s3.PutObjectCommand({ Bucket: box.bucket, Key: "once", Body: "x", IfNoneMatch: "*" })));
      return `${await put()}, ${await put()}`;
    },
  },
  {
    id: "simulation",
    asks: "does SimulatePrincipalPolicy agree with the calls themselves?",
    assumed: /^allowed implicitDeny explicitDeny$/,
    run: async (box) => {
      const UserName = await box.makeUser("simulate", policy(allow("s3:GetObject", "*"), deny("s3:DeleteObject", "*")));
      const { User } = await box.iam.send(new iam.GetUserCommand({ UserName }));
      const ActionNames = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
      const { EvaluationResults } = await box.iam.send(
        new iam.SimulatePrincipalPolicyCommand({
          PolicySourceArn: User?.Arn,
          ActionNames,
          ResourceArns: [`arn:aws:s3:::${box.bucket}/k`],
        }),
      );
      return (EvaluationResults ?? []).map((one) => one.EvalDecision).join(" ");
    },
  },
  {
    id: "trail-delay",
    asks: "how long until LookupEvents shows a call by its access key id?",
    assumed: "5 to 15 minutes on AWS; the report of a rotation says so",
    run: async (box) => {
      const key = await box.settledKey(await box.makeUser("trail"));
      const LookupAttributes = [{ AttributeKey: "AccessKeyId", AttributeValue: key.AccessKeyId }];
      const seen = async () =>
        ((await box.trail.send(new trail.LookupEventsCommand({ LookupAttributes }))).Events ?? []).length > 0;
      return seconds(await box.until(seen, 1, box.quick ? 1_000 : 900_000));
    },
  },
];

const { values } = parseArgs({
  options: {
    list: { type: "boolean" },
    profile: { type: "string" },
    yes: { type: "boolean" },
    only: { type: "string" },
    endpoint: { type: "string" },
    quick: { type: "boolean" },
  },
});

const assumption = (assumed) => (assumed instanceof RegExp ? assumed.source.replace(/^\^|\$$/g, "") : assumed);

if (values.list || !values.yes) {
  for (const { id, asks, assumed } of questions)
    console.log(`${id.padEnd(22)}${asks}\n${" ".repeat(22)}assumed: ${assumption(assumed)}`);
  if (!values.list) console.error("\nnothing was done: name a sandbox account with --profile, and say --yes");
  process.exit(values.list ? 0 : 2);
}

const credentials = values.profile ? fromIni({ profile: values.profile }) : fromNodeProviderChain();
const box = new Sandbox(credentials, values.endpoint, values.quick);
const wanted = values.only?.split(",");
let surprises = 0;
try {
  const { Account, Arn } = await box.sts.send(new sts.GetCallerIdentityCommand({}));
  console.log(`in account ${Account} as ${Arn}\n`);
  await box.s3.send(new s3.CreateBucketCommand({ Bucket: box.bucket }));
  for (const { id, asks, assumed, run } of questions) {
    if (wanted && !wanted.includes(id)) continue;
    const answer = await run(box).catch((error) => `the experiment failed: ${codeOf(error)}`);
    const failed = answer.startsWith("the experiment failed");
    const surprise = failed || (assumed instanceof RegExp && !assumed.test(answer));
    if (surprise) surprises++;
    const mark = surprise ? "OTHERWISE" : assumed instanceof RegExp ? "as assumed" : "compare";
    console.log(
      `${mark.padEnd(12)}${id}: ${asks}\n            answer:  ${answer}\n            assumed: ${assumption(assumed)}\n`,
    );
  }
} finally {
  await box.cleanUp();
}
console.log(
  surprises === 0
    ? "nothing is otherwise than assumed"
    : `${surprises} otherwise than assumed: the emulator, or keyguard, must change`,
);
process.exit(surprises === 0 ? 0 : 1);
