// The product's routes for browsers, under the site key.

import type { Memory } from "./memory.ts";

const PATIENCE_MS = 15_000; // whoever asks may hold the turn of all tabs

/** The server's no. */
export interface Refused extends Error {
  status: number;
  /** Its problem document (RFC 9457), or empty where the answer was none. */
  problem: Record<string, unknown>;
  code: string;
  /** Asking the same again would get the same answer. */
  isFinal: boolean;
  /** It was ended by the site's owner, by law, or by the visitor elsewhere: not ours to undo. */
  isMeant: boolean;
}

function refusal(status: number, problem: Record<string, unknown>): Refused {
  const { detail = `${status}`, code = "unavailable", ended_reason = code } = problem as Record<string, string>;
  return Object.assign(new Error(detail), {
    status,
    problem,
    code,
    isFinal: status < 500 && status !== 408 && status !== 429,
    isMeant: /removed|unsubscribed|erased|not_found/.test(ended_reason),
  });
}

type Address = Pick<Memory, "site" | "base"> & { token?: string | undefined };

export async function ask(
  { site, base, token }: Address,
  method: string,
  path: string,
  body?: object,
  more?: RequestInit,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${base}/v1/sdk/${site}/${path}`, {
    method,
    headers: token ? { "X-Subscription-Token": token } : {},
    body: JSON.stringify(body), // called plain text: JSON, called so, would need a preflight
    credentials: "omit",
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...more,
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw refusal(answer.status, said);
  return said;
}
