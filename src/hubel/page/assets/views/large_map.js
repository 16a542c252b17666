// One map large: its values under the pointer and by the arrow keys, its scale, and what a place of it sees of the image.
import { nameOf } from "../parts/names.js";
import { announce, make } from "../parts/dom.js";
import { grouped, short } from "../parts/numbers.js";
import { colourOf, drawMap, drawPixels } from "../parts/tiles.js";
import { asMaps, fieldOf } from "../parts/map_statistics.js";
import { goTo } from "../session/address.js";

const LARGE_KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class LargeMap {
  constructor(session) {
    this.session = session;
    this.pointed = null;  // [row, column] under the pointer
    this.drawn = null;
    this.title = make("h3");
    this.value = make("output.large-value", { "aria-live": "off" });
    this.work = make("button", { type: "button", text: "Work it out", onclick: () => goTo("window") });
    this.first = new Panel(this, "this image");
    this.second = new Panel(this, "the second image");
    this.bar = make("canvas", { width: 128, height: 1, "aria-hidden": "true" });
    this.scaleWords = make("div.scale-words", {}, make("span"), make("span"), make("span"));
    this.source = new Source("The image");
    this.otherSource = new Source("The second image");
    this.root = make("div.large-map", {}, this.title,
      make("div.large-pair", {}, this.first.root, this.second.root, this.source.root, this.otherSource.root),
      make("div.colour-bar", { role: "group", "aria-label": "Scale of the colours" }, this.bar, this.scaleWords),
      make("div.large-words", {}, this.value, this.work));
    session.on("select", () => { this.pointed = null; });
  }

  // what: {value, other: of the second image or null, statistics, scale}
  draw(what) {
    this.drawn = what;
    const { session } = this, { channel } = session, [height, width, channels] = asMaps(what.value.shape), vector = height * width === 1;
    this.title.replaceChildren(nameOf(session.layer), make("span.count", { text: ` ${vector ? "number" : "map"} ${channel} of ${grouped(channels)}` }));
    this.first.draw(what.value, channel, what.scale);
    this.second.root.hidden = !what.other;
    if (what.other) this.second.draw(what.other, channel, what.scale);
    this.#drawBar(what.scale);
    const size = session.data.graph.image_size;
    if (session.image) this.source.draw(session.image.pixels, size);
    this.otherSource.root.hidden = !what.other;
    if (what.other) this.otherSource.draw(session.other.pixels, size);
    this.follow();
  }

  #drawBar({ least, most }) {
    const low = Math.min(0, least), high = Math.max(0, most), context = this.bar.getContext("2d"), line = context.createImageData(128, 1);
    for (let at = 0; at < 128; at++) line.data.set([...colourOf(low + (high - low) * at / 127, { least, most }), 255], at * 4);
    context.putImageData(line, 0, 0);
    const [left, middle, right] = this.scaleWords.children;
    left.textContent = short(low);
    right.textContent = short(high);
    middle.textContent = low < 0 && high > 0 ? "0" : "";
    middle.style.left = `${100 * (0 - low) / ((high - low) || 1)}%`;
  }

  point(at) {
    this.pointed = at;
    this.follow();
  }

  // The place that is looked at: its value in words, a frame on the maps, and what it sees on the image.
  follow() {
    if (!this.drawn) return;
    const { session } = this, { value, other } = this.drawn, [height, width, channels] = asMaps(value.shape);
    const at = this.pointed ?? [Math.min(session.at[0], height - 1), Math.min(session.at[1], width - 1)];
    const read = (each) => each.data[(at[0] * width + at[1]) * channels + session.channel];
    const where = height * width === 1 ? "value" : `row ${at[0]}, column ${at[1]}`;
    this.value.replaceChildren(make("span.muted", { text: `${where} ` }), make("strong", { text: short(read(value)), title: String(read(value)) }),
      ...(other ? [make("span.muted", { text: "  second image " }), make("strong", { text: short(read(other)) })] : []));
    this.value.dataset.value = String(read(value));
    for (const panel of [this.first, this.second]) panel.mark(at, [height, width]);
    this.#outline(at);
  }

  #outline(at) {
    const { session } = this, size = session.data.graph.image_size, layer = session.layers.get(session.layer), box = fieldOf(layer, at, size);
    const whole = box && box.bottom - box.top === size[0] && box.right - box.left === size[1];
    const words = !box ? "What this place sees of the image is not known." : whole ? "It sees the whole image." : `It sees rows ${box.top} to ${box.bottom - 1}, columns ${box.left} to ${box.right - 1}.`;
    this.source.outline(box, { size, words });
    this.otherSource.outline(box, { size, words: "The same place of the second image." });
  }
}

// An image with what a place sees of it.
class Source {
  constructor(name) {
    this.canvas = make("canvas.pixels", { role: "img", "aria-label": name });
    this.field = make("span.field", { "aria-hidden": "true" });
    this.words = make("figcaption");
    this.root = make("figure.large-source", {}, make("div.framed", {}, this.canvas, this.field), this.words);
  }

  draw(pixels, size) {
    drawPixels(this.canvas, pixels, size);
  }

  outline(box, { size, words }) {
    this.words.textContent = words;
    this.field.hidden = !box;
    if (!box) return;
    const share = (pixels, axis) => `${100 * pixels / size[axis]}%`;
    Object.assign(this.field.style, { top: share(box.top, 0), left: share(box.left, 1), height: share(box.bottom - box.top, 0), width: share(box.right - box.left, 1) });
  }
}

// A map that can be pointed at.
class Panel {
  constructor(large, of) {
    this.large = large;
    this.of = of;
    this.canvas = make("canvas.pixels");
    this.frame = make("span.place", { "aria-hidden": "true" });
    this.box = make("button.framed.large-canvas", { type: "button" }, this.canvas, this.frame);
    this.words = make("figcaption", { text: of === "this image" ? "This image" : "The second image" });
    this.root = make("figure", {}, this.box, this.words);
    this.box.addEventListener("pointermove", (event) => large.point(this.#under(event)));
    this.box.addEventListener("pointerleave", () => large.point(null));
    this.box.addEventListener("click", (event) => this.#choose(event.detail ? this.#under(event) : large.session.at));
    this.box.addEventListener("keydown", (event) => this.#press(event));
  }

  #under({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect(), [height, width] = [this.canvas.height, this.canvas.width];
    const inside = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    return [inside((clientY - box.top) / box.height, height), inside((clientX - box.left) / box.width, width)];
  }

  #choose(at) {
    this.large.session.select({ at });
    goTo("window");
  }

  #press(event) {
    const step = LARGE_KEYS[event.key], { session } = this.large;
    if (!step) return;
    event.preventDefault();
    session.select({ at: [session.at[0] + step[0], session.at[1] + step[1]] });
    announce(`row ${session.at[0]}, column ${session.at[1]}: ${this.large.value.querySelector("strong").textContent}`);
  }

  draw(value, channel, scale) {
    drawMap(this.canvas, value, channel, scale);
    this.box.style.setProperty("--wide", Math.min(4, Math.max(0.25, this.canvas.width / this.canvas.height)));
    this.box.setAttribute("aria-label", `Map ${channel} of ${this.large.session.layer}, ${this.of}: arrow keys move the place, Enter works its value out`);
  }

  mark(at, [height, width]) {
    Object.assign(this.frame.style, { top: `${100 * at[0] / height}%`, left: `${100 * at[1] / width}%`, height: `${100 / height}%`, width: `${100 / width}%` });
  }
}
