// Puts each drawing into its place on the page of drawings.
import { drawing } from "../drawings.js";

for (const place of document.querySelectorAll("[data-drawing]")) {
  const { drawing: name = "", words = "" } = /** @type {HTMLElement} */ (place).dataset;
  place.replaceChildren(drawing(name, words));
}
