// What each kind of step computes, in the words of the network's graph: maps are [height, width, channels], channels last.
// An operation takes a step, its inputs and its weights, all {shape, data}, and fills a region of `out`, a Float32Array of
// step.shape. Sums are of 64 bits; what is kept has 32.
import { runsOf } from "./regions.js";

function convolution(step, [x], { kernel, bias }, out, region) {
  const { strides, dilation, padding, groups = 1 } = step.attributes;
  const [height, width, channels] = x.shape, [, columns, filters] = step.shape;
  const [kernelHeight, kernelWidth, taken] = kernel.shape, perGroup = filters / groups;
  const sums = new Float64Array(filters), input = x.data, weights = kernel.data;
  for (let row = region.top; row < region.bottom; row++) {
    for (let column = region.left; column < region.right; column++) {
      if (bias) sums.set(bias.data); else sums.fill(0);
      for (let down = 0; down < kernelHeight; down++) {
        const y = row * strides[0] - padding[0][0] + down * dilation[0];
        if (y < 0 || y >= height) continue;
        for (let across = 0; across < kernelWidth; across++) {
          const left = column * strides[1] - padding[1][0] + across * dilation[1];
          if (left < 0 || left >= width) continue;
          const from = (y * width + left) * channels, tap = (down * kernelWidth + across) * taken * filters;
          for (let group = 0; group < groups; group++) {
            const first = group * perGroup, last = first + perGroup;
            for (let channel = 0; channel < taken; channel++) {
              const value = input[from + group * taken + channel], weight = tap + channel * filters;
              if (value !== 0) for (let filter = first; filter < last; filter++) sums[filter] += value * weights[weight + filter];
            }
          }
        }
      }
      out.set(sums, (row * columns + column) * filters);
    }
  }
}

function depthwiseConvolution(step, [x], { kernel, bias }, out, region) {
  const { strides, dilation, padding } = step.attributes;
  const [height, width, channels] = x.shape, [, columns, filters] = step.shape;
  const [kernelHeight, kernelWidth] = kernel.shape, multiplier = filters / channels;
  const sums = new Float64Array(filters), input = x.data, weights = kernel.data;
  for (let row = region.top; row < region.bottom; row++) {
    for (let column = region.left; column < region.right; column++) {
      if (bias) sums.set(bias.data); else sums.fill(0);
      for (let down = 0; down < kernelHeight; down++) {
        const y = row * strides[0] - padding[0][0] + down * dilation[0];
        if (y < 0 || y >= height) continue;
        for (let across = 0; across < kernelWidth; across++) {
          const left = column * strides[1] - padding[1][0] + across * dilation[1];
          if (left < 0 || left >= width) continue;
          const from = (y * width + left) * channels, tap = (down * kernelWidth + across) * filters;
          if (multiplier === 1) for (let channel = 0; channel < channels; channel++) sums[channel] += input[from + channel] * weights[tap + channel];
          else for (let filter = 0; filter < filters; filter++) sums[filter] += input[from + Math.floor(filter / multiplier)] * weights[tap + filter];
        }
      }
      out.set(sums, (row * columns + column) * filters);
    }
  }
}

function localConvolution(step, [x], { kernel, bias }, out, region) {
  const [height, width, channels] = x.shape, [, columns, filters] = step.shape;
  const [, , kernelHeight, kernelWidth] = kernel.shape, [[above], [before]] = step.attributes.padding;
  const taps = kernelHeight * kernelWidth * channels;
  for (let row = region.top; row < region.bottom; row++) {
    for (let column = region.left; column < region.right; column++) {
      const place = row * columns + column;
      for (let filter = 0; filter < filters; filter++) {
        let sum = bias ? bias.data[place * filters + filter] : 0;
        for (let tap = 0; tap < taps; tap++) {
          const channel = tap % channels, across = Math.floor(tap / channels) % kernelWidth, down = Math.floor(tap / channels / kernelWidth);
          const y = row - above + down, left = column - before + across;
          if (y < 0 || y >= height || left < 0 || left >= width) continue;
          sum += x.data[(y * width + left) * channels + channel] * kernel.data[(place * taps + tap) * filters + filter];
        }
        out[place * filters + filter] = sum;
      }
    }
  }
}

function batchNormalisation(step, [x], { scale, offset, mean, variance }, out, region) {
  const channels = step.shape.at(-1), factors = new Float64Array(channels), input = x.data, means = mean.data;
  const offsets = offset ? offset.data : new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    factors[channel] = (scale ? scale.data[channel] : 1) / Math.sqrt(variance.data[channel] + step.attributes.epsilon);
  }
  for (const [from, to] of runsOf(step.shape, region)) {
    for (let at = from; at < to;) {
      for (let channel = 0; channel < channels; channel++, at++) out[at] = (input[at] - means[channel]) * factors[channel] + offsets[channel];
    }
  }
}

