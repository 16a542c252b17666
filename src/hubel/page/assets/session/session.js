// What the page looks at just now, for all views together: the image, the layer, the map, the place, and what was edited.
import { answerOf } from "./answer.js";

export const MAIN = "image", OTHER = "other";

export class Session {
  // data: the page's document; client: of the engine.
  constructor(data, client) {
    this.data = data;
    this.client = client;
    this.layers = new Map(data.layers.map((layer) => [layer.name, layer]));
    this.steps = new Map(data.graph.steps.map((step) => [step.name, step]));
    this.image = null;  // {name, pixels: Uint8Array, label: class name or null, note}
    this.other = null;  // a second image to compare with
    this.answer = null;  // of the image with the edits
    this.trainedAnswer = null;  // of the image without any
    this.otherAnswer = null;
    this.edits = [];  // {kind: "weight", step, part, before, after, words} or {kind: "off", value, channel, words}
    this.layer = data.layers.find((layer) => layer.output.length === 3 && layer.output[0] > 1)?.name ?? data.layers[0].name;
    this.channel = 0;
    this.at = [0, 0];
    this.version = 0;
    this.listeners = new Map();
    this.kept = new Map();
    this.busy = Promise.resolve();
  }

  // what: "image", "values", "select", "edits", "answer" → called after each change; gives a function that ends it.
  on(what, listener) {
    for (const each of what.split(" ")) {
      if (!this.listeners.has(each)) this.listeners.set(each, new Set());
      this.listeners.get(each).add(listener);
    }
    return () => what.split(" ").forEach((each) => this.listeners.get(each).delete(listener));
  }

  #tell(...whats) {
    for (const listener of new Set(whats.flatMap((what) => [...(this.listeners.get(what) ?? [])]))) listener();
  }

  // One change after another; of images that come faster than they are computed, only the last one counts.
  #inTurn(act) {
    const turn = this.busy.then(act);
    this.busy = turn.catch(() => {});
    return turn;
  }

  async setImage(image) {
    this.image = image;
    this.#tell("image");
    await this.#inTurn(async () => {
      if (this.image !== image) return;
      await this.#compute(image);
    });
  }

  async #compute(image) {
    const made = await this.client.ask("run", { pixels: image.pixels, slot: MAIN });
    this.answer = await this.#answer(image, made);
    if (!this.edits.length) this.trainedAnswer = this.answer;
    this.#changed("answer");
  }

  async #answer(image, made) {
    const mirrored = this.data.classifier.tta === "mirror" ? await this.client.ask("glance", { pixels: mirror(image.pixels, this.data.graph.image_size) }) : null;
    return answerOf(this.data, made, { mirrored, pixels: image.pixels });
  }

  async setOther(image) {
    this.other = image;
    await this.#inTurn(async () => {
      if (image) this.otherAnswer = await this.#answer(image, await this.client.ask("run", { pixels: image.pixels, slot: OTHER }));
      this.#changed("image");
    });
  }

  #changed(...whats) {
    this.version++;
    this.kept.clear();
    this.#tell("values", ...whats);
  }

  select({ layer = this.layer, channel = this.channel, at = this.at }) {
    const shape = this.layers.get(layer).output;
    this.layer = layer;
    this.channel = Math.min(Math.max(channel, 0), shape.at(-1) - 1);
    this.at = shape.length === 3 ? at.map((place, axis) => Math.min(Math.max(place, 0), shape[axis] - 1)) : [0, 0];
    this.#tell("select");
  }

  // A step's value, {shape, data: Float32Array}; asked for once until something changes. Do not write into it.
  value(name, slot = MAIN) {
    const key = `${slot}\n${name}`;
    if (!this.kept.has(key)) this.kept.set(key, this.client.ask("value", { slot, name }));
    return this.kept.get(key);
  }

  // A layer's value: what its last step made.
  layerValue(name, slot = MAIN) {
    return this.value(this.layers.get(name).value, slot);
  }

  // Weights of a step, part → {shape, data}, with the edits.
  weights(step) {
    return this.client.ask("weights", { step });
  }

  // edit: {kind: "weight", step, part, after: Float32Array, words} or {kind: "off", value, channel, words}
  async edit(edit) {
    await this.#inTurn(async () => {
      const done = { ...edit };
      if (edit.kind === "weight") done.before = (await this.weights(edit.step))[edit.part].data;
      this.edits.push(done);
      await this.#apply(done);
      await this.#recompute();
    });
  }

  async #apply(edit) {
    if (edit.kind === "weight") await this.client.ask("edit", { step: edit.step, part: edit.part, data: edit.after });
    else await this.client.ask("switchOff", { value: edit.value, channels: this.#channelsOff(edit.value) });
  }

  #channelsOff(value) {
    return this.edits.filter((each) => each.kind === "off" && each.value === value).map((each) => each.channel);
  }

  isOff(value, channel) {
    return this.edits.some((each) => each.kind === "off" && each.value === value && each.channel === channel);
  }

  async undo() {
    await this.#inTurn(async () => {
      const edit = this.edits.pop();
      if (!edit) return;
      await this.#apply(edit.kind === "weight" ? { ...edit, after: edit.before } : edit);
      await this.#recompute();
    });
  }

  async restore() {
    await this.#inTurn(async () => {
      this.edits = [];
      await this.client.ask("restore");
      await this.#recompute();
    });
  }

  async #recompute() {
    if (this.image) this.answer = await this.#answer(this.image, await this.client.ask("outputs", { slot: MAIN }));
    if (this.other) this.otherAnswer = await this.#answer(this.other, await this.client.ask("outputs", { slot: OTHER }));
    this.#changed("edits", "answer");
  }
}

export function mirror(pixels, [height, width]) {
  const turned = new Uint8Array(pixels.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * 3, to = (row * width + width - 1 - column) * 3;
      turned.set(pixels.subarray(from, from + 3), to);
    }
  }
  return turned;
}
