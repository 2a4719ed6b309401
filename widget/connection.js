// Talks to the channel: the session, messages that are sent until they are answered, and what comes later.

/**
 * @typedef {{ title: string, payload: string }} Option
 * @typedef {{ n: number, from: "person" | "assistant", text: string, id?: string, at?: string, image?: string,
 *   buttons?: Option[], custom?: { data?: Record<string, any> } }} Entry
 * @typedef {{ id: string, text: string, payloads?: string[], error?: string }} Pending
 * @typedef {{ clinic: string, telephone: string, opening_hours: string, emergency_number: string,
 *   levels: Record<string, string>, asks: Record<string, string>, drawings: Record<string, string>,
 *   movements: Record<string, string>,
 *   pointing: { opening: string, places: import("./body.js").Place[] } }} Facts
 */

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 20000;
const FAILURES_BEFORE_SAYING = 2;

/** What the server refused, with its sentence for a person. */
export class Refusal extends Error {
  /** @param {number} status @param {{ code?: string, message?: string }} error @param {number} wait */
  constructor(status, error, wait) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.wait = wait;
  }
}

/**
 * One person's conversation with one server. Tells its listener when anything changed.
 */
export class Connection {
  /** @param {string} server @param {Storage | null} home where the session is kept @param {() => void} changed */
  constructor(server, home, changed) {
    this.server = server;
    this.home = home;
    // A session that waits for a check-in stands on the device, wherever others are kept.
    this.storage = [home, device()].find((each) => read(each, this.key("token"))) ?? home;
    this.changed = changed;
    /** @type {Entry[]} */
    this.entries = [];
    /** @type {Pending[]} */
    this.pending = read(tab(), this.key("pending")) ?? [];
    /** @type {Facts | null} */
    this.facts = read(this.storage, this.key("facts"));
    /** @type {string | null} */
    this.token = read(this.storage, this.key("token"));
    /** How many entries the person has had in sight. @type {number} */
    this.seen = read(this.storage, this.key("seen")) ?? 0;
    this.reachable = true;
    this.ready = false;
    this.busy = false;
    this.ended = false;
    this.kept = false;
    this.opening = false;
    this.over = false;
    this.problem = "";
    /** @type {AbortController | null} */
    this.stream = null;
  }

  /** @param {string} name */
  key(name) {
    return `backsignal ${this.server} ${name}`;
  }

  get offline() {
    return !navigator.onLine || !this.reachable;
  }

  /** Whether a conversation is kept from an earlier visit. */
  get resumable() {
    return Boolean(this.token);
  }

  /** The clinic's facts: its numbers are needed when nothing else can be reached. */
  async learn() {
    try {
      this.facts = await this.request("GET", "/web/clinic");
      write(this.storage, this.key("facts"), this.facts);
      this.changed();
    } catch {
      // What is known from an earlier visit stands; the next attempt comes with opening.
    }
  }

