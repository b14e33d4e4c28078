// A thread of `keyguard scan --history`; src/sources/history/read-history.ts starts it.
import { parentPort, workerData } from "node:worker_threads";
import type { PackPlan } from "../sources/history/pack-plan.ts";
import { type Shared, walkPacks } from "../sources/history/serve.ts";
import { type RulesOrder, rulesFor } from "./history-rules.ts";

/** What a thread is started with. */
interface Order {
  readonly rules: RulesOrder;
  readonly shared: Shared;
}

const { rules: order, shared } = workerData as Order;
const rules = await rulesFor(order);
parentPort?.once("message", (plans: readonly PackPlan[]) => {
  for (const _ of walkPacks(plans, rules, shared, (told) => parentPort?.postMessage(told)));
  parentPort?.postMessage({ tell: "done" });
});
