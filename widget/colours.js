// The clinic's accent colour, made readable on light and on dark.

const READABLE = 4.5;

/** Relative luminance as WCAG defines it. @param {number[]} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {number[]} one @param {number[]} other */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour moved towards black or white until it can be read on the ground. @param {number[]} colour @param {number[]} ground */
function readable(colour, ground) {
  const end = luminance(ground) > 0.18 ? 0 : 255;
  let mixed = colour;
  for (let share = 0; share <= 1 && contrast(mixed, ground) < READABLE; share += 0.05) {
    mixed = colour.map((part) => Math.round(part + (end - part) * share));
  }
  return mixed;
}

/** Set the accent colours of an element from any CSS colour. @param {HTMLElement} element @param {string} accent */
export function setAccent(element, accent) {
  element.style.color = "";
  element.style.color = accent;
  const parts = element.style.color && getComputedStyle(element).color.match(/[\d.]+/g);
  element.style.color = "";
  if (!parts) return;
  const colour = parts.slice(0, 3).map(Number);
  const [black, white] = [[0, 0, 0], [255, 255, 255]];
  const values = {
    "--accent": colour,
    "--on-accent": contrast(colour, white) >= READABLE ? white : black,
    "--accent-on-light": readable(colour, [238, 242, 245]),
    "--accent-on-dark": readable(colour, [36, 50, 62]),
  };
  for (const [name, value] of Object.entries(values)) element.style.setProperty(name, `rgb(${value.join(" ")})`);
}
