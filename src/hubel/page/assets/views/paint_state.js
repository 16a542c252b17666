// An image that is painted on and changed: the original, what is drawn on it, the changes, and the way back.
import { UNCHANGED, changedPixels, comesFrom } from "./paint_changes.js";

const MOST_STEPS = 60;  // that can be undone

export class Painting {
  // image: {name, pixels, label, note}; size: [height, width] in pixels.
  constructor(image, size) {
    this.original = image;
    this.size = size;
    this.drawn = Uint8Array.from(image.pixels);
    this.changes = { ...UNCHANGED };
    this.past = [];
    this.future = [];
    this.gesture = null;
  }

  get isChanged() {
    return this.drawn.some((level, place) => level !== this.original.pixels[place]) || Object.keys(UNCHANGED).some((key) => this.changes[key] !== UNCHANGED[key]);
  }

  get pixels() {
    return changedPixels(this.drawn, this.size, this.changes);
  }

  // One step of what can be undone begins; what goes on under the same name belongs to it, until `endStep`.
  beginStep(name) {
    if (this.gesture === name) return;
    this.gesture = name;
    this.past = [...this.past, { drawn: this.drawn, changes: this.changes }].slice(-MOST_STEPS);
    this.future = [];
    this.drawn = Uint8Array.from(this.drawn);
  }

  endStep() {
    this.gesture = null;
  }

  change(part, name) {
    this.beginStep(name);
    this.changes = { ...this.changes, ...part };
  }

  // A line of the brush from one place to another of the changed image, [row, column] in fractions of pixels.
  // brush: {size: pixels across, colour: [red, green, blue] or null for the original, square}.
  stroke(from, to, brush) {
    const [start, end] = [from, to].map((place) => comesFrom(place, this.size, this.changes));
    const distance = Math.hypot(end[0] - start[0], end[1] - start[1]), steps = Math.max(1, Math.ceil(distance / Math.max(0.5, brush.size / 4)));
    for (let step = 0; step <= steps; step++) {
      const share = step / steps;
      this.#stamp([start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share], brush);
    }
  }

  #stamp([y, x], { size, colour, square }) {
    const [height, width] = this.size, reach = size / 2;
    const [top, left] = square ? [Math.round(y - reach), Math.round(x - reach)] : [Math.floor(y - reach), Math.floor(x - reach)];
    const side = square ? Math.round(size) : Math.ceil(size) + 1;
    for (let row = Math.max(0, top); row < Math.min(height, top + side); row++) {
      for (let column = Math.max(0, left); column < Math.min(width, left + side); column++) {
        const isIn = square || (row + 0.5 - y) ** 2 + (column + 0.5 - x) ** 2 <= reach ** 2 || (row === Math.floor(y) && column === Math.floor(x));
        if (isIn) this.#dye((row * width + column) * 3, colour);
      }
    }
  }

  #dye(at, colour) {
    for (let part = 0; part < 3; part++) this.drawn[at + part] = colour ? colour[part] : this.original.pixels[at + part];
  }

  #go(from, to) {
    const state = this[from].at(-1);
    if (!state) return false;
    this[from] = this[from].slice(0, -1);
    this[to] = [...this[to], { drawn: this.drawn, changes: this.changes }];
    Object.assign(this, state);
    this.endStep();
    return true;
  }

  undo() {
    return this.#go("past", "future");
  }

  redo() {
    return this.#go("future", "past");
  }

  // All back to the original; this too can be undone.
  reset() {
    this.endStep();
    this.beginStep("reset");
    this.drawn = Uint8Array.from(this.original.pixels);
    this.changes = { ...UNCHANGED };
    this.endStep();
  }

  // What the session shows: the original itself where nothing is changed.
  asImage() {
    if (!this.isChanged) return this.original;
    return { ...this.original, pixels: Uint8Array.from(this.pixels), note: "painted", original: this.original };
  }
}
