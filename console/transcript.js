// The transcript: turns as they are spoken, those still being spoken, those on their way, and a place to type.

import { button, clock, el, fill, set, text } from "./dom.js";

/** @import { Call } from "./call.js" */
/** @import { Keys, Role, Shown, State, Turn } from "./types.js" */

/** A turn that was spoken, is on its way, or is still being spoken. @typedef {Partial<Turn> & Pick<Turn, "role" | "text">} Spoken */
/** What stands in the list: an id, the turn, and how it is shown. @typedef {[string, Spoken, string]} Item */

const WHO = { caller: "Caller", agent: "Agent" };

/** @param {Call} call @param {Keys} keys */
export function transcript(call, keys) {
  const list = el("div", { class: "turns", role: "log", "aria-label": "Transcript", tabindex: "0" });
  const more = button("New below", () => toEnd(), { class: "more", hidden: true });
  const input = el("textarea", { id: "type", rows: 2, maxlength: 4000, "aria-describedby": "type-hint" });
  const role = el("button", { type: "button", class: "role", onclick: () => swap(), "aria-keyshortcuts": keys.role });
  const form = el(
    "form",
    { class: "type", onsubmit: submit },
    el("div", { class: "row" }, el("label", { for: "type" }, "Type what was said"), role),
    input,
    el("p", { id: "type-hint", class: "hint" }, el("kbd", {}, "Enter"), " sends, ", el("kbd", {}, keys.role), " changes the speaker"),
  );
  const node = el(
    "section",
    { id: "transcript", class: "transcript card", "aria-labelledby": "transcript-title", tabindex: "-1" },
    el("h2", { id: "transcript-title" }, "Transcript"),
    el("div", { class: "scroll" }, list, more),
    form,
  );
  /** @type {Map<string, HTMLElement>} */
  const items = new Map();
  /** @type {WeakMap<HTMLElement, string>} */
  const shown = new WeakMap();
  /** @type {Role} */
  let speaker = "caller";
  swap(speaker);

  /** @param {Role} [to] */
  function swap(to = speaker === "caller" ? "agent" : "caller") {
    speaker = to;
    text(role, `${WHO[speaker]} said`);
    set(role, { "aria-label": `Speaker: ${WHO[speaker]}. Change` });
    set(form, { "data-role": speaker });
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const said = input.value.trim();
    if (!said || call.closed) return;
    input.value = "";
    // What was not taken in goes back to where it can be mended or sent again.
    if (!(await call.say(speaker, said))) input.value = `${said} ${input.value}`.trim();
  }

  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });

  // The end is followed until somebody scrolls back, and again once they are at the end.
  let following = true;
  function toEnd() {
    list.scrollTop = list.scrollHeight;
    following = true;
    more.hidden = true;
  }
  list.addEventListener("scroll", () => {
    following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    if (following) more.hidden = true;
  });
  // Also where the list was hidden in a side panel, or got less room.
  new ResizeObserver(() => following && toEnd()).observe(list);

  /** @param {Shown} call */
  function render({ turns, sending, partials, closed, state }) {
    /** @type {Item[]} */
    const wanted = [
      ...turns.map((turn) => /** @type {Item} */ ([turn.id, turn, ""])),
      ...sending.map((turn) => /** @type {Item} */ ([turn.request_id, turn, "sending"])),
      ...Object.values(partials).map((turn) => /** @type {Item} */ ([`partial-${turn.segment}`, turn, "partial"])),
    ];
    const kept = new Set(wanted.map(([id]) => id));
    for (const [id, item] of items) if (!kept.has(id)) items.delete(id), item.remove();
    wanted.forEach(([id, turn, how], index) => {
      const item = items.get(id) ?? el("div");
      items.set(id, item);
      draw(item, turn, how, state);
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
    });
    if (following) toEnd();
    else if (items.size) more.hidden = false;
    input.disabled = role.disabled = closed;
  }

  /** @param {HTMLElement} item @param {Spoken} turn @param {string} how @param {State} state */
  function draw(item, turn, how, state) {
    const drawn = JSON.stringify([turn, how, decided(state, turn)]);
    if (shown.get(item) === drawn) return;
    shown.set(item, drawn);
    set(item, { class: `turn ${how}`, "data-role": turn.role });
    const notes = [
      turn.corrected ? "corrected" : "",
      turn.read === false ? "not read by the assistant: listen yourself" : "",
      turn.asks?.length ? `asks: ${turn.asks.map((finding) => label(state, finding)).join(", ")}` : "",
      ...decided(state, turn),
    ];
    fill(
      item,
      el("span", { class: "who" }, WHO[turn.role]),
      el("span", { class: "said" }, turn.text),
      el("span", { class: "when" }, how === "sending" ? "sending…" : how === "partial" ? "speaking…" : clock(turn.at)),
      notes.some(Boolean) ? el("span", { class: "notes" }, notes.filter(Boolean).join(" · ")) : null,
    );
  }

  return { node, render, swap, focus: () => input.focus() };
}

/** @param {State} state @param {string} finding */
const label = (state, finding) => state.checklist?.find((row) => row.finding === finding)?.label.toLowerCase() ?? finding;

// The warning signs that were heard in this very turn.
/** @param {State} state @param {Spoken} turn */
function decided(state, turn) {
  const rows = state.checklist?.filter((row) => row.machine.turn === turn.id && row.machine.status === "present") ?? [];
  return rows.map((row) => `heard: ${row.label.toLowerCase()}`);
}
