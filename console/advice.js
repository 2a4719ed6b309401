// What to tell the caller: what to do now, the warning signs to watch for, and advice that is safe to read out.

import { clock, el, set, text } from "./dom.js";

const WORDS = { offered: "Safe to read out", withheld: "Withheld", ask_first: "Ask first" };

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
  const drawn = new Map();

  function render({ state, closed }) {
    if (state.triage) {
      now.render(state.emergency ? [state.emergency.do] : [state.triage.say], state, closed);
      net.render(state.triage.safety_net, state, closed);
    }
    for (const item of state.advice ?? []) {
      if (!drawn.has(item.topic)) {
        drawn.set(item.topic, topic(call, item.topic));
        topics.append(drawn.get(item.topic).node);
      }
      drawn.get(item.topic).render(item, closed);
    }
  }
  return { node, render };
}

function said(call, id) {
  const box = el("input", { type: "checkbox", onchange: () => call.advise(id, box.checked) });
  const when = el("span");
  const node = el("label", { class: "said-it" }, box, when);
  const render = (given, closed) => {
    box.checked = Boolean(given);
    box.disabled = closed;
    text(when, given ? `Said at ${clock(given)}` : "I have said this");
  };
  return { node, render };
}

function sayBlock(call, id, title) {
  const lines = el("ul", { class: "lines" });
  const done = said(call, id);
  const node = el("details", { class: "topic", open: id === "action" }, el("summary", {}, el("span", {}, title)), lines, done.node);
  const render = (sentences, state, closed) => {
    redraw(lines, sentences);
    done.render(state.said?.[id], closed);
  };
  return { node, render };
}

function topic(call, id) {
  const name = el("span");
  const status = el("span", { class: "badge" });
  const because = el("p", { class: "because" });
  const lines = el("ul", { class: "lines" });
  const done = said(call, id);
  const node = el("details", { class: "topic" }, el("summary", {}, name, status), because, lines, done.node);
  const render = (item, closed) => {
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

const stops = (item) => (item.stop_if.length ? [`Stop and get advice if ${item.stop_if.join("; or if ")}.`] : []);

function reason(item) {
  if (item.status === "offered") return "";
  const shown = item.because.slice(0, 4).join(", ").toLowerCase();
  const more = item.because.length > 4 ? ` and ${item.because.length - 4} more` : "";
  return item.status === "withheld" ? `Because of ${shown}${more}.` : `Still to ask: ${shown}${more}.`;
}

function redraw(list, sentences) {
  const drawn = sentences.join("\n");
  if (list.dataset.drawn === drawn) return;
  list.dataset.drawn = drawn;
  list.replaceChildren(...sentences.map((sentence) => el("li", {}, sentence)));
}
