/**
 * The one door to the AWS SDK. It is loaded when it is needed and not before: nothing on the way of a scan or a hook
 * pays for it, and a test reads the bundle's imports to keep it so.
 */
function prepare(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  // Says on standard error that the SDK is in "maintenance mode" and the like: not a person's business here.
  process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
}

export async function loadSts() {
  prepare();
  return import("@aws-sdk/client-sts");
}

export async function loadIam() {
  prepare();
  return import("@aws-sdk/client-iam");
}

export async function loadS3() {
  prepare();
  return import("@aws-sdk/client-s3");
}

export async function loadKms() {
  prepare();
  return import("@aws-sdk/client-kms");
}

export async function loadCloudTrail() {
  prepare();
  return import("@aws-sdk/client-cloudtrail");
}

export async function loadCredentialProviders() {
  prepare();
  return import("@aws-sdk/credential-providers");
}

/** The SDK's own reader of `~/.aws/config` and `~/.aws/credentials`. */
export async function loadConfigReader() {
  prepare();
  return import("@smithy/core/config");
}

export async function loadHttpHandler() {
  prepare();
  return import("@smithy/node-http-handler");
}
