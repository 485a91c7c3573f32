// The worker's registration: the site's one-line file under a scope of its own. Never one that is somebody else's.

import { recallAll } from "../enrolment/memory.ts";
import { inTime } from "../enrolment/subscription.ts";
import { misuse } from "./events.ts";
import type { Tag } from "./tag.ts";

/** Scopes that are ours by name: what works there is our worker, whatever its file was called before. */
const OWN = /\/pushsaas[^/]*\/$/;

export interface Place {
  /** What works there for us. */
  own?: ServiceWorkerRegistration | undefined;
  /** Under another name than the tag has for it now. */
  isRenamed: boolean;
  /** Who else has it: another worker, or another site of this origin. A registration has one push subscription, and
   * that is under one site's key. */
  other?: string | undefined;
}

/** The scope, as it is found. */
export async function placeOf({ site, scope, worker }: Tag): Promise<Place> {
  const found = await navigator.serviceWorker.getRegistration(scope);
  const held = found?.scope === scope ? found : undefined;
  const script = held && workerOf(held).scriptURL;
  const isRenamed = script !== worker;
  const rival = (await recallAll()).find((one) => one.isJoined && one.id && one.scope === scope && one.site !== site);
  const other = script && isRenamed && !OWN.test(scope) ? script : rival?.site;
  return { own: other ? undefined : held, isRenamed, other };
}

export async function registered({ scope, worker }: Tag, { own, isRenamed, other }: Place) {
  if (other) throw misuse("scope_taken", `${scope} belongs to ${other}.`);
  const working = async () =>
    activated(own && !isRenamed ? own : await navigator.serviceWorker.register(trusted(worker), { scope }));
  return inTime(working(), "It takes too long.").catch((error: Error) => {
    throw misuse("worker_failed", error.message);
  });
}

const workerOf = ({ active, waiting, installing }: ServiceWorkerRegistration) =>
  (active ?? waiting ?? installing) as ServiceWorker; // there is one

function activated(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  return new Promise((done, fail) => {
    const worker = workerOf(registration);
    const look = () => {
      if (worker.state === "activated") done(registration);
      if (worker.state === "redundant") fail(new Error("It cannot be installed."));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

/** Pages under `require-trusted-types-for 'script'` allow the policy `pushsaas`, which lets their own origin pass. */
function trusted(url: string): string {
  const { trustedTypes } = window as { trustedTypes?: PolicyFactory };
  policy ??= trustedTypes?.createPolicy("pushsaas", { createScriptURL: ownOrigin });
  return (policy?.createScriptURL(url) ?? url) as string;
}

function ownOrigin(url: string): string {
  if (new URL(url).origin === location.origin) return url;
  throw new Error("It is on another origin.");
}

interface Policy {
  createScriptURL(url: string): unknown;
}

interface PolicyFactory {
  createPolicy(name: string, rules: Policy): Policy;
}

let policy: Policy | undefined; // a name is good for one
