// Stations 6, 10 and 13: what deeper layers respond to, small kernels, the architecture.
import { grouped, short } from "../parts/numbers.js";
import { choicesOf } from "./answers.js";
import { counted, countOf, listed, often, peaks, sizeText } from "./facts.js";

// The last layer of maps with its activation, or the first list of neurons.
function responseShown(facts) {
  const { activated, convolutions, hidden, output } = facts;
  if (convolutions.length) return (activated.at(-1) ?? convolutions.at(-1)).layer;
  return (hidden[0] ?? output).layer;
}

export const stationResponse = {
  title: "From pixels to objects",
  ofImage: true,
  say(facts) {
    const shown = responseShown(facts), { convolutions, inputShape } = facts;
    if (!convolutions.length) return [`The neurons of \`${shown.name}\` see all pixels at once. There is no way from small patterns to larger ones in this network, as there is in a convolutional one.`];
    const first = convolutions[0].layer, last = convolutions.at(-1).layer, known = first.receptive_field && last.receptive_field;
    return [
      ...(known ? [`Early layers zoom in: \`${first.name}\` sees ${sizeText(first.receptive_field)} pixels, enough for an edge or a spot.`] : []),
      "Each later layer puts together what the layers before it have found: edges to lines and corners, these to parts, and parts to objects.",
      ...(known ? [`\`${last.name}\`, the last convolution, sees ${sizeText(last.receptive_field)} pixels${last.receptive_field[0] >= inputShape[0] ? ", as much as the whole image or more" : ""}.`] : []),
      `A map of \`${shown.name}\` is bright where its pattern is. Try other images, and see which maps light up.`,
    ];
  },
  async pose(facts, session) {
    const layer = responseShown(facts), made = peaks(await session.layerValue(layer.name)), most = Math.max(...made), best = made.indexOf(most);
    const word = facts.convolutions.length ? "map" : "neuron", answers = [...made.keys()].filter((channel) => made[channel] === most);
    return {
      look: { view: "maps", label: `Look: the ${word}s of ${layer.name}`, select: { layer: layer.name } },
      ask: {
        kind: "number",
        question: `Which ${word} of \`${layer.name}\` holds the largest number for this image? (They are counted from 0.)`,
        answers,
        answer: best,
        how: word === "map" ? "Choose the order “highest value first”. The first map is the one." : "Look for the largest number among them.",
        because: `${word === "map" ? "Map" : "Neuron"} ${best} reaches ${short(most)}${answers.length > 1 ? `, and so ${answers.length === 2 ? "does 1 other" : `do ${answers.length - 1} others`}` : ""}.`,
      },
    };
  },
};

// Two convolutions of one odd kernel size, stride 1, the second of which has the first one's output for its input, nearly.
function stackOf({ convolutions, data }) {
  const spatial = convolutions.filter(({ kernel }) => Math.max(...kernel) > 1);
  for (let at = 1; at < spatial.length; at++) {
    const [one, two] = [spatial[at - 1], spatial[at]], apart = data.layers.indexOf(two.layer) - data.layers.indexOf(one.layer);
    const alike = sizeText(one.kernel) === sizeText(two.kernel) && one.kernel[0] === one.kernel[1] && one.step.kind === "convolution" && two.step.kind === "convolution";
    if (alike && apart <= 3 && Math.max(...one.stride, ...two.stride) === 1 && sizeText(one.step.shape) === sizeText(two.step.shape)) return [one, two];
  }
  return null;
}

export const stationKernels = {
  title: "Small kernels, stacked",
  say(facts) {
    const { convolutions, depthwise } = facts, stack = stackOf(facts);
    const general = "Two kernels of 3 × 3, one after the other, see 5 × 5 pixels, and four see 9 × 9. The stack needs fewer weights than the one large kernel, and there is room for an activation in between.";
    if (!convolutions.length) return ["This network has no kernels: it is dense.", general];
    const sentences = ["The size of a kernel is the width and height of what it sees.", general];
    if (stack) {
      const side = stack[0].kernel[0], wide = 2 * side - 1;
      sentences.push(`Here \`${stack[0].layer.name}\` and \`${stack[1].layer.name}\` are such a stack: two of ${side} × ${side} in place of one of ${wide} × ${wide}. For each pair of channels that takes ${2 * side * side} weights in place of ${wide * wide}.`);
    }
    if (depthwise.length) sentences.push(`This network saves more: in ${counted(depthwise.length, "depthwise layer")} each channel has a kernel for itself alone. ${convolutions.some(({ taps, channels }) => taps === channels && channels > 1) ? "Kernels of 1 × 1" : "Dense layers at each place"} then mix the channels.`);
    return sentences;
  },
  async pose(facts) {
    const shown = facts.convolutions.findLast(({ kernel }) => Math.max(...kernel) > 1) ?? facts.convolutions.at(-1);
    if (!shown) return stackCounted();
    const size = sizeText(shown.kernel), { name } = shown.layer;
    return {
      look: { view: "filters", label: `Look: the filters of ${name}`, select: { layer: name, channel: 0 } },
      ask: {
        kind: "choice",
        question: `How large are the kernels of \`${name}\`?`,
        choices: choicesOf([size, "1 × 1", "3 × 3", "5 × 5", "7 × 7"]).sort((a, b) => parseInt(a) - parseInt(b)),
        right: [size],
        how: "Count the numbers of one filter for one channel: its rows and its columns.",
        because: `They are ${size}. In the whole network there are ${kernelsCounted(facts)}.`,
      },
    };
  },
};