function layerNormalisation(step, [x], { scale, offset }, out, region) {
  const channels = step.shape.at(-1);
  for (const [from, to] of runsOf(step.shape, region)) {
    for (let at = from; at < to; at += channels) {
      let sum = 0, squares = 0;
      for (let channel = 0; channel < channels; channel++) sum += x.data[at + channel];
      const mean = sum / channels;
      for (let channel = 0; channel < channels; channel++) squares += (x.data[at + channel] - mean) ** 2;
      const factor = 1 / Math.sqrt(squares / channels + step.attributes.epsilon);
      for (let channel = 0; channel < channels; channel++) {
        out[at + channel] = (x.data[at + channel] - mean) * factor * (scale ? scale.data[channel] : 1) + (offset ? offset.data[channel] : 0);
      }
    }
  }
}

function dense(step, [x], { kernel, bias }, out, region) {
  const [inputs, units] = kernel.shape, sums = new Float64Array(units), weights = kernel.data;
  for (const [first, last] of runsOf(step.shape, region)) {
    for (let at = first; at < last; at += units) {
      if (bias) sums.set(bias.data); else sums.fill(0);
      for (let input = 0, from = at / units * inputs; input < inputs; input++) {
        const value = x.data[from + input], row = input * units;
        if (value !== 0) for (let unit = 0; unit < units; unit++) sums[unit] += value * weights[row + unit];
      }
      out.set(sums, at);
    }
  }
}

const pooling = (start, join, finish) => (step, [x], _, out, region) => {
  const { window, strides, padding } = step.attributes;
  const [height, width, channels] = x.shape, [, columns] = step.shape, joined = new Float64Array(channels), input = x.data;
  for (let row = region.top; row < region.bottom; row++) {
    for (let column = region.left; column < region.right; column++) {
      const at = (row * columns + column) * channels;
      let count = 0;
      joined.fill(start);
      for (let down = 0; down < window[0]; down++) {
        const y = row * strides[0] - padding[0][0] + down;
        if (y < 0 || y >= height) continue;
        for (let across = 0; across < window[1]; across++) {
          const left = column * strides[1] - padding[1][0] + across;
          if (left < 0 || left >= width) continue;
          const from = (y * width + left) * channels;
          count++;
          for (let channel = 0; channel < channels; channel++) joined[channel] = join(joined[channel], input[from + channel]);
        }
      }
      for (let channel = 0; channel < channels; channel++) out[at + channel] = finish(joined[channel], count);
    }
  }
};
const larger = (a, b) => (b > a ? b : a), plus = (a, b) => a + b, same = (value) => value;

const overAll = (start, join, finish) => (step, [x], _, out) => {
  const channels = x.shape.at(-1), places = x.data.length / channels, joined = new Float64Array(channels).fill(start);
  for (let at = 0; at < x.data.length; at += channels) {
    for (let channel = 0; channel < channels; channel++) joined[channel] = join(joined[channel], x.data[at + channel]);
  }
  for (let channel = 0; channel < channels; channel++) out[channel] = finish(joined[channel], places);
};

const combined = (join) => (step, inputs, _, out, region) => {
  const channels = step.shape.at(-1), first = inputs[0].data, { number } = step.attributes;
  for (const [from, to] of runsOf(step.shape, region)) {
    if (inputs.length === 1) for (let at = from; at < to; at++) out[at] = join(first[at], number);
    else {
      if (first.length === out.length) out.set(first.subarray(from, to), from);
      else for (let at = from; at < to; at++) out[at] = first[at % channels];
    }
    for (const { data } of inputs.slice(1)) {
      if (data.length === out.length) for (let at = from; at < to; at++) out[at] = join(out[at], data[at]);
      else for (let at = from; at < to; at++) out[at] = join(out[at], data[at % channels]);  // a map of one place counts for all
    }
  }
};

function concatenate(step, inputs, _, out, region) {
  const total = step.shape.at(-1);
  for (const [from, to] of runsOf(step.shape, region)) {
    let first = 0;
    for (const { shape, data } of inputs) {
      const channels = shape.at(-1);
      for (let place = from / total; place < to / total; place++) {
        out.set(data.subarray(place * channels, (place + 1) * channels), place * total + first);
      }
      first += channels;
    }
  }
}

