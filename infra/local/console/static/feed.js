// Talks to the local product: polls its state while somebody looks, and posts what is asked for.

const EVERY_MS = 1000;
const RETRY_MS = 2000;
const PATIENCE_MS = 8000;

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The answer was ${status}.`);
    this.status = status;
    this.problem = problem;
  }
}

export async function ask(path, { method = "GET", body, headers = {}, patienceMs = PATIENCE_MS } = {}) {
  const [answer, text] = await exchange(path, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!answer.ok) throw new Refused(answer.status, parsed(text) ?? {});
  return parsed(text);
}

async function exchange(path, request) {
  try {
    const answer = await fetch(path, request);
    return [answer, await answer.text()];
  } catch (error) {
    const isSlow = error.name === "TimeoutError";
    throw new Error(isSlow ? "The local product takes too long to answer." : "The local product has stopped; `make run` starts it again.");
  }
}

export const post = (path, body) => ask(path, { method: "POST", body });

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Calls `show(state)` about once a second, `lost(error)` while there is no answer. A hidden page asks for nothing.
export class Feed {
  #cursor = null;
  #timer = 0;
  #isAsking = false;
  #again = false;

  constructor({ show, lost }) {
    this.show = show;
    this.lost = lost;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.now()));
  }

  async now() {
    this.#rest();
    if (this.#isAsking) {
      this.#again = true;
      return;
    }
    this.#isAsking = true;
    const pause = await this.#look();
    this.#isAsking = false;
    if (document.hidden) return;
    this.#timer = setTimeout(() => this.now(), this.#again ? 0 : pause);
    this.#again = false;
  }

  async #look() {
    let state;
    try {
      state = await ask(`/local/state${this.#cursor ? `?since=${this.#cursor}` : ""}`);
    } catch (error) {
      this.lost(error);
      return RETRY_MS;
    }
    this.#cursor = state.cursor;
    this.show(state);
    return EVERY_MS;
  }

  #rest() {
    clearTimeout(this.#timer);
  }
}