  /** Begin, or go on where it was left; tries until the server answers. @param {boolean} [restart] */
  async open(restart = false) {
    if (this.opening) return;
    this.opening = true;
    this.over = false;
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        if (!this.facts) await this.learn();
        const opened = await this.request("POST", "/web/session", restart ? { restart } : {});
        this.token = opened.token;
        write(this.storage, this.key("token"), this.token);
        this.entries = opened.messages;
        break;
      } catch (error) {
        const refused = error instanceof Refusal;
        if (refused && error.status === 401 && this.token) {
          this.drop();
          continue;
        }
        this.problem = refused ? error.message : "";
        this.changed();
        // This website may not use the chat, or the like: asking again would not help.
        if (refused && error.status < 500 && error.status !== 429) {
          this.opening = false;
          return;
        }
        await this.pause((refused && error.wait) || wait);
      }
    }
    this.problem = "";
    this.opening = false;
    this.ready = true;
    this.settle();
    this.changed();
    this.listen();
    this.flush();
  }

  /** @param {string} text @param {string[]} [payloads] what was chosen of the answers on offer */
  send(text, payloads) {
    this.pending.push({ id: newId(), text, payloads });
    this.keepPending();
    this.changed();
    this.flush();
  }

  /** @param {string} id */
  retry(id) {
    const message = this.pending.find((each) => each.id === id);
    if (message) delete message.error;
    this.changed();
    this.flush();
  }

  /** Send what is pending, one after the other: each until it is answered or refused. */
  async flush() {
    if (this.busy || !this.ready) return;
    this.busy = true;
    this.changed();
    for (let message; this.ready && (message = this.pending.find((each) => !each.error)); ) await this.deliver(message);
    this.busy = false;
    this.changed();
  }

  /** @param {Pending} message */
  async deliver(message) {
    const body = message.payloads ? { payloads: message.payloads } : { text: message.text };
    for (let wait = FIRST_WAIT, failures = 0; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        const answer = await this.request("POST", "/web/messages", { id: message.id, ...body });
        if (answer.token) this.keep(answer.token);
        await this.merge(answer.messages);
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) await this.pause(wait);
        else if (error.status === 401) {
          this.lose(message);
          return;
        } else if (error.status === 429) await this.pause(error.wait);
        // What to do in an emergency is said at once, even if the message could not be kept.
        else if (error.status >= 500 && error.code !== "emergency" && ++failures < FAILURES_BEFORE_SAYING) await this.pause(error.wait || wait);
        else {
          message.error = error.message;
          this.keepPending();
          this.changed();
          return;
        }
      }
    }
  }

  /** The session ended meanwhile: what was written becomes the first message of a new one. @param {Pending} message */
  lose(message) {
    this.drop();
    this.ended = true;
    this.ready = false;
    delete message.payloads;
    this.open();
  }

  /** The person agreed to be asked again: the session outlasts the tab. @param {string} token */
  keep(token) {
    this.kept = this.storage !== device();
    for (const name of ["token", "facts", "seen"]) write(this.storage, this.key(name), null);
    this.storage = device();
    this.token = token;
    write(this.storage, this.key("token"), token);
    write(this.storage, this.key("facts"), this.facts);
  }

  /** All that is there is in sight. */
  see() {
    this.seen = this.entries.length;
    write(this.storage, this.key("seen"), this.seen);
  }

  drop() {
    this.stream?.abort();
    this.stream = null;
    this.token = null;
    this.entries = [];
    this.seen = 0;
    for (const name of ["token", "seen"]) write(this.storage, this.key(name), null);
    this.storage = this.home;
  }

  /** Begin a new conversation; the old one stays until it is erased. */
  async restart() {
    this.stream?.abort();
    this.pending = [];
    this.keepPending();
    await this.open(true);
  }

  /** Erase all of this person's conversations on the server, and forget them here. */
  async forget() {
    await this.request("DELETE", "/web/session");
    this.gone();
  }

  /** The conversation is no more: it was erased, here or elsewhere. */
  gone() {
    this.drop();
    this.pending = [];
    this.keepPending();
    this.ready = false;
    this.over = true;
    this.changed();
  }

  /** Listen for what comes later or from another tab, for as long as the page is open. */
  async listen() {
    this.stream?.abort();
    const stream = (this.stream = new AbortController());
    for (let wait = FIRST_WAIT; !stream.signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        const last = this.entries.at(-1)?.n ?? -1;
        const answer = await fetch(this.server + "/web/events", {
          headers: { Authorization: `Bearer ${this.token}`, "Last-Event-ID": String(last) },
          cache: "no-store", credentials: "omit", signal: stream.signal,
        });
        if (answer.status === 401) return this.gone();
        if (answer.ok && answer.body) {
          this.reached(true);
          wait = FIRST_WAIT;
          await this.readEvents(answer.body);
        }
      } catch {
        if (stream.signal.aborted) return;
        this.reached(false);
      }
      if (!stream.signal.aborted) await this.pause(wait);
    }
  }

  /** @param {ReadableStream<any>} body */
  async readEvents(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      if (events.some((event) => /^event: over$/m.test(event))) return this.gone();
      const data = events.flatMap((event) => /^event: message$/m.test(event) ? [/^data: (.*)$/m.exec(event)?.[1] ?? ""] : []);
      if (data.length) await this.merge(data.map((line) => JSON.parse(line)));
    }
  }

  /** Take in entries; where some are missing in between, fetch the whole conversation. @param {Entry[]} news */
  async merge(news) {
    const fresh = news.filter((entry) => entry.n >= this.entries.length).sort((a, b) => a.n - b.n);
    if (fresh[0] && fresh[0].n === this.entries.length) this.entries.push(...fresh);
    else if (fresh.length) this.entries = (await this.request("GET", "/web/messages")).messages;
    this.settle();
    this.changed();
  }

  /** What stands in the conversation is no longer pending. */
  settle() {
    const handled = new Set(this.entries.map((entry) => entry.id));
    this.pending = this.pending.filter((message) => !handled.has(message.id));
    this.keepPending();
  }

  keepPending() {
    write(tab(), this.key("pending"), this.pending.length ? this.pending : null);
  }

  /**
   * @param {string} method @param {string} path @param {object} [body]
   * @returns {Promise<any>}
   */
  async request(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (body) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(this.server + path, {
        method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit",
      });
    } catch (error) {
      this.reached(false);
      throw error;
    }
    // A balancer whose servers are down answers without our JSON: that is the same as not being reached.
    const value = await answer.json().catch(() => null);
    this.reached(value !== null);
    if (value === null) throw new TypeError("no JSON");
    if (!answer.ok) throw new Refusal(answer.status, value.error ?? {}, 1000 * Number(answer.headers.get("Retry-After")));
    return value;
  }

  /** @param {boolean} yes */
  reached(yes) {
    if (this.reachable === yes) return;
    this.reachable = yes;
    this.changed();
  }

  /** Wait, but not longer than until the network is back. @param {number} milliseconds @returns {Promise<void>} */
  pause(milliseconds) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        removeEventListener("online", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      addEventListener("online", end);
    });
  }

  close() {
    this.stream?.abort();
    this.stream = null;
  }
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The storage that ends with the tab; null where the browser forbids it. */
export function tab() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** The storage that stays on the device. */
export function device() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** @param {Storage | null} storage @param {string} key @returns {any} */
function read(storage, key) {
  try {
    return JSON.parse(storage?.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Storage | null} storage @param {string} key @param {unknown} value */
function write(storage, key, value) {
  try {
    if (value === null) storage?.removeItem(key);
    else storage?.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage costs the reload, not the conversation.
  }
}