function pad(step, [x], _, out) {
  const [height, width, channels] = x.shape, [[above], [before]] = step.attributes.padding;
  out.fill(0);
  for (let row = 0; row < height; row++) {
    out.set(x.data.subarray(row * width * channels, (row + 1) * width * channels), ((row + above) * step.shape[1] + before) * channels);
  }
}

function rescale(step, [x], _, out, region) {
  const scale = Float32Array.from(step.attributes.scale), { offset } = step.attributes, input = x.data;
  for (const [from, to] of runsOf(step.shape, region)) {
    for (let at = from; at < to; at++) out[at] = Math.fround(input[at] * scale[at % scale.length]) + offset[at % offset.length];
  }
}

function scaleChannels(step, [x], { scale }, out, region) {
  const factors = scale.data, input = x.data;
  for (const [from, to] of runsOf(step.shape, region)) {
    for (let at = from; at < to; at++) out[at] = input[at] * factors[at % factors.length];
  }
}

function softmaxOf(step, [x], _, out) {
  const channels = step.shape.at(-1);
  for (let at = 0; at < out.length; at += channels) {
    let highest = -Infinity, sum = 0;
    for (let channel = 0; channel < channels; channel++) highest = Math.max(highest, x.data[at + channel]);
    for (let channel = 0; channel < channels; channel++) sum += Math.exp(x.data[at + channel] - highest);
    for (let channel = 0; channel < channels; channel++) out[at + channel] = Math.exp(x.data[at + channel] - highest) / sum;
  }
}

function summariseMap(step, [x], _, out) {
  const channels = x.shape.at(-1), kept = step.attributes.channels, places = x.data.length / channels;
  for (let channel = 0; channel < kept; channel++) {
    let sum = 0, squares = 0;
    for (let at = channel; at < x.data.length; at += channels) sum += x.data[at];
    const mean = sum / places;
    for (let at = channel; at < x.data.length; at += channels) squares += (x.data[at] - mean) ** 2;
    out[channel] = mean;
    out[kept + channel] = Math.sqrt(squares / places);
  }
}

// The error function to 1.2e-7: Numerical Recipes in C, 2nd edition, section 6.2 (erfcc), a Chebyshev fit.
const CHEBYSHEV = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
];
export function erf(x) {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  let sum = 0;
  for (let power = CHEBYSHEV.length - 1; power >= 0; power--) sum = sum * t + CHEBYSHEV[power];
  const rest = t * Math.exp(-x * x + sum);
  return x >= 0 ? 1 - rest : rest - 1;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x)), hardSigmoid = (x) => Math.min(1, Math.max(0, x / 6 + 0.5));
export const ACTIVATIONS = {
  relu: (x, { max_value: most }) => Math.min(Math.max(x, 0), most ?? Infinity),
  sigmoid,
  hard_sigmoid: hardSigmoid,
  swish: (x) => x * sigmoid(x),
  hard_swish: (x) => x * hardSigmoid(x),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  tanh: Math.tanh,
};
// Each is a number → number, with the step's attributes.

const each = (activation) => (step, [x], _, out, region) => {
  const input = x.data;
  for (const [from, to] of runsOf(step.shape, region)) {
    for (let at = from; at < to; at++) out[at] = activation(input[at], step.attributes);
  }
};

function rectify(step, [x], _, out, region) {
  const input = x.data, most = step.attributes.max_value ?? Infinity;
  for (const [from, to] of runsOf(step.shape, region)) {
    for (let at = from; at < to; at++) {
      const value = input[at];
      out[at] = value < 0 ? 0 : value > most ? most : value;
    }
  }
}

export const OPERATIONS = {
  rescale,
  pad,
  convolution,
  depthwise_convolution: depthwiseConvolution,
  local_convolution: localConvolution,
  batch_normalisation: batchNormalisation,
  layer_normalisation: layerNormalisation,
  scale_channels: scaleChannels,
  dense,
  max_pooling: pooling(-Infinity, larger, same),
  average_pooling: pooling(0, plus, (sum, count) => sum / count),
  sum_pooling: pooling(0, plus, same),
  global_average: overAll(0, plus, (sum, count) => sum / count),
  global_max: overAll(-Infinity, larger, same),
  add: combined(plus),
  multiply: combined((a, b) => a * b),
  concatenate,
  reshape: (step, [x], _, out) => out.set(x.data),
  ...Object.fromEntries(Object.entries(ACTIVATIONS).map(([kind, activation]) => [kind, each(activation)])),
  relu: rectify,
  softmax: softmaxOf,
  summarise_map: summariseMap,
};
// Every kind of step.
