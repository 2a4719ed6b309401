// The state of one call in the browser, and what an agent can do with it.

import { ApiError, messageOf, newId, send } from "./api.js";
import { announce } from "./dom.js";

/** @import { Answer, Because, Completed, News, Role, Said, Shown, Speaking, State, Turn } from "./types.js" */

export class Call {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {State | null} */
    this.state = null;
    /** @type {Turn[]} */
    this.turns = [];
    /** @type {Record<string, Speaking>} */
    this.partials = {};
    /** @type {Said[]} */
    this.sending = [];
    /** @type {((call: Shown) => void)[]} */
    this.readers = [];
    /** @type {string | null} */
    this.problem = null;
    this.signedOut = false;
  }

  /** @param {(call: Shown) => void} reader */
  watch(reader) {
    this.readers.push(reader);
  }

  tell() {
    if (this.state) this.readers.forEach((reader) => reader(/** @type {Shown} */ (this)));
  }

  // News from the stream or the answer to a change; what is older than what is shown is left.
  /** @param {News} data */
  take(data) {
    for (const turn of data.turns ?? []) this.place(turn);
    if (data.partials) this.partials = data.partials;
    if (!this.state || data.version >= this.state.version) this.state = data;
    this.tell();
  }

  /** @param {Turn} turn */
  place(turn) {
    this.sending = this.sending.filter((waiting) => `t-${waiting.request_id}` !== turn.id);
    const known = this.turns.findIndex((other) => other.id === turn.id);
    if (known >= 0) {
      if (turn.version >= this.turns[known].version) this.turns[known] = turn;
      return;
    }
    // In the order in which the service took them in, each behind all that began before it: as the service does.
    const taken = [...this.turns, turn].sort((one, other) => one.number - other.number);
    this.turns = [];
    for (const one of taken) {
      let place = this.turns.length;
      const { started } = one;
      while (started !== null && place > 0 && (this.turns[place - 1].started ?? -1) > started) place -= 1;
      this.turns.splice(place, 0, one);
    }
  }

  /** @param {string} finding */
  row(finding) {
    return this.state?.checklist?.find((row) => row.finding === finding);
  }

  get closed() {
    return Boolean(this.state?.closed_at);
  }

  // Returns whether the service took it in.
  /** @param {Role} role @param {string} text @param {{ segment?: string, final?: boolean }} [extra] */
  async say(role, text, extra = {}) {
    /** @type {Said} */
    const body = { role, text, request_id: newId(), ...extra };
    if (body.final !== false) this.sending.push(body);
    this.tell();
    try {
      const answer = await send("POST", `calls/${this.id}/turns`, body, { again: true });
      if (answer.turn) {
        this.place(answer.turn);
        this.tell();
      }
      return true;
    } catch (error) {
      this.sending = this.sending.filter((waiting) => waiting !== body);
      this.fail(error);
      return false;
    }
  }

  // Returns "needs_reason" where a warning sign would be taken back without saying why.
  /** @param {string} finding @param {Answer | null} status @param {Because | null} [because] */
  async tick(finding, status, because = null) {
    const body = { status, because, version: this.state?.version, request_id: newId() };
    return this.change("PATCH", `findings/${finding}`, body);
  }

  /** @param {string} measure @param {number} value */
  number(measure, value) {
    return this.change("PATCH", `numbers/${measure}`, { value });
  }

  /** @param {string} topic @param {boolean} given */
  advise(topic, given) {
    return this.change("PUT", `advice/${topic}`, { given });
  }

  /** @param {string} text @param {number} version */
  remark(text, version) {
    return this.change("PUT", "remarks", { text, version });
  }

  /** @returns {Promise<Completed>} */
  async complete() {
    return send("POST", `calls/${this.id}:complete`, {}, { again: true });
  }

  /** @param {string} method @param {string} path @param {object} body @returns {Promise<string>} */
  async change(method, path, body) {
    try {
      this.take(await send(method, `calls/${this.id}/${path}`, body, { again: true }));
      this.problem = null;
      return "done";
    } catch (error) {
      if (error instanceof ApiError && error.code === "needs_reason") return error.code;
      this.fail(error);
      return "failed";
    }
  }

  /** @param {unknown} error */
  fail(error) {
    if (error instanceof ApiError && error.state) this.take(error.state);
    this.problem = messageOf(error);
    this.signedOut = error instanceof ApiError && error.status === 401;
    announce(this.problem, true);
    this.tell();
  }
}
