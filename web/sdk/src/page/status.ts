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

export async function status({ site }: Tag): Promise<Status> {
  if (isForHomeScreen) return { state: "home_screen" };
  if (!isSupported) return { state: "unsupported" };
  if (Notification.permission === "denied") return { state: "blocked" };
  const memory = await recall(site).catch(() => null);
  if (memory === null) return { state: "unsupported" }; // nothing may be kept here
  if (memory?.id) return { state: "subscribed", subscription_id: memory.id };
  if (memory?.isJoined) return { state: "joining" };
  return { state: memory && isDeclined(memory) ? "declined" : "open" };
}
