// Convolutions and dense layers by WebAssembly, where the browser has vectors and lets a page use them: the same numbers as in
// operations.js but for rounding, since its sums have 64 bits and these have 32.
import { BLOCK, TILE, kernelBytes } from "./kernels.js";
import { OPERATIONS } from "./operations.js";
import { runsOf, sizeOf, wholeOf } from "./regions.js";

const MEMORY_PAGE = 65536, BYTES = 4;
const LONGEST_RUN = 64;  // numbers that are added up before their sum is added to the whole

// All operations, the fastest that run here.
export function fastestOperations() {
  const kernels = kernelsOf(kernelBytes());
  return kernels ? { ...OPERATIONS, ...fastOperations(kernels) } : OPERATIONS;
}

// {memory, tile1, tile4, deep}, or null where WebAssembly is missing, forbidden or without vectors.
export function kernelsOf(bytes) {
  try {
    const memory = new WebAssembly.Memory({ initial: 1 });
    return { memory, ...new WebAssembly.Instance(new WebAssembly.Module(bytes), { page: { memory } }).exports };
  } catch {
    return null;
  }
}

function fastOperations(kernels) {
  const bench = new Bench(kernels);
  return {
    convolution: (step, [x], weights, out, region) => bench.convolve(step, x, weights, out, region),
    depthwise_convolution(step, [x], weights, out, region) {
      const fits = x.shape[2] === step.shape[2] && x.shape[2] % 4 === 0;
      if (fits) bench.convolveDeep(step, x, weights, out, region);
      else OPERATIONS.depthwise_convolution(step, [x], weights, out, region);
    },
    // A dense layer is a convolution of one tap at each place.
    dense(step, [x], weights, out, region) {
      const [inputs, units] = weights.kernel.shape, runs = runsOf(step.shape, region).flat();
      const shape = [1, x.data.length / inputs, inputs], kernel = { shape: [1, 1, inputs, units], data: weights.kernel.data };
      const attributes = { strides: [1, 1], dilation: [1, 1], padding: [[0, 0], [0, 0]] };
      const places = { top: 0, left: Math.min(...runs) / units, bottom: 1, right: Math.max(...runs) / units };
      bench.convolve({ attributes, shape: [1, out.length / units, units] }, { shape, data: x.data }, { kernel, bias: weights.bias }, out, places);
    },
  };
}

// The memory that the kernels work on: the padded input, then the weights, then what is made; filled for each step anew.
class Bench {
  constructor(kernels) {
    this.kernels = kernels;
    this.packed = new WeakMap();  // the numbers of a kernel → in blocks of filters
  }

  // Room for some arrays, one after the other: their places as addresses, and the memory as numbers.
  lay(...lengths) {
    const { memory } = this.kernels, starts = [];
    let end = 0;
    for (const length of lengths) {
      starts.push(end * BYTES);
      end += Math.ceil(length / 4) * 4;
    }
    const missing = end * BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / MEMORY_PAGE));
    return { starts, numbers: new Float32Array(memory.buffer) };
  }

  convolve(step, x, { kernel, bias }, out, region) {
    if (isPointwise(step, x, kernel.shape, region)) return this.#convolveFlat(step, x, { kernel, bias }, out);
    const { groups = 1 } = step.attributes, [, , taken, filters] = kernel.shape, perGroup = filters / groups;
    const blocks = Math.ceil(perGroup / BLOCK), layout = { groups, perGroup, room: blocks * BLOCK }, stride = groups * layout.room;
    const view = paddedPart(step, x, kernel.shape, region), weights = this.#blocksOf(kernel, layout), runs = view.runsOf(taken);
    const { starts: [input, weight, biases, made], numbers } = this.lay(view.size, weights.length, stride, view.height * view.width * stride);
    view.copy(numbers, input / BYTES);
    numbers.set(weights, weight / BYTES);
    layBias(numbers.subarray(biases / BYTES, biases / BYTES + stride), bias, layout);
    const bytesOfBlock = weights.length / groups / blocks * BYTES;
    for (let block = 0; block < groups * blocks; block++) {
      const from = input + Math.floor(block / blocks) * taken * BYTES, place = block * BLOCK * BYTES;
      this.#rows(view, from, weight + block * bytesOfBlock, biases + place, made + place, { stride, runs });
    }
    gatherRegion(numbers, made / BYTES, out, { view, region, columns: step.shape[1], layout });
  }

  // Where a window is one place, all places lie in one long row.
  #convolveFlat({ attributes, shape: [rows, columns, filters] }, x, weights, out) {
    const shape = [1, rows * columns, x.shape[2]], step = { attributes, shape: [1, rows * columns, filters] };
    this.convolve(step, { shape, data: x.data }, weights, out, wholeOf(step.shape));
  }

  // Each row of places: as many tiles as there are, then what is left one by one.
  #rows(view, input, weights, bias, out, { stride, runs: [rows, rowStep, taps, tapStep, length] }) {
    const { tile1, [`tile${TILE}`]: tiles } = this.kernels, whole = Math.floor(view.width / TILE), rest = view.width - whole * TILE;
    for (let row = 0; row < view.height; row++) {
      const from = input + row * view.rowStep, to = out + row * view.width * stride * BYTES, step = view.step, outStep = stride * BYTES;
      if (whole) tiles(from, weights, bias, to, step, outStep, whole, rows, rowStep, taps, tapStep, length);
      const done = whole * TILE;
      if (rest) tile1(from + done * step, weights, bias, to + done * outStep, step, outStep, rest, rows, rowStep, taps, tapStep, length);
    }
  }

  convolveDeep(step, x, { kernel, bias }, out, region) {
    const channels = x.shape[2], layout = { groups: 1, perGroup: channels, room: channels }, outStep = channels * BYTES;
    const view = paddedPart(step, x, kernel.shape, region), [rows, rowStep, taps, tapStep] = view.tapsOf();
    const { starts: [input, weight, biases, made], numbers } = this.lay(view.size, kernel.data.length, channels, view.height * view.width * channels);
    view.copy(numbers, input / BYTES);
    numbers.set(kernel.data, weight / BYTES);
    layBias(numbers.subarray(biases / BYTES, biases / BYTES + channels), bias, layout);
    for (let row = 0; row < view.height; row++) {
      const from = input + row * view.rowStep, to = made + row * view.width * outStep;
      this.kernels.deep(from, weight, biases, to, view.step, outStep, view.width, rows, rowStep, taps, tapStep, channels / 4);
    }
    gatherRegion(numbers, made / BYTES, out, { view, region, columns: step.shape[1], layout });
  }

  // A kernel [height, width, taken, filters] as [blocks of filters, height, width, taken, BLOCK]; zeros fill the last block of a group.
  #blocksOf({ shape, data }, { groups, perGroup, room }) {
    const known = this.packed.get(data);
    if (known) return known;
    const filters = shape[3], taps = sizeOf(shape) / filters, packed = new Float32Array(groups * room * taps);
    for (let filter = 0; filter < filters; filter++) {
      const place = Math.floor(filter / perGroup) * room + filter % perGroup;
      let at = Math.floor(place / BLOCK) * taps * BLOCK + place % BLOCK;
      for (let tap = 0; tap < taps; tap++, at += BLOCK) packed[at] = data[tap * filters + filter];
    }
    this.packed.set(data, packed);
    return packed;
  }
}

