// What a page may listen to.

import type { Refused } from "../enrolment/server.ts";

export type EventName = "subscribed" | "unsubscribed" | "prompted" | "declined" | "blocked" | "error";
type Listener = (facts: object) => void;

const listeners = new Map<string, Listener[]>();

export function on(name: EventName, listener: Listener): void {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

/** A listener's own fault is the page's to see, and stops nobody else. */
export function emit(name: EventName, facts: object = {}): boolean {
  const heard = listeners.get(name) ?? [];
  for (const listener of heard) queueMicrotask(() => listener(facts));
  return heard.length > 0;
}

/** Never thrown at a page that did nothing wrong: heard by who listens, otherwise a line in the console. */
export function report(error: unknown): void {
  const { code: given, message } = error as Partial<Refused>;
  const code = typeof given === "string" ? given : "failed"; // a browser's own is a number
  if (!emit("error", { code, detail: message })) console.warn(`pushsaas: ${message} (${code})`);
}

/** What the page itself can mend. */
export const misuse = (code: string, message: string): Error => Object.assign(new Error(message), { code });
