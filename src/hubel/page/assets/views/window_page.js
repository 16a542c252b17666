// A page of its own: one window slides over one matrix, without a network. Its numbers are Python's until somebody changes one.
import { get, make } from "../parts/dom.js";
import { drawForm } from "./window_blocks.js";
import { EQUATION_COLOURS, digitsOf, equationOf, layWindow, shownDigits } from "./window_equation.js";
import { numberTag, roamSquares, spokenNumber } from "./window_parts.js";
import { Player, followKeys } from "./window_player.js";
import { workOut } from "./window_sums.js";

const SLIDING_KINDS = { max: "max_pooling", average: "average_pooling", sum: "sum_pooling" };
const LARGEST_SLIDING = 11;

// given: {maps, kernel, window, mode, strides, dilation, padding, bias, relu}: what is computed, of plain numbers.
export class Sliding {
  constructor(given) {
    this.given = given;
    this.maps = { shape: given.maps.shape, data: Float64Array.from(given.maps.data) };
    this.kernel = given.kernel && { shape: given.window, data: Float64Array.from(given.kernel) };
  }

  get window() {
    return this.kernel ? this.kernel.shape : this.given.window;
  }

  get laid() {
    return layWindow({ ...this.given, shape: this.maps.shape, window: this.window });
  }

  get channels() {
    return this.kernel ? 1 : this.maps.shape[2];
  }

  // One result: {worked, value: after ReLU}.
  at(row, column, channel = 0) {
    const { size, padding } = this.laid, [height, width, channels] = this.maps.shape, { strides, dilation, mode, bias, relu } = this.given;
    const step = { kind: this.kernel ? "convolution" : SLIDING_KINDS[mode], shape: [...size, this.channels], attributes: { strides, dilation, padding, groups: 1, window: this.window } };
    const weights = this.kernel ? { kernel: { shape: [...this.window, channels, 1], data: Float64Array.from({ length: this.kernel.data.length * channels }, (_, at) => this.kernel.data[Math.floor(at / channels)]) }, bias: bias ? { data: [bias] } : undefined } : {};
    const worked = workOut(step, [{ shape: [height, width, channels], data: this.maps.data }], weights, [row, column, channel]);
    return { worked, value: relu ? Math.max(0, worked.value) : worked.value };
  }

  // All results, [rows, columns, channels].
  results() {
    const { size } = this.laid, data = [];
    for (let row = 0; row < size[0]; row++) for (let column = 0; column < size[1]; column++) for (let channel = 0; channel < this.channels; channel++) data.push(this.at(row, column, channel).value);
    return { shape: [...size, this.channels], data };
  }

  caption(row, column) {
    const each = Array.from({ length: this.channels }, (_, channel) => this.at(row, column, channel)), worked = each.map((one) => one.worked);
    const parts = this.kernel ? worked[0].parts : worked.map(({ values }) => ({ values }));
    const calculation = { ...this.given, kernel: this.kernel && Array.from(this.kernel.data) };
    return `result[${row}][${column}] = ${equationOf({ parts, inside: worked[0].inside, calculation, value: each.map(({ value }) => value) })}`;
  }
}

class WindowPage {
  constructor(document) {
    Object.assign(this, { document, place: 0, edited: false });
    this.player = new Player({ move: (place) => this.show(place) });
    get("player").append(this.player.element);
    this.#restart();
    if (document.kernel) this.#offerKernels();
    followKeys(window.document.body, { step: (down, across) => this.nudge(down, across), player: this.player });
    this.fromAddress();
    addEventListener("hashchange", () => this.fromAddress());
  }

