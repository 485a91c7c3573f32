// Where a visitor stands, as every command answers it.

import { recall } from "../enrolment/memory.ts";
import { isDeclined } from "./consent.ts";
import { isForHomeScreen, isSupported } from "./support.ts";
import type { Tag } from "./tag.ts";

export interface Status {
  state:
    | "unsupported" // this browser has no web push
    | "home_screen" // it has, for sites that are on the home screen
    | "open" // may be asked
    | "declined" // said no lately
    | "blocked" // told the browser never to let this site
    | "joining" // said yes, but the server or the push service could not be reached yet
    | "subscribed";
  subscription_id?: string;
}

/** No push, or, as was last seen, nothing may be kept: by the browser's settings, or a policy. */
export let isSilent = !isSupported;

export async function status({ site }: Tag): Promise<Status> {
  if (isForHomeScreen) return { state: "home_screen" };
  const memory = isSupported ? await recall(site).catch(() => null) : null;
  isSilent = memory === null;
  if (memory === null) return { state: "unsupported" };
  if (Notification.permission === "denied") return { state: "blocked" };
  if (memory?.isJoined) return memory.id ? { state: "subscribed", subscription_id: memory.id } : { state: "joining" };
  return { state: memory && isDeclined(memory) ? "declined" : "open" };
}
