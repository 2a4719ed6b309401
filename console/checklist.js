// The checklist: a line for each finding that never moves, with the machine's word and the agent's apart.

import { el, set, text } from "./dom.js";
import { askWhy } from "./dialogs.js";

export const STATUS = {
  not_asked: "Not asked",
  asked: "Asked",
  present: "Present",
  absent: "Absent",
  unsure: "Unsure",
};
/** @import { Call } from "./call.js" */
/** @import { Answer, Row, Shown, State, Tick } from "./types.js" */

/** @type {[Answer, string, string][]} */
const CHOICES = [
  ["present", "Yes", "y"],
  ["absent", "No", "n"],
  ["unsure", "Unsure", "u"],
];

// Tick, or untick where it was ticked so; a heard warning sign is taken back only with a reason.
/** @param {Call} call @param {string} finding @param {Answer} status */
export async function tick(call, finding, status) {
  const row = call.row(finding);
  if (!row || call.closed) return;
  const wanted = row.tick?.status === status ? null : status;
  const outcome = takesBack(row, wanted) ? "needs_reason" : await call.tick(finding, wanted);
  if (outcome !== "needs_reason") return;
  const because = await askWhy(call.row(finding) ?? row);
  if (because) await call.tick(finding, wanted, because);
}

// The service decides this; knowing it before saves the agent the wait.
/** @param {Row} row @param {Answer | null} status */
function takesBack(row, status) {
  return row.level && row.machine.status === "present" && (status === "absent" || status === "unsure");
}

// Yes, no and unsure for one finding.
/** @param {Call} call @param {string} finding */
export function answers(call, finding) {
  const name = el("span", { class: "name" });
  const buttons = CHOICES.map(([status, label]) =>
    el("button", { type: "button", class: "tick", "data-status": status, onclick: () => tick(call, finding, status) }, label),
  );
  const node = el("div", { class: "answers", role: "group" }, name, el("span", { class: "choices" }, buttons));

  /** @param {State} state */
  function render(state) {
    const row = state.checklist?.find((item) => item.finding === finding);
    if (!row) return;
    text(name, row.label);
    set(node, { "aria-label": row.label });
    for (const control of buttons) {
      set(control, { "aria-pressed": String(row.tick?.status === control.dataset.status), disabled: Boolean(state.closed_at) });
    }
  }
  return { node, render };
}

/** @param {Call} call */
export function checklist(call) {
  /** @type {Map<string, ReturnType<typeof newLine>>} */
  const rows = new Map();
  const groups = el("div", { class: "groups" });
  const filter = el(
    "div",
    { class: "filter", role: "group", "aria-label": "Show" },
    ...[["all", "All"], ["open", "To ask"], ["said", "Said"]].map(([value, label]) =>
      el("button", { type: "button", "aria-pressed": String(value === "all"), "data-show": value, onclick: show }, label),
    ),
  );
  const node = el(
    "section",
    { id: "checklist", class: "checklist card", "aria-labelledby": "checklist-title", tabindex: "-1" },
    el("div", { class: "head" }, el("h2", { id: "checklist-title" }, "Checklist"), filter),
    el("p", { class: "hint" }, "Arrows move. ", el("kbd", {}, "Y"), " yes, ", el("kbd", {}, "N"), " no, ", el("kbd", {}, "U"), " unsure; the same key again takes your tick away."),
    groups,
  );

  /** @param {Event} event */
  function show(event) {
    const chosen = /** @type {HTMLElement} */ (event.currentTarget);
    for (const control of filter.querySelectorAll("button")) set(control, { "aria-pressed": String(control === chosen) });
    groups.dataset.show = chosen.dataset.show;
  }

  /** @param {Row[]} list */
  function build(list) {
    let box = groups;
    let group = "";
    for (const row of list) {
      if (row.group !== group) {
        group = row.group;
        box = el("div", { role: "grid", "aria-label": row.group_title });
        groups.append(el("div", { class: "group" }, el("h3", {}, row.group_title), box));
      }
      const line = newLine(call, row.finding);
      rows.set(row.finding, line);
      box.append(line.node);
    }
    const [first] = rows.values();
    first.node.tabIndex = 0;
  }

  groups.addEventListener("keydown", (event) => {
    const line = /** @type {HTMLDivElement | null} */ (/** @type {Element} */ (event.target).closest(".line"));
    if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
    const lines = [...rows.values()].map((each) => each.node).filter((item) => item.offsetParent);
    const at = lines.indexOf(line);
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 });
    const to = steps[event.key];
    const choice = CHOICES.find(([, , key]) => key === event.key.toLowerCase());
    if (to !== undefined) focusLine(lines[Math.min(Math.max(to, 0), lines.length - 1)]);
    else if (choice) tick(call, line.dataset.finding ?? "", choice[0]);
    else return;
    event.preventDefault();
  });

  const lineInTurn = () => [...rows.values()].map((each) => each.node).find((item) => item.tabIndex === 0);

  /** @param {HTMLElement | undefined} line */
  function focusLine(line) {
    if (!line) return;
    const before = lineInTurn();
    if (before) before.tabIndex = -1;
    line.tabIndex = 0;
    line.focus();
  }

  /** @param {Shown} call */
  function render({ state }) {
    if (!state.checklist) return;
    if (!rows.size) build(state.checklist);
    state.checklist.forEach((row) => rows.get(row.finding)?.render(row, Boolean(state.closed_at)));
  }

  const focus = () => focusLine(lineInTurn());
  return { node, render, focus };
}

