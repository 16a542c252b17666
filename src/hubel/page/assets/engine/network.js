// A network that was laid open: its steps are computed one after the other, and every value stays to be looked at.
import { OPERATIONS } from "./operations.js";
import { changedBetween, reachOf, sizeOf, wholeOf } from "./regions.js";

export const IMAGE = "image";

export class Network {
  // graph: {image_size, steps, outputs} as Hubel writes it; tensors: name → {shape, data: Float32Array};
  // operations: kind → function, as OPERATIONS, of which a faster one may take the place.
  constructor(graph, tensors, operations = OPERATIONS) {
    this.graph = graph;
    this.operations = operations;
    this.steps = new Map(graph.steps.map((step) => [step.name, step]));
    this.weights = new Map(graph.steps.map((step) => [
      step.name, Object.fromEntries(Object.entries(step.weights).map(([part, name]) => [part, tensors.get(name)])),
    ]));
    this.trained = new Map();  // step → part → as it was before the first edit
    this.off = new Map();  // value → channels that are set to 0
  }

  // What one image makes of the network: an object of its own for each image that is looked at.
  // pixels: Uint8Array, red, green, blue of each pixel, row by row.
  run(pixels) {
    const [height, width] = this.graph.image_size;
    const values = new Map([[IMAGE, { shape: [height, width, 3], data: Float32Array.from(pixels) }]]);
    for (const step of this.graph.steps) values.set(step.name, { shape: step.shape, data: new Float32Array(sizeOf(step.shape)) });
    for (const step of this.graph.steps) this.#compute(step, values, wholeOf(step.shape));
    return values;
  }

  // Compute again, in place, what depends on some steps; gives the names of what was computed.
  update(values, changed) {
    const shapeOf = (name) => values.get(name).shape;
    return this.#follow(values, new Map([...changed].map((name) => [name, wholeOf(shapeOf(name))])));
  }

  // Other pixels for an image: of each value, only what they can change is computed.
  repaint(values, pixels) {
    const image = values.get(IMAGE), region = changedBetween(image.data, pixels, image.shape);
    image.data.set(pixels);
    return this.#follow(values, new Map(region ? [[IMAGE, region]] : []));
  }

  // changed: name → region; grows by what depends on it.
  #follow(values, changed) {
    for (const step of this.graph.steps) {
      const inputs = step.inputs.map((name) => ({ shape: values.get(name).shape, region: changed.get(name) }));
      const region = changed.get(step.name) ?? reachOf(step, inputs, this.weights.get(step.name));
      if (!region) continue;
      changed.set(step.name, region);
      this.#compute(step, values, region);
    }
    return new Set(changed.keys());
  }

  #compute(step, values, region) {
    const out = values.get(step.name).data;
    this.operations[step.kind](step, step.inputs.map((name) => values.get(name)), this.weights.get(step.name), out, region);
    const off = this.off.get(step.name);
    if (!off?.size) return;
    const channels = step.shape.at(-1);
    for (let at = 0; at < out.length; at += channels) for (const channel of off) out[at + channel] = 0;
  }

  // Other weights for a step; the trained ones are kept.
  edit(name, part, data) {
    const weights = this.weights.get(name), before = this.trained.get(name) ?? {};
    before[part] ??= weights[part];
    this.trained.set(name, before);
    weights[part] = { shape: weights[part].shape, data: Float32Array.from(data) };
  }

  // Channels of a value that are 0 from now on; an empty list switches all on again.
  switchOff(name, channels) {
    this.off.set(name, new Set(channels));
  }

  // Everything as it was trained; gives the names of the steps that were changed.
  restore() {
    const changed = new Set([...this.trained.keys(), ...this.off.keys()]);
    for (const [name, parts] of this.trained) Object.assign(this.weights.get(name), parts);
    this.trained.clear();
    this.off.clear();
    return changed;
  }
}
