// Small helpers for building and changing the page. Text only ever goes in as text.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} [attributes] @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  set(node, attributes);
  node.append(...shown(children));
  return node;
}

/** @template {HTMLElement} T @param {T} node @param {Record<string, any>} attributes @returns {T} */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") changed(node, "className", value);
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? "" : value);
  }
  return node;
}

// Writing the same text again would make screen readers repeat it.
/** @param {HTMLElement} node @param {string | null | undefined} value */
export function text(node, value) {
  changed(node, "textContent", value ?? "");
}

/** @param {HTMLElement} node @param {"className" | "textContent"} property @param {string} value */
function changed(node, property, value) {
  if (node[property] !== value) node[property] = value;
}

/** @param {HTMLElement} node @param {...(Child | Child[])} children */
export function fill(node, ...children) {
  node.replaceChildren(...shown(children));
}

/** @param {(Child | Child[])[]} children */
const shown = (children) => /** @type {(Node | string)[]} */ (children.flat().filter(Boolean));

/** An element of index.html. @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

export const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));

// A button whose shortcut stands in it; `keys` is also what assistive technology reads.
/** @param {string | Node} label @param {(event: Event) => void} onclick @param {Record<string, any>} [attributes] @param {string} [keys] */
export function button(label, onclick, attributes = {}, keys = "") {
  const shown = keys ? el("kbd", { "aria-hidden": "true" }, keys) : null;
  return el("button", { type: "button", onclick, "aria-keyshortcuts": keys || null, ...attributes }, label, shown);
}

// Say something to screen readers without moving anything on the screen.
/** @param {string} message @param {boolean} [urgent] */
export function announce(message, urgent = false) {
  text(byId(urgent ? "alarm" : "news"), message);
}

/** @param {string | null | undefined} moment */
export function clock(moment) {
  return moment ? new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
}
