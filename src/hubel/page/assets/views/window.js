// One value of the network, worked out: the numbers it is made from, every sum, and the way back to the image.
import { announce, make } from "../parts/dom.js";
import { goTo } from "../session/address.js";
import { scaleOf } from "../parts/tiles.js";
import { flatPlace, placeOf, shareSum, sumsAgree, workOut } from "./window_sums.js";
import { drawForm } from "./window_blocks.js";
import { FramedMap, windowNumber } from "./window_parts.js";
import { Player, followKeys } from "./window_player.js";
import { PROBABILITIES, Walk, indexIn, placeOver, saidIndex } from "./window_walk.js";

const WINDOW_KINDS = {
  convolution: "convolution: input × kernel, added up", depthwise_convolution: "depthwise convolution: one channel × its own kernel", local_convolution: "locally connected: a kernel for this place alone",
  batch_normalisation: "batch normalisation", layer_normalisation: "layer normalisation: over the channels of the place", dense: "dense: a weighted sum", max_pooling: "max pooling", average_pooling: "average pooling",
  sum_pooling: "sum pooling", global_average: "global average pooling", global_max: "global max pooling", relu: "ReLU", gelu: "GELU", scale_channels: "scale: one factor for each channel", pad: "padding with zeros",
  reshape: "reshape: the same numbers in another shape", summarise_map: "mean and deviation of a map", concatenate: "concatenate: one behind the other", softmax: "softmax: shares that add up to 1",
};
const kindName = (kind) => WINDOW_KINDS[kind] ?? kind.replaceAll("_", " ");

class WindowView {
  constructor(root, session) {
    Object.assign(this, { root, session, walk: new Walk(session.data), layer: null, shares: false, trail: [], turn: 0, memory: new Map(), kept: new Map(), stale: true });
    this.player = new Player({ move: (place) => this.moveTo(place), halted: () => this.commit() });
    this.#build();
    session.on("values select", () => this.follow());
    session.on("busy", () => { if (this.stale && !session.busy) this.draw(); });
    new MutationObserver(() => { if (this.stale) this.draw(); else if (root.hidden) this.player.stop(); }).observe(root, { attributes: true, attributeFilter: ["hidden"] });
  }

