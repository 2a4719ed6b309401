// Plays a recorded call into the console as a speech-to-text service would: parts first, then the whole.

import { send } from "./api.js";
import { el, text } from "./dom.js";

/** @import { Recording } from "./types.js" */

/** @param {number} ms */
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const PARTS = 3;

/** @param {import("./call.js").Call} call */
export async function player(call) {
  /** @type {{ recordings: Recording[] }} */
  const { recordings } = await send("GET", "recordings");
  const choice = el("select", { "aria-label": "Recorded call" }, recordings.map((r) => el("option", { value: r.id }, r.title)));
  const speed = el("select", { "aria-label": "Speed" }, [1, 2, 4, 16].map((times) => el("option", { value: times }, `${times}×`)));
  const status = el("span", { class: "hint", role: "status" });
  const label = el("span", {}, "Play");
  const start = el("button", { type: "button", onclick: () => play() }, label);
  const node = el("div", { class: "player" }, choice, speed, start, status);
  let playing = false;

  async function play() {
    if (playing) {
      playing = false;
      return;
    }
    playing = true;
    text(label, "Stop");
    /** @type {Recording} */
    const recording = await send("GET", `recordings/${choice.value}`);
    const begun = performance.now();
    const run = Math.random().toString(36).slice(2, 8);
    for (const [number, turn] of recording.turns.entries()) {
      if (!playing || call.closed) break;
      const due = begun + (turn.started * 1000) / Number(speed.value);
      await wait(Math.max(0, due - performance.now()));
      if (playing) await speak(turn, `${run}-${number}`);
    }
    playing = false;
    text(label, "Play");
    text(status, "Ended.");
  }

  /** @param {Recording["turns"][number]} turn @param {string} segment */
  async function speak(turn, segment) {
    const words = turn.text.split(" ");
    for (let part = 1; part < PARTS && words.length > PARTS; part += 1) {
      const heard = words.slice(0, Math.ceil((words.length * part) / PARTS)).join(" ");
      await call.say(turn.role, heard, { segment, final: false });
      await wait(250 / Number(speed.value));
    }
    await call.say(turn.role, turn.text, { segment });
  }

  return node;
}