  #restart() {
    this.sliding = new Sliding(this.document);
    Object.assign(this, { results: this.document.result, captions: this.document.captions, edited: false });
    this.#sheets();
  }

  #offerKernels() {
    const choice = make("select", { onchange: () => this.useKernel(this.document.presets[choice.value]) }, make("option", { text: "choose", value: "" }));
    this.document.presets.forEach(({ name, summary, values }, at) => choice.append(make("option", { value: String(at), text: `${name}: ${summary}`, disabled: !this.fits([values.length, values[0].length]) })));
    this.choice = choice;
    get("kernels").append(make("label", {}, make("span", { text: "Another kernel " }), choice), make("button", { type: "button", text: "As it was", onclick: () => this.reset() }));
  }

  fits(size) {
    return layWindow({ ...this.document, shape: this.document.maps.shape, window: size }) !== null;
  }

  useKernel(preset) {
    if (!preset) return;
    this.sliding.kernel = { shape: [preset.values.length, preset.values[0].length], data: Float64Array.from(preset.values.flat()) };
    this.recompute();
  }

  reset() {
    this.player.stop();
    if (this.choice) this.choice.value = "";
    this.#restart();
    this.show(Math.min(this.place, this.count - 1));
  }

  recompute() {
    Object.assign(this, { results: this.sliding.results(), captions: null, edited: true });
    this.#sheets();
    this.show(Math.min(this.place, this.count - 1));
  }

  get count() {
    return this.results.shape[0] * this.results.shape[1];
  }

  #sheets() {
    const { maps } = this.sliding, laid = this.sliding.laid, [height, width, channels] = maps.shape, names = channels > 1 ? EQUATION_COLOURS : ["matrix"];
    this.padded = [height + laid.padding[0][0] + laid.padding[0][1], width + laid.padding[1][0] + laid.padding[1][1]];
    this.inputs = names.map((name, channel) => this.#inputSheet(name, channel));
    const many = this.results.shape[2] > 1, digits = digitsOf(this.results.data);
    this.outputs = Array.from({ length: this.results.shape[2] }, (_, channel) => this.#resultSheet(`result${many ? ` ${EQUATION_COLOURS[channel]}` : ""}`, channel, digits));
    get("scenes").replaceChildren(...[this.inputs, this.outputs].map((sheets) => make(sheets.length > 1 ? "div.sheets.several" : "div.sheets", {}, ...sheets.map(({ element }) => element))));
  }

  #inputSheet(name, channel) {
    const { shape: [height, width, channels], data } = this.sliding.maps, [[above], [before]] = this.sliding.laid.padding, [rows, columns] = this.padded;
    const pixels = data.every((value) => value >= 0 && value <= 1), digits = digitsOf(Array.from(data)), counts = !["max", "average"].includes(this.document.mode), range = sheetRange(data);
    const cells = Array.from({ length: rows * columns }, (_, at) => {
      const row = Math.floor(at / columns) - above, column = at % columns - before;
      if (row < 0 || row >= height || column < 0 || column >= width) return make("span.window-cell.padding", { text: counts ? "0" : "", title: "padding" });
      const value = data[(row * width + column) * channels + channel], cell = make("span.window-cell", { text: shownDigits(value, digits), title: `row ${row}, column ${column}: ${value}`, "data-full": String(value) });
      if (pixels) paintPixel(cell, value, channels > 1 ? channel : null); else tintSheet(cell, "minus", value, range);
      return cell;
    });
    const grid = make("div.sheet-grid", {}, ...cells), padded = rows !== height || columns !== width ? `, padded ${rows} × ${columns}` : "";
    this.#drag(grid);
    return { cells, element: sheetOf(`${name} ${height} × ${width}${padded}`, grid, columns) };
  }

  #resultSheet(name, channel, digits) {
    const [rows, columns, channels] = this.results.shape, range = sheetRange(this.results.data);
    const cells = Array.from({ length: rows * columns }, (_, place) => {
      const value = this.results.data[place * channels + channel], where = `row ${Math.floor(place / columns)}, column ${place % columns}`, text = shownDigits(value, digits);
      const cell = make("button.window-cell", { type: "button", text, title: `${where}: ${value}`, "aria-label": spokenNumber(text, where, value), "data-full": String(value), onclick: () => this.player.go(place) });
      tintSheet(cell, "plus", value, range);
      return cell;
    });
    const grid = make("div.sheet-grid", {}, ...cells);
    roamSquares(grid, cells, columns);
    return { cells, element: sheetOf(`${name} ${rows} × ${columns}`, grid, columns) };
  }

  // The window follows the pointer: it lies with its middle as near to it as it can.
  #drag(grid) {
    const tell = (event) => {
      const box = grid.getBoundingClientRect(), { reach, size } = this.sliding.laid;
      const place = [[event.clientY - box.top, box.height], [event.clientX - box.left, box.width]].map(([at, long], axis) => {
        const cell = at / long * this.padded[axis] - reach[axis] / 2;
        return Math.min(size[axis] - 1, Math.max(0, Math.round(cell / this.document.strides[axis])));
      });
      this.player.stop();
      this.show(place[0] * size[1] + place[1]);
    };
    grid.addEventListener("pointerdown", (event) => {
      grid.setPointerCapture(event.pointerId);
      tell(event);
    });
    grid.addEventListener("pointermove", (event) => { if (grid.hasPointerCapture(event.pointerId)) tell(event); });
    grid.classList.add("held");
  }

  nudge(down, across) {
    const [rows, columns] = this.results.shape, row = Math.floor(this.place / columns), place = this.place + down * columns + across;
    if (row + down < 0 || row + down >= rows || place < 0 || place >= this.count) return;
    this.player.stop();
    this.show(place);
  }

  async show(place) {
    this.place = place;
    const columns = this.results.shape[1], row = Math.floor(place / columns), column = place % columns;
    this.player.show(place, this.count);
    this.#mark(row, column);
    get("caption").textContent = this.captions ? this.captions[place] : this.sliding.caption(row, column);
    get("edited").hidden = !this.edited;
    get("work").replaceChildren(...this.#work(row, column));
    if (!this.player.playing) this.#keepAddress(row, column);
  }

  #mark(row, column) {
    const { strides, dilation } = this.document, [down, across] = this.sliding.window, taps = new Set();
    for (let tap = 0; tap < down; tap++) for (let side = 0; side < across; side++) taps.add((row * strides[0] + tap * dilation[0]) * this.padded[1] + column * strides[1] + side * dilation[1]);
    for (const { cells } of this.inputs) {
      cells.forEach((cell, at) => cell.classList.toggle("tap", taps.has(at)));
      keepSeen(cells[[...taps][0]], cells[[...taps].at(-1)]);
    }
    for (const { cells } of this.outputs) {
      cells.forEach((cell, at) => {
        cell.classList.toggle("later", at > this.place);
        cell.classList.toggle("tap", at === this.place);
      });
      keepSeen(cells[this.place], cells[this.place]);
    }
  }

  #work(row, column) {
    const input = { name: "matrix", shape: this.sliding.maps.shape, go: null };
    return Array.from({ length: this.sliding.channels }, (_, channel) => {
      const { worked, value } = this.sliding.at(row, column, channel), ofImage = input.shape[2] > 1;
      const then = this.document.relu ? make("p.window-total", {}, "then ReLU: ", make("strong", {}, numberTag(value, { label: "after ReLU" }))) : null;
      return make("article.window-block", { "data-sum": String(worked.value), "data-value": String(value) },
        ...drawForm({ worked, inputs: [input], ofImage, unitName: () => String, memory: {}, edit: this.sliding.kernel ? (what, given) => this.edit(what, { ...given, worked }) : null }).filter((each) => each), then);
    });
  }

  edit(what, { tap, channel, field, worked }) {
    const value = Number(field.value);
    if (field.value.trim() === "" || !Number.isFinite(value)) {
      this.show(this.place);
      return;
    }
    if (what === "kernel") this.sliding.kernel.data[tap] = value;
    else {
      const wide = worked.columns.length, [, width, channels] = this.sliding.maps.shape;
      this.sliding.maps.data[(worked.rows[Math.floor(tap / wide)] * width + worked.columns[tap % wide]) * channels + channel] = value;
    }
    const place = [...get("work").querySelectorAll("input")].indexOf(field);
    this.recompute();
    get("work").querySelectorAll("input")[place]?.focus();
  }

  // #row/column, and the kernel where it was changed: #2/3/0,1,0;1,-4,1;0,1,0
  #keepAddress(row, column) {
    const { kernel } = this.sliding, wide = kernel?.shape[1];
    const rows = kernel && Array.from({ length: kernel.shape[0] }, (_, at) => Array.from(kernel.data.slice(at * wide, (at + 1) * wide)).join(","));
    const changed = kernel && (kernel.data.length !== this.document.kernel.length || kernel.data.some((weight, at) => weight !== this.document.kernel[at]) || wide !== this.document.window[1]);
    try {
      history.replaceState(null, "", `#${row}/${column}${changed ? `/${rows.join(";")}` : ""}`);
    } catch {
      // an embedded page may not change its address: everything else works
    }
  }

  fromAddress() {
    const [row, column, kernel] = location.hash.slice(1).split("/");
    const values = readKernel(kernel);
    if (values && this.sliding.kernel && this.fits([values.length, values[0].length])) this.useKernel({ values });
    const [rows, columns] = this.results.shape, inside = (text, side) => Math.min(side - 1, Math.max(0, Math.round(Number(text)) || 0));
    this.show(inside(row, rows) * columns + inside(column, columns));
  }
}