// "11 convolutions of 1 × 1 and 13 of 3 × 3".
function kernelsCounted({ convolutions }) {
  const sizes = convolutions.map(({ kernel }) => sizeText(kernel)), count = (size) => sizes.filter((each) => each === size).length;
  return listed(choicesOf(sizes).map((size, place) => `${place ? count(size) : counted(count(size), "convolution")} of ${size}`));
}

const stackCounted = () => ({
  look: null,
  ask: {
    kind: "number", question: "How many kernels of 3 × 3, one after the other, see 7 × 7 pixels?", answer: 3,
    how: "The first sees 3 × 3. Each further one adds a pixel on every side.", because: "3, then 5, then 7: three kernels.",
  },
});

export const stationArchitecture = {
  title: "The architecture",
  say(facts) {
    const { convolutions, pools, strided, maps, activations, inputShape } = facts;
    if (!convolutions.length) return [`No convolution and no pooling here: the ${grouped(countOf(inputShape))} numbers of the image go straight into dense layers.`, ...architectureEnd(facts)];
    const last = convolutions.at(-1).step.shape, smaller = last[0] < inputShape[0], deeper = last[2] > inputShape[2];
    const shrinking = [...(pools.length ? [counted(pools.length, "pooling layer")] : []), ...(strided.length ? [`${counted(strided.length, "convolution")} with a stride above 1`] : [])];
    return [
      `The network has ${counted(convolutions.length, "convolution")} on maps${activations.length ? `, and ${listed(activations)} for activation` : ""}. ${shrinking.length ? `Maps are made smaller by ${listed(shrinking)}.` : "Nothing in it pools or strides."}`,
      `The image has ${sizeText(inputShape)} numbers, and the last convolution makes ${sizeText(last)}${smaller && deeper ? ": smaller and deeper" : ""}. Each of its ${maps.length} layers of maps makes images again, for the next layer.`,
      ...architectureExtras(facts),
      ...architectureEnd(facts),
    ];
  },
  async pose(facts) {
    const shown = facts.convolutions.at(-1);
    if (!shown) return layersCounted(facts);
    return {
      look: { view: "volumes", label: "Look: the network as a row of volumes", select: { layer: shown.layer.name } },
      ask: {
        kind: "number",
        question: `How many pixels high are the maps of \`${shown.layer.name}\`, the last convolution?`,
        answer: shown.layer.output[0],
        how: "The size stands below each volume: height, width, and number of maps.",
        because: `It makes ${sizeText(shown.layer.output)}.`,
      },
    };
  },
};

function architectureExtras({ normalised, sums, gates }) {
  return [
    ...(normalised ? [`Batch normalisation, ${often(normalised)} here, moves and scales each map so that its numbers stay in a usual range.`] : []),
    ...(sums ? [`Residual connections: ${often(sums)} the input of a block is added to its output. Such a block has to learn only what to change.`] : []),
    ...(gates ? [`Gates: ${often(gates)} maps are multiplied by numbers that were made from a summary of them, which makes some stronger and some weaker.`] : []),
  ];
}

function architectureEnd({ hidden, output, wholePools, classes }) {
  const before = hidden.length
    ? `Then ${hidden.length === 1 ? "comes" : "come"} ${counted(hidden.length, "dense layer")} of ${listed(hidden.map(({ layer }) => String(layer.output.at(-1))))} neurons.`
    : wholePools.length ? `No hidden dense layer follows: of each map only its ${listed(choicesOf(wholePools.map(({ keeps }) => keeps)))} goes on.` : "No hidden dense layer follows.";
  return [`${before} ${output ? `\`${output.layer.name}\`` : "The last layer"} makes one number for each of the ${classes} classes, a logit. Softmax turns logits into probabilities.`];
}

function layersCounted({ hidden, output }) {
  const layers = [...hidden, ...(output ? [output] : [])];
  return {
    look: { view: "volumes", label: "Look: the network", select: { layer: layers[0].layer.name } },
    ask: {
      kind: "number", question: "How many dense layers does this network have, with the one that makes the logits?", answer: layers.length,
      how: "Count the layers of the kind Dense.", because: `${listed(layers.map(({ layer }) => `\`${layer.name}\``))}.`,
    },
  };
}
