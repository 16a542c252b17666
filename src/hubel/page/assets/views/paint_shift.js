// Location invariance in numbers: the answer's probability while the image moves by 1 to 8 pixels, left and right, up and down.
import { make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { isolated } from "../parts/paired.js";
import { answersTo } from "../session/trials.js";
import { startedTrial } from "./edit_trial.js";
import { movedPixels } from "./paint_changes.js";

const MOST_SHIFT = 8, PLOT = { width: 340, height: 180, left: 40, right: 10, top: 10, bottom: 34 };

// Moves of an image: [{axis: "right" or "down", by, pixels}], by from -most to most.
export function shiftsOf(pixels, size, most = MOST_SHIFT) {
  return ["right", "down"].flatMap((axis) => {
    const reach = Math.min(most, size[axis === "right" ? 1 : 0] - 1);
    return Array.from({ length: 2 * reach + 1 }, (_, place) => place - reach).map((by) => ({ axis, by, pixels: movedPixels(pixels, size, { down: 0, right: 0, [axis]: by }) }));
  });
}

export function paintShift(session) {
  const plot = make("div.paint-plot"), table = make("div");
  let about = null;
  const trial = startedTrial({
    text: "Shift it by 1 to 8 pixels",
    about: "Asks the network about the image as it is now, moved along each axis.",
    async act(signal, heard) {
      const { image, answer, edits } = session, found = await answersTo(session, { changes: shiftsOf(image.pixels, session.data.graph.image_size), signal, heard });
      if (!found) return "Stopped: the image or the network is another one now, or you stopped it.";
      about = { image, edits };
      plot.replaceChildren(shiftPlot(found, answer));
      table.replaceChildren(make("details", {}, make("summary", { text: "The numbers" }), shiftTable(found, answer)));
      return shiftsInWords(found, answer);
    },
  });
  const element = make("section.paint-shift.card", { "aria-label": "Shifts" }, make("h3", { text: "Does its place matter?" }), trial.element, plot, table);
  const draw = () => {
    if (!about || (about.image === session.image && about.edits === session.edits)) return;
    about = null;
    plot.replaceChildren();
    table.replaceChildren();
    trial.clear();
  };
  return { element, draw };
}

function shiftsInWords(found, { best, className }) {
  const moved = found.filter(({ by }) => by !== 0), others = moved.filter(({ answer }) => answer.best !== best).length;
  const shares = found.map(({ answer }) => answer.probabilities[best]), range = `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`;
  return `The probability of ${isolated(className)} lies between ${range.replace(" to ", " and ")}. ${others === 0 ? "No shift changes the answer." : `${others} of ${moved.length} shifts change the answer.`}`;
}

function paintSvg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) if (key === "text") element.textContent = value; else element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

function shiftPlot(found, { best, className }) {
  const { width, height, left, right, top, bottom } = PLOT, reach = Math.max(...found.map(({ by }) => by));
  const x = (by) => left + ((by + reach) / (2 * reach || 1)) * (width - left - right), y = (share) => top + (1 - share) * (height - top - bottom);
  const lines = [["right", "left and right"], ["down", "up and down"]].flatMap(([axis, words], place) => {
    const points = found.filter((each) => each.axis === axis);
    const dots = points.map(({ by, answer }) => paintSvg("circle", { class: `paint-dot axis-${place}${answer.best === best ? "" : " other"}`, cx: x(by), cy: y(answer.probabilities[best]), r: 3 },
      paintSvg("title", { text: `${words} by ${by}: ${percent(answer.probabilities[best])}${answer.best === best ? "" : `, the answer is ${answer.className}`}` })));
    return [paintSvg("polyline", { class: `paint-line axis-${place}`, points: points.map(({ by, answer }) => `${x(by)},${y(answer.probabilities[best])}`).join(" ") }), ...dots];
  });
  const ticks = [0, 0.5, 1].flatMap((share) => [paintSvg("line", { class: "paint-rule", x1: left, x2: width - right, y1: y(share), y2: y(share) }), paintSvg("text", { x: left - 4, y: y(share) + 4, "text-anchor": "end", text: `${100 * share} %` })]);
  const steps = [-reach, 0, reach].map((by) => paintSvg("text", { x: x(by), y: height - bottom + 15, "text-anchor": by === reach ? "end" : "middle", text: by > 0 ? `+${by}` : String(by).replace("-", "\u2212") }));
  const axis = paintSvg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", text: "pixels" });
  const legend = make("p.muted.paint-legend", {}, make("span.axis-0", { text: "left and right" }), make("span.axis-1", { text: "up and down" }), make("span", { text: "ring: another answer" }));
  return make("figure", {}, paintSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Probability of ${className} while the image moves` }, ...ticks, ...steps, axis, ...lines), legend);
}

function shiftTable(found, { best, className }) {
  const of = (axis, by) => found.find((each) => each.axis === axis && each.by === by)?.answer;
  const cell = (answer) => make(answer && answer.best !== best ? "td.number.warning" : "td.number", { text: answer ? `${percent(answer.probabilities[best])}${answer.best === best ? "" : ` (${isolated(answer.className)})`}` : "" });
  const steps = [...new Set(found.map(({ by }) => by))].sort((a, b) => a - b);
  return make("div.scroll", { tabindex: "0" }, make("table", {}, make("caption.unseen", { text: `Probability of ${className} at each shift` }),
    make("thead", {}, make("tr", {}, ...["Pixels", "Right", "Down"].map((text, place) => make(place ? "th.number" : "th", { scope: "col", text })))),
    make("tbody", {}, ...steps.map((by) => make("tr", {}, make("th", { scope: "row", text: String(by) }), cell(of("right", by)), cell(of("down", by)))))));
}
