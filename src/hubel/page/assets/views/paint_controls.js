// Changes by a number each: a slider, and the number itself.
import { make } from "../parts/dom.js";
import { UNCHANGED } from "./paint_changes.js";

const CONTROLS = [
  { key: "right", label: "Move right", unit: "pixels", reach: (size) => [-Math.floor(size[1] / 2), Math.floor(size[1] / 2)], step: 1 },
  { key: "down", label: "Move down", unit: "pixels", reach: (size) => [-Math.floor(size[0] / 2), Math.floor(size[0] / 2)], step: 1 },
  { key: "degrees", label: "Turn to the left", unit: "degrees", reach: () => [-180, 180], step: 1 },
  { key: "percent", label: "Brighter", unit: "%", reach: () => [-100, 100], step: 1 },
  { key: "blur", label: "Blur", unit: "% of the shorter side", reach: () => [0, 20], step: 0.5 },
  { key: "side", label: "Grey square in front", unit: "% of the shorter side", reach: () => [0, 100], step: 1 },
  { key: "across", label: "It stands from the left at", unit: "%", reach: () => [0, 100], step: 1, ofSquare: true },
  { key: "below", label: "It stands from the top at", unit: "%", reach: () => [0, 100], step: 1, ofSquare: true },
];

export function paintControls(easel) {
  const rows = CONTROLS.map((control) => paintControl(easel, control));
  const exact = make("details", {}, make("summary", { text: "How exact is this?" }), make("p.muted", { text:
    "Moving, turning, brightness, blur and the square in front follow the same rules as the robustness test of Hubel, to the last bit: what comes in repeats the edge; it is turned around the centre. " +
    "Two things differ: here the image has the size of the network already, there the change comes before resizing; and here you choose direction and place, there the image's content does. " +
    "The order is: painted, moved, turned, brighter or darker, blurred, square in front. The brush paints on the image before it is moved or turned." }));
  const element = make("section.paint-controls.card", { "aria-label": "Changes" }, make("h3", { text: "Changes" }), ...rows.map((row) => row.element), exact);
  let shown = null;
  const draw = (painting) => {
    if (!painting || shown === painting.changes) return;  // a stroke changes none of them
    shown = painting.changes;
    for (const row of rows) row.draw(painting);
  };
  return { element, draw };
}

function paintControl(easel, { key, label, unit, reach, step, ofSquare }) {
  const id = `paint-${key}`, slider = make("input", { type: "range", step, id, "data-change": key }), number = make("input", { type: "number", step, "aria-label": `${label}, ${unit}` });
  const back = make("button.quiet.edit-small", { type: "button", text: "Reset", "aria-label": `Reset: ${label}`, onclick: () => put(UNCHANGED[key], true) });
  const put = (value, ends) => {
    if (!easel.painting || !Number.isFinite(value)) return;
    const [least, most] = reach(easel.painting.size);
    easel.act((painting) => {
      painting.change({ [key]: Math.min(Math.max(key === "right" || key === "down" ? Math.round(value) : value, least), most) }, key);
      if (ends) painting.endStep();
    });
  };
  for (const input of [slider, number]) {
    input.addEventListener("input", () => input.value.trim() !== "" && put(Number(input.value)));
    input.addEventListener("change", () => easel.painting?.endStep());
  }
  const element = make("div.paint-control", {}, make("label", { for: id, text: label }), slider, make("span.paint-number", {}, number, make("span.muted", { text: ` ${unit}` })), back);
  const draw = ({ size, changes }) => {
    const [least, most] = reach(size);
    for (const input of [slider, number]) Object.assign(input, { min: String(least), max: String(most) });
    slider.value = String(changes[key]);
    if (document.activeElement !== number) number.value = String(changes[key]);
    back.disabled = changes[key] === UNCHANGED[key];
    element.hidden = Boolean(ofSquare) && changes.side === 0;
  };
  return { element, draw };
}
