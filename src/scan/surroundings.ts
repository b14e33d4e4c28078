import { isCredentialFile } from "../detectors/credential-file.ts";

/** Stores that speak S3's protocol with keys of their own. Their keys are named, and never sent to AWS. */
const otherStore =
  /minio|wasabisys|wasabi|digitaloceanspaces|r2\.cloudflarestorage|cloudflare[ _-]?r2|backblaze|\bb2[_.-]|storage\.googleapis|linodeobjects|scw\.cloud|scaleway|aliyuncs|alibaba|\boss[_-]|myqcloud|tencent|\bcos[_-]|ovh\.net|vultrobjects|contabostorage|idrivee2|\bceph\b|radosgw|\brgw\b|seaweedfs|garage|dreamobjects|exoscale|storj|filebase|(?:localhost|127\.0\.0\.1|0\.0\.0\.0):9000|ibm[ _-]?cos|cloud-object-storage|yandexcloud|selcdn|hetzner|your-objectstorage/i;
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
  /access[_ .-]?key(?:[_ .-]?id)?\w{0,12}["'`)\]]{0,3}\s{0,4}(?:=>|:=|[:=,]|\s)\s{0,4}["'`(]{0,2}([A-Za-z0-9_-]{3,64})(?![A-Za-z0-9_-])/gi;

/** Whether a lone secret belongs to another store: its key id is not one of AWS's, or its endpoint is another's. */
export function isOtherStore(text: string, start: number, end: number): boolean {
  const near = text.slice(Math.max(0, start - 700), end + 700);
  if (/(?:AKIA|ASIA)[A-Z2-7]{16}/.test(near)) return false;
  if (otherStore.test(near)) return true;
  for (const match of near.matchAll(keyIdValue)) {
    const id = match[1] ?? "";
    if (/^(?:GOOG1?|DO00|LTAI|AKID|K00\d|00[0-9a-f]{2}|SCW)/.test(id) && id.length >= 15) return true;
    if (/^[A-Z0-9]{20}$/.test(id) && !/^A[KSBC][IC]A/.test(id)) return true;
    if (/^[0-9a-f]{32}$/.test(id)) return true;
  }
  return false;
}

const testPath =
  /(?:^|[/!])(?:tests?|testing|specs?|__tests__|__mocks__|mocks?|fixtures?|testdata|test[-_]data|test[-_]resources|cassettes|examples?|samples?|docs?|documentation|tutorials?)[/!]|(?:^|[/._-])(?:test|spec|mock|fixture|example|sample)s?\.[A-Za-z0-9]+$|(?:^|\/)test_[^/]*$|_test\.[A-Za-z]+$/i;

/** Whether the path is one of test data or documentation, where a key is more often invented than not. */
export function isTestData(path: string): boolean {
  return testPath.test(path);
}
