// The engine's own thread: it computes while the page stays awake. Each message {id, task, ...} gets {id, result} or {id, error}.
import { Network } from "./network.js";
import { OPERATIONS } from "./operations.js";
import { fastestOperations } from "./simd.js";
import { checkSeal, readTensors } from "./tensors.js";
import { asTrained, withoutChannels } from "./trials.js";

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
  // plain: compute without vectors. Gives whether they are used.
  load({ graph, index, bytes, seal, plain = false }) {
    checkSeal(bytes, seal);
    const operations = plain ? OPERATIONS : fastestOperations();
    network = new Network(graph, readTensors(index, bytes), operations);
    slots.clear();
    return { vectors: operations !== OPERATIONS };
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
  // The same by the network without any edits, and some values beside: {..., values: name → {shape, data}}
  trained({ pixels, names = [] }) {
    return asTrained(network, () => {
      const values = network.run(pixels), read = ([name, value]) => [name, values.get(value)];
      return { ...Object.fromEntries(Object.entries(network.graph.outputs).map(read)), values: Object.fromEntries(names.map((name) => [name, values.get(name)])) };
    });
  },
  // Outputs where some more channels of a value are 0; the slot is for trials, and has to be run before it shows an image again.
  without: ({ slot, value, channels }) => withoutChannels(network, slots.get(slot), { value, channels }, () => outputs(slot)),
  forget({ slot }) {
    slots.delete(slot);
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

// What a result holds is a copy that nobody here needs any more: it is handed over, not copied once more.
function buffersOf(result, found = new Set()) {
  if (ArrayBuffer.isView(result)) found.add(result.buffer);
  else if (result && typeof result === "object") for (const part of Object.values(result)) buffersOf(part, found);
  return found;
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data }) => answer(data, (made) => self.postMessage(made, [...buffersOf(made.result)]));
}
