// The one next question: what to say, why, and the answers to tick.

import { announce, button, el, fill, set, text } from "./dom.js";
import { answers } from "./checklist.js";

const KINDS = {
  sure: "Just to be sure",
  ask: "Ask next",
  number: "Ask next",
  advice: "Before advice",
};

/** @import { Call } from "./call.js" */
/** @import { Keys, Question, Shown, State } from "./types.js" */

/** @param {Call} call @param {Keys} keys */
export function question(call, keys) {
  const kind = el("h2", { id: "question-title" });
  const say = el("p", { class: "say" });
  const why = el("p", { class: "why" });
  const ticks = el("div", { class: "ticks" });
  const asked = button("I asked this", () => ask(), { class: "main" }, keys.asked);
  const none = button("No to all", () => noToAll(), {}, keys.none);
  const waiting = el("span", { class: "waiting", role: "status" });
  const node = el(
    "section",
    { id: "question", class: "question card", "aria-labelledby": "question-title", tabindex: "-1" },
    el("div", { class: "asking" }, kind, say, why, el("div", { class: "row" }, asked, none, waiting)),
    ticks,
  );
  let shown = "";
  /** @type {ReturnType<typeof answers>[]} */
  let rows = [];

  function ask() {
    const now = call.state?.next_question;
    if (now && !call.closed) call.say("agent", now.text);
  }

  async function noToAll() {
    const now = call.state?.next_question;
    if (!now || call.closed || now.kind === "number") return;
    for (const finding of now.findings) await call.tick(finding, "absent");
  }

  /** @param {Shown} call */
  function render({ state, closed }) {
    const now = state.next_question;
    const failed = state.failed.includes("next_question");
    node.classList.toggle("empty", !now);
    asked.disabled = none.disabled = !now || closed;
    asked.hidden = !now;
    none.hidden = !now || now.kind === "number";
    text(waiting, now?.asked ? "Asked. Waiting for an answer." : "");
    const drawn = JSON.stringify([now?.id, now?.kind, now?.text, failed, closed, state.emergency?.tell]);
    if (drawn === shown) {
      rows.forEach((row) => row.render(state));
      return;
    }
    shown = drawn;
    set(node, { "data-kind": now?.kind ?? "none" });
    text(kind, now ? KINDS[now.kind] : closed ? "Call completed" : failed ? "No suggestion" : doneTitle(state));
    text(say, now ? now.text : failed ? "The assistant failed here. Go on with your own list." : doneText(state, closed));
    text(why, now ? `Why: ${now.why}` : closed ? "" : (state.emergency?.tell ?? ""));
    renderTicks(state, now);
    if (now?.kind === "sure") announce(`Ask at once: ${now.text}`);
  }

  /** @param {State} state @param {Question | null} now */
  function renderTicks(state, now) {
    rows = now && now.kind !== "number" ? now.findings.map((finding) => answers(call, finding)) : [];
    fill(ticks, ...rows.map((row) => row.node), now?.kind === "number" ? numberForm(call, now) : null);
    rows.forEach((row) => row.render(state));
  }

  return { node, render, ask, noToAll };
}

/** @param {State} state */
function doneTitle(state) {
  return state.triage?.supported === "emergency" ? "Stop asking, get help" : "All asked";
}

/** @param {State} state @param {boolean} closed */
function doneText(state, closed) {
  if (closed) return "The note is ready to copy.";
  return state.triage?.supported === "emergency"
    ? "Read out what stands in red. The caller can tell the crew:"
    : "Read out the advice, then complete the call.";
}

/** @param {Call} call @param {Question} now */
function numberForm(call, now) {
  const measure = now.id === "age" ? "age" : "duration_days";
  const input = el("input", { type: "number", min: 0, max: measure === "age" ? 120 : 36500, step: "any", id: "number", required: true });
  const label = measure === "age" ? "Age in years" : "Days of pain";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (input.value !== "") call.number(measure, Number(input.value));
  };
  return el("form", { class: "number", onsubmit: submit }, el("label", { for: "number" }, label), input, el("button", {}, "Enter"));
}
