// The engine's own thread: it computes while the page stays awake. Each message {id, task, ...} gets {id, result} or {id, error}.
import { Network } from "./network.js";
import { fastestOperations } from "./simd.js";
import { readTensors } from "./tensors.js";

let network = null;
const slots = new Map();  // which image → its values

const copied = (value) => ({ shape: value.shape, data: Float32Array.from(value.data) });

function outputs(slot) {
  const values = slots.get(slot), read = ([name, value]) => [name, copied(values.get(value))];
  return Object.fromEntries(Object.entries(network.graph.outputs).map(read));
}

function again(changed) {
  for (const values of slots.values()) network.update(values, changed);
}

export const TASKS = {
  load({ graph, index, bytes }) {
    network = new Network(graph, readTensors(index, bytes), fastestOperations());
    slots.clear();
  },
  // pixels: Uint8Array [height * width * 3] → {logits, features, maps: {shape, data}, milliseconds}
  run({ pixels, slot }) {
    const start = performance.now();
    const values = slots.get(slot);
    if (values) network.repaint(values, pixels);
    else slots.set(slot, network.run(pixels));
    return { ...outputs(slot), milliseconds: performance.now() - start };
  },
  // Outputs only, of an image that is not kept.
  glance({ pixels }) {
    slots.set("glance", network.run(pixels));
    const made = outputs("glance");
    slots.delete("glance");
    return made;
  },
  // Some values of an image that is not kept: name → {shape, data}.
  peek({ pixels, names }) {
    const values = network.run(pixels);
    return Object.fromEntries(names.map((name) => [name, copied(values.get(name))]));
  },
  outputs: ({ slot }) => outputs(slot),
  value: ({ slot, name }) => copied(slots.get(slot).get(name)),
  weights: ({ step }) => Object.fromEntries(Object.entries(network.weights.get(step)).map(([part, value]) => [part, copied(value)])),
  edit({ step, part, data }) {
    network.edit(step, part, data);
    again([step]);
  },
  switchOff({ value, channels }) {
    network.switchOff(value, channels);
    again([value]);
  },
  restore() {
    again(network.restore());
  },
};

export function answer(message, reply) {
  const { id, task, ...given } = message;
  try {
    const result = TASKS[task](given);
    reply({ id, result });
  } catch (error) {
    reply({ id, error: String(error?.message ?? error) });
  }
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data }) => answer(data, (made) => self.postMessage(made));
}