/** @param {Call} call @param {string} finding */
function newLine(call, finding) {
  const mark = el("span", { class: "mark", "aria-hidden": "true" });
  const name = el("span", { class: "name" });
  const status = el("span", { class: "status" });
  const hint = el("span", { class: "to-say" });
  const machine = el("span", { class: "machine" });
  const agent = el("span", { class: "agent" });
  const warning = el("span", { class: "warning" });
  const words = el("span", { class: "words", role: "gridcell" }, hint, warning, agent, machine);
  const ticks = CHOICES.map(([value, label]) =>
    el("button", { type: "button", class: "tick", tabindex: "-1", "data-status": value, onclick: () => tick(call, finding, value) }, label),
  );
  const node = el(
    "div",
    { class: "line", role: "row", tabindex: "-1", "data-finding": finding },
    el("span", { class: "what", role: "gridcell" }, mark, name, status),
    el("span", { class: "choices", role: "gridcell" }, ticks),
    words,
  );
  let before = "";

  /** @param {Row} row @param {boolean} closed */
  function render(row, closed) {
    const now = JSON.stringify([row, closed]);
    if (now === before) return;
    if (before && before !== now) node.classList.toggle("fresh-a", !node.classList.toggle("fresh-b"));
    before = now;
    set(node, { "data-status": row.status, "data-level": row.level, "data-suspected": row.suspected, "data-said": row.status !== "not_asked" && row.status !== "asked" });
    text(name, row.label);
    text(status, STATUS[row.status]);
    const side = row.side ? `, ${row.side === "both" ? "both sides" : row.side}` : "";
    const quote = row.machine.quote ? ` “${row.status === row.machine.status ? row.quote || row.machine.quote : row.machine.quote}”` : "";
    text(machine, row.machine.status ? `Heard: ${STATUS[row.machine.status].toLowerCase()}${side}${quote}` : row.quote ? `From the number “${row.quote}”` : "");
    text(agent, row.tick ? `${row.tick.by}: ${STATUS[row.tick.status].toLowerCase()}${reason(row.tick)}` : "");
    text(warning, warningText(row));
    text(hint, row.machine.status || row.tick || row.quote || row.suspected ? "" : row.say);
    set(words, { title: words.textContent });
    for (const control of ticks) {
      set(control, { "aria-pressed": String(row.tick?.status === control.dataset.status), "aria-label": `${row.label}: ${control.textContent}`, disabled: closed });
    }
  }
  return { node, render };
}

/** @param {Tick} given */
function reason(given) {
  return given.because ? { misheard: " (misheard)", taken_back: " (caller took it back)" }[given.because] : "";
}

/** @param {Row} row */
function warningText(row) {
  if (row.newer_than_tick) return "Heard again after the tick: it counts.";
  if (row.contradicted) return `Also denied: “${row.contradicted}”. Settle it with a tick.`;
  if (row.suspected) return "Suspected: ask to be sure.";
  return "";
}
