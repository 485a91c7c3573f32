// A click brings the page to the front that it is about: the tab that shows it already, or a new one.

import type { Errand } from "./message.ts";

declare const self: ServiceWorkerGlobalScope;

export async function follow({ navigate, page, actions }: Errand, action: string): Promise<void> {
  const target = actions[action] ?? navigate;
  const shown = action in actions ? target : (page ?? target);
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const tab = tabs.find(({ url }) => url === new URL(shown, location.href).href);
  if (tab) await tab.focus().catch(() => self.clients.openWindow(target));
  else await self.clients.openWindow(target);
}