// Whether a step is computed at each place for itself, and at all of them.
function isPointwise(step, x, [height, width], region) {
  const { strides, padding } = step.attributes, whole = wholeOf(step.shape);
  return step.shape[0] > 1 && height * width * strides[0] * strides[1] === 1 && !padding.flat().some(Boolean)
    && Object.entries(whole).every(([side, at]) => region[side] === at) && step.shape[0] === x.shape[0];
}

// The part of an input that a region of the output is made of, with the zeros of its padding around it.
function paddedPart(step, x, [kernelHeight, kernelWidth], region) {
  const { strides, dilation, padding } = step.attributes, [inputHeight, inputWidth, channels] = x.shape;
  const height = region.bottom - region.top, width = region.right - region.left;
  const top = region.top * strides[0] - padding[0][0], left = region.left * strides[1] - padding[1][0];
  const rows = (height - 1) * strides[0] + (kernelHeight - 1) * dilation[0] + 1;
  const columns = (width - 1) * strides[1] + (kernelWidth - 1) * dilation[1] + 1;
  const rowBytes = columns * channels * BYTES;
  const tapsOf = () => [kernelHeight, dilation[0] * rowBytes, kernelWidth, dilation[1] * channels * BYTES];
  return {
    height, width, size: rows * columns * channels, rowStep: strides[0] * rowBytes, step: strides[1] * channels * BYTES, tapsOf,
    // Where the numbers of a window lie in one piece they are added in runs of some length.
    runsOf(taken) {
      const [down, rowStep, across, tapStep] = tapsOf(), joined = across * taken;
      if (taken === channels && dilation[1] === 1 && joined <= LONGEST_RUN) return [down, rowStep, 1, joined * BYTES, joined];
      if (down * across > 1 || taken <= LONGEST_RUN) return [down, rowStep, across, tapStep, taken];
      const length = longestRunOf(taken);
      return [1, rowStep, taken / length, length * BYTES, length];
    },
    copy(numbers, at) {
      numbers.fill(0, at, at + rows * columns * channels);
      const first = Math.max(0, left), last = Math.min(inputWidth, left + columns);
      for (let row = Math.max(0, -top); row < rows && top + row < inputHeight; row++) {
        const from = (top + row) * inputWidth;
        if (last > first) numbers.set(x.data.subarray((from + first) * channels, (from + last) * channels), at + (row * columns + first - left) * channels);
      }
    },
  };
}

function longestRunOf(length) {
  for (let part = LONGEST_RUN; part > 8; part--) if (length % part === 0) return part;
  return length;
}

function layBias(target, bias, { groups, perGroup, room }) {
  target.fill(0);
  if (bias) for (let group = 0; group < groups; group++) target.set(bias.data.subarray(group * perGroup, (group + 1) * perGroup), group * room);
}

// What was made, without what fills the room of a group, into its region of the output.
function gatherRegion(numbers, from, out, { view, region, columns, layout: { groups, perGroup, room } }) {
  const filters = groups * perGroup;
  for (let row = 0; row < view.height; row++) {
    let to = ((region.top + row) * columns + region.left) * filters, at = from + row * view.width * groups * room;
    if (perGroup === room) {
      out.set(numbers.subarray(at, at + view.width * filters), to);
      continue;
    }
    for (let group = 0; group < view.width * groups; group++, at += room, to += perGroup) {
      for (let filter = 0; filter < perGroup; filter++) out[to + filter] = numbers[at + filter];
    }
  }
}
