// Where the volumes of a network stand in their row: sizes on screen, and the lines from one to the next.

// Layers that change numbers one by one, or only their order: thin marks on the volume they follow.
const VOLUMES_MARKS = {
  BatchNormalization: "BN", LayerNormalization: "LN", GroupNormalization: "GN", ReLU: "ReLU", LeakyReLU: "ReLU", Activation: "act", Softmax: "softmax",
  Dropout: "drop", SpatialDropout2D: "drop", Rescaling: "scale", Normalization: "scale", ZeroPadding2D: "pad", Flatten: "flat", Reshape: "shape", Permute: "shape", LayerScale: "scale",
};
const VOLUMES_HIDDEN = "InputLayer";

export const volumeMark = (kind) => VOLUMES_MARKS[kind];

// data.layers → [{layer: null for the image or a layer, marks: layers, from: numbers of the units it takes}]
export function unitsOf(layers) {
  const units = [{ layer: null, marks: [], from: [] }], owner = new Map([["image", 0]]);
  for (const layer of layers) {
    const from = [...new Set(layer.inputs.map((name) => owner.get(name) ?? 0))];
    if (layer.inputs.length === 1 && (VOLUMES_MARKS[layer.kind] || layer.kind === VOLUMES_HIDDEN)) {
      units[from[0]].marks.push(layer);
      owner.set(layer.name, from[0]);
      continue;
    }
    owner.set(layer.name, units.length);
    units.push({ layer, marks: [], from });
  }
  return units;
}

// Runs of neighbours with equal output, each made from the one before it, so that a deep network can be folded: [{first, last}], numbers of units.
export function volumeRuns(units) {
  const runs = [];
  units.forEach((unit, place) => {
    const run = runs.at(-1), size = (each) => units[each].layer?.output.join();
    if (run && unit.layer && size(run.last) === size(place) && unit.from.includes(run.last)) run.last = place;
    else runs.push({ first: place, last: place });
  });
  return runs;
}

// Numbers of the units that are shown, and in whose place each of the others is: opened is a Set of first numbers.
export function shownUnits(units, { folded, opened }) {
  const shown = [], stand = new Map();
  for (const { first, last } of volumeRuns(units)) {
    const fold = folded && last > first && !opened.has(first);
    for (let place = first; place <= last; place++) {
      if (!fold || place === last) shown.push({ unit: place, folded: fold ? last - first : 0, run: first, length: last - first + 1 });
      stand.set(place, fold ? last : place);
    }
  }
  return { shown, stand };
}

const TALLEST = 132, LOWEST = 9, DEPTH = 10.5, LONGEST = 340, CAPTION = 124, APART = 34;
export const TURNED = 0.5, RISING = 0.24;  // width of a map seen from the side, and how far its far edge lies higher

// Size on screen of maps [height, width, channels]: square roots, so that 7 pixels still show beside 224.
export function volumeSize([height, width, channels], largest, zoom) {
  const side = (pixels) => Math.max(LOWEST, TALLEST * zoom * Math.sqrt(pixels / largest));
  const face = side(width) * TURNED;
  return { height: side(height), face, rise: side(width) * RISING, depth: Math.min(LONGEST * zoom, DEPTH * zoom * Math.sqrt(channels)) };
}

// shown: as of shownUnits; gives {boxes: [{left, width, size, ...}], width, axis, height}.
// rem: the size of letters, 1 where a letter is 16 pixels high.
export function layoutOf(units, shown, { image, zoom, rem = 1 }) {
  const largest = Math.max(...image), tallest = TALLEST * zoom * (1 + RISING) + 8;
  const above = 16, boxes = [];
  let left = 8;
  for (const each of shown) {
    const { layer } = units[each.unit];
    const size = layer ? volumeSize(mapsOf(layer.output), largest, zoom) : imageSize(image, largest, zoom);
    const drawn = size.depth + size.face, width = Math.max(CAPTION * rem, drawn + 8);
    boxes.push({ ...each, left, width, size, drawn });
    left += width + APART;
  }
  return { boxes, width: left - APART + 8, axis: above + tallest / 2, height: above + tallest };
}

function imageSize([height, width], largest, zoom) {
  const side = (pixels) => TALLEST * zoom * Math.sqrt(pixels / largest);
  return { height: side(height), face: side(width), rise: 0, depth: 0 };
}

export const mapsOf = (output) => (output.length === 3 ? output : output.length === 2 ? [1, ...output] : [1, 1, output.at(-1)]);

// Lines between shown volumes: {from, to, over: 0 for neighbours, else how high its arc is, from 1}.
export function linesOf(units, shown, stand) {
  const place = new Map(shown.map(({ unit }, index) => [unit, index]));
  const lines = new Map();
  units.forEach((unit, number) => unit.from.forEach((source) => {
    const from = place.get(stand.get(source)), to = place.get(stand.get(number));
    if (from !== to) lines.set(`${from} ${to}`, { from, to, over: 0 });
  }));
  const arcs = [...lines.values()].filter(({ from, to }) => to - from > 1).sort((a, b) => (a.to - a.from) - (b.to - b.from));
  for (const arc of arcs) {
    const beside = arcs.filter((each) => each !== arc && each.over && each.from < arc.to && each.to > arc.from);
    arc.over = 1 + Math.max(0, ...beside.map((each) => each.over));
  }
  return [...lines.values()];
}
