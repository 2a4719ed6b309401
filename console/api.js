// Talks to the service: requests that are safe to send again, and the event stream that resumes.

const BASE = "/assist/";
const TOKEN = "backsignal.agent-token";
const RETRY_MS = [300, 700, 1500, 3000, 5000];

/** @typedef {{ error?: { message?: string, code?: string }, state?: import("./types.js").State } | null} Refused */

export class ApiError extends Error {
  /** @param {number} status @param {Refused} body */
  constructor(status, body) {
    super(status === 401 ? "Your sign-in does not hold here, or has run out." : (body?.error?.message ?? "The service does not answer."));
    this.status = status;
    this.code = body?.error?.code ?? "no_answer";
    this.state = body?.state ?? null;
  }
}

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  /** @param {string} value */
  set: (value) => sessionStorage.setItem(TOKEN, value),
  forget: () => sessionStorage.removeItem(TOKEN),
};

export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} ms */
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function once(method, path, body) {
  const answer = await fetch(BASE + path, {
    method,
    headers: {
      ...(token.get() ? { Authorization: `Bearer ${token.get()}` } : {}),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, data);
  return data;
}

// With `again`, the request is repeated until the service answers: it must carry a request id or be idempotent.
/** @param {string} method @param {string} path @param {object} [body] @param {{ again?: boolean }} [how] @returns {Promise<any>} */
export async function send(method, path, body, { again = false } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(method, path, body);
    } catch (error) {
      const lost = !(error instanceof ApiError) || error.status >= 502 || error.status === 503;
      if (!lost || !again) throw error instanceof ApiError ? error : new ApiError(0, null);
      await wait(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }
}

// Follows a call until stopped. `onNews(data)`, and `onLink("live" | "lost" | "signed-out" | "over", seconds)`.
/**
 * @param {string} callId @param {number} heartbeatSeconds
 * @param {(data: import("./types.js").News) => void} onNews
 * @param {(how: import("./types.js").Link, seconds: number) => void} onLink
 */
export function follow(callId, heartbeatSeconds, onNews, onLink) {
  let version = 0;
  let stopped = false;
  /** @type {AbortController | null} */
  let abort = null;
  let heard = Date.now();
  const patience = heartbeatSeconds * 2500;

  const watchdog = setInterval(() => {
    const quiet = Date.now() - heard;
    if (quiet > patience) {
      onLink("lost", Math.round(quiet / 1000));
      // A link that died without a word is given up, so that a new one is tried.
      abort?.abort();
    }
  }, 500);

  async function listen() {
    abort = new AbortController();
    const answer = await fetch(`${BASE}calls/${callId}/events`, {
      headers: { Authorization: `Bearer ${token.get()}`, "Last-Event-ID": String(version) },
      signal: abort.signal,
      cache: "no-store",
    });
    if (answer.status === 401 || answer.status === 404) {
      stopped = true;
      clearInterval(watchdog);
      onLink(answer.status === 401 ? "signed-out" : "over", 0);
      return;
    }
    if (!answer.ok || !answer.body) throw new ApiError(answer.status, null);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard = Date.now();
      onLink("live", 0);
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop() ?? "";
      blocks.forEach(take);
    }
  }

  /** @param {string} block */
  function take(block) {
    const fields = Object.fromEntries(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    if (fields.event !== "call") return;
    version = Number(fields.id);
    onNews(JSON.parse(fields.data));
  }

  (async () => {
    for (let attempt = 0; !stopped; attempt += 1) {
      try {
        await listen();
        attempt = 0;
      } catch {
        // The watchdog says how long it has been quiet; here it is only tried again.
      }
      if (!stopped) await wait(RETRY_MS[Math.min(attempt, 3)]);
    }
  })();

  return () => {
    stopped = true;
    clearInterval(watchdog);
    abort?.abort();
  };
}
