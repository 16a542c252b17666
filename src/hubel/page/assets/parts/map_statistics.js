// What the maps of a layer are like: mean, range, and whether one says nothing.

// Shape of any value as [height, width, channels]; a vector is a map of one place.
export function asMaps(shape) {
  return shape.length === 3 ? shape : shape.length === 2 ? [1, ...shape] : [1, 1, shape[0]];
}

// Bounds at which an activation stands still, or null: {low, high} of the step that made a value.
export function boundsOf(step) {
  if (step?.kind === "relu" && step.attributes.max_value !== null && step.attributes.max_value !== undefined) return { low: null, high: step.attributes.max_value };
  if (step?.kind === "sigmoid" || step?.kind === "hard_sigmoid") return { low: 0, high: 1 };
  if (step?.kind === "tanh") return { low: -1, high: 1 };
  return null;
}

const STANDING = 0.9;  // share of a map's values at a bound from which it is called saturated
const NEAR = 1e-3;  // of the range: as near to a bound as this is at it

// value: {shape, data} → for each map {mean, least, most, constant, dead, saturated}; bounds as of boundsOf.
export function mapStatistics(value, bounds = null) {
  const [height, width, channels] = asMaps(value.shape), places = height * width, { data } = value;
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0, least = Infinity, most = -Infinity, standing = 0;
    for (let at = channel; at < data.length; at += channels) {
      const each = data[at];
      sum += each;
      if (each < least) least = each;
      if (each > most) most = each;
      if (bounds && isAtBound(each, bounds)) standing++;
    }
    const constant = places > 1 && least === most;
    return { mean: sum / places, least, most, constant, dead: constant && most === 0, saturated: places > 1 && standing >= STANDING * places };
  });
}

function isAtBound(value, { low, high }) {
  const near = NEAR * (high - (low ?? 0));
  return value >= high - near || (low !== null && value <= low + near);
}

// Numbers of the maps in an order: "as is", "mean" or "most", highest first; equal ones as they are.
export function orderOf(statistics, by) {
  const places = statistics.map((_, place) => place);
  if (by !== "mean" && by !== "most") return places;
  return places.sort((a, b) => statistics[b][by] - statistics[a][by] || a - b);
}

// Pixels of the image that a place of a layer sees, {top, left, bottom, right}, the latter two exclusive, cut at the borders; null if unknown.
export function fieldOf(layer, [row, column], [height, width]) {
  const { receptive_field: size, receptive_field_stride: stride, receptive_field_start: start } = layer;
  if (!size || !stride || !start || stride.includes(null)) return null;
  const [top, left] = [start[0] + row * stride[0], start[1] + column * stride[1]];
  const box = { top: Math.max(0, top), left: Math.max(0, left), bottom: Math.min(height, top + size[0]), right: Math.min(width, left + size[1]) };
  return box.bottom > box.top && box.right > box.left ? box : null;
}

// {row, column, value} of the largest value of a map.
export function peakOf(value, channel) {
  const [, width, channels] = asMaps(value.shape);
  let best = channel;
  for (let at = channel; at < value.data.length; at += channels) if (value.data[at] > value.data[best]) best = at;
  const place = (best - channel) / channels;
  return { row: Math.floor(place / width), column: place % width, value: value.data[best] };
}
