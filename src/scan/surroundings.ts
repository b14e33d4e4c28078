import { isCredentialFile } from "../detectors/credential-file.ts";
import { holdsPlaceholderWord } from "../detectors/token-shape.ts";

/** Stores that speak S3's protocol with keys of their own. Their keys are named, and never sent to AWS. */
const otherStore = new RegExp(
  [
    "minio",
    "wasabisys",
    "wasabi",
    "digitaloceanspaces",
    String.raw`r2\.cloudflarestorage`,
    "cloudflare[ _-]?r2",
    "backblaze",
    String.raw`\bb2[_.-]`,
    String.raw`storage\.googleapis`,
    "linodeobjects",
    String.raw`scw\.cloud`,
    "scaleway",
    "aliyuncs",
    "alibaba",
    String.raw`\boss[_-]`,
    "myqcloud",
    "tencent",
    String.raw`\bcos[_-]`,
    String.raw`ovh\.net`,
    "vultrobjects",
    "contabostorage",
    "idrivee2",
    String.raw`\bceph\b`,
    "radosgw",
    String.raw`\brgw\b`,
    "seaweedfs",
    "garage",
    "dreamobjects",
    "exoscale",
    "storj",
    "filebase",
    String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0):9000`,
    String.raw`s3s?:\/\/(?:\d{1,3}\.){3}\d{1,3}\b`,
    String.raw`endpoint\w{0,12}["']?\s{0,4}[:=]\s{0,4}["']?https?:\/\/(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d`,
    "ibm[ _-]?cos",
    "cloud-object-storage",
    "yandexcloud",
    "qiniu",
    "ncloud",
    "bcebos",
    "myhuaweicloud",
    "ksyun",
    "upyun",
    "jdcloud",
    "ufile",
    "selcdn",
    "hetzner",
    "your-objectstorage",
  ].join("|"),
  "i",
);
const amazon =
  /\baws|aws[_\b]|amazon|\bs3[a-z]?\b|s3[_:./-]|boto|\biam\b|arn:aws|\bbucket|_bucket|bucket_|access[_ -]?key|\b(?:us|eu|ap|sa|ca|me|af|il)-(?:gov-)?(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d\b/i;

/** How far the surroundings of a value reach, in characters to each side; about thirty lines. */
const reach = 1500;

/** Whether what stands around a value speaks of AWS: a secret of unclear kind is AWS's there. */
export function speaksOfAws(text: string, start: number, end: number, path: string): boolean {
  return (
    isCredentialFile(path) || amazon.test(path) || amazon.test(text.slice(Math.max(0, start - reach), end + reach))
  );
}

const keyIdValue =
  /(?<!secret[_ .-]?)access[_ .-]?key(?:[_ .-]?id)?\w{0,12}["'`)\]]{0,3}\s{0,4}(?:=>|:=|[:=,]|\s)\s{0,4}["'`(]{0,2}([A-Za-z0-9_-]{3,80})(?![A-Za-z0-9_-])/gi;

/**
 * Whether a lone secret belongs to another store: the key id beside it is not one of AWS's, or the endpoint beside it
 * is another's.
 */
export function isOtherStore(text: string, start: number, end: number): boolean {
  const from = Math.max(0, start - 700);
  const near = text.slice(from, end + 700);
  const ids = [...near.matchAll(keyIdValue)]
    .map((match) => ({ id: match[1] ?? "", at: from + match.index, end: from + match.index + match[0].length }))
    .filter((match) => match.end <= start || match.at >= end);
  // The id ahead of it is its own, unless another secret stands between; else the one behind it.
  const ahead = ids
    .filter(({ at }) => at < start && start - at < 400 && !/[A-Za-z0-9+/]{40}/.test(withoutIds(text.slice(at, start))))
    .at(-1);
  const own = ahead ?? ids.find(({ at }) => at >= end && at - end < 300);
  if (own !== undefined) {
    if (/^A[KSBC][IC]A[A-Z2-7]{16}$/.test(own.id)) return false;
    if (isForeignId(own.id) || otherStore.test(text.slice(Math.max(0, start - 250), end + 250))) return true;
  }
  if (/(?:AKIA|ASIA)[A-Z2-7]{16}/.test(near)) return false;
  return otherStore.test(near);
}

/** Google's ids are longer than a secret. */
function withoutIds(text: string): string {
  return text.replace(/GOOG1?[A-Z0-9]{20,}/g, "");
}

/** A literal that is a key id of some store, and none of AWS's; a name, a placeholder or a call is not. */
function isForeignId(id: string): boolean {
  if (/^A[KSBC][IC]A/.test(id) || holdsPlaceholderWord(id)) return false;
  return (
    /^(?:GOOG1?|DO00|LTAI|AKID|K00\d|SCW)/.test(id) ||
    /^[0-9a-f]{32}$/.test(id) ||
    (/^[A-Za-z0-9_-]{30,}$/.test(id) && /\d/.test(id)) ||
    (/^[A-Za-z0-9]{12,}$/.test(id) && (/\d/.test(id) || /^[A-Z]+$/.test(id)))
  );
}

/**
 * Whether a bare `secret_key` is the one of an access key: an access key stands beside it, and no secret access key of
 * its own name does (Django's and Flask's `SECRET_KEY` stand in settings that read AWS's from the environment).
 */
export function standsWithAccessKey(text: string, start: number, end: number, path: string): boolean {
  const near = text.slice(Math.max(0, start - 3000), end + 3000);
  if (/aws[_.-]?secret|secret[_.-]?access[_.-]?key/i.test(near.replace(text.slice(Math.max(0, start - 60), start), "")))
    return false;
  if (/django|flask|wsgi|sqlalchemy|\bdebug\s*=|\brails|laravel|jwt|csrf/i.test(near)) return false;
  const close = text.slice(Math.max(0, start - 400), end + 300);
  return (
    /(?<!secret[ _.-]?)access[ _.-]?key|\baws|aws_|\bs3|s3[_.:-]/i.test(close) ||
    isCredentialFile(path) ||
    /\.tfvars/.test(path)
  );
}

/** Words that a name may have beside `secret` and `key` and still be AWS's: whose it is and where, not what it is for. */
const neutralWord =
  /^(?:secret|key|keys|access|aws|amazon|id|my|our|the|your|user|default|prod|production|staging|stage|dev|development|test|testing|qa|uat|live|main|primary|backup|backups|data|deploy|deployer|uploader|iam|account|acct|root|admin|value|var|tf|input|export|env|environment|config|new|old|bucket|storage|static|ro|rw|read|write|reader|writer|ci|bot|service|team|eu|us|ap|string|text|credentials?|creds?|spark|hadoop|fs|hive|plain|raw|current|next|\d+)$/i;

/** Whether a label that does not name AWS names nothing else either: `SECRET_KEY` does not, `GF_SECURITY_SECRET_KEY` does. */
export function isNeutralName(label: string): boolean {
  return (label.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []).every((word) => neutralWord.test(word));
}

const testPath = new RegExp(
  [
    // A folder of that name, in an archive too.
    "(?:^|[/!])(?:tests?|testing|specs?|__tests__|__mocks__|mocks?|fixtures?|testdata|test[-_]data|test[-_]resources|cassettes|examples?|samples?|docs?|documentation|tutorials?)[/!]",
    // client.test.ts, settings-example.yml
    String.raw`(?:^|[/._-])(?:test|spec|mock|fixture|example|sample)s?\.[A-Za-z0-9]+$`,
    // .env.example, settings.sample, config.yml.dist
    String.raw`\.(?:example|sample|template|dist|tmpl)$`,
    // Python's test_client.py, Go's client_test.go
    String.raw`(?:^|\/)test_[^/]*$`,
    String.raw`_test\.[A-Za-z]+$`,
  ].join("|"),
  "i",
);

/** Whether the path is one of test data or documentation, where a key is more often invented than not. */
export function isTestData(path: string): boolean {
  return testPath.test(path);
}
