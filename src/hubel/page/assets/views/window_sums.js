// One value of a step, worked out from its inputs and weights: every sum in full, in the words of the network's graph.
// Written without the engine, whose values it is held against. Numbers of 64 bits; the engine keeps 32.

// A number in a formula: six digits, as Hubel's traces have it.
export function sumsNumber(value) {
  if (!Number.isFinite(value) || value === 0) return String(value === 0 ? 0 : value);
  const [digits, power] = value.toExponential(5).split("e");
  if (Number(power) >= -4 && Number(power) < 6) return String(Number(value.toPrecision(6)));
  return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

// A summand with its sign.
const sumsPlus = (value) => `${value < 0 ? "-" : "+"} ${sumsNumber(Math.abs(value))}`;

const sumsOf = (numbers) => numbers.reduce((sum, each) => sum + each, 0);

// Where a place (row, column, channel) or (unit) lies in the data of a value.
export function flatPlace(shape, index) {
  return index.reduce((flat, place, axis) => flat * shape[axis] + place, 0);
}

export function placeOf(shape, flat) {
  const index = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(flat % shape[axis]);
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}

export function saidPlace(index) {
  return index.length === 3 ? `row ${index[0]}, column ${index[1]}, channel ${index[2]}` : `place ${index.join(" ")}`;
}

// Rows and columns of the input under a window: {rows, columns, inside: whether each tap lies on the input}.
export function windowUnder(step, [height, width], [row, column], [down, across]) {
  const { strides = [1, 1], dilation = [1, 1], padding } = step.attributes;
  const rows = Array.from({ length: down }, (_, tap) => row * strides[0] - padding[0][0] + tap * dilation[0]);
  const columns = Array.from({ length: across }, (_, tap) => column * strides[1] - padding[1][0] + tap * dilation[1]);
  const inside = rows.flatMap((y) => columns.map((x) => y >= 0 && y < height && x >= 0 && x < width));
  return { rows, columns, inside };
}

function patchOf(x, { rows, columns, inside }, channel) {
  const [, width, channels] = x.shape;
  return inside.map((real, tap) => {
    if (!real) return 0;
    const y = rows[Math.floor(tap / columns.length)], across = columns[tap % columns.length];
    return x.data[(y * width + across) * channels + channel];
  });
}

// A sum of products over a window. weightOf: (tap, place among the channels) → number.
function windowSum(step, x, { index, size, channels, weightOf, bias }) {
  const under = windowUnder(step, x.shape, index, size);
  const parts = channels.map((channel, which) => {
    const values = patchOf(x, under, channel), kernel = values.map((_, tap) => weightOf(tap, which));
    const products = values.map((value, tap) => value * kernel[tap]);
    return { channel, values, kernel, products, sum: sumsOf(products) };
  });
  const total = sumsOf(parts.map(({ sum }) => sum)), absolute = sumsOf(parts.flatMap(({ products }) => products.map(Math.abs)));
  return { form: "window", ...under, size: absolute + Math.abs(bias ?? 0), parts, total, ...withBias(total, bias, `sum of ${channels.length * size[0] * size[1]} products ${sumsNumber(total)}`) };
}

function withBias(total, bias, text) {
  const value = total + (bias ?? 0);
  return { value, bias, formula: bias === undefined ? text : `${text} ${sumsPlus(bias)} (bias) = ${sumsNumber(value)}` };
}

const countUp = (count, first = 0) => Array.from({ length: count }, (_, place) => first + place);

function convolutionSum(step, [x], { kernel, bias }, index) {
  const [down, across, taken, filters] = kernel.shape, filter = index[2];
  const group = Math.floor(filter / (filters / (step.attributes.groups ?? 1)));
  return windowSum(step, x, {
    index, size: [down, across], channels: countUp(taken, group * taken), bias: bias?.data[filter],
    weightOf: (tap, which) => kernel.data[(tap * taken + which) * filters + filter],
  });
}

function depthwiseSum(step, [x], { kernel, bias }, index) {
  const [down, across] = kernel.shape, filters = step.shape[2], filter = index[2];
  const channel = Math.floor(filter / (filters / x.shape[2]));
  return windowSum(step, x, { index, size: [down, across], channels: [channel], bias: bias?.data[filter], weightOf: (tap) => kernel.data[tap * filters + filter] });
}

function localSum(step, [x], { kernel, bias }, index) {
  const [, columns, down, across, channels, filters] = kernel.shape, place = index[0] * columns + index[1];
  return windowSum(step, x, {
    index, size: [down, across], channels: countUp(channels), bias: bias?.data[place * filters + index[2]],
    weightOf: (tap, which) => kernel.data[((place * down * across + tap) * channels + which) * filters + index[2]],
  });
}

// A weighted sum without a window. Terms are found by their place: values, weights and products side by side.
function denseSum(step, [x], { kernel, bias }, index) {
  const [inputs, units] = kernel.shape, unit = index.at(-1), from = flatPlace(x.shape, [...index.slice(0, -1), 0]);
  const values = Array.from(x.data.subarray(from, from + inputs)), weights = values.map((_, place) => kernel.data[place * units + unit]);
  const products = values.map((value, place) => value * weights[place]), total = sumsOf(products);
  const added = withBias(total, bias?.data[unit], `sum of ${inputs} products ${sumsNumber(total)}`);
  return { form: "weighted", values, weights, products, from, total, ...added, size: sumsOf(products.map(Math.abs)) + Math.abs(added.bias ?? 0) };
}

// Of what lies in a window: the largest, the mean or the sum.
function pooledOf(how, under, values, channel) {
  const counted = values.filter((_, tap) => under.inside[tap]), many = counted.length;
  const common = { form: "pool", how, ...under, channel, values };
  if (how === "largest") {
    const value = counted.reduce((most, each) => Math.max(most, each), -Infinity);
    return { ...common, value, size: Math.abs(value), formula: `largest of ${many} values: ${sumsNumber(value)}` };
  }
  const total = sumsOf(counted), absolute = sumsOf(counted.map(Math.abs)), text = `sum of ${many} values ${sumsNumber(total)}`;
  if (how === "sum") return { ...common, total, value: total, size: absolute, formula: text };
  return { ...common, total, value: total / many, size: absolute / many, formula: `${text}, / ${many} = ${sumsNumber(total / many)}` };
}

const pooledSum = (how) => (step, [x], _, index) => {
  const under = windowUnder(step, x.shape, index, step.attributes.window);
  return pooledOf(how, under, patchOf(x, under, index[2]), index[2]);
};

function wholeMap(x, channel) {
  const [height, width] = x.shape.length === 3 ? x.shape : [1, 1];
  const under = { rows: countUp(height), columns: countUp(width), inside: Array(height * width).fill(true) };
  return { under, values: patchOf({ shape: [height, width, x.shape.at(-1)], data: x.data }, under, channel) };
}

const overAllSum = (how) => (step, [x], _, index) => {
  const { under, values } = wholeMap(x, index.at(-1));
  return pooledOf(how, under, values, index.at(-1));
};

function summarySum(step, [x], _, index) {
  const kept = step.attributes.channels, channel = index.at(-1) % kept, { under, values } = wholeMap(x, channel);
  const mean = pooledOf("mean", under, values, channel);
  if (index.at(-1) < kept) return mean;
  const squares = sumsOf(values.map((each) => (each - mean.value) ** 2)), value = Math.sqrt(squares / values.length);
  return {
    ...mean, how: "deviation", value, size: value + mean.size,
    formula: `√(sum of ${values.length} squared distances from the mean ${sumsNumber(mean.value)}: ${sumsNumber(squares)}, / ${values.length}) = ${sumsNumber(value)}`,
  };
}

// (x - mean) / √(variance + epsilon) · scale + offset
function normalisedSum(x, { mean, variance, epsilon, scale = 1, offset = 0, from }) {
  const deviation = Math.sqrt(variance + epsilon), value = (x - mean) / deviation * scale + offset;
  const terms = Object.entries({ x, mean, "√(variance + epsilon)": deviation, scale, offset }).map(([label, number]) => ({ label, value: number }));
  Object.assign(terms[0], { input: 0, index: from });
  return {
    form: "terms", value, terms, size: Math.abs(scale) / deviation * (Math.abs(x) + Math.abs(mean)) + Math.abs(offset),
    formula: `(${sumsNumber(x)} ${sumsPlus(-mean)}) / √(${sumsNumber(variance)} + ${sumsNumber(epsilon)}) × ${sumsNumber(scale)} ${sumsPlus(offset)} = ${sumsNumber(value)}`,
  };
}

const inputAt = (x, index) => x.data[flatPlace(x.shape, index)];

function batchNormalisationSum(step, [x], { scale, offset, mean, variance }, index) {
  const channel = index.at(-1), at = (weight) => weight?.data[channel];
  return normalisedSum(inputAt(x, index), { mean: at(mean), variance: at(variance), epsilon: step.attributes.epsilon, scale: at(scale), offset: at(offset), from: index });
}

function layerNormalisationSum(step, [x], { scale, offset }, index) {
  const channels = x.shape.at(-1), from = flatPlace(x.shape, [...index.slice(0, -1), 0]), values = Array.from(x.data.subarray(from, from + channels));
  const mean = sumsOf(values) / channels, variance = sumsOf(values.map((each) => (each - mean) ** 2)) / channels, channel = index.at(-1);
  return normalisedSum(values[channel], { mean, variance, epsilon: step.attributes.epsilon, scale: scale?.data[channel], offset: offset?.data[channel], from: index });
}

function rescaleSum(step, [x], _, index) {
  const { scale, offset } = step.attributes, channel = index.at(-1), value = inputAt(x, index);
  return scaledSum(value, scale[channel % scale.length], offset[channel % offset.length], index);
}

function scaledSum(x, factor, offset, index) {
  const value = x * factor + offset, added = offset ? ` ${sumsPlus(offset)}` : "";
  const terms = [{ label: "x", value: x, input: 0, index }, { label: "scale", value: factor }, ...(offset ? [{ label: "offset", value: offset }] : [])];
  return { form: "terms", value, terms, size: Math.abs(x * factor) + Math.abs(offset), formula: `${sumsNumber(x)} × ${sumsNumber(factor)}${added} = ${sumsNumber(value)}` };
}

// What several inputs have at one place; a map of one place counts for all.
const combinedSum = (sign, join) => (step, inputs, _, index) => {
  const terms = inputs.map((x, input) => {
    const own = x.shape.length === 3 ? index.map((place, axis) => (x.shape[axis] === 1 ? 0 : place)) : [index.at(-1)];
    return { label: inputs.length > 1 ? `branch ${input + 1}` : "x", value: inputAt(x, own), input, index: own };
  });
  if (inputs.length === 1) terms.push({ label: "constant", value: step.attributes.number });
  const value = terms.map((term) => term.value).reduce(join), text = terms.map((term) => sumsNumber(term.value)).join(` ${sign} `);
  return { form: "terms", value, terms, size: sign === "+" ? sumsOf(terms.map((term) => Math.abs(term.value))) : Math.abs(value), formula: `${text} = ${sumsNumber(value)}` };
};

const copiedValue = (value, text, terms) => ({ form: "copy", value, size: Math.abs(value), terms, formula: `${text}: ${sumsNumber(value)}` });

function concatenatedSum(step, inputs, _, index) {
  let channel = index.at(-1), input = 0;
  while (channel >= inputs[input].shape.at(-1)) channel -= inputs[input++].shape.at(-1);
  const from = [...index.slice(0, -1), channel], value = inputAt(inputs[input], from);
  return copiedValue(value, `branch ${input + 1} at ${saidPlace(from)}`, [{ label: `branch ${input + 1}`, value, input, index: from }]);
}

function reshapedSum(step, [x], _, index) {
  const from = placeOf(x.shape, flatPlace(step.shape, index)), value = inputAt(x, from);
  return copiedValue(value, `the input at ${saidPlace(from)}`, [{ label: "x", value, input: 0, index: from }]);
}

function padSum(step, [x], _, [row, column, channel]) {
  const [[above], [before]] = step.attributes.padding, from = [row - above, column - before, channel];
  if (from[0] < 0 || from[0] >= x.shape[0] || from[1] < 0 || from[1] >= x.shape[1]) {
    return { form: "copy", value: 0, size: 0, terms: [], formula: "0, in the padding" };
  }
  const value = inputAt(x, from);
  return copiedValue(value, `the input at ${saidPlace(from)}`, [{ label: "x", value, input: 0, index: from }]);
}

// The error function by its series of positive terms, Abramowitz & Stegun 7.1.6; from 6 on it is 1 in 64 bits.
function errorFunction(x) {
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x, sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= 2 * x * x / odd;
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const logistic = (x) => 1 / (1 + Math.exp(-x)), straight = (x) => Math.min(1, Math.max(0, x / 6 + 0.5));
const CURVES = {
  relu: (x, most) => Math.min(Math.max(x, 0), most ?? Infinity),
  sigmoid: logistic,
  hard_sigmoid: straight,
  swish: (x) => x * logistic(x),
  hard_swish: (x) => x * straight(x),
  gelu: (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2)),
  tanh: Math.tanh,
};
const ACTIVATION_NAMES = { relu: "ReLU", sigmoid: "sigmoid", hard_sigmoid: "hard sigmoid", swish: "swish", hard_swish: "hard swish", gelu: "GELU", tanh: "tanh" };

const activationSum = (kind) => (step, [x], _, index) => {
  const of = (number) => CURVES[kind](number, step.attributes.max_value), before = inputAt(x, index), value = of(before);
  const most = step.attributes.max_value, name = `${ACTIVATION_NAMES[kind]}${most === null || most === undefined ? "" : ` up to ${sumsNumber(most)}`}`;
  return { form: "curve", name, most, before, value, of, size: Math.abs(before) + Math.abs(value), terms: [{ label: "x", value: before, input: 0, index }], formula: `${name}(${sumsNumber(before)}) = ${sumsNumber(value)}` };
};

// Shares of a softmax: {logits, scaled, powers, shares, sum, largest}.
export function sharesOf(logits, temperature = 1) {
  const scaled = Array.from(logits, (logit) => logit / temperature), largest = scaled.reduce((most, each) => Math.max(most, each), -Infinity);
  const powers = scaled.map((each) => Math.exp(each - largest)), sum = sumsOf(powers);
  return { logits: Array.from(logits), temperature, scaled, largest, powers, sum, shares: powers.map((each) => each / sum) };
}

export function shareSum(logits, unit, temperature = 1) {
  const made = sharesOf(logits, temperature), value = made.shares[unit];
  const own = temperature === 1 ? "" : `${sumsNumber(made.logits[unit])} / ${sumsNumber(temperature)} = ${sumsNumber(made.scaled[unit])}; `;
  return {
    form: "shares", ...made, unit, value, size: value * (1 + made.scaled.reduce((most, each) => Math.max(most, Math.abs(each)), 0)),
    formula: `${own}e^(${sumsNumber(made.scaled[unit])} - ${sumsNumber(made.largest)}) = ${sumsNumber(made.powers[unit])}; / ${sumsNumber(made.sum)}, the sum over all ${made.powers.length} = ${sumsNumber(value)}`,
  };
}

function softmaxSum(step, [x], _, index) {
  const channels = x.shape.at(-1), from = flatPlace(x.shape, [...index.slice(0, -1), 0]);
  return shareSum(x.data.subarray(from, from + channels), index.at(-1));
}

function scaleChannelsSum(step, [x], { scale }, index) {
  return scaledSum(inputAt(x, index), scale.data[index.at(-1) % scale.data.length], 0, index);
}

export const SUMS = {
  rescale: rescaleSum,
  pad: padSum,
  convolution: convolutionSum,
  depthwise_convolution: depthwiseSum,
  local_convolution: localSum,
  batch_normalisation: batchNormalisationSum,
  layer_normalisation: layerNormalisationSum,
  scale_channels: scaleChannelsSum,
  dense: denseSum,
  max_pooling: pooledSum("largest"),
  average_pooling: pooledSum("mean"),
  sum_pooling: pooledSum("sum"),
  global_average: overAllSum("mean"),
  global_max: overAllSum("largest"),
  add: combinedSum("+", (a, b) => a + b),
  multiply: combinedSum("×", (a, b) => a * b),
  concatenate: concatenatedSum,
  reshape: reshapedSum,
  ...Object.fromEntries(Object.keys(ACTIVATION_NAMES).map((kind) => [kind, activationSum(kind)])),
  softmax: softmaxSum,
  summarise_map: summarySum,
};
// Kind → (step, inputs, weights, index) → {form, value, size: sum of the absolute terms, formula, …}; inputs and weights are {shape, data}.

export function workOut(step, inputs, weights, index) {
  return SUMS[step.kind](step, inputs, weights, index);
}

// Whether a sum is the engine's value: to 1e-5 of what was added up; a float32 below 1e-38 may be kept as 0.
export function sumsAgree(worked, value) {
  return Math.abs(worked.value - value) <= 1e-5 * worked.size + 1e-37;
}
