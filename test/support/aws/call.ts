import type { Caller } from "./authenticate.ts";
import type { AwsFault } from "./aws-fault.ts";
import type { WireRequest, WireResponse } from "./wire.ts";
import type { World } from "./world.ts";

/** One request on its way through a service, once it is known who sent it. */
export interface Call {
  readonly world: World;
  readonly request: WireRequest;
  readonly caller: Caller;
  readonly service: string;
  /** As the API names it: `CreateAccessKey`, `ListObjectsV2`. */
  readonly action: string;
  readonly region: string;
  /** The parameters in words: form fields of IAM and STS, the query of S3. */
  readonly params: ReadonlyMap<string, string>;
  readonly requestId: string;
}

/** A service as the wire sees it. */
export interface Service {
  /** The API's name of what is asked, known before the signature is looked at. */
  actionOf(request: WireRequest): string;
  paramsOf(request: WireRequest): ReadonlyMap<string, string>;
  run(call: Call): WireResponse | Promise<WireResponse>;
  /** How it says no. */
  refuse(fault: AwsFault, request: WireRequest, requestId: string): WireResponse;
}