  #build() {
    const layers = this.session.data.layers.filter((layer) => this.walk.stepsOf(layer.name).length);
    const number = (what) => make("input", { type: "number", min: "0", onchange: () => this.fromFields(what) });
    this.fields = {
      layer: make("select", { onchange: () => this.choose(this.fields.layer.value) },
        ...layers.map(({ name, kind, output }) => make("option", { value: name, text: `${name}: ${kind}, ${output.join(" × ")}` })), make("option", { value: PROBABILITIES, text: "probabilities: softmax" })),
      step: make("select", { onchange: () => this.chooseStep(this.fields.step.value) }), channel: number("channel"), row: number("row"), column: number("column"),
    };
    this.labels = Object.fromEntries(Object.entries({ layer: "Layer ", step: "Step ", channel: "Filter ", row: "Row ", column: "Column " }).map(([name, text]) => [name, make("label", {}, make("span", { text }), this.fields[name])]));
    this.back = make("button.window-back", { type: "button", hidden: true, onclick: () => this.goBack() });
    this.heading = make("h3", { tabIndex: -1 });
    this.image = new FramedMap({ pick: (row, column) => this.dragTo(this.walk.placeSeeing(this.layer, [row, column])) });
    this.inputs = make("div.window-inputs");
    this.result = new FramedMap({ pick: (row, column) => this.dragTo([row, column]) });
    this.result.field.tabIndex = 0;
    this.blocks = make("div.window-blocks");
    this.root.append(make("div.window-choice", {}, ...Object.values(this.labels), this.back), this.heading, make("div.window-overview", {}, this.image.figure, this.inputs, this.result.figure), this.player.element,
      make("p.muted", { text: "Arrow keys move the window, the space bar plays. Press a number that goes in to see how it was made." }), this.blocks);
    followKeys(this.root, { step: (down, across) => this.nudge(down, across), player: this.player });
  }

  get graphStep() {
    return this.walk.steps.get(this.step);
  }

  get shape() {
    return this.shares ? [this.session.data.classifier.class_names.length] : this.graphStep.shape;
  }

  // What the session looks at, or its values, changed.
  follow() {
    const { session } = this, changed = this.refresh();
    if (session.layer !== this.layer) {
      if (!this.walk.stepsOf(session.layer).length) return;
      Object.assign(this, { layer: session.layer, step: this.walk.coreOf(session.layer), shares: false });
    }
    const own = this.committed === this.#key();
    if (own && !changed && !this.stale) return;
    if (!this.shares && !own) this.index = indexIn(this.shape, session);
    this.draw();
  }

  // Nothing of before a change is kept; gives whether there was one.
  refresh() {
    const { version } = this.session, changed = version !== this.version;
    if (changed) this.kept.clear();
    this.version = version;
    return changed;
  }

  agrees({ step, index, worked, made }) {
    return this.session.isOff(step.name, index.at(-1)) ? made === 0 : sumsAgree(worked, made);
  }

  #key() {
    return [this.session.layer, this.session.channel, ...this.session.at].join(" ");
  }

  // Tell all other views where this one stands.
  commit() {
    if (this.shares || !this.index || this.player.playing) return;
    const at = this.index.length === 3 ? this.index.slice(0, 2) : [0, 0];
    this.committed = [this.layer, this.index.at(-1), ...at].join(" ");
    if (this.committed === this.#key()) return;
    const own = this.committed;
    this.session.select({ layer: this.layer, channel: this.index.at(-1), at });
    if (this.#key() !== own) this.committed = this.#key();  // a step's map may be larger than its layer's
    announce(this.heading.textContent);
  }

  commitSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.commit(), 150);
  }

  choose(layer) {
    this.remember();
    if (layer === PROBABILITIES) {
      Object.assign(this, { shares: true, index: [this.session.answer?.best ?? 0] });
      return this.draw();
    }
    return this.goTo({ layer, step: this.walk.coreOf(layer), index: null });
  }

  chooseStep(step) {
    this.remember();
    return this.goTo({ layer: this.layer, step, index: null });
  }

  fromFields(what) {
    const place = Math.round(Number(this.fields[what].value)) || 0, index = [...this.index];
    index[{ channel: index.length - 1, row: 0, column: 1 }[what]] = place;
    this.index = indexIn(this.shape, { at: index, channel: index.at(-1) });
    return this.draw().then(() => this.commit());
  }

  remember() {
    this.player.stop();
    this.trail.push({ layer: this.layer, step: this.step, index: this.index, shares: this.shares });
    if (this.trail.length > 50) this.trail.shift();
  }

  // To the step that made an input.
  open(step, index) {
    this.remember();
    return this.goTo({ layer: this.walk.layerOf(step), step, index });
  }

  async goTo({ layer, step, index, shares = false }) {
    Object.assign(this, { layer, step, shares });
    this.index = index ?? indexIn(this.shape, this.session);
    await this.draw();
    this.commit();
    this.heading.focus({ preventScroll: true });
    this.heading.scrollIntoView({ block: "nearest" });
  }

  goBack() {
    const place = this.trail.pop();
    return place && this.goTo(place);
  }

  // place: in reading order of the map; of a vector, the unit.
  async moveTo(place) {
    this.index = this.shape.length === 3 ? [...placeOf(this.shape.slice(0, 2), place), this.index[2]] : [place];
    await this.draw();
  }

  nudge(down, across) {
    if (this.shape.length === 3) this.dragTo([this.index[0] + down, this.index[1] + across]);
    else this.moveBy({ channel: this.index[0] + down + across });
  }

  // A vector has no places.
  dragTo(at) {
    if (this.shape.length === 3) this.moveBy({ at, channel: this.index[2] });
  }

  moveBy(place) {
    this.player.stop();
    this.index = indexIn(this.shape, place);
    this.draw();
    this.commitSoon();
  }

  weightsOf(step) {
    return this.keep(`weights ${step}`, "", () => this.session.weights(step));
  }

  async worked(step, index) {
    const inputs = await Promise.all(step.inputs.map((name) => this.session.value(name)));
    return { inputs, worked: workOut(step, inputs, await this.weightsOf(step.name), index), made: (await this.session.value(step.name)).data[flatPlace(step.shape, index)] };
  }

  async draw() {
    this.stale = this.root.hidden || !this.session.answer || !this.index;
    if (this.stale) return;
    this.refresh();
    const turn = ++this.turn, version = this.session.version, index = this.index, place = { layer: this.layer, step: this.step, shares: this.shares };
    const made = this.shares ? await this.shareBlock(index) : await this.stepBlocks(index);
    if (turn !== this.turn || version !== this.session.version) return;  // a later one follows
    this.stale = this.session.busy && !made.every((each) => this.agrees(each));  // numbers of before and after an edit
    if (this.stale) return;
    this.showFields();
    this.showBlocks(made);
    this.showOverview(made[0]);
    this.root.dataset.shown = [place.shares ? PROBABILITIES : place.step, ...index].join(" ");
    this.root.dataset.version = version;
  }

  async stepBlocks(index) {
    const first = { step: this.graphStep, layer: this.layer }, all = [first, ...this.walk.after(this.step)], made = [];
    for (const { step, layer } of all) made.push({ step, layer, index, ...(await this.worked(step, index)) });
    const result = await this.session.value(this.step);
    return made.map((each) => ({ ...each, result }));
  }

  async shareBlock(index) {
    const { answer, data } = this.session, logits = data.graph.outputs.logits, worked = shareSum(answer.logits, index[0], data.classifier.temperature);
    const step = { name: PROBABILITIES, kind: "softmax", inputs: [logits], shape: this.shape };
    return [{ step, layer: PROBABILITIES, index, worked, made: answer.probabilities[index[0]], inputs: [{ shape: this.shape, data: answer.logits }], result: null }];
  }

  unitName(name) {
    const { graph, classifier } = this.session.data, kind = this.walk.steps.get(name)?.kind;
    if (name === graph.outputs.logits || name === PROBABILITIES) return (unit) => classifier.class_names[unit];
    return (unit) => `${kind === "dense" ? "unit" : "channel"} ${unit}`;
  }

  said(index, name = this.shares ? PROBABILITIES : this.step) {
    const { graph, classifier } = this.session.data;
    return name === graph.outputs.logits || name === PROBABILITIES ? `class ${classifier.class_names[index[0]]}` : saidIndex(index);
  }

  showFields() {
    const { fields, labels, index, shape } = this, steps = this.shares ? [] : this.walk.stepsOf(this.layer);
    fields.layer.value = this.shares ? PROBABILITIES : this.layer;
    labels.step.hidden = steps.length < 2;
    fields.step.replaceChildren(...steps.map((name) => make("option", { value: name, text: `${name}: ${kindName(this.walk.steps.get(name).kind)}` })));
    if (steps.length) fields.step.value = this.step;
    const map = shape.length === 3;
    labels.channel.firstChild.textContent = map ? `Filter (of ${shape[2]}) ` : `Unit (of ${shape[0]}) `;
    Object.assign(fields.channel, { max: String(shape.at(-1) - 1), value: String(index.at(-1)) });
    ["row", "column"].forEach((what, axis) => {
      labels[what].hidden = !map;
      labels[what].firstChild.textContent = map ? `${what === "row" ? "Row" : "Column"} (of ${shape[axis]}) ` : "";
      Object.assign(fields[what], { max: String((map ? shape[axis] : 1) - 1), value: String(map ? index[axis] : 0) });
    });
    const last = this.trail.at(-1);
    this.back.hidden = !last;
    if (last) this.back.textContent = `Back to ${last.shares ? PROBABILITIES : last.step}`;
    const count = map ? shape[0] * shape[1] : shape[0];
    this.player.what = map ? "window" : this.shares || this.step === this.session.data.graph.outputs.logits ? "class" : "unit";
    this.player.show(map ? index[0] * shape[1] + index[1] : index[0], count);
  }

  showOverview({ step, worked, inputs, result, index, made }) {
    const { session } = this, name = this.shares ? PROBABILITIES : this.step;
    this.heading.replaceChildren(make("bdi", { text: name }), `: ${this.said(index)} = ${windowNumber(made)}`);
    const seen = this.shares ? this.walk.fieldOf(this.walk.layerOf(step.inputs[0]), [0, 0]) : this.walk.fieldOf(this.layer, index.length === 3 ? index : [0, 0]);
    this.keep("image", "", () => this.image.drawPixels(session.answer.image.pixels, session.data.graph.image_size));
    this.image.outline(seen);
    this.image.say(seen.height && seen.width ? `The image: it sees rows ${seen.top}–${seen.top + seen.height - 1}, columns ${seen.left}–${seen.left + seen.width - 1}` : "The image: it sees padding only");
    this.inputs.replaceChildren(...inputs.slice(0, 3).map((input, which) => this.inputFigure(step, { input, which, worked, index })).filter((each) => each));
    this.result.figure.hidden = this.shape.length !== 3;
    if (this.result.figure.hidden) return;
    const place = index[0] * this.shape[1] + index[1];
    const upTo = this.player.playing ? place : Infinity;
    this.keep("result", `${name} ${index[2]} ${upTo}`, () => this.result.draw(result, { channel: index[2], scale: this.scale(name, result), upTo }));
    this.result.outline({ top: index[0], left: index[1], height: 1, width: 1 });
    this.result.say(`What comes out: map ${index[2]}, ${this.shape[0]} × ${this.shape[1]}`);
  }

  // Of a whole value: {least, most}.
  scale(name, value) {
    return this.keep(`scale ${name}`, "", () => scaleOf(value.data));
  }

  // What was made for a key, one for each slot, until any value changes.
  keep(slot, key, make) {
    if (this.kept.get(slot)?.key !== key) this.kept.set(slot, { key, made: make() });
    return this.kept.get(slot).made;
  }

  inputFigure(step, { input, which, worked, index }) {
    if (input.shape.length !== 3) return null;
    this.reach = worked.rows ? [worked.rows, worked.columns].map((places) => places.at(-1) - places[0]) : [0, 0];
    const memory = this.memory.get(this.memoryKey(step)), part = worked.parts?.[memory?.drawn?.[0] ?? 0];
    const own = worked.terms?.find((term) => term.input === which)?.index, channel = part?.channel ?? worked.channel ?? own?.[2] ?? 0;
    const map = this.keep(`input ${which}`, `${step.inputs[which]} ${channel}`, () => {
      const made = new FramedMap({ pick: (row, column) => this.dragTo(placeOver(this.graphStep, this.reach, [row, column])) });
      made.draw(input, { channel, scale: this.scale(step.inputs[which], input) });
      return made;
    });
    if (worked.rows) map.outline({ top: worked.rows[0], left: worked.columns[0], height: worked.rows.at(-1) - worked.rows[0] + 1, width: worked.columns.at(-1) - worked.columns[0] + 1 });
    else if (own) map.outline({ top: own[0], left: own[1], height: 1, width: 1 });
    else if (step.kind === "dense") map.outline({ top: index[0], left: index[1], height: 1, width: 1 });
    map.say(`What goes in: ${step.inputs[which]}, channel ${channel}, ${input.shape[0]} × ${input.shape[1]}`);
    return map.figure;
  }

  memoryKey(step) {
    return `${step.name}\n${this.index.at(-1)}`;
  }

  showBlocks(made) {
    const active = this.blocks.contains(document.activeElement) ? document.activeElement.textContent : null;
    const inLayer = made.filter((each) => each.layer === this.layer || this.shares), next = made.filter((each) => !inLayer.includes(each));
    this.blocks.replaceChildren(...inLayer.map((each) => this.block(each)));
    if (next.length) this.blocks.append(make("h3", { text: "What becomes of it next" }), ...next.map((each) => this.block(each)));
    if (active) [...this.blocks.querySelectorAll("button")].find((each) => each.textContent === active)?.focus();
  }

  block({ step, layer, index, worked, made }) {
    const key = this.memoryKey(step);
    if (!this.memory.has(key)) this.memory.set(key, {});
    const inputs = step.inputs.map((name) => this.inputLink(name)), off = this.session.isOff(step.name, index.at(-1)), agree = this.agrees({ step, index, worked, made });
    const elsewhere = layer !== this.layer && !this.shares;
    const title = make("h4", {}, make("bdi", { text: step.name }), make("span.muted", { text: ` ${kindName(step.kind)}` }), elsewhere ? make("button.window-quiet", { type: "button", text: "Go there", onclick: () => this.open(step.name, index) }) : null,
      worked.form === "window" && !elsewhere ? make("button.window-quiet", { type: "button", text: "Change this kernel", onclick: () => goTo("edit") }) : null);
    const check = agree
      ? make("p.window-agrees", { text: off ? "This filter is switched off: the network goes on with 0." : `The network computed ${made}: the same.` })
      : make("p.window-agrees.warning", { role: "alert", text: `The network computed ${made}, which is not this sum. Please report it.` });
    const article = make("article.window-block", { "data-step": step.name, "data-kind": step.kind, "data-sum": String(worked.value), "data-value": String(made), "data-size": String(worked.size), "data-agrees": String(agree) }, title,
      ...drawForm({ worked, inputs, ofImage: step.inputs[0] === "image", unitName: (name) => this.unitName(name), memory: this.memory.get(key), playing: this.player.playing, redraw: () => this.draw() }).filter((each) => each), make("p.window-formula", { text: worked.formula }), check);
    if (this.session.data.classifier.tta === "mirror" && step.name === PROBABILITIES) article.append(make("p.muted", { text: "Each logit is the mean of the image's and of its mirror image's." }));
    return article;
  }

  // How a block gets to where an input was made: {name, shape, go, flat}.
  inputLink(name) {
    const step = this.walk.steps.get(name), shape = this.walk.shapeOf(name), link = (of) => (this.walk.layerOf(of) ? (index) => this.open(of, index) : null);
    const before = step?.kind === "reshape" && shape.length === 1 ? step.inputs[0] : null;
    return { name, shape, go: link(name), flat: before && { shape: this.walk.shapeOf(before), go: link(before) } };
  }
}

export const windowView = {
  id: "window",
  title: "One value",
  about: "How one number of a map comes about, from the numbers that go in.",
  make(root, session) {
    const view = new WindowView(root, session);
    return { shown: () => view.draw(), hidden: () => view.player.stop() };
  },
};
