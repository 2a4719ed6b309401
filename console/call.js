// The state of one call in the browser, and what an agent can do with it.

import { ApiError, newId, send } from "./api.js";
import { announce } from "./dom.js";

export class Call {
  constructor(id) {
    this.id = id;
    this.state = null;
    this.turns = [];
    this.partials = {};
    this.sending = [];
    this.readers = [];
    this.problem = null;
    this.signedOut = false;
  }

  watch(reader) {
    this.readers.push(reader);
  }

  tell() {
    if (this.state) this.readers.forEach((reader) => reader(this));
  }

  // News from the stream or the answer to a change; what is older than what is shown is left.
  take(data) {
    for (const turn of data.turns ?? []) this.place(turn);
    if (data.partials) this.partials = data.partials;
    if (!this.state || data.version >= this.state.version) this.state = { ...data, turns: undefined };
    this.tell();
  }

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
      while (one.started !== null && place > 0 && this.turns[place - 1].started > one.started) place -= 1;
      this.turns.splice(place, 0, one);
    }
  }

  row(finding) {
    return this.state.checklist?.find((row) => row.finding === finding);
  }

  get closed() {
    return Boolean(this.state?.closed_at);
  }

  // Returns whether the service took it in.
  async say(role, text, extra = {}) {
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
  async tick(finding, status, because = null) {
    const body = { status, because, version: this.state.version, request_id: newId() };
    return this.change("PATCH", `findings/${finding}`, body);
  }

  number(measure, value) {
    return this.change("PATCH", `numbers/${measure}`, { value });
  }

  advise(topic, given) {
    return this.change("PUT", `advice/${topic}`, { given });
  }

  remark(text, version) {
    return this.change("PUT", "remarks", { text, version });
  }

  async complete() {
    return send("POST", `calls/${this.id}:complete`, {}, { again: true });
  }

  async change(method, path, body) {
    try {
      this.take(await send(method, `calls/${this.id}/${path}`, body, { again: true }));
      this.problem = null;
      return "done";
    } catch (error) {
      if (error.code === "needs_reason") return error.code;
      this.fail(error);
      return error.code;
    }
  }

  fail(error) {
    if (error instanceof ApiError && error.state) this.take({ ...error.state, turns: [] });
    this.problem = error.message;
    this.signedOut = error.status === 401;
    announce(error.message, true);
    this.tell();
  }
}
