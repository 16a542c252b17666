// Which part of a value changes when a part of the image does: rectangles {top, left, bottom, right} in its own places,
// bottom and right excluded. A value that is no map has one place.

const SLIDING = new Set([
  "convolution", "depthwise_convolution", "local_convolution", "max_pooling", "average_pooling", "sum_pooling",
]);
const NOT_LOCAL = new Set(["global_average", "global_max", "reshape", "summarise_map"]);

export function wholeOf(shape) {
  return shape.length === 3 ? { top: 0, left: 0, bottom: shape[0], right: shape[1] } : { top: 0, left: 0, bottom: 1, right: 1 };
}

// The numbers of a region as they lie in memory: [first, last + 1] of each run.
export function runsOf(shape, region) {
  const [, width, channels] = shape.length === 3 ? shape : [1, 1, sizeOf(shape)];
  const { top, left, bottom, right } = region;
  if (left === 0 && right === width) return [[top * width * channels, bottom * width * channels]];
  return Array.from({ length: bottom - top }, (_, row) => [left, right].map((column) => ((top + row) * width + column) * channels));
}

export const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

// Where two images of the same size differ, or null. Each is a Float32Array or Uint8Array [height * width * channels].
export function changedBetween(before, after, [height, width, channels]) {
  let top = height, left = width, bottom = 0, right = 0;
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < channels; channel++, at++) {
        if (before[at] === after[at]) continue;
        top = Math.min(top, row);
        left = Math.min(left, column);
        bottom = row + 1;
        right = Math.max(right, column + 1);
      }
    }
  }
  return bottom ? { top, left, bottom, right } : null;
}

const joinRegions = (a, b) => ({
  top: Math.min(a.top, b.top), left: Math.min(a.left, b.left), bottom: Math.max(a.bottom, b.bottom), right: Math.max(a.right, b.right),
});

// What a step changes of its value; null where nothing. inputs: [{shape, region}], the region null where it did not change.
export function reachOf(step, inputs, weights) {
  const changed = inputs.filter((each) => each.region);
  if (!changed.length) return null;
  const whole = wholeOf(step.shape);
  if (NOT_LOCAL.has(step.kind) || step.shape.length !== 3) return whole;
  const { region } = changed[0];
  if (SLIDING.has(step.kind)) return touchedWindows(step, region, weights);
  if (step.kind === "pad") {
    const [[above], [before]] = step.attributes.padding;
    return { top: region.top + above, left: region.left + before, bottom: region.bottom + above, right: region.right + before };
  }
  const alike = ({ shape }) => shape[0] === step.shape[0] && shape[1] === step.shape[1];
  return changed.every(alike) ? changed.map((each) => each.region).reduce(joinRegions) : whole;
}

// The windows that touch a region: null where it lies between them.
function touchedWindows(step, region, { kernel }) {
  const window = step.attributes.window ?? kernel.shape.slice(kernel.shape.length === 6 ? 2 : 0).slice(0, 2);
  const { strides = [1, 1], dilation = [1, 1], padding } = step.attributes;
  const along = (axis, first, last) => {
    const reach = (window[axis] - 1) * dilation[axis], before = padding[axis][0];
    return [
      Math.max(0, Math.ceil((first + before - reach) / strides[axis])),
      Math.min(step.shape[axis], Math.floor((last - 1 + before) / strides[axis]) + 1),
    ];
  };
  const [top, bottom] = along(0, region.top, region.bottom), [left, right] = along(1, region.left, region.right);
  return top < bottom && left < right ? { top, left, bottom, right } : null;
}
