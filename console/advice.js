// What to tell the caller: what to do now, the warning signs to watch for, and advice that is safe to read out.

import { clock, el, set, text } from "./dom.js";

/** @import { Call } from "./call.js" */
/** @import { Advice, Shown, State } from "./types.js" */

const WORDS = { offered: "Safe to read out", withheld: "Withheld", ask_first: "Ask first" };

/** @param {Call} call */
export function advice(call) {
  const now = sayBlock(call, "action", "What to do now");
  const net = sayBlock(call, "safety_net", "Signs to watch for");
  const topics = el("div", { class: "topics" });
  const node = el(
    "section",
    { id: "advice", class: "advice card", "aria-labelledby": "advice-title", tabindex: "-1" },
    el("h2", { id: "advice-title" }, "Tell the caller"),
    now.node,
    net.node,
    el("h3", {}, "Self-care advice"),
    topics,
  );
  /** @type {Map<string, ReturnType<typeof topic>>} */
  const drawn = new Map();

  /** @param {Shown} call */
  function render({ state, closed }) {
    if (state.triage) {
      now.render(state.emergency ? [state.emergency.do] : [state.triage.say], state, closed);
      net.render(state.triage.safety_net, state, closed);
    }
    for (const item of state.advice ?? []) {
      const card = drawn.get(item.topic) ?? topic(call, item.topic);
      if (!drawn.has(item.topic)) topics.append(card.node);
      drawn.set(item.topic, card);
      card.render(item, closed);
    }
  }
  return { node, render };
}

/** @param {Call} call @param {string} id */
function said(call, id) {
  const box = el("input", { type: "checkbox", onchange: () => call.advise(id, box.checked) });
  const when = el("span");
  const node = el("label", { class: "said-it" }, box, when);
  const render = (/** @type {string | null | undefined} */ given, /** @type {boolean} */ closed) => {
    box.checked = Boolean(given);
    box.disabled = closed;
    text(when, given ? `Said at ${clock(given)}` : "I have said this");
  };
  return { node, render };
}

/** @param {Call} call @param {string} id @param {string} title */
function sayBlock(call, id, title) {
  const lines = el("ul", { class: "lines" });
  const done = said(call, id);
  const node = el("details", { class: "topic", open: id === "action" }, el("summary", {}, el("span", {}, title)), lines, done.node);
  const render = (/** @type {string[]} */ sentences, /** @type {State} */ state, /** @type {boolean} */ closed) => {
    redraw(lines, sentences);
    done.render(state.said?.[id], closed);
  };
  return { node, render };
}

/** @param {Call} call @param {string} id */
function topic(call, id) {
  const name = el("span");
  const status = el("span", { class: "badge" });
  const because = el("p", { class: "because" });
  const lines = el("ul", { class: "lines" });
  const done = said(call, id);
  const node = el("details", { class: "topic" }, el("summary", {}, name, status), because, lines, done.node);
  const render = (/** @type {Advice} */ item, /** @type {boolean} */ closed) => {
    set(node, { "data-status": item.status });
    text(name, item.title);
    text(status, WORDS[item.status]);
    text(because, reason(item));
    redraw(lines, item.status === "offered" ? [...item.say, ...item.movements, ...item.dont, ...stops(item)] : item.instead);
    done.node.hidden = item.status !== "offered" && !item.given;
    done.render(item.given, closed);
  };
  return { node, render };
}

/** @param {Advice} item */
const stops = (item) => (item.stop_if.length ? [`Stop and get advice if ${item.stop_if.join("; or if ")}.`] : []);

/** @param {Advice} item */
function reason(item) {
  if (item.status === "offered") return "";
  const shown = item.because.slice(0, 4).join(", ").toLowerCase();
  const more = item.because.length > 4 ? ` and ${item.because.length - 4} more` : "";
  return item.status === "withheld" ? `Because of ${shown}${more}.` : `Still to ask: ${shown}${more}.`;
}

/** @param {HTMLElement} list @param {string[]} sentences */
function redraw(list, sentences) {
  const drawn = sentences.join("\n");
  if (list.dataset.drawn === drawn) return;
  list.dataset.drawn = drawn;
  list.replaceChildren(...sentences.map((sentence) => el("li", {}, sentence)));
}
