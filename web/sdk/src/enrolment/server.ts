// The product's routes for browsers, under the site key.

import type { Memory } from "./memory.ts";

const PATIENCE_MS = 15_000; // whoever asks may hold the turn of all tabs

/** The server's no: `problem` is its problem document (RFC 9457), or empty where the answer was none. */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Record<string, unknown>;

  constructor(status: number, problem: Record<string, unknown>) {
    super(String(problem["detail"] ?? status));
    this.status = status;
    this.problem = problem;
  }

  get code(): string {
    return String(this.problem["code"] ?? "unavailable");
  }

  /** Asking the same again would get the same answer. */
  get isFinal(): boolean {
    return this.status < 500 && this.status !== 408 && this.status !== 429;
  }
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
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}
