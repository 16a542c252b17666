// What a network would make of an image if: nothing of it stays.

// What `act` gives while all weights are as they were trained and no channel is off.
export function asTrained(network, act) {
  const edited = new Map(), { off } = network;
  for (const [step, parts] of network.trained) {
    const weights = network.weights.get(step);
    edited.set(step, { ...weights });
    Object.assign(weights, parts);
  }
  network.off = new Map();
  try {
    return act();
  } finally {
    for (const [step, weights] of edited) Object.assign(network.weights.get(step), weights);
    network.off = off;
  }
}

// What `act` gives where some more channels of a value are 0; `values` are computed again in place, and stay so.
export function withoutChannels(network, values, { value, channels }, act) {
  const before = [...(network.off.get(value) ?? [])];
  network.switchOff(value, [...before, ...channels]);
  try {
    network.update(values, [value]);
    return act();
  } finally {
    network.switchOff(value, before);
  }
}
