// The script on a site's pages: answers what was said before it came, then everything else, and heals on every visit.

import { commandsOf } from "./commands.ts";
import { emit, misuse, report } from "./events.ts";
import { isSilent, type Status, status } from "./status.ts";
import { isSupported } from "./support.ts";
import { readTag, type Tag } from "./tag.ts";
import { visit } from "./visit.ts";

type Said = [name: string, ...words: unknown[]];
type Front = ((...said: Said) => Promise<Status>) & { isReady?: true };

declare global {
  interface Window {
    pushsaas?: Front & { q?: Iterable<ArrayLike<unknown>> };
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const tag = readTag(script ?? document.querySelector<HTMLScriptElement>("script[data-site]"));
if (!tag) report(misuse("no_site", "No data-site."));
else if (!window.pushsaas?.isReady) begin(tag);

function begin(tag: Tag): void {
  const commands = new Map<string, (...words: never[]) => Promise<unknown>>(Object.entries(commandsOf(tag)));
  const said = window.pushsaas?.q ?? [];
  let was = idNow(tag);

  const front: Front = async (name, ...words) => {
    const hasBack = name !== "on" && typeof words[words.length - 1] === "function";
    const back = hasBack ? (words.pop() as (now: Status) => void) : undefined;
    const command = commands.get(name);
    const now = await told(
      command?.(...(words as never[])) ?? Promise.reject(misuse("unknown_command", `No command ${name}.`)),
    );
    back?.(now);
    return now;
  };

  async function told(work: Promise<unknown>): Promise<Status> {
    await work.catch((error) => isSilent || report(error));
    was = was.then(async (before) => {
      const id = await idNow(tag);
      if (!id !== !before) emit(id ? "subscribed" : "unsubscribed", { subscription_id: id ?? before });
      return id;
    });
    await was;
    return status(tag);
  }

  front.isReady = true;
  window.pushsaas = front;
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && isSupported) void told(visit(tag)); // a page that is shown again is not loaded again
  });
  for (const words of said) void front(...(Array.from(words) as Said));
  if (!isSupported) return;
  navigator.serviceWorker.addEventListener("message", comeBack);
  void told(visit(tag));
}

/** To the page that a click on a notification is about, which this one was when it was loaded. */
function comeBack({ data }: MessageEvent): void {
  const page = data?.pushsaas;
  if (page && page !== location.href) location.assign(page);
}

async function idNow(tag: Tag): Promise<string | undefined> {
  return (await status(tag)).subscription_id;
}
