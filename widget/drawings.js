// Our own line drawings: figures of thick round strokes on a floor, what moves or warms in the accent colour.
import { s } from "./dom.js";

// Each drawing lists its strokes: [class, path] or [class, "o", x, y, radius] for a circle.
// Classes: b body, g body in the other position, f floor and furniture, a accent line, w accent area, c cold area.
/** @type {Record<string, (string | number)[][]>} */
const DRAWINGS = {
  pelvic_tilt: [
    ["f", "M8 93H152"], ["b", "o", 23, 79, 8.5], ["b", "M37 83Q60 87 86 83L110 55L121 88H131"],
    ["b n", "M41 84L70 89"], ["a", "M62 48V70M55 63L62 71L69 63"], ["a", "M46 77Q62 81 78 77"],
  ],
  knee_rolls: [
    ["b", "o", 22, 52, 8.5], ["b", "M36 52H86"], ["b n", "M42 52V20M42 52V84"],
    ["g", "M86 50L112 32L92 14"], ["b", "M86 54L114 70L94 90"],
    ["a", "M124 34Q140 52 124 70M123 59L123 71L135 69"], ["a", "M112 43L124 34"],
  ],
  knee_to_chest: [
    ["f", "M8 93H152"], ["b", "o", 23, 79, 8.5], ["b", "M37 83H88L112 57L123 88H133"],
    ["b", "M88 83L72 49L102 42"], ["b n", "M42 80L58 62L73 52"], ["a", "M84 26Q66 26 56 38M56 27V39H68"],
  ],
  cat_cow: [
    ["f", "M8 93H152"], ["g", "M44 56Q76 82 108 56"], ["b", "M44 56Q76 22 108 56V89H134"],
    ["b n", "M44 56L42 89"], ["b", "o", 29, 66, 8.5], ["a", "M76 30V12M69 19L76 11L83 19"],
    ["a", "M76 76V90M69 84L76 91L83 84"],
  ],
  bottom_to_heels: [
    ["f", "M8 93H152"], ["b", "M132 88H98L126 68Q92 52 64 74"], ["b n", "M64 76L22 88"], ["b", "o", 52, 81, 8.5],
    ["a", "M88 36H118M110 28L119 36L110 44"],
  ],
  press_up_on_elbows: [
    ["f", "M8 93H152"], ["b", "M42 56Q58 82 90 84L148 88"], ["b n", "M43 58L42 87H24"], ["b", "o", 36, 40, 8.5],
    ["a", "M66 58V32M59 40L66 31L73 40"],
  ],
  bridge: [
    ["f", "M8 93H152"], ["b", "o", 21, 80, 8.5], ["b", "M34 84L82 58L110 54L118 88H128"], ["b n", "M38 87L68 89"],
    ["a", "M88 88V72M81 79L88 71L95 79"],
  ],
  walking: [
    ["f", "M8 95H152"], ["b", "o", 80, 14, 8.5], ["b", "M80 29L78 57L94 73L97 91H106"],
    ["b", "M78 57L67 75L52 89"], ["b n", "M80 33L95 45L105 39M80 33L66 45L61 57"],
    ["a", "M118 52H142M134 44L143 52L134 60"],
  ],
  heat: [
    ["f", "M38 24V94M38 76H92M88 76V94"], ["b", "o", 60, 18, 8.5], ["b", "M60 33L57 67H94V91H104"],
    ["b n", "M60 38L72 54L88 58"], ["w", "M42 42H51Q53 42 53 44V62Q53 64 51 64H42Z"],
    ["a", "M14 40Q20 45 14 50T14 60M26 40Q32 45 26 50T26 60"], ["f", "o", 128, 38, 15], ["a", "M128 38V28M128 38L136 42"],
    ["f", "M125 19H131"],
  ],
  ice: [
    ["f", "M8 93H152"], ["b", "o", 22, 76, 8.5], ["b", "M36 82Q62 78 92 84L148 87"], ["b n", "M40 85L24 89"],
    ["c", "M62 62H88Q91 62 91 65V73Q91 75 88 75H62Q59 75 59 73V65Q59 62 62 62Z"],
    ["a", "M75 30V52M65.500 35.500L84.500 46.500M84.500 35.500L65.500 46.500"], ["f", "o", 128, 38, 15],
    ["a", "M128 38V28M128 38L136 42"], ["f", "M125 19H131"],
  ],
};

const ICONS = {
  chat: "M4 5h16v11H9l-5 4z",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 7h14M5 12h14M5 17h14",
  send: "M4 12l16-8-5 16-4-6z",
  body: "M12 3.500a2 2 0 1 1 0 4a2 2 0 1 1 0-4M6 10h12M12 10v5M9 21l1-6h4l1 6",
  phone: "M6 3h3l2 5-2.500 2a12 12 0 0 0 5.500 5.500L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  emergency: "M8.300 3h7.400L21 8.300v7.400L15.700 21H8.300L3 15.700V8.300zM12 7.500v6M12 16.500v.2",
  urgent: "M12 3.500L22 20.500H2zM12 10v5M12 17.800v.2",
  soon: "M4 6h16v14H4zM4 10.500h16M8 3.500V7M16 3.500V7",
  self_care: "M4 11l8-7 8 7v9H4zM9.500 20v-6h5v6",
  person: "M12 4a4 4 0 1 1 0 8a4 4 0 1 1 0-8M4.500 21a7.500 7.500 0 0 1 15 0",
};

/** Whether there is a drawing of that name. @param {string} name */
export const hasDrawing = (name) => name in DRAWINGS;

/** A drawing, with what it shows in words. @param {string} name @param {string} words */
export function drawing(name, words) {
  const strokes = DRAWINGS[name].map(([kind, path, x, y, r]) =>
    path === "o" ? s("circle", { class: kind, cx: x, cy: y, r }) : s("path", { class: kind, d: path }),
  );
  return s("svg", { class: "drawing", viewBox: "0 0 160 100", role: "img", "aria-label": words }, ...strokes);
}

/** An icon; it says nothing, the words beside it do. @param {keyof typeof ICONS} name */
export function icon(name) {
  return s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
}
