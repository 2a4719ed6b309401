// The summary to print or save: result, advice and what the person wrote, as headings with text.
import { h } from "./dom.js";
import { dataOf } from "./cards.js";

/**
 * @param {import("./connection.js").Entry[]} entries @param {import("./connection.js").Facts} facts
 * @param {import("./strings.js").Strings} words
 * @returns {[string, string][]} headings with their text
 */
export function summaryOf(entries, facts, words) {
  /** @param {...string} types */
  const textsOf = (...types) => entries.filter((entry) => types.includes(dataOf(entry).type)).map((entry) => entry.text);
  const advice = entries.filter((entry) => dataOf(entry).type === "advice" && dataOf(entry).status === "offered");
  const told = entries.filter((entry) => entry.from === "person").map((entry) => `• ${entry.text}`);
  /** @type {[string, string | undefined][]} */
  const parts = [
    [words.summaryResult, textsOf("emergency", "triage").at(-1) ?? words.summaryNone],
    [words.person, textsOf("handover").at(-1)],
    [words.summaryAdvice, advice.map((entry) => entry.text).join("\n\n")],
    [words.summaryTold, told.join("\n")],
  ];
  const head = `${facts.clinic}\n${facts.telephone}\n${new Date().toLocaleString([], { dateStyle: "long", timeStyle: "short" })}`;
  return [[words.summaryTitle, head], .../** @type {[string, string][]} */ (parts.filter(([, text]) => text))];
}

/** @param {[string, string][]} summary */
export const asText = (summary) => summary.map(([heading, text]) => `${heading}\n\n${text}\n`).join("\n");

/** @param {[string, string][]} summary the first heading is the title */
export const asNodes = (summary) =>
  summary.flatMap(([heading, text], index) => [h(index ? "h3" : "h1", {}, heading), h("p", { class: "text" }, text)]);

/** Print in a frame of its own: the page around is left out. @param {[string, string][]} summary @param {ParentNode & Node} place */
export function print(summary, place) {
  const frame = h("iframe", { class: "hidden", title: summary[0][0] });
  place.append(frame);
  const view = /** @type {Window & typeof globalThis} */ (frame.contentWindow);
  const style = new view.CSSStyleSheet();
  style.replaceSync("body{font:12pt/1.5 sans-serif}.text{white-space:pre-line}h3{break-after:avoid}");
  view.document.title = summary[0][0];
  view.document.adoptedStyleSheets = [style];
  view.document.body.append(...asNodes(summary));
  view.addEventListener("afterprint", () => frame.remove());
  view.print();
}

/** Save as a text file. @param {[string, string][]} summary @param {string} name @param {Node} place */
export function save(summary, name, place) {
  const address = URL.createObjectURL(new Blob([asText(summary)], { type: "text/plain" }));
  const link = h("a", { href: address, download: name, class: "hidden" });
  place.appendChild(link).click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address));
}
