// Small helpers for building and changing the page. Text only ever goes in as text.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  set(node, attributes);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

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
export function text(node, value) {
  changed(node, "textContent", value ?? "");
}

function changed(node, property, value) {
  if (node[property] !== value) node[property] = value;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
}

export const byId = (id) => document.getElementById(id);

// A button whose shortcut stands in it; `keys` is also what assistive technology reads.
export function button(label, onclick, attributes = {}, keys = "") {
  const shown = keys ? el("kbd", { "aria-hidden": "true" }, keys) : null;
  return el("button", { type: "button", onclick, "aria-keyshortcuts": keys || null, ...attributes }, label, shown);
}

// Say something to screen readers without moving anything on the screen.
export function announce(message, urgent = false) {
  text(byId(urgent ? "alarm" : "news"), message);
}

export function clock(moment) {
  return moment ? new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
}
