/** AWS's own policies, as far as tests need them: shortened, not copied. Every key is the policy's ARN. */
function policy(
  ...statements: { Effect: "Allow" | "Deny"; Action?: string[]; NotAction?: string[]; Resource?: string }[]
): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Resource: "*", ...statement })),
  });
}

/** What AWS attaches to the user of a key that it finds in public; V3 and V4 add to V2. */
const quarantine = [
  ...["iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:ChangePassword"],
  ...[
    "iam:CreateAccessKey",
    "iam:CreateInstanceProfile",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
  ],
  ...[
    "iam:CreateUser",
    "iam:DetachUserPolicy",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
  ],
  ...[
    "iam:PutUserPermissionsBoundary",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAccessKey",
    "iam:UpdateAccountPasswordPolicy",
  ],
  ...[
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "iam:UpdateUser",
    "iam:AddUserToGroup",
    "iam:DeleteAccessKey",
  ],
  ...[
    "ec2:RequestSpotInstances",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "organizations:CreateAccount",
    "lambda:CreateFunction",
  ],
];
const quarantineV3 = [
  "s3:DeleteObject",
  "s3:GetObject",
  "s3:ListBucket",
  "s3:PutBucketCors",
  "sts:GetSessionToken",
  "sts:GetFederationToken",
];

export const managedPolicies: ReadonlyMap<string, string> = new Map([
  ["arn:aws:iam::aws:policy/AdministratorAccess", policy({ Effect: "Allow", Action: ["*"] })],
  [
    "arn:aws:iam::aws:policy/IAMFullAccess",
    policy({ Effect: "Allow", Action: ["iam:*", "organizations:DescribeAccount"] }),
  ],
  [
    "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
    policy({ Effect: "Allow", Action: ["iam:Get*", "iam:List*", "iam:Simulate*"] }),
  ],
  ["arn:aws:iam::aws:policy/AmazonS3FullAccess", policy({ Effect: "Allow", Action: ["s3:*", "s3-object-lambda:*"] })],
  [
    "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    policy({ Effect: "Allow", Action: ["s3:Get*", "s3:List*", "s3:Describe*"] }),
  ],
  [
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    policy({ Effect: "Allow", Action: ["*:Get*", "*:List*", "*:Describe*", "*:Lookup*"] }),
  ],
  [
    "arn:aws:iam::aws:policy/PowerUserAccess",
    policy({ Effect: "Allow", NotAction: ["iam:*", "organizations:*", "account:*"] }),
  ],
  ["arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2", policy({ Effect: "Deny", Action: quarantine })],
  [
    "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3",
    policy({ Effect: "Deny", Action: [...quarantine, ...quarantineV3] }),
  ],
  [
    "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV4",
    policy({ Effect: "Deny", Action: [...quarantine, ...quarantineV3, "iam:CreatePolicy", "bedrock:InvokeModel"] }),
  ],
]);
