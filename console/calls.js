// The calls that are open: one's own, and a supervisor's list of all by urgency.

import { ApiError, messageOf, newId, send } from "./api.js";
import { announce, button, clock, el, fill, text } from "./dom.js";

const REFRESH_MS = 2000;
const LEVELS = { emergency: "Emergency", urgent: "Today", soon: "Within days", self_care: "Self-care" };

/** @import { Me, Summary } from "./types.js" */

/** @param {Me} me @param {(id: string) => void} onOpen @param {() => void} onSignedOut */
export function calls(me, onOpen, onSignedOut) {
  const rows = el("tbody");
  const none = el("p", { class: "hint" }, "No call is open.");
  const problem = el("p", { class: "problem", role: "alert" });
  const start = button("New call", begin, { class: "main", id: "new-call" }, "Alt+C");
  const supervises = me.roles.includes("supervisor");
  const table = el(
    "table",
    {},
    el("caption", {}, supervises ? "All open calls, the most urgent first" : "Your open calls"),
    el("thead", {}, el("tr", {}, ["Urgency so far", "Agent", "Since", "Turns", "To ask", "Call"].map((head) => el("th", { scope: "col" }, head)))),
    rows,
  );
  const node = el("section", { class: "calls card", "aria-label": "Calls" }, start, problem, table, none);
  let timer = 0;
  let drawn = "";

  async function begin() {
    try {
      const opened = await send("POST", "calls", { request_id: newId() });
      onOpen(opened.id);
    } catch (error) {
      text(problem, messageOf(error));
    }
  }

  async function refresh() {
    try {
      const { calls: list } = await send("GET", "calls");
      text(problem, "");
      draw(list);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return onSignedOut();
      text(problem, `${messageOf(error)} This list may be old.`);
    }
    timer = window.setTimeout(refresh, REFRESH_MS);
  }

  /** @param {Summary[]} list */
  function draw(list) {
    const now = JSON.stringify(list);
    none.hidden = list.length > 0;
    table.hidden = list.length === 0;
    if (now === drawn) return;
    if (drawn && list[0]?.supported === "emergency" && !drawn.includes(list[0].id)) announce("A call is an emergency.", true);
    drawn = now;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.call;
    fill(rows, list.map(line));
    if (focused) /** @type {HTMLElement | null} */ (rows.querySelector(`[data-call="${focused}"]`))?.focus();
  }

  /** @param {Summary} call */
  function line(call) {
    return el(
      "tr",
      { "data-level": call.supported },
      el("td", {}, el("span", { class: "badge level" }, urgency(call))),
      el("td", {}, call.owner),
      el("td", {}, clock(call.opened_at)),
      el("td", {}, String(call.turns)),
      el("td", {}, String(call.open)),
      el("td", {}, button("Open", () => onOpen(call.id), { "data-call": call.id, "aria-label": `Open the call of ${call.owner}, ${clock(call.opened_at)}` })),
    );
  }

  refresh();
  return { node, begin, stop: () => clearTimeout(timer) };
}

// That nothing was heard yet is no all-clear.
/** @param {Summary} call */
const urgency = (call) => (call.supported === "self_care" && call.open ? "No sign so far" : LEVELS[call.supported]);
