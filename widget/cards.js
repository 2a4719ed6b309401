// What the conversation shows: bubbles, and cards for what comes with a payload.
import { blocksOf, h, shown, tel } from "./dom.js";
import { drawing, hasDrawing, icon } from "./drawings.js";
import { fill } from "./strings.js";

/**
 * @typedef {import("./connection.js").Entry} Entry
 * @typedef {import("./connection.js").Facts} Facts
 * @typedef {import("./strings.js").Strings} Strings
 * @typedef {Record<string, any>} Data a payload
 */

const LEVELS = ["emergency", "urgent", "soon", "self_care"];

/** An entry's payload. @param {Entry} entry @returns {Data} */
export const dataOf = (entry) => entry.custom?.data ?? {};

/**
 * One entry of the conversation.
 * @param {Entry} entry @param {Facts} facts @param {Strings} words
 * @param {boolean} first whether no other advice stands right before it: of several only the first is open
 */
export function message(entry, facts, words, first) {
  const mine = entry.from === "person";
  const data = dataOf(entry);
  const card = !mine && /** @type {Record<string, typeof triage>} */ (CARDS)[data.type];
  const body = card
    ? card(entry.text, data, facts, words, first)
    : h("div", { class: "bubble" }, ...shown(blocksOf(entry.text)));
  if (entry.image && /^(https:|data:image\/)/.test(entry.image)) body.append(h("img", { src: entry.image, alt: "" }));
  const speaker = h("span", { class: "hidden" }, mine ? words.you : words.assistant, " ");
  return h("div", { class: `message ${entry.from}`, part: "message" }, speaker, body);
}

const CARDS = { question, emergency, triage, advice, handover };

/** @param {string} text @param {Data} data */
function question(text, data) {
  const titles = new Set((data.options ?? []).map((/** @type {{ title: string }} */ option) => option.title));
  // The options stand below as buttons or ticks: they are not listed twice.
  const blocks = blocksOf(text).map(({ lines, items }) => ({ lines, items: items.filter((item) => !titles.has(item)) }));
  return h("div", { class: "bubble" }, ...shown(blocks));
}

/** @param {string} text @param {Data} data @param {Facts} facts @param {Strings} words */
function emergency(text, data, facts, words) {
  return h(
    "section", { class: "card emergency", part: "card", "aria-label": words.emergency },
    h("div", { class: "bar" }, icon("emergency"), h("strong", {}, words.emergency)),
    h("div", { class: "inner" }, ...shown(blocksOf(text)), callLink(data.call || facts.emergency_number, words)),
  );
}

/** @param {string} number @param {Strings} words */
export function callLink(number, words) {
  const link = tel(number, fill(words.call, { number }), "call");
  link.prepend(icon("phone"));
  return link;
}

/** @param {string} text @param {Data} data @param {Facts} facts @param {Strings} words @param {boolean} [_] */
function triage(text, data, facts, words, _) {
  const level = LEVELS.includes(data.level) ? data.level : "urgent";
  const blocks = blocksOf(text);
  const lists = blocks.filter((block) => block.items.length);
  const reasons = data.reasons ?? [];
  // The text ends with the reasons and the signs to watch for, which the payload gives in parts.
  const heading = reasons.length ? lists[0]?.lines[0] : null;
  const net = lists.at(-1);
  return h(
    "section", { class: `card ${level}`, part: "card", "aria-label": facts.levels[level] },
    h("div", { class: "bar" }, icon(level), h("strong", {}, facts.levels[level])),
    h(
      "div", { class: "inner" },
      ...shown(blocks.filter((block) => !block.items.length)),
      heading && h("h3", {}, heading),
      reasons.length && h("ul", { class: "reasons" }, ...reasons.map((/** @type {Data} */ reason) => reasonOf(reason, words))),
      net && h("h3", {}, net.lines[0] ?? ""),
      net && h("ul", { class: "net" }, ...net.items.map((item) => h("li", {}, item))),
      level !== "self_care" && level !== "emergency" && callLink(facts.telephone, words),
      level === "emergency" && callLink(facts.emergency_number, words),
    ),
  );
}

/** @param {Data} reason @param {Strings} words */
function reasonOf(reason, words) {
  return h(
    "li", {},
    reason.quote && h("blockquote", {}, h("span", { class: "hidden" }, words.yourWords, ": "), `“${reason.quote}”`),
    h("span", {}, reason.why ?? ""),
    sourcesOf([reason.source], words.source),
  );
}

/** @param {string[]} sources @param {string} label */
function sourcesOf(sources, label) {
  const known = sources.filter(Boolean);
  return known.length > 0 && h(
    "details", {},
    h("summary", {}, label),
    known.length > 1 ? h("ul", {}, ...known.map((source) => h("li", {}, source))) : h("p", {}, known[0]),
  );
}

/** @param {string} text @param {Data} data @param {Facts} facts @param {Strings} words @param {boolean} [first] */
function advice(text, data, facts, words, first) {
  // The sources stand in a list of their own, so they are not named in the text as well.
  const bare = (data.sources ?? []).reduce((/** @type {string} */ rest, /** @type {string} */ source) => rest.replaceAll(` [${source}]`, ""), text);
  const blocks = blocksOf(bare);
  if (blocks[0]?.lines[0] === data.title && !blocks[0].items.length) blocks.shift();
  const offered = data.status === "offered";
  const status = /** @type {Record<string, string>} */ ({ ...words })[data.status];
  const names = Object.fromEntries((data.movements ?? []).map((/** @type {string} */ id) => [facts.movements[id], id]));
  const item = (/** @type {string} */ line) => {
    const name = line.split(":", 1)[0];
    const id = names[name];
    if (!id) return [line];
    return [hasDrawing(id) && drawing(id, facts.drawings[id] ?? name), h("strong", {}, name), line.slice(name.length)];
  };
  const pictures = offered ? PICTURES[data.topic] ?? [] : [];
  const begins = blocks[0]?.lines[0] ?? blocks[0]?.items[0];
  return h(
    "details", { class: `card advice ${offered ? "" : "withheld"}`, part: "card", open: first },
    h(
      "summary", { class: "bar" },
      h("strong", {}, data.title ?? ""),
      status && h("span", { class: "status" }, status),
      begins && h("span", { class: "begins" }, begins),
    ),
    h(
      "div", { class: `inner ${Object.keys(names).length ? "movements" : ""}` },
      pictures.length > 0 && h("div", { class: "pictures" }, ...pictures.map((id) => drawing(id, facts.drawings[id] ?? ""))),
      ...shown(blocks, item),
      sourcesOf(data.sources ?? [], words.sources),
    ),
  );
}

/** Drawings that stand at the head of a topic. @type {Record<string, string[]>} */
const PICTURES = { heat: ["heat"], ice: ["ice"], heat_or_ice: ["heat", "ice"] };

/** @param {string} text @param {Data} data @param {Facts} facts @param {Strings} words */
function handover(text, data, facts, words) {
  const note = String(data.note ?? "");
  const before = text.endsWith(note) ? text.slice(0, -note.length) : text;
  return h(
    "section", { class: "card handover", part: "card", "aria-label": words.person },
    h("div", { class: "bar" }, icon("person"), h("strong", {}, words.person)),
    h(
      "div", { class: "inner" },
      ...shown(blocksOf(before)),
      h("details", {}, h("summary", {}, words.note), h("pre", {}, note)),
      data.reference && h("p", { class: "reference" }, h("span", {}, words.reference), " ", h("strong", {}, data.reference)),
      callLink(facts.telephone, words),
    ),
  );
}
