// The network as a row of volumes: from the image on the left to the probabilities on the right.
import { make } from "../parts/dom.js";
import { nameOf } from "../parts/names.js";
import { grouped, percent, short } from "../parts/numbers.js";
import { drawMap, drawPixels, usualScale } from "../parts/tiles.js";
import { feeds, linksPast, linkWords, madeFrom } from "../parts/links.js";
import { goTo } from "../session/address.js";
import { drawnMaps, drawVolume, mapUnder } from "./volumes_draw.js";
import { layoutOf, linesOf, mapsOf, shownUnits, unitsOf, volumeMark } from "./volumes_layout.js";

const VOLUMES_MANY = 18;  // units from which equal neighbours are folded at first
const VOLUMES_SVG = "http://www.w3.org/2000/svg";

export const volumes = {
  id: "volumes",
  title: "Network",
  about: "From the image to the answer. Each block is what a layer makes of this image, map behind map: the blocks become smaller and deeper.",
  make(root, session) {
    const row = new VolumeRow(root, session);
    return { shown: () => row.show(), hidden: () => row.show(false), arrows: true };
  },
};

class VolumeRow {
  constructor(root, session) {
    this.session = session;
    this.units = unitsOf(session.data.layers);
    this.folded = this.units.length > VOLUMES_MANY;
    this.opened = new Set();
    this.marked = new Set(this.units.flatMap(({ marks }) => marks.map(({ name }) => name)));
    this.zoom = 1;
    this.visible = false;
    this.pointed = null;  // {layer, channel} under the pointer or in focus
    this.boxes = new Map();  // name of a layer, or "image" → {canvas, size, unit, element}
    this.#build(root);
    session.on("values", () => this.redraw());
    session.on("image", () => this.#drawImage());
    session.on("select", () => this.light());
    session.on("answer", () => this.#drawAnswer());
    document.addEventListener("fullscreenchange", () => setTimeout(() => this.show(this.visible)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  #build(root) {
    this.seen = new IntersectionObserver((entries) => this.#onSeen(entries), { rootMargin: "200px" });
    this.note = make("div.volume-note");
    const zoom = make("input", { type: "range", min: "0.6", max: "2.6", step: "0.1", value: "1", oninput: () => { this.zoom = Number(zoom.value); this.layOut(); } });
    const fold = make("input", { type: "checkbox", checked: this.folded, onchange: () => { this.folded = fold.checked; this.opened.clear(); this.layOut(); } });
    this.row = make("div.scroll.volume-row", { tabindex: "0", role: "group", "aria-label": "The network, layer by layer" });
    root.append(
      make("div.controls", {}, make("label", {}, "Size ", zoom), make("label", {}, fold, " Fold layers of equal size")),
      this.note, this.row,
      make("p.muted.small-print", { text: "Sides are to scale by the square root of a map's pixels, depth by the square root of the number of maps. Grey to white: above 0; blue: below 0; the largest hundredth of a layer's values has the colour of the end. Point at a map to see what it is made from (orange) and what it feeds (blue); click it to see it large." }));
  }

  show(visible = true) {
    this.visible = visible;
    if (!visible) return;
    const letters = getComputedStyle(document.documentElement).fontSize;
    if (this.letters !== letters) this.layOut();  // the first time, and on a projector
    this.letters = letters;
    this.redraw();
  }


  layOut() {
    const { image_size: image } = this.session.data.graph;
    const { shown, stand } = shownUnits(this.units, this);
    this.stand = stand;
    const lines = linesOf(this.units, shown, stand), arcs = Math.max(0, ...lines.map(({ over }) => over));
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const plan = layoutOf(this.units, shown, { image, zoom: this.zoom * rem, rem }), above = arcs ? 14 + 12 * arcs : 0;
    this.seen.disconnect();
    this.boxes.clear();
    this.stage = make("div.volume-stage", {}, this.#lines(lines, plan, above));
    this.stage.style.width = `${plan.width + 190 * rem}px`;
    this.stage.style.setProperty("--print", Math.max(0.3, Math.min(1, 760 / (plan.width + 190))));
    for (const box of plan.boxes) this.stage.append(this.#unit(box, plan, above));
    this.answer = make("div.volume-answer", { role: "group", "aria-label": "Class probabilities" });
    this.answer.style.left = `${plan.width + 16}px`;
    this.stage.append(this.answer);
    this.row.replaceChildren(this.stage);
    const heights = (selector) => [...this.stage.querySelectorAll(selector)].map((each) => each.offsetHeight);
    this.stage.style.setProperty("--names", `${Math.max(...heights(".volume-words strong"))}px`);
    const words = heights(".volume-words");
    this.stage.style.height = `${plan.height + above + 12 + Math.max(...words)}px`;
    this.answer.style.top = `${plan.axis + above - 74 * rem}px`;
    this.#drawImage();
    this.#drawAnswer();
    this.light();
  }

  #lines(lines, plan, above) {
    const svg = document.createElementNS(VOLUMES_SVG, "svg"), axis = plan.axis + above;
    for (const [name, value] of Object.entries({ class: "volume-lines", width: plan.width + 190, height: plan.height + above, "aria-hidden": "true" })) svg.setAttribute(name, value);
    const draw = (path, title) => {
      const line = document.createElementNS(VOLUMES_SVG, "path");
      line.setAttribute("d", path);
      line.setAttribute("class", title);
      svg.append(line);
    };
    for (const { from, to, over } of lines) {
      const [a, b] = [plan.boxes[from], plan.boxes[to]];
      if (!over) draw(`M${a.left + a.drawn + 2} ${axis} H${b.left - 6} m-5 -4 l5 4 l-5 4`, "straight");
      else {
        const [x, y, high] = [a.left + a.drawn / 2, b.left + b.drawn / 2, above - 12 * over + 8];
        const [start, end] = [a, b].map(({ size }) => axis - (size.height + size.rise) / 2 - 4);
        draw(`M${x} ${start} C${x} ${high} ${x} ${high} ${x + 24} ${high} H${y - 24} C${y} ${high} ${y} ${high} ${y} ${end} m-4 -5 l4 5 l4 -5`, "arc");
      }
    }
    const last = plan.boxes.at(-1);
    draw(`M${last.left + last.drawn + 2} ${axis} H${plan.width + 8} m-5 -4 l5 4 l-5 4`, "straight");
    return svg;
  }

  #unit(box, plan, above) {
    const { layer, marks } = this.units[box.unit], name = layer?.name ?? "image";
    const canvas = make("canvas", { "aria-hidden": "true" }), high = box.size.height + box.size.rise;
    canvas.style.width = `${box.size.depth + box.size.face + 8}px`;
    canvas.style.height = `${high + 8}px`;
    const button = make("button.volume", { type: "button", "aria-label": layer ? `${name}, ${layer.output.join(" × ")}: show its maps` : "The image" }, canvas);
    button.style.top = `${plan.axis + above - high / 2 - 4}px`;
    const caption = make("div.volume-words", {}, ...this.#words(box, layer));
    caption.style.top = `${plan.height + above + 4}px`;
    const element = make("div.volume-unit", { "data-layer": name }, button, caption);
    element.style.left = `${box.left}px`;
    element.style.width = `${box.width}px`;
    caption.append(make("div.volume-marks", {}, ...marks.map((mark) => this.#mark(mark))));
    const entry = { canvas, size: box.size, unit: box.unit, element, layer, drawn: null };
    this.boxes.set(name, entry);
    if (layer) this.#listen(button, entry);
    else button.disabled = true;
    this.seen.observe(element);
    return element;
  }

  #words(box, layer) {
    if (!layer) return [make("strong", { text: "image" }), make("span", { text: `${this.session.data.graph.image_size.join(" × ")} × 3` })];
    const words = [make("strong", { title: layer.name }, nameOf(layer.name.split("/").at(-1))), make("span", { text: layer.output.join(" × ") })];
    words.push(make("span", { text: layer.parameters ? `${grouped(layer.parameters)} parameters` : "no parameters" }));
    words.push(make("span", { text: layer.receptive_field ? `sees ${layer.receptive_field.join(" × ")}` : "\u00a0" }));
    if (box.length > 1 && (box.folded || box.unit === box.run + box.length - 1) && this.folded) {
      const open = this.opened.has(box.run);
      const act = () => { if (open) this.opened.delete(box.run); else this.opened.add(box.run); this.layOut(); this.redraw(); };
      words.push(make("button.chip", { type: "button", onclick: act, "aria-expanded": String(open), text: open ? "fold" : `${box.folded} more before it` }));
    }
    return words;
  }

  #markWord(layer) {
    return layer.kind === "Activation" ? this.session.steps.get(layer.steps[0])?.kind ?? "activation" : volumeMark(layer.kind);
  }

  #mark(layer) {
    const act = () => { this.session.select({ layer: layer.name }); goTo("maps"); };
    const word = this.#markWord(layer);
    return make("button.chip", { type: "button", text: word, title: layer.name, "aria-label": `${word}: ${layer.name}, show its maps`, onclick: act,
      onmouseenter: () => this.point({ layer: layer.name, channel: this.session.channel }), onmouseleave: () => this.point(null) });
  }

  #listen(button, entry) {
    const { session } = this, { layer } = entry, channels = layer.output.at(-1);
    const under = (event) => {
      const box = entry.canvas.getBoundingClientRect();
      return mapUnder(entry.size, channels, [event.clientX - box.left, event.clientY - box.top]);
    };
    button.addEventListener("pointermove", (event) => {
      const channel = under(event);
      if (channel !== null) this.point({ layer: layer.name, channel });
    });
    button.addEventListener("pointerleave", () => this.point(null));
    button.addEventListener("focus", () => this.point({ layer: layer.name, channel: session.layer === layer.name ? session.channel : 0 }));
    button.addEventListener("blur", () => this.point(null));
    button.addEventListener("click", (event) => {
      const channel = (event.detail ? under(event) : null) ?? this.pointed?.channel ?? 0;
      session.select({ layer: layer.name, channel });
      goTo("maps");
    });
    button.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || this.pointed?.layer !== layer.name) return;
      event.preventDefault();
      const drawn = drawnMaps(channels, entry.size.depth), many = Math.max(1, Math.round(channels / drawn.length));
      this.point({ layer: layer.name, channel: Math.min(channels - 1, Math.max(0, this.pointed.channel + step * many)) });
    });
  }

  point(pointed) {
    if (this.pointed?.layer === pointed?.layer && this.pointed?.channel === pointed?.channel) return;
    this.pointed = pointed;
    this.light();
  }

  // What a map is made from and what it feeds lights up; everything else steps back.
  light() {
    if (!this.visible) return;
    const { session } = this, looked = this.pointed ?? { layer: session.layer, channel: session.channel };
    const channel = Math.min(looked.channel, session.layers.get(looked.layer).output.at(-1) - 1), given = { name: looked.layer, channel, passes: (name) => this.marked.has(name) };
    const before = linksPast(session, madeFrom, given), after = linksPast(session, feeds, given), lit = new Map();
    for (const [links, part] of [[before, "before"], [after, "after"]]) for (const { layer, channels } of links) lit.set(this.#home(layer), [this.boxes.has(layer) ? channels : [], part]);
    lit.set(this.#home(looked.layer), [this.#home(looked.layer) === looked.layer || this.marked.has(looked.layer) ? [channel] : [], "self"]);
    for (const [name, entry] of this.boxes) {
      const [channels, part] = lit.get(name) ?? [[], this.pointed ? "dim" : ""];
      entry.element.dataset.lit = part;
      this.#draw(name, entry, { channels, part });
    }
    this.#say({ layer: looked.layer, channel, before, after });
  }

  // Name of the volume that shows a layer: its own, the one it is a mark on, or the one that stands for a fold.
  #home(name) {
    const place = this.stand.get(this.units.findIndex(({ layer, marks }) => (layer?.name ?? "image") === name || marks.some((mark) => mark.name === name)));
    return this.units[place]?.layer?.name ?? "image";
  }

  async #say({ layer: name, channel, before, after }) {
    const { session } = this, layer = session.layers.get(name), [height, width, channels] = mapsOf(layer.output);
    const canvas = make("canvas.pixels", { role: "img", "aria-label": `${name}, map ${channel}` });
    const told = ({ through, ...link }) => linkWords(session, link) + (through.length ? ` (through ${through.map((each) => this.#markWord(session.layers.get(each))).join(", ")})` : "");
    const list = (links, most = 3) => links.slice(0, most).map(told).join(", ") + (links.length > most ? ` and ${links.length - most} more` : "");
    const vector = height * width === 1, value = session.answer ? await session.layerValue(name) : null;
    const words = make("div", {},
      make("p", {}, make("strong", {}, nameOf(name), vector ? `, number ${channel} of ${grouped(channels)}` : `, map ${channel} of ${grouped(channels)}`), make("span.muted", { text: `  ${layer.kind}` })),
      make("p", {}, make("span.key-before"), "made from ", nameOf(list(before))),
      make("p", {}, make("span.key-after"), after.length ? "feeds " : "is one of the logits: softmax makes the probabilities of them", nameOf(list(after))));
    if (value) {
      drawMap(canvas, value, channel, usualScale(value.data));
      if (vector) words.firstChild.append(make("span", { text: `  = ${short(value.data[channel])}` }));
    }
    canvas.style.setProperty("--wide", width / height);
    this.note.replaceChildren(make("div.volume-large", {}, canvas), words);
  }

  redraw() {
    if (!this.visible) return;
    for (const entry of this.boxes.values()) entry.drawn = null;
    this.light();
  }

  #onSeen(entries) {
    for (const { target, isIntersecting } of entries) target.dataset.near = isIntersecting ? "yes" : "";
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.light();
  }

  async #draw(name, entry, { channels, part }) {
    if (!entry.layer || !this.visible || !entry.element.dataset.near) return;
    const key = `${this.session.version} ${part} ${channels} ${this.session.answer !== null}`;
    if (entry.drawn === key) return;
    entry.drawn = key;
    const { answer } = this.session, empty = { shape: entry.layer.output, data: new Float32Array(1) };
    const value = answer ? await this.session.layerValue(name) : empty;
    if (entry.drawn !== key) return;
    const style = getComputedStyle(this.row), colour = (each) => style.getPropertyValue(each).trim();
    drawVolume(entry.canvas, value, { size: entry.size, lit: channels, colours: { line: "rgb(128 128 128 / 0.55)", halo: colour("--card"), accent: colour(part === "before" ? "--before" : part === "after" ? "--after" : "--self") } });
  }

  #drawImage() {
    const box = this.boxes.get("image"), { image } = this.session;
    if (!box) return;
    box.canvas.className = "pixels";
    box.canvas.style.width = `${box.size.face}px`;
    box.canvas.style.height = `${box.size.height}px`;
    if (image) drawPixels(box.canvas, image.pixels, this.session.data.graph.image_size);
  }

  #drawAnswer() {
    const { answer, data } = this.session;
    if (!answer || !this.answer) return;
    const best = [...answer.probabilities.keys()].sort((a, b) => answer.probabilities[b] - answer.probabilities[a]).slice(0, 6);
    this.answer.replaceChildren(...best.map((place) => {
      const bar = make("span.share");
      bar.style.setProperty("--share", answer.probabilities[place]);
      return make("div", {}, make("bdi", { text: data.classifier.class_names[place] }), make("span.number", { text: percent(answer.probabilities[place]) }), bar);
    }));
  }
}
