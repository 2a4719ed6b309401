// The note as it grows, and the agent's own remarks in it.

import { button, el, text } from "./dom.js";

const PAUSE_MS = 600;

/** @import { Call } from "./call.js" */
/** @import { Keys, Shown } from "./types.js" */

/** @param {Call} call @param {Keys} keys @param {() => void} onComplete */
export function note(call, keys, onComplete) {
  const shown = el("pre", { class: "note", tabindex: "0", "aria-label": "The note so far" });
  const remarks = el("textarea", { id: "remarks", rows: 1, maxlength: 4000 });
  const saved = el("span", { class: "hint", role: "status" });
  const label = el("span", {}, "Complete the call");
  const complete = button(label, onComplete, { class: "main" }, keys.complete);
  const node = el(
    "section",
    { id: "note", class: "note-card card", "aria-labelledby": "note-title", tabindex: "-1" },
    el("h2", { id: "note-title" }, "Note"),
    shown,
    el("div", { class: "remarks" }, el("label", { for: "remarks" }, "Your remarks"), remarks),
    el("div", { class: "row" }, complete, saved),
  );
  let timer = 0;
  let based = 0;
  let dirty = false;

  remarks.addEventListener("input", () => {
    dirty = true;
    text(saved, "");
    clearTimeout(timer);
    timer = window.setTimeout(save, PAUSE_MS);
  });

  async function save() {
    clearTimeout(timer);
    if (!dirty) return;
    const wanted = remarks.value;
    const outcome = await call.remark(wanted, based);
    based = call.state?.version ?? based;
    if (outcome === "done" && remarks.value === wanted) dirty = false;
    text(saved, outcome === "done" ? "Saved." : "Not saved: somebody else wrote here. Look, and save again.");
  }

  /** @param {Shown} call */
  function render({ state, closed }) {
    text(shown, state.note ?? "The note could not be made. The transcript holds all that was said.");
    if (!dirty && document.activeElement !== remarks) remarks.value = state.remarks;
    if (!dirty) based = state.version;
    text(label, closed ? "Open the note" : "Complete the call");
    remarks.disabled = closed;
  }

  return { node, render, save };
}