// Rows of numbers from an address, or null: nothing else is taken.
export function readKernel(text) {
  const values = (text ?? "").split(";").map((row) => row.split(",").map((each) => (each.trim() === "" ? NaN : Number(each))));
  const right = values.length <= LARGEST_SLIDING && values[0].length <= LARGEST_SLIDING && values.every((row) => row.length === values[0].length && row.every(Number.isFinite));
  return right ? values : null;
}

// A sheet that is wider than its place follows the window.
function keepSeen(first, last) {
  const scroll = first.closest(".scroll");
  if (scroll.scrollWidth > scroll.clientWidth + 1) scroll.scrollLeft = (first.offsetLeft + last.offsetLeft + last.offsetWidth) / 2 - first.parentElement.offsetLeft - scroll.clientWidth / 2;
}

function sheetOf(title, grid, columns) {
  const sheet = make("div.sheet", {}, make("p.window-title", { text: title }), make("div.scroll", { tabIndex: 0, role: "region", "aria-label": title }, grid));
  sheet.style.setProperty("--columns", columns);
  return sheet;
}

const sheetRange = (numbers) => ({ least: numbers.reduce((least, each) => Math.min(least, each), Infinity), most: numbers.reduce((most, each) => Math.max(most, each), -Infinity) });

function tintSheet(cell, kind, value, { least, most }) {
  cell.classList.add(kind);
  cell.style.setProperty("--share", most === least ? "0" : ((value - least) / (most - least)).toFixed(3));
}

// As on a screen: grey, or of one channel of several its own colour.
function paintPixel(cell, value, channel) {
  const level = Math.round(255 * value), parts = [0, 1, 2].map((each) => (channel === null || channel === each ? level : 0));
  const [red, green, blue] = parts.map((part) => (part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;  // relative luminance, WCAG 2.2
  Object.assign(cell.style, { background: `rgb(${parts.join(" ")})`, color: light < 0.179 ? "#ffffff" : "#000000" });
}

if (typeof document !== "undefined" && get("window-data")) new WindowPage(JSON.parse(get("window-data").textContent));
