// What opens over the page: the reason for an override, the keys, the finished note.

import { button, dialog, el, fill, text } from "./dom.js";

/** @import { Because, Completed, Row } from "./types.js" */

/** @param {string} title @param {...Node} content @returns {Promise<string>} what was chosen */
function open(title, ...content) {
  fill(dialog, el("h2", { id: "dialog-title" }, title), ...content);
  const back = /** @type {HTMLElement | null} */ (document.activeElement);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => (back?.focus(), done(dialog.returnValue)), { once: true });
  });
}

/** @param {Row} row @returns {Promise<Because | "">} */
export function askWhy(row) {
  dialog.returnValue = "";
  const choose = (/** @type {string} */ value) => () => dialog.close(value);
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const value = /** @type {Record<string, string>} */ ({ m: "misheard", t: "taken_back" })[event.key.toLowerCase()];
    if (value) dialog.close(value);
  };
  dialog.addEventListener("keydown", keys);
  const answer = open(
    "A warning sign was heard",
    el("p", {}, `${row.label}: `, el("q", {}, row.machine.quote)),
    el("p", {}, "You are about to overrule it. The level may fall, and the note will say so. Why?"),
    el(
      "div",
      { class: "row" },
      button("It was misheard", choose("misheard"), {}, "M"),
      button("The caller took it back", choose("taken_back"), {}, "T"),
      button("Cancel", choose(""), { class: "quiet" }, "Esc"),
    ),
    el("p", { class: "hint" }, "Where the caller took it back, the call stays at “today” at least."),
  );
  const settled = answer.finally(() => dialog.removeEventListener("keydown", keys));
  return /** @type {Promise<Because | "">} */ (settled);
}

/** @param {string[][]} keys */
export function showKeys(keys) {
  const rows = keys.map(([key, what]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, what)));
  return open("Keys", el("table", {}, el("tbody", {}, rows)), button("Close", () => dialog.close("")));
}

/** @param {Completed} done @param {() => void} onNew */
export function showDocument(done, onNew) {
  const copied = el("span", { role: "status" });
  const note = el("pre", { class: "note", tabindex: "0", "aria-label": "Note" }, done.note);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(done.note);
      text(copied, "Copied.");
    } catch {
      // Without https, or in a page that does not allow it.
      getSelection()?.selectAllChildren(note);
      text(copied, "Your browser does not allow it. The note is selected: press Ctrl+C.");
    }
  };
  const file = new Blob([JSON.stringify(done.fhir, null, 2)], { type: "application/fhir+json" });
  const link = el("a", { href: URL.createObjectURL(file), download: "call.fhir.json" }, "Save as FHIR");
  return open(
    "The note",
    note,
    el(
      "div",
      { class: "row" },
      button("Copy the note", copy, { class: "main" }),
      link,
      button("Next call", () => (dialog.close(""), onNew())),
      button("Close", () => dialog.close(""), { class: "quiet" }),
      copied,
    ),
  );
}
