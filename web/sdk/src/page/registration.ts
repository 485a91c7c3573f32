// The worker's registration: the site's one-line file under a scope of its own. Never one that is somebody else's.

import { Misuse } from "./events.ts";
import type { Tag } from "./tag.ts";

export async function standing({ scope }: Tag): Promise<ServiceWorkerRegistration | undefined> {
  const found = await navigator.serviceWorker.getRegistration(scope);
  return found?.scope === scope ? found : undefined;
}

export async function registered(tag: Tag): Promise<ServiceWorkerRegistration> {
  const held = await standing(tag);
  const script = held && workerOf(held)?.scriptURL;
  if (script && script !== tag.worker) {
    const advice = "Name it in data-worker, or choose another data-scope.";
    throw new Misuse("scope_taken", `${script} works under ${tag.scope}. ${advice}`);
  }
  const registration = held ?? (await register(tag));
  await activated(registration);
  return registration;
}

async function register({ worker, scope }: Tag): Promise<ServiceWorkerRegistration> {
  const url = trusted(worker);
  try {
    return await navigator.serviceWorker.register(url, { scope });
  } catch (error) {
    throw new Misuse("worker_failed", (error as Error).message);
  }
}

const workerOf = ({ active, waiting, installing }: ServiceWorkerRegistration) => active ?? waiting ?? installing;

function activated(registration: ServiceWorkerRegistration): Promise<void> {
  return new Promise((done, fail) => {
    const worker = workerOf(registration);
    const look = () => {
      if (worker?.state === "activated") done();
      if (!worker || worker.state === "redundant") fail(new Misuse("worker_failed", "It could not be installed."));
    };
    worker?.addEventListener("statechange", look);
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
  throw new Misuse("foreign_worker", "A worker lies on its page's own origin.");
}

interface Policy {
  createScriptURL(url: string): unknown;
}

interface PolicyFactory {
  createPolicy(name: string, rules: Policy): Policy;
}

let policy: Policy | undefined; // a name is good for one
