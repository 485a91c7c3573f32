// A click brings the page to the front that it is about: the tab that shows it already, or a new one.

import type { Errand } from "./message.ts";

declare const self: ServiceWorkerGlobalScope;

export async function follow({ navigate, page, actions }: Errand, action: string): Promise<void> {
  const target = absolute(actions[action] ?? navigate);
  const shown = action in actions || !page ? target : absolute(page);
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const tab = tabs.find(({ url, frameType }) => url === shown && frameType !== "nested");
  const opened = () => self.clients.openWindow(target);
  if (!tab) await opened();
  // A tab's `url` is where it was loaded: an app may have moved on since, and only its own script can bring it back.
  else await tab.focus().then(() => tab.postMessage({ pushsaas: shown }), opened);
}

function absolute(url: string): string {
  try {
    return new URL(url, location.href).href;
  } catch {
    return location.origin;
  }
}
