// Stations 5 and 7 to 9: convolution, feature maps, shared weights, sparse connections.
import { grouped, short } from "../parts/numbers.js";
import { nearly } from "./answers.js";
import { counted, countOf, evenMaps, shapeOf, sizeText, strongest, timesText } from "./facts.js";

// The layer of neurons that stands for the convolution where a network has none.
const firstDense = (facts) => (facts.hidden[0] ?? facts.output).layer;

// "3 × 3 × 32", of one filter.
const filterText = ({ kernel, channels }) => sizeText([...kernel, channels]);

export const stationConvolution = {
  title: "Convolution",
  ofImage: true,
  say(facts) {
    const first = facts.convolutions[0];
    if (!first) {
      const layer = firstDense(facts), inputs = (layer.macs / countOf(layer.output));
      return [
        "A convolution slides a small kernel over the image. This network does not: it is made of dense layers.",
        `A neuron of \`${layer.name}\` multiplies each of its ${grouped(inputs)} inputs by a weight, and adds all the products and one more number, the bias.`,
      ];
    }
    const { layer, step, stride, taps, biased } = first, padded = step.attributes.padding.flat().some((side) => side > 0);
    return [
      `The kernel of a filter slides over the input of \`${layer.name}\`${Math.max(...stride) > 1 ? `, ${stride[0]} pixels at a time` : ""}. It has ${filterText(first)} = ${grouped(taps)} numbers.`,
      `At each place every number in the window is multiplied by the number of the kernel that lies on it. The ${grouped(taps)} products are added${biased ? ", and so is one more number, the bias" : ""}.`,
      `That makes one number of a map. The window fits ${sizeText(step.shape.slice(0, 2))} places, so that is the size of the map.`,
      ...(padded ? ["Where the window reaches beyond the border, it finds zeros: the padding."] : []),
      "The kernel is not flipped, as it is in mathematics: what deep learning calls convolution is a cross-correlation.",
    ];
  },
  async pose(facts, session) {
    const layer = facts.convolutions[0]?.layer ?? firstDense(facts), found = strongest(await session.layerValue(layer.name)), { place, channel, number } = found;
    const where = layer.output.length === 3 && facts.convolutions.length ? ` in row ${place[0]}, column ${place[1]} of map ${channel}` : ` in neuron ${channel}`;
    return {
      look: { view: "window", label: `Look: the strongest value of ${layer.name}`, select: { layer: layer.name, channel, at: place } },
      ask: {
        kind: "number",
        question: `Which number does \`${layer.name}\` make${where}? (All are counted from 0.)`,
        answer: number,
        tolerance: nearly(number),
        how: "Look at the products and their sum. The number stands in the heading, too.",
        because: `It is ${short(number)}, the largest in size of all that it makes of this image.`,
      },
    };
  },
};

// The first convolution behind its activation, where that follows soon.
function mapsShown({ data, convolutions, activated }) {
  const first = convolutions[0]?.layer, place = data.layers.indexOf(first);
  return activated.map(({ layer }) => layer).find((layer) => data.layers.indexOf(layer) - place <= 2) ?? first;
}

export const stationMaps = {
  title: "Feature maps",
  ofImage: true,
  say(facts) {
    const first = facts.convolutions[0], shown = mapsShown(facts);
    if (!first) return ["A feature map is what one filter of a convolution makes of its input. This network has no convolution, so its layers are lists of numbers: one for each neuron."];
    const [rows, columns, filters] = first.step.shape;
    return [
      "A feature map is what one filter makes of its input.",
      `\`${first.layer.name}\` has ${counted(filters, "filter")}, so it makes ${counted(filters, "map")}. All have the same size, ${rows} × ${columns}.`,
      "Each filter has numbers of its own, and looks for something else: an edge, a spot, a colour.",
      ...(facts.steps.get(shown.value)?.kind === "relu" ? [`\`${shown.name}\` then sets everything below 0 to 0. A map that is 0 everywhere found nothing in this image.`] : []),
    ];
  },
  async pose(facts, session) {
    if (!facts.convolutions.length) return neuronsCounted(facts);
    const layer = mapsShown(facts), value = await session.layerValue(layer.name), even = evenMaps(value);
    return {
      look: { view: "maps", label: `Look: the maps of ${layer.name}`, select: { layer: layer.name } },
      ask: {
        kind: "number",
        question: `How many of the ${value.shape.at(-1)} maps of \`${layer.name}\` have the same number everywhere, for this image? (None is an answer: 0.)`,
        answer: even,
        how: "Such a map is one even area. The line above the maps counts those that are dead (0 everywhere) or constant.",
        because: even === 0 ? "None: each map shows something of this image." : `${even} of ${value.shape.at(-1)}: they tell nothing about this image.`,
      },
    };
  },
};

