import * as iam from "@aws-sdk/client-iam";
import * as s3 from "@aws-sdk/client-s3";
import * as sts from "@aws-sdk/client-sts";
import type { clientsFor } from "../aws/emulator/clients.ts";
import { outcome } from "../aws/emulator/clients.ts";

type Clients = ReturnType<typeof clientsFor>;

const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::kg-contract/*"] }],
});

/**
 * What keyguard does to AWS, in the SDK's calls, told in words that two implementations must agree on: no ids, no dates.
 * Each flow begins with an empty account.
 */
export const flows: Readonly<Record<string, (clients: Clients) => Promise<unknown>>> = {
  async "make a user, find it taken, and take it away again"({ iam: client }) {
    const UserName = "kg-rw-kg-contract-5d1c";
    const Tags = [{ Key: "keyguard:run", Value: "r-1" }];
    const made = await client.send(new iam.CreateUserCommand({ UserName, Path: "/keyguard/", Tags }));
    const again = await outcome(client.send(new iam.CreateUserCommand({ UserName })));
    const got = await client.send(new iam.GetUserCommand({ UserName }));
    const tags = await client.send(new iam.ListUserTagsCommand({ UserName }));
    const listed = await client.send(new iam.ListUsersCommand({ PathPrefix: "/keyguard/" }));
    await client.send(new iam.DeleteUserCommand({ UserName }));
    const gone = await outcome(client.send(new iam.GetUserCommand({ UserName })));
    return {
      arn: made.User?.Arn?.replace(/\d{12}/, "ACCOUNT"),
      path: got.User?.Path,
      tags: tags.Tags,
      listed: listed.Users?.map((user) => user.UserName),
      again,
      gone,
    };
  },

  async "write, read and delete inline policies, and refuse a broken one"({ iam: client }) {
    const UserName = "ana";
    const PolicyName = "lab access";
    await client.send(new iam.CreateUserCommand({ UserName }));
    await client.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: "lab-access", PolicyDocument: policy }));
    const names = (await client.send(new iam.ListUserPoliciesCommand({ UserName }))).PolicyNames;
    const read = (await client.send(new iam.GetUserPolicyCommand({ UserName, PolicyName: "lab-access" })))
      .PolicyDocument;
    const broken = await outcome(
      client.send(
        new iam.PutUserPolicyCommand({ UserName, PolicyName: "p", PolicyDocument: '{"Version":"2012-10-17"' }),
      ),
    );
    const missing = await outcome(client.send(new iam.GetUserPolicyCommand({ UserName, PolicyName })));
    const conflict = await outcome(client.send(new iam.DeleteUserCommand({ UserName })));
    await client.send(new iam.DeleteUserPolicyCommand({ UserName, PolicyName: "lab-access" }));
    return {
      names,
      read: JSON.parse(decodeURIComponent(read ?? "{}")),
      broken,
      missing,
      conflict,
      left: await outcome(client.send(new iam.DeleteUserCommand({ UserName }))),
    };
  },

  async "make two keys and no third, switch one off, delete it"({ iam: client }) {
    const UserName = "ana";
    await client.send(new iam.CreateUserCommand({ UserName }));
    const first = (await client.send(new iam.CreateAccessKeyCommand({ UserName }))).AccessKey;
    const second = (await client.send(new iam.CreateAccessKeyCommand({ UserName }))).AccessKey;
    const third = await outcome(client.send(new iam.CreateAccessKeyCommand({ UserName })));
    const AccessKeyId = first?.AccessKeyId ?? "";
    await client.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: "Inactive" }));
    const states = (await client.send(new iam.ListAccessKeysCommand({ UserName }))).AccessKeyMetadata?.map(
      (key) => key.Status,
    );
    const used = await client.send(new iam.GetAccessKeyLastUsedCommand({ AccessKeyId: second?.AccessKeyId ?? "" }));
    await client.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    const twice = await outcome(client.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId })));
    return {
      shape: [/^AKIA[A-Z0-9]{16}$/.test(first?.AccessKeyId ?? ""), first?.SecretAccessKey?.length, first?.Status],
      third,
      states: states?.sort(),
      owner: used.UserName,
      neverUsed: used.AccessKeyLastUsed?.LastUsedDate === undefined,
      twice,
    };
  },

  async "read attached and group policies"({ iam: client }) {
    const UserName = "ana";
    const made = await client.send(new iam.CreatePolicyCommand({ PolicyName: "shared", PolicyDocument: policy }));
    const PolicyArn = made.Policy?.Arn ?? "";
    // moto takes a boundary here and then does not tell of it: our own tests prove that part.
    await client.send(new iam.CreateUserCommand({ UserName, PermissionsBoundary: PolicyArn }));
    await client.send(new iam.CreateGroupCommand({ GroupName: "readers" }));
    await client.send(new iam.AddUserToGroupCommand({ GroupName: "readers", UserName }));
    await client.send(
      new iam.PutGroupPolicyCommand({ GroupName: "readers", PolicyName: "inline", PolicyDocument: policy }),
    );
    await client.send(new iam.AttachGroupPolicyCommand({ GroupName: "readers", PolicyArn }));
    await client.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }));
    const version = await client.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
    return {
      attached: (await client.send(new iam.ListAttachedUserPoliciesCommand({ UserName }))).AttachedPolicies?.map(
        (one) => one.PolicyName,
      ),
      groups: (await client.send(new iam.ListGroupsForUserCommand({ UserName }))).Groups?.map((one) => one.GroupName),
      inline: (await client.send(new iam.ListGroupPoliciesCommand({ GroupName: "readers" }))).PolicyNames,
      ofGroup: (
        await client.send(new iam.ListAttachedGroupPoliciesCommand({ GroupName: "readers" }))
      ).AttachedPolicies?.map((one) => one.PolicyName),
      version: (await client.send(new iam.GetPolicyCommand({ PolicyArn }))).Policy?.DefaultVersionId,
      document: JSON.parse(decodeURIComponent(version.PolicyVersion?.Document ?? "{}")),
    };
  },

  async "look at what else a user has"({ iam: client }) {
    const UserName = "ana";
    await client.send(new iam.CreateUserCommand({ UserName }));
    const noPassword = await outcome(client.send(new iam.GetLoginProfileCommand({ UserName })));
    await client.send(new iam.CreateLoginProfileCommand({ UserName, Password: ["In", "vented", "1!"].join("") }));
    return {
      noPassword,
      password: await outcome(client.send(new iam.GetLoginProfileCommand({ UserName }))),
      devices: (await client.send(new iam.ListMFADevicesCommand({ UserName }))).MFADevices,
      sshKeys: (await client.send(new iam.ListSSHPublicKeysCommand({ UserName }))).SSHPublicKeys,
    };
  },

  async "the five operations on a bucket, and nothing overwritten"({ s3: client }) {
    const Bucket = "kg-contract";
    const Key = "_keyguard_check/r-1/probe ü+.txt";
    await client.send(new s3.CreateBucketCommand({ Bucket }));
    const put = await outcome(client.send(new s3.PutObjectCommand({ Bucket, Key, Body: "check", IfNoneMatch: "*" })));
    const again = await outcome(client.send(new s3.PutObjectCommand({ Bucket, Key, Body: "other", IfNoneMatch: "*" })));
    const listed = (
      await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: "_keyguard_check/" }))
    ).Contents?.map((one) => one.Key);
    const size = (await client.send(new s3.HeadObjectCommand({ Bucket, Key }))).ContentLength;
    const body = await (await client.send(new s3.GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
    await client.send(new s3.DeleteObjectCommand({ Bucket, Key }));
    return {
      put,
      again,
      listed,
      size,
      body,
      gone: await outcome(client.send(new s3.GetObjectCommand({ Bucket, Key }))),
      goneHead: await outcome(client.send(new s3.HeadObjectCommand({ Bucket, Key }))),
      nowhere: await outcome(client.send(new s3.ListObjectsV2Command({ Bucket: "kg-nowhere" }))),
    };
  },

  async "versions and markers, deleted one by one"({ s3: client }) {
    const Bucket = "kg-contract";
    await client.send(new s3.CreateBucketCommand({ Bucket }));
    const before = (await client.send(new s3.GetBucketVersioningCommand({ Bucket }))).Status;
    await client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const { VersionId } = await client.send(new s3.PutObjectCommand({ Bucket, Key: "k", Body: "1" }));
    const marker = await client.send(new s3.DeleteObjectCommand({ Bucket, Key: "k" }));
    const counted = await client.send(new s3.ListObjectVersionsCommand({ Bucket, Prefix: "k" }));
    for (const version of [VersionId, marker.VersionId])
      await client.send(new s3.DeleteObjectCommand({ Bucket, Key: "k", VersionId: version }));
    const left = await client.send(new s3.ListObjectVersionsCommand({ Bucket, Prefix: "k" }));
    return {
      before,
      after: (await client.send(new s3.GetBucketVersioningCommand({ Bucket }))).Status,
      marker: marker.DeleteMarker,
      counted: [counted.Versions?.length, counted.DeleteMarkers?.length],
      left: [left.Versions?.length ?? 0, left.DeleteMarkers?.length ?? 0],
    };
  },

  async "a bucket's policy, encryption and public access block"({ s3: client }) {
    const Bucket = "kg-contract";
    await client.send(new s3.CreateBucketCommand({ Bucket }));
    const none = await outcome(client.send(new s3.GetBucketPolicyCommand({ Bucket })));
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: ["arn:aws:s3:::kg-contract/*"],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
    await client.send(new s3.PutBucketPolicyCommand({ Bucket, Policy }));
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    await client.send(new s3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    const Rules = [
      {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: "aws:kms" as const,
          KMSMasterKeyID: "arn:aws:kms:us-east-1:111122223333:key/0000",
        },
        BucketKeyEnabled: true,
      },
    ];
    await client.send(new s3.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    const encryption = await client.send(new s3.GetBucketEncryptionCommand({ Bucket }));
    return {
      none,
      policy: JSON.parse((await client.send(new s3.GetBucketPolicyCommand({ Bucket }))).Policy ?? "{}"),
      block: (await client.send(new s3.GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration,
      encryption: encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
      bucketKey: encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.BucketKeyEnabled,
      buckets: (await client.send(new s3.ListBucketsCommand({}))).Buckets?.map((bucket) => bucket.Name),
    };
  },

  async "where a bucket is"({ s3: client }) {
    const Bucket = "kg-contract";
    const region = await client.config.region();
    await client.send(new s3.CreateBucketCommand({ Bucket }));
    return { region, location: (await client.send(new s3.GetBucketLocationCommand({ Bucket }))).LocationConstraint };
  },

  async "a role, assumed"({ iam: client, sts: tokens }) {
    const trust = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
    });
    const made = await client.send(new iam.CreateRoleCommand({ RoleName: "kg-role", AssumeRolePolicyDocument: trust }));
    await client.send(new iam.PutRolePolicyCommand({ RoleName: "kg-role", PolicyName: "p", PolicyDocument: policy }));
    const RoleArn = made.Role?.Arn ?? "";
    const assumed = await tokens.send(
      new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: "r-1", DurationSeconds: 900 }),
    );
    const role = await client.send(new iam.GetRoleCommand({ RoleName: "kg-role" }));
    return {
      temporary: assumed.Credentials?.AccessKeyId?.startsWith("ASIA"),
      token: (assumed.Credentials?.SessionToken?.length ?? 0) > 100,
      arn: assumed.AssumedRoleUser?.Arn?.replace(/\d{12}/, "ACCOUNT"),
      trust: JSON.parse(decodeURIComponent(role.Role?.AssumeRolePolicyDocument ?? "{}")),
      policies: (await client.send(new iam.ListRolePoliciesCommand({ RoleName: "kg-role" }))).PolicyNames,
      again: await outcome(
        client.send(new iam.CreateRoleCommand({ RoleName: "kg-role", AssumeRolePolicyDocument: trust })),
      ),
    };
  },
};
