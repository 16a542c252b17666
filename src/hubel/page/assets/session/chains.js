// Which steps belong to a filter: the one with its kernel, and those that follow it number by number.

const NUMBER_BY_NUMBER = new Set([
  "batch_normalisation", "relu", "sigmoid", "hard_sigmoid", "swish", "hard_swish", "gelu", "tanh",
]);

// The name of the step whose kernel makes the maps of a layer: its own, or that of the nearest layer before it; or null.
export function kernelStepOf(session, layerName) {
  const seen = new Set();
  for (let layer = session.layers.get(layerName); layer && !seen.has(layer.name); layer = session.layers.get(layer.inputs[0])) {
    seen.add(layer.name);
    const found = layer.steps.find((step) => session.steps.get(step).weights.kernel);
    if (found) return found;
  }
  return null;
}

// Layers that have a kernel, in the order of the network: {layer, step}.
export function layersWithKernel(session) {
  return session.data.layers
    .map((layer) => ({ layer: layer.name, step: layer.steps.find((step) => session.steps.get(step).weights.kernel) }))
    .filter(({ step }) => step !== undefined);
}

// Steps that take a value; summaries of maps, which only the comparison with the training images reads, do not count.
export function takersOf(session, value) {
  return session.data.graph.steps.filter((step) => step.kind !== "summarise_map" && step.inputs.includes(value));
}

// A step and those behind it that look at one number each: what a filter hands on is the value of the last of them.
export function chainOf(session, stepName) {
  const chain = [stepName];
  for (;;) {
    const takers = takersOf(session, chain.at(-1));
    if (takers.length !== 1 || !NUMBER_BY_NUMBER.has(takers[0].kind)) return chain;
    chain.push(takers[0].name);
  }
}

// True where nothing but the logits follows: a filter of it is a class.
export function makesLogits(session, stepName) {
  let value = chainOf(session, stepName).at(-1);
  for (;;) {
    if (value === session.data.graph.outputs.logits) return true;
    const takers = takersOf(session, value);
    if (takers.length !== 1 || takers[0].kind !== "rescale") return false;
    value = takers[0].name;
  }
}

// Select a filter of a step, also while a layer is selected that has other channels.
export function selectFilter(session, step, channel) {
  if (kernelStepOf(session, session.layer) === step.name && session.layers.get(session.layer).output.at(-1) === step.shape.at(-1)) session.select({ channel });
  else session.select({ layer: layersWithKernel(session).find((each) => each.step === step.name).layer, channel });
}