function neuronsCounted(facts) {
  const layer = firstDense(facts), units = layer.output.at(-1);
  return {
    look: { view: "maps", label: `Look: the neurons of ${layer.name}`, select: { layer: layer.name } },
    ask: {
      kind: "number", question: `How many neurons does \`${layer.name}\` have?`, answer: units,
      how: "Each is one number of its output.", because: `It has ${units}.`,
    },
  };
}

export const stationShared = {
  title: "Shared weights: the filter",
  say(facts) {
    const first = facts.convolutions[0];
    if (!first) {
      return [
        "In a convolution all neurons of a map share the weights of one filter. Nothing is shared in this network: each neuron of a dense layer has weights of its own.",
        "So a pattern that it learned at one place means nothing to it at another.",
      ];
    }
    const { layer, step, taps, shared } = first, places = countOf(step.shape.slice(0, 2)), filters = step.shape.at(-1);
    if (!shared) return [`\`${layer.name}\` is locally connected: each of its ${grouped(places)} places has weights of its own. A convolution would share one filter among all places of a map.`];
    return [
      `A map of \`${layer.name}\` has ${grouped(places)} values. All of them are made with the same weights: those of one filter.`,
      `That makes ${filters} × ${grouped(taps)} = ${grouped(filters * taps)} weights for all ${filters} filters, however large the image is.`,
      `With separate weights at each place it would be ${grouped(filters * taps * places)}, ${timesText(places)} as many.`,
      "And because the same filter looks everywhere, it finds its pattern wherever that is.",
    ];
  },
  async pose(facts) {
    const first = facts.convolutions[0], layer = first?.layer ?? firstDense(facts);
    const weights = first?.taps ?? layer.macs / countOf(layer.output);
    return {
      look: { view: first ? "filters" : "parameters", label: first ? `Look: the filters of ${layer.name}` : "Look: the parameters", select: { layer: layer.name, channel: 0 } },
      ask: {
        kind: "number",
        question: first ? `How many weights has one filter of \`${layer.name}\`? (A bias does not count.)` : `How many weights has one neuron of \`${layer.name}\`? (The bias does not count.)`,
        answer: weights,
        how: first ? "Count the numbers of its kernel: height times width times channels of the input." : "One for each of its inputs: divide its weights by its neurons.",
        because: first ? `${filterText(first)} = ${grouped(weights)}.` : `It has ${grouped(weights)} inputs.`,
      },
    };
  },
};

// The convolution whose connections are counted: the second one, where there is one.
const sparseShown = ({ convolutions }) => convolutions[1] ?? convolutions[0];

export const stationSparse = {
  title: "Sparse connections",
  say(facts) {
    const shown = sparseShown(facts);
    if (!shown) return ["A neuron of a convolution is connected only to its receptive field. In this network every neuron is connected to all inputs of its layer: the connections are dense."];
    const { layer, step, taps, kernel, input } = shown, before = countOf(shapeOf(facts, input)), after = countOf(step.shape);
    return [
      `One value of \`${layer.name}\` is connected to ${grouped(taps)} of the ${grouped(before)} numbers before it${facts.depthwise.includes(shown) ? ": it looks at one channel only" : ""}.`,
      `A dense layer would connect all with all: ${grouped(before)} × ${grouped(after)} = ${grouped(before * after)} connections.`,
      `\`${layer.name}\` has ${grouped(layer.connections)}.${Math.max(...kernel) > 1 ? " At the border there are fewer, because the padding is no input." : ""}`,
      "Few connections and shared weights are two different savings. A convolution has both.",
    ];
  },
  async pose(facts) {
    const shown = sparseShown(facts), layer = shown?.layer ?? firstDense(facts);
    const all = shown ? countOf(shapeOf(facts, shown.input)) * countOf(shown.step.shape) : layer.connections, share = 100 * layer.connections / all;
    return {
      look: { view: "parameters", label: `Look: the connections of ${layer.name}`, select: { layer: layer.name } },
      ask: {
        kind: "number",
        question: `Of all connections that a dense layer would have, how many per cent does \`${layer.name}\` have? (Two significant digits are enough.)`,
        answer: share,
        tolerance: 0.05 * share,
        how: "Divide the number in the column of connections by the one in the column “if dense”, times 100.",
        because: `${grouped(layer.connections)} of ${grouped(all)} are ${short(share)} %.`,
      },
    };
  },
};
