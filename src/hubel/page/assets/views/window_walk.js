// Where a value stands in its network: the layer that made a step, the steps of a layer that are shown, what follows.

const POINTWISE = new Set([
  "batch_normalisation", "layer_normalisation", "rescale", "scale_channels", "relu", "sigmoid", "hard_sigmoid", "swish", "hard_swish", "gelu", "tanh",
]);
// Kinds that make of one value another at the same place.

export const PROBABILITIES = "probabilities";

export class Walk {
  // data: the page's document.
  constructor(data) {
    this.data = data;
    this.layers = new Map(data.layers.map((layer) => [layer.name, layer]));
    this.steps = new Map(data.graph.steps.map((step) => [step.name, step]));
    this.makers = new Map();
    for (const layer of data.layers) for (const step of layer.steps) this.makers.set(step, layer.name);
    for (const layer of data.layers) if (!this.makers.has(layer.value)) this.makers.set(layer.value, layer.name);
    this.takers = new Map();
    for (const step of data.graph.steps) for (const name of step.inputs) this.takers.set(name, [...(this.takers.get(name) ?? []), step]);
  }

  // The layer that made a step; nothing for the image.
  layerOf(step) {
    return this.makers.get(step);
  }

  shapeOf(name) {
    return this.steps.get(name)?.shape ?? [...this.data.graph.image_size, 3];
  }

  // The steps of a layer; of one that does nothing in prediction, the step whose value it hands on.
  stepsOf(layer) {
    const { steps, value } = this.layers.get(layer);
    return steps.length ? steps : this.steps.has(value) ? [value] : [];
  }

  // The step that a layer begins to be read at: before the activation that is built in.
  coreOf(layer) {
    const own = this.stepsOf(layer);
    let name = this.layers.get(layer).value;
    while (own.includes(name) && POINTWISE.has(this.steps.get(name).kind) && own.includes(this.steps.get(name).inputs[0])) [name] = this.steps.get(name).inputs;
    return own.includes(name) ? name : own.at(-1);
  }

  // Steps that follow one at the same place, as long as nothing else takes the value: [{step, layer}].
  after(name) {
    const found = [];
    for (let takers = this.takers.get(name); takers?.length === 1 && takers[0].inputs.length === 1 && POINTWISE.has(takers[0].kind); takers = this.takers.get(found.at(-1).step.name)) {
      found.push({ step: takers[0], layer: this.layerOf(takers[0].name) });
    }
    return found;
  }

  // What a place of a layer sees of the image: {top, left, height, width}, cut at its border; whole where the layer is a vector.
  fieldOf(layer, at) {
    const { receptive_field: size, receptive_field_stride: stride, receptive_field_start: start, output } = this.layers.get(layer);
    const [height, width] = this.data.graph.image_size;
    if (!size || !stride || !start || output.length < 3) return { top: 0, left: 0, height, width };
    const [[top, bottom], [left, right]] = [height, width].map((side, axis) => {
      const first = start[axis] + at[axis] * stride[axis];
      return [Math.min(side, Math.max(0, first)), Math.max(0, Math.min(side, first + size[axis]))];
    });
    return { top, left, height: Math.max(0, bottom - top), width: Math.max(0, right - left) };
  }

  // The place of a layer whose field has its middle nearest to a pixel.
  placeSeeing(layer, pixel) {
    const { receptive_field: size, receptive_field_stride: stride, receptive_field_start: start } = this.layers.get(layer);
    return pixel.map((place, axis) => (stride?.[axis] ? Math.round((place - start[axis] - (size[axis] - 1) / 2) / stride[axis]) : 0));
  }
}

// The place of a map whose window has its middle nearest to a place of the input. reach: places from the window's first to its last.
export function placeOver({ attributes }, reach, at) {
  const { strides = [1, 1], padding = [[0], [0]] } = attributes;
  return at.map((place, axis) => Math.round((place + padding[axis][0] - reach[axis] / 2) / strides[axis]));
}

// A place in a value of some shape: kept inside.
export function indexIn(shape, { at, channel }) {
  const inside = (place, side) => Math.min(Math.max(place, 0), side - 1);
  return shape.length === 3 ? [inside(at[0], shape[0]), inside(at[1], shape[1]), inside(channel, shape[2])] : [inside(channel, shape[0])];
}

// How a place of a value is called.
export function saidIndex(index, unit = "unit") {
  return index.length === 3 ? `row ${index[0]}, column ${index[1]}, filter ${index[2]}` : `${unit} ${index[0]}`;
}
