// The urgency banner: level, what it rests on, what is still open, and in an emergency what to do and say.

import { announce, clock, el, fill, set, text } from "./dom.js";

/** @import { Emergency, Level, Shown, Triage } from "./types.js" */

const BARS = { emergency: 4, urgent: 3, soon: 2, self_care: 1 };

export function banner() {
  const bars = el("span", { class: "bars", "aria-hidden": "true" });
  const level = el("strong", { class: "level" });
  const basis = el("p", { class: "basis" });
  const progress = el("progress", { "aria-label": "Questions answered" });
  const left = el("span", { class: "left" });
  const emergency = el("div", { class: "emergency-do" });
  const reasons = el("ul", { class: "reasons", "aria-label": "Why" });
  const node = el(
    "section",
    { class: "banner", "aria-label": "Urgency", tabindex: "0" },
    el("div", { class: "level-line" }, bars, level, basis, el("span", { class: "progress" }, progress, left)),
    emergency,
    reasons,
  );
  /** @type {Level | null} */
  let shown = null;

  /** @param {Shown} call */
  function render({ state }) {
    const triage = state.triage;
    if (!triage) {
      set(node, { "data-level": "unknown" });
      text(level, "Urgency unknown");
      text(basis, "The assistant failed here. Ask every warning sign yourself.");
      return;
    }
    set(node, { "data-level": open(triage) ? triage.supported : triage.level, "data-open": open(triage) });
    text(level, headline(triage));
    text(basis, basisText(triage));
    renderReasons(triage);
    fill(bars, ...Array.from({ length: 4 }, (_, index) => el("i", { class: index < BARS[open(triage) ? triage.supported : triage.level] ? "on" : "" })));
    progress.max = triage.all;
    progress.value = triage.all - triage.open;
    text(left, triage.open ? `${triage.open} of ${triage.all} to ask` : "All asked");
    renderEmergency(state.emergency);
    if (shown !== null && shown !== triage.supported) {
      announce(`Urgency now: ${triage.supported_label}`, triage.supported === "emergency");
    }
    shown = triage.supported;
  }

  /** @param {Emergency | null} now */
  function renderEmergency(now) {
    emergency.hidden = !now;
    if (!now || emergency.dataset.do === now.do) return;
    emergency.dataset.do = now.do;
    fill(
      emergency,
      el("p", { class: "do" }, now.do),
      el("details", {}, el("summary", {}, "Until help comes, and what to tell them"), el("p", {}, now.until_then), el("p", {}, now.tell)),
    );
  }

  /** @param {Triage} triage */
  function renderReasons(triage) {
    const told = triage.reasons.filter((reason) => reason.quote);
    const lines = told.map((reason) => [reason.why, reason.quote]);
    const drawn = JSON.stringify(lines);
    if (reasons.dataset.drawn === drawn) return;
    reasons.dataset.drawn = drawn;
    fill(reasons, ...lines.map(([why, quote]) => el("li", {}, el("q", {}, quote), ` ${why}`)));
  }

  return { node, render };
}

/** @param {Triage} triage */
const open = (triage) => triage.supported !== triage.level && triage.open > 0;

/** @param {Triage} triage */
function headline(triage) {
  if (!open(triage)) return triage.label;
  return triage.supported === "self_care" ? "No warning sign so far" : `${triage.supported_label}, so far`;
}

/** @param {Triage} triage */
function basisText(triage) {
  const high = triage.history.length ? triage.history.find((item) => item.level === triage.highest) : null;
  const was = high && triage.highest !== triage.supported ? ` Was ${word(triage.highest)} at ${clock(high.at)}.` : "";
  if (open(triage)) return `If the call ended now: ${triage.label.toLowerCase()}, as not all is asked.${was}`;
  if (triage.level === "self_care") return `All was asked, and nothing was a warning sign.${was}`;
  return (triage.reasons.find((reason) => !reason.quote && reason.level === triage.level)?.why ?? "") + was;
}

/** @param {Level} level */
const word = (level) => level.replace("_", "-");
