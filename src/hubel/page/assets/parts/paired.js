// Two sets of class probabilities, one beside the other.
import { make } from "./dom.js";
import { percent } from "./numbers.js";

// The places of the classes that count most in either, in the order of the first.
export function pairedPlaces(before, after, most) {
  const places = before.map((_, place) => place);
  places.sort((a, b) => Math.max(before[b], after[b]) - Math.max(before[a], after[a]) || a - b);
  return places.slice(0, most).sort((a, b) => before[b] - before[a] || a - b);
}

// "+3.1" or "−81.0": a difference of shares in percentage points.
export function pointsInWords(difference) {
  const points = (100 * difference).toFixed(1);
  if (Number(points) === 0) return "0.0";
  return points.startsWith("-") ? `\u2212${points.slice(1)}` : `+${points}`;
}

// A name within a sentence: whatever direction it is written in, the words around it stay where they are.
export const isolated = (name) => `\u2068${name}\u2069`;

// names: of all classes; before, after: shares; words: {before, after, caption}.
export function pairedBars(names, before, after, { words, most = 6 }) {
  const bar = (kind, share) => {
    const filled = make(`span.paired-fill.${kind}`);
    filled.style.width = `${100 * share}%`;
    return make("span.paired-track", {}, filled);
  };
  const rows = pairedPlaces(before, after, most).map((place) => make("tr", {},
    make("th", { scope: "row" }, make("bdi", { text: names[place], title: names[place] })),
    make("td.paired-bars", { "aria-hidden": "true" }, bar("before", before[place]), bar("after", after[place])),
    make("td.number", { text: percent(before[place]) }),
    make("td.number", { text: percent(after[place]) }),
    make("td.number.paired-difference", { text: pointsInWords(after[place] - before[place]) })));
  const head = make("tr", {}, make("th", { scope: "col", text: "Class" }), make("td", { "aria-hidden": "true" }),
    ...[words.before, words.after, "Points"].map((text) => make("th.number", { scope: "col", text })));
  return make("table.paired", {}, make("caption.unseen", { text: words.caption }), make("thead", {}, head), make("tbody", {}, ...rows));
}
