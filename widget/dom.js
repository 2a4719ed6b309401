// Elements are made by name and text only, never from markup: what people and the server write stays text.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Make an element. Attributes that start with "on" are listeners; true sets an empty attribute.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name @param {Record<string, any>} [attributes] @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  dress(element, attributes, children);
  return element;
}

/**
 * Make an SVG element.
 * @param {string} name @param {Record<string, any>} [attributes] @param {...Child} children
 * @returns {SVGElement}
 */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  dress(element, attributes, children);
  return element;
}

/** @param {Element} element @param {Record<string, any>} attributes @param {Child[]} children */
function dress(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child)));
}

/** A block of a message: a paragraph's lines, or a list's items under an optional heading.
 * @typedef {{ lines: string[], items: string[] }} Block */

/** Cut a text into blocks: an empty line ends one, "• " begins an item. @param {string} text @returns {Block[]} */
export function blocksOf(text) {
  return text
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").filter((line) => line.trim()))
    .filter((lines) => lines.length)
    .map((lines) => ({
      lines: lines.filter((line) => !line.startsWith("• ")),
      items: lines.filter((line) => line.startsWith("• ")).map((line) => line.slice(2)),
    }));
}

/** Show blocks. @param {Block[]} blocks @param {(item: string) => Child[]} [item] @returns {Node[]} */
export function shown(blocks, item = (text) => [text]) {
  return blocks.flatMap(({ lines, items }) => {
    /** @type {Node[]} */
    const nodes = [];
    if (lines.length) {
      const parts = lines.flatMap((line, index) => (index ? [h("br"), line] : [line]));
      nodes.push(h("p", items.length ? { class: "lead" } : {}, ...parts));
    }
    if (items.length) nodes.push(h("ul", {}, ...items.map((text) => h("li", {}, ...item(text)))));
    return nodes;
  });
}

/** A telephone link. @param {string} number @param {string} text @param {string} [kind] */
export function tel(number, text, kind = "") {
  return h("a", { href: `tel:${number.replace(/[^+\d]/g, "")}`, class: kind }, text);
}
