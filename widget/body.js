// The body picture: a back seen from behind, to point at where it hurts.
import { h, s } from "./dom.js";
import { fill } from "./strings.js";

// One side of the body; the other is its mirror image about x = 60.
/** @type {Record<string, string>} */
const HALVES = {
  upper: "M29 49Q30 43 47 42V92H34Q29 70 29 49Z",
  low: "M34 94H47V128H32Q33 110 34 94Z",
  buttock: "M32 130H59V152Q46 160 32 152Q29 142 32 130Z",
  thigh: "M31 155Q46 163 58 156Q57 180 54 204H36Q31 180 31 155Z",
  calf: "M36 206H54Q54 232 50 254H40Q34 230 36 206Z",
  foot: "M40 256H50L52 274Q44 278 34 274Z",
};
/** @type {Record<string, string>} */
const MIDDLES = {
  neck: "M50 27H70V41H50Z",
  upper_middle: "M48 42H72V92H48Z",
  low_middle: "M48 94H72V128H48Z",
};
const HEAD = "M60 4a12 13 0 1 1 0 26a12 13 0 1 1 0-26";
const ARM = "M27 52Q20 56 18 78L12 120Q9 134 14 138Q19 136 20 124L31 84Q27 68 27 52Z";
const MIRROR = "matrix(-1 0 0 1 120 0)";

/** @typedef {{ shape: string, name: string, says: string }} Place */

/**
 * The picture with its send button.
 * @param {{ opening: string, places: Place[] }} pointing
 * @param {import("./strings.js").Strings} words
 * @param {(text: string) => void} send
 */
export function bodyPicture(pointing, words, send) {
  /** @type {Set<Place>} */
  const chosen = new Set();
  const said = h("p", { class: "chosen", role: "status" }, words.chosenNone);
  const button = h("button", { type: "button", class: "primary", disabled: true, onclick: submit }, words.send);
  const shapes = pointing.places.filter((place) => pathOf(place.shape)).map((place) => shapeOf(place));
  shapes[0]?.setAttribute("tabindex", "0");

  /** @param {Place} place */
  function shapeOf(place) {
    const shape = s(
      "path",
      {
        class: "place", d: pathOf(place.shape), transform: place.shape.endsWith("_right") && MIRROR,
        role: "checkbox", "aria-checked": "false", "aria-label": place.name, tabindex: "-1",
        onclick: () => toggle(place, shape), onkeydown: (/** @type {KeyboardEvent} */ event) => key(event, place, shape),
      },
      s("title", {}, place.name),
    );
    return shape;
  }

  /** @param {Place} place @param {SVGElement} shape */
  function toggle(place, shape) {
    if (!chosen.delete(place)) chosen.add(place);
    shape.setAttribute("aria-checked", String(chosen.has(place)));
    const names = pointing.places.filter((each) => chosen.has(each)).map((each) => each.name);
    said.textContent = names.length ? fill(words.chosen, { places: names.join("; ") }) : words.chosenNone;
    button.disabled = !chosen.size;
  }

  // One stop of the tab key; arrows go from part to part, space and enter choose.
  /** @param {KeyboardEvent} event @param {Place} place @param {SVGElement} shape */
  function key(event, place, shape) {
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 });
    if (event.key === " " || event.key === "Enter") toggle(place, shape);
    else if (steps[event.key]) {
      const next = shapes[(shapes.indexOf(shape) + steps[event.key] + shapes.length) % shapes.length];
      shape.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    } else return;
    event.preventDefault();
  }

  function submit() {
    const says = pointing.places.filter((place) => chosen.has(place)).map((place) => place.says);
    send(fill(pointing.opening, { places: says.join(", ") }));
  }

  const outline = [HEAD, ARM].map((d) => s("path", { class: "outline", d }));
  outline.push(s("path", { class: "outline", d: ARM, transform: MIRROR }));
  const picture = s(
    "svg", { class: "body", viewBox: "0 0 120 282", role: "group", "aria-label": words.point }, ...outline, ...shapes,
  );
  return h(
    "div", { class: "pointing" },
    h("p", {}, words.pointHint),
    h("div", { class: "sides", "aria-hidden": "true" }, h("span", {}, words.left), h("span", {}, words.right)),
    picture,
    h("div", { class: "foot" }, said, button),
  );
}

/** @param {string} shape @returns {string | undefined} */
function pathOf(shape) {
  return MIDDLES[shape] ?? HALVES[shape.replace(/_(left|right)$/, "")];
}
