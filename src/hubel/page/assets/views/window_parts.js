// What a value that is worked out is drawn with: numbers in squares, bars, maps with a frame on them, a curve with a point.
import { make } from "../parts/dom.js";
import { colourOf } from "../parts/tiles.js";

// Four digits that count, short enough for a square; the whole number is in the title.
export function windowNumber(value) {
  if (!Number.isFinite(value) || value === 0) return String(value === 0 ? 0 : value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

export const largestSize = (numbers) => numbers.reduce((most, each) => Math.max(most, Math.abs(each)), 0) || 1;

export const signOf = (value) => (value > 0 ? "plus" : value < 0 ? "minus" : "none");

// What a screen reader says of a number: what is written, where it is, and all of its digits.
export function spokenNumber(text, label, value) {
  const where = [label, ...(text === String(value) ? [] : [value])].filter((each) => each !== "").join(": ");
  return where ? `${text} (${where})` : text;
}

// A number with its whole value in reach of pointer, keyboard and ear. pick: what a press does; none for a plain number.
export function numberTag(value, { label = "", pick = null } = {}) {
  const text = windowNumber(value), common = { text, title: label ? `${label}: ${value}` : String(value), "data-full": String(value) };
  return pick ? make("button.window-number", { type: "button", ...common, "aria-label": spokenNumber(text, label, value), onclick: pick }) : make("span.window-number", common);
}

export const MOST_ACROSS = 11;  // squares with a number, side by side

// Numbers in squares under a title; one tab stop, arrows go from square to square.
// inside: false where a square lies on padding; label: place → where it is; pick: (place) → …, or edit: (place, number) → ….
export function numberGrid({ title, values, columns, inside = null, largest = largestSize(values), label = String, pick = null, edit = null }) {
  const squares = values.map((value, place) => gridSquare({ value, real: !inside || inside[place], share: Math.abs(value) / largest, label: label(place), place, pick, edit }));
  const grid = make("div.window-grid", { role: "group", "aria-label": title }, ...squares);
  grid.style.setProperty("--columns", columns);
  grid.style.setProperty("--longest", Math.max(4, ...squares.map((each) => (each.value || each.textContent).length)));
  if (!edit) roamSquares(grid, squares, columns);
  return make("div.window-panel", {}, make("p.window-title", { text: title }), grid);
}

function gridSquare({ value, real, share, label, place, pick, edit }) {
  const text = windowNumber(value), words = real ? `${label}: ${value}` : `${label}: padding, counts as 0`;
  const named = { title: words, "aria-label": real ? spokenNumber(text, label, value) : words, "data-full": String(value) };
  const kind = real ? signOf(value) : "padding";
  let made;
  if (edit && real) {
    made = make(`input.window-cell.${kind}`, {
      type: "number", step: "any", value: text, ...named, onchange: () => edit(place, made),
      onfocus: () => { made.value = String(value); }, onblur: () => { if (Number(made.value) === value) made.value = text; },
    });
  } else if (pick && real) made = make(`button.window-cell.${kind}`, { type: "button", text, ...named, onclick: () => pick(place) });
  else made = make(`span.window-cell.${kind}`, { role: "img", text, ...named });
  made.style.setProperty("--share", Math.min(1, share).toFixed(3));
  return made;
}

// One tab stop for many squares.
export function roamSquares(grid, squares, columns) {
  squares.forEach((each, place) => { each.tabIndex = place ? -1 : 0; });
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key], from = squares.indexOf(event.target);
    if (!step || from < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = squares[from + step];
    if (!next) return;
    squares[from].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

// A bar to the right above 0 and to the left below.
export function signedBar(value, largest) {
  const bar = make("span.window-bar", { "aria-hidden": "true" }, make(`span.${signOf(value)}`));
  bar.firstChild.style.setProperty("--long", Math.min(1, Math.abs(value) / largest).toFixed(4));
  return bar;
}

// Rows that hold label, number and bar; never more than `most` at once: a button shows more.
export function barList({ entries, most = 16, title }) {
  const largest = largestSize(entries.map(({ value }) => value)), list = make("ul.window-bars", { "aria-label": title });
  let shown = 0;
  const more = make("button.window-quiet", { type: "button", onclick: () => add() });
  const add = () => {
    list.append(...entries.slice(shown, shown + most).map((entry) => barRow(entry, largest)));
    shown = Math.min(entries.length, shown + most);
    more.hidden = shown === entries.length;
    more.textContent = `Show ${Math.min(most, entries.length - shown)} more of ${entries.length}`;
  };
  add();
  return make("div.window-panel.wide", {}, make("p.window-title", { text: title }), list, more);
}

function barRow({ label, text = "", value, pick, pressed }, largest) {
  const name = pick
    ? make("button.window-quiet", { type: "button", text: label, onclick: pick, "aria-pressed": pressed === undefined ? null : String(pressed) })
    : make("span", { text: label });
  return make("li", {}, make("span.window-label", {}, name, text ? make("small", { text }) : null), signedBar(value, largest), numberTag(value, { label }));
}

// A map as an image, with a frame that a program or a pointer moves. pick: (row, column) of what was pressed or dragged over.
export class FramedMap {
  constructor({ pick = null, label = "" } = {}) {
    this.canvas = make("canvas", { role: "img", "aria-label": label });
    this.frame = make("div.window-frame", { hidden: true });
    this.field = make("div.window-canvas", {}, this.canvas, this.frame);
    this.caption = make("figcaption");
    this.figure = make("figure.window-figure", {}, this.field, this.caption);
    if (pick) this.#follow(pick);
  }

  #follow(pick) {
    this.field.classList.add("held");
    const tell = (event) => {
      const box = this.canvas.getBoundingClientRect(), share = (at, start, long) => Math.min(0.9999, Math.max(0, (at - start) / long));
      pick(Math.floor(share(event.clientY, box.top, box.height) * this.canvas.height), Math.floor(share(event.clientX, box.left, box.width) * this.canvas.width));
    };
    this.field.addEventListener("pointerdown", (event) => {
      this.field.setPointerCapture(event.pointerId);
      tell(event);
    });
    this.field.addEventListener("pointermove", (event) => { if (this.field.hasPointerCapture(event.pointerId)) tell(event); });
  }

  // value: {shape: [h, w, c], data}; upTo: places after it in reading order stay empty; scale: {least, most}.
  draw(value, { channel, scale, upTo = Infinity }) {
    const [height, width, channels] = value.shape;
    this.#paint([height, width], (place) => (place > upTo ? null : colourOf(value.data[place * channels + channel], scale)));
  }

  // pixels: red, green, blue of each.
  drawPixels(pixels, size) {
    this.#paint(size, (place) => pixels.subarray(place * 3, place * 3 + 3));
  }

  // colour: place → red, green, blue, or null where nothing is yet.
  #paint([height, width], colour) {
    const { canvas } = this;
    Object.assign(canvas, { height, width });
    this.field.style.setProperty("--aspect", width / height);
    const context = canvas.getContext("2d"), image = context.createImageData(width, height);
    for (let place = 0; place < height * width; place++) {
      const made = colour(place), at = place * 4;
      if (!made) break;
      [image.data[at], image.data[at + 1], image.data[at + 2]] = made;
      image.data[at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  // In places of the map; it may reach beyond.
  outline({ top, left, height, width }) {
    const share = (at, of) => `${(100 * at / of).toFixed(4)}%`;
    this.frame.hidden = false;
    Object.assign(this.frame.style, {
      top: share(top, this.canvas.height), left: share(left, this.canvas.width), height: share(height, this.canvas.height), width: share(width, this.canvas.width),
    });
    this.frame.dataset.place = [top, left, height, width].join(" ");
  }

  say(text) {
    this.caption.textContent = text;
    this.canvas.setAttribute("aria-label", text);
  }
}

// A curve with a point on it, as a drawing. of: number → number.
export function curveWith({ of, before, value, name, most: limit }) {
  const reach = Math.max(4, 1.4 * (limit ?? 0), Math.min(1e6, Math.abs(before) * 1.25)), points = Array.from({ length: 97 }, (_, at) => -reach + (2 * reach * at) / 96);
  const heights = points.map(of), least = Math.min(...heights, value, 0), most = Math.max(...heights, value, 1e-9);
  const x = (number) => 10 + 220 * (number + reach) / (2 * reach), y = (number) => 110 - 100 * (number - least) / (most - least || 1);
  const at = (tag, properties) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, given] of Object.entries(properties)) element.setAttribute(key, given);
    return element;
  };
  const drawing = at("svg", { viewBox: "0 0 240 120", class: "window-curve", role: "img", "aria-label": `${name} at ${before}: ${value}` });
  drawing.append(
    at("line", { class: "axis", x1: 10, x2: 230, y1: y(0), y2: y(0) }), at("line", { class: "axis", x1: x(0), x2: x(0), y1: 6, y2: 114 }),
    at("polyline", { class: "curve", points: points.map((each, place) => `${x(each).toFixed(1)},${y(heights[place]).toFixed(1)}`).join(" ") }),
    at("line", { class: "drop", x1: x(before), x2: x(before), y1: y(0), y2: y(value) }), at("circle", { class: "point", cx: x(before), cy: y(value), r: 5 }),
  );
  return drawing;
}
