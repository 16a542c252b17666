// Kernels as filters: which numbers make up a filter, and its look.

// Layers whose kernels can be looked at, each with its step: [{layer, step}].
export function kernelLayers(session) {
  return session.data.layers.flatMap((layer) => {
    const step = layer.steps.map((name) => session.steps.get(name)).find((each) => each && /convolution$/.test(each.kind) && each.weights.kernel);
    return step ? [{ layer, step }] : [];
  });
}

// {height, width, taken: input channels of one filter, filters, read(filter, channel, row, column)}
// kernel: {shape, data} of a step of a kind; at: the place, for kernels that differ from place to place.
export function filtersOf(kind, kernel, at = [0, 0]) {
  const { shape, data } = kernel;
  if (kind === "depthwise_convolution") {
    const [height, width, channels, multiplier] = shape, filters = channels * multiplier;
    return { height, width, taken: 1, filters, read: (filter, _, row, column) => data[(row * width + column) * filters + filter] };
  }
  const [height, width, taken, filters] = shape.slice(-4), columns = shape[1];
  const start = kind === "local_convolution" ? (at[0] * columns + at[1]) * height * width * taken * filters : 0;
  return { height, width, taken, filters, read: (filter, channel, row, column) => data[start + ((row * width + column) * taken + channel) * filters + filter] };
}

// The input channel that slice number `slice` of a filter is for; groups and depthwise layers take a part of them.
export function inputChannel(step, kernel, { filter, slice }) {
  if (step.kind === "depthwise_convolution") return Math.floor(filter / kernel.shape.at(-1));
  const groups = step.attributes.groups ?? 1, perGroup = kernel.shape.at(-1) / groups, taken = kernel.shape.at(-2);
  return Math.floor(filter / perGroup) * taken + slice;
}

// Numbers of one slice, row by row.
export function sliceOf(filters, filter, slice) {
  const { height, width, read } = filters;
  return { height, width, data: Float32Array.from({ length: height * width }, (_, at) => read(filter, slice, Math.floor(at / width), at % width)) };
}

// The largest absolute value of a filter, or of one of its slices.
export function largestWeight(filters, filter, slice = null) {
  let largest = 0;
  for (let channel = 0; channel < filters.taken; channel++) {
    if (slice !== null && channel !== slice) continue;
    for (const value of sliceOf(filters, filter, channel).data) largest = Math.max(largest, Math.abs(value));
  }
  return largest;
}

// A filter over red, green and blue as an image: 0 is grey, the largest value of the filter is full. [height * width * 3]
export function colourFilter(filters, filter) {
  const { height, width, read } = filters, largest = largestWeight(filters, filter) || 1, pixels = new Uint8Array(height * width * 3);
  for (let at = 0; at < pixels.length; at++) {
    const place = Math.floor(at / 3);
    pixels[at] = Math.round(127.5 + 127.5 * read(filter, at % 3, Math.floor(place / width), place % width) / largest);
  }
  return pixels;
}
