// What the stations ask of a network: which of its layers convolve, pool, join, and which comes first or last.

const CONVOLUTIONS = new Set(["convolution", "depthwise_convolution", "local_convolution"]);
const POOLS = { max_pooling: "largest", average_pooling: "mean", sum_pooling: "sum" };
const WHOLE_POOLS = { global_average: "mean", global_max: "largest" };
const ACTIVATION_WORDS = {
  relu: "ReLU", sigmoid: "the sigmoid", hard_sigmoid: "the hard sigmoid", swish: "swish", hard_swish: "hard swish", gelu: "GELU", tanh: "tanh",
};

export const countOf = (shape) => shape.reduce((product, side) => product * side, 1);
export const sizeText = (shape) => shape.join(" × ");

// "1 layer", "3 layers".
export const counted = (count, word, plural = `${word}s`) => `${count.toLocaleString("en")} ${count === 1 ? word : plural}`;

// "a", "a and b", "a, b and c".
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

// "1.5 times", "457 times", "430,999 times".
export const timesText = (factor) => `${(factor >= 10 ? Math.round(factor) : Number(factor.toPrecision(2))).toLocaleString("en")} times`;

// "once", "twice", "3 times".
export const often = (count) => ["never", "once", "twice"][count] ?? `${count} times`;

// Values that are made from summaries of whole maps alone: of them, a convolution is a dense layer by another name.
function summariesOf(graph) {
  const found = new Set();
  for (const { name, kind, inputs } of graph.steps) if (kind in WHOLE_POOLS || inputs.every((input) => found.has(input))) found.add(name);
  return found;
}

// data: the page's document.
export function factsOf(data) {
  const steps = new Map(data.graph.steps.map((step) => [step.name, step])), summaries = summariesOf(data.graph);
  const having = (kinds) => data.layers.flatMap((layer) => layer.steps.map((name) => ({ layer, step: steps.get(name) }))).filter(({ step }) => kinds(step.kind));
  const isMap = ({ value }) => steps.get(value)?.shape.length === 3 && !summaries.has(value);
  const lastMap = data.layers.findLastIndex(isMap), behind = ({ layer }) => data.layers.indexOf(layer) > lastMap;
  const convolutions = having((kind) => CONVOLUTIONS.has(kind)).filter(({ step }) => !summaries.has(step.inputs[0]));
  const dense = having((kind) => kind === "dense").filter(behind);
  const twoInputs = (kind) => data.graph.steps.filter((step) => step.kind === kind && step.inputs.length > 1).length;
  const windows = convolutions.map((each) => ({ ...each, ...windowOf(each.step, data) }));
  return {
    data, steps,
    inputShape: [...data.graph.image_size, 3],
    classes: data.classifier.class_names.length,
    maps: data.layers.filter(isMap),
    convolutions: windows,
    depthwise: windows.filter(({ channels, step }) => channels === 1 && (step.attributes.groups ?? 2) > 1),
    strided: windows.filter(({ stride }) => Math.max(...stride) > 1),
    pools: having((kind) => kind in POOLS).map((each) => ({ ...each, keeps: POOLS[each.step.kind] })),
    wholePools: having((kind) => kind in WHOLE_POOLS).filter(behind).map((each) => ({ ...each, keeps: WHOLE_POOLS[each.step.kind] })),
    hidden: dense.slice(0, -1),
    output: dense.at(-1) ?? null,
    activated: having((kind) => kind in ACTIVATION_WORDS).filter(({ layer }) => isMap(layer)),
    activations: [...new Set(data.graph.steps.filter((step) => step.kind in ACTIVATION_WORDS).map((step) => ACTIVATION_WORDS[step.kind]))],
    normalised: data.graph.steps.filter((step) => step.kind === "batch_normalisation").length,
    sums: twoInputs("add"),
    gates: twoInputs("multiply"),
  };
}

// Of a convolution: the kernel, stride, and how many numbers one of its values is made from.
function windowOf(step, data) {
  const shape = data.tensors[step.weights.kernel].shape, local = step.kind === "local_convolution";
  const [high, wide, taken] = local ? shape.slice(2) : shape, channels = step.kind === "depthwise_convolution" ? 1 : taken;
  return {
    kernel: [high, wide],
    taps: high * wide * channels,
    channels,
    stride: step.attributes.strides ?? [1, 1],
    biased: Boolean(step.weights.bias),
    shared: !local,
    shape: step.shape,
    input: step.inputs[0],
  };
}

// Shape of a value: of a step, or of the image.
export function shapeOf(facts, name) {
  return facts.steps.get(name)?.shape ?? facts.inputShape;
}

// Where the largest absolute number of a value lies: {place: [row, column], channel, number}.
export function strongest(value) {
  let best = 0;
  for (let at = 1; at < value.data.length; at++) if (Math.abs(value.data[at]) > Math.abs(value.data[best])) best = at;
  const channels = value.shape.at(-1), place = Math.floor(best / channels), columns = value.shape.length === 3 ? value.shape[1] : 1;
  return { place: [Math.floor(place / columns), place % columns], channel: best % channels, number: value.data[best] };
}

// The largest number of each map.
export function peaks(value) {
  const channels = value.shape.at(-1), made = new Float64Array(channels).fill(-Infinity);
  for (let at = 0; at < value.data.length; at++) made[at % channels] = Math.max(made[at % channels], value.data[at]);
  return made;
}

// How many maps hold the same number everywhere; a map of one place has no everywhere.
export function evenMaps(value) {
  const channels = value.shape.at(-1), varied = new Set();
  if (value.data.length === channels) return 0;
  for (let at = channels; at < value.data.length; at++) if (value.data[at] !== value.data[at % channels]) varied.add(at % channels);
  return channels - varied.size;
}
