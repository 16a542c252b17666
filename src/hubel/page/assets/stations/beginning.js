// Stations 1 to 4: what goes in and comes out, the parameter explosion, receptive fields, images as matrices.
import { grouped, percent, short } from "../parts/numbers.js";
import { nearly } from "./answers.js";
import { counted, countOf, shapeOf, sizeText, timesText } from "./facts.js";

export const stationInput = {
  title: "Pixels go in, probabilities come out",
  ofImage: true,
  say(facts, session) {
    const { inputShape, data, classes } = facts, answer = session.answer;
    return [
      `An image of ${sizeText(inputShape.slice(0, 2))} pixels goes in. That is ${sizeText(inputShape)} = ${grouped(countOf(inputShape))} numbers: red, green and blue of each pixel.`,
      `${counted(data.layers.length, "layer")} compute with them. They hold ${grouped(data.total.parameters)} parameters: numbers that were learned from images.`,
      `Out comes one probability for each of the ${classes} classes. All of them together make 1.`,
      ...(answer ? [`For the image you see, “${answer.className}” is the most probable class, with ${percent(answer.probability)}.`] : []),
    ];
  },
  async pose(facts, { answer }) {
    const names = facts.data.classifier.class_names, ranked = [...names.keys()].sort((a, b) => answer.probabilities[b] - answer.probabilities[a]);
    const second = answer.probabilities[ranked[1]], offered = ranked.slice(1, 6).sort((a, b) => a - b);
    return {
      look: { view: "volumes", label: "Look: the network, from the image to the probabilities" },
      ask: {
        kind: "choice",
        question: "Which class has the second highest probability for this image?",
        choices: offered.map((place) => names[place]),
        right: offered.filter((place) => answer.probabilities[place] === second).map((place) => names[place]),
        how: "The classes stand below the image, the most probable one first: read the second row. On a phone, press Images to see them.",
        because: `“${names[ranked[1]]}” has ${percent(second)}.`,
      },
    };
  },
};

export const stationExplosion = {
  title: "The parameter explosion",
  say(facts) {
    const first = facts.convolutions[0], whole = "A grey image of 100 × 100 pixels and a layer of 10,000 neurons would need 10,000 × 10,000 = 100 million weights.";
    const sentences = ["In a dense layer every neuron is connected to every input, and each connection has a weight of its own.", whole];
    if (!first) return [...sentences, explosionOfDense(facts)];
    const { layer } = first, dense = layer.dense_parameters;
    return [
      ...sentences,
      `Here \`${layer.name}\` makes ${sizeText(layer.output)} = ${grouped(countOf(layer.output))} numbers from ${sizeText(shapeOf(facts, first.input))} = ${grouped(countOf(shapeOf(facts, first.input)))}.`,
      `A dense layer between the same sizes would have ${grouped(dense)} parameters. This convolution has ${grouped(layer.parameters)}, ${timesText(dense / layer.parameters)} fewer.`,
    ];
  },
  async pose(facts) {
    const layers = facts.data.layers.filter((layer) => layer.parameters > 0), most = Math.max(...layers.map((layer) => layer.parameters));
    const largest = new Set([...layers].sort((a, b) => b.parameters - a.parameters).slice(0, 4)), right = layers.filter((layer) => layer.parameters === most);
    return {
      look: { view: "parameters", label: "Look: the parameters of each layer", select: { layer: (facts.convolutions[0] ?? facts.output).layer.name } },
      ask: {
        kind: "choice",
        question: "Which layer of this network has the most parameters?",
        choices: layers.filter((layer) => largest.has(layer)).map((layer) => layer.name),
        right: right.map((layer) => layer.name),
        how: "Compare the numbers in the column of parameters, layer by layer.",
        because: `\`${right[0].name}\` has ${grouped(most)} of all ${grouped(facts.data.total.parameters)}.`,
      },
    };
  },
};

function explosionOfDense({ data, hidden, output }) {
  const { layer } = hidden[0] ?? output;
  return `This network has no convolution: \`${layer.name}\`, its first dense layer, holds ${grouped(layer.parameters)} of all ${grouped(data.total.parameters)} parameters.`;
}

const fieldsKnown = ({ convolutions }) => convolutions.filter(({ layer }) => layer.receptive_field && layer.receptive_field_start);

// The place nearest to the middle whose receptive field lies in the image whole, or null.
function placeInside({ output, receptive_field: size, receptive_field_stride: stride, receptive_field_start: start }, inputShape) {
  const found = [0, 1].map((axis) => {
    const places = Array.from({ length: output[axis] }, (_, place) => place).filter((place) => {
      const first = start[axis] + place * (stride[axis] ?? 0);
      return first >= 0 && first + size[axis] <= inputShape[axis];
    });
    return places[Math.floor(places.length / 2)];
  });
  return found.includes(undefined) ? null : found;
}

// The first convolution that sees more than the very first one, with a value whose whole receptive field can be seen.
function fieldShown(facts) {
  const known = fieldsKnown(facts), first = known[0].layer, wider = known.map(({ layer }) => layer).filter((layer) => layer.receptive_field[0] > first.receptive_field[0]);
  const layer = wider.find((each) => placeInside(each, facts.inputShape)) ?? first;
  return { layer, at: placeInside(layer, facts.inputShape) ?? layer.output.slice(0, 2).map((side) => Math.floor(side / 2)) };
}

export const stationField = {
  title: "Local receptive fields",
  say(facts) {
    const { inputShape } = facts, convolutions = fieldsKnown(facts);
    const eye = "In the eye a nerve cell sees only a small part of the image: its receptive field. Hubel and Wiesel found cells that react to a bar of light, and others that react to patterns of such bars.";
    if (!convolutions.length) return [eye, "This network has no convolution: each neuron of its first dense layer is connected to all pixels at once."];
    const first = convolutions[0].layer, last = convolutions.at(-1).layer, all = last.receptive_field.every((side, axis) => side >= inputShape[axis]);
    return [
      eye,
      `One value of \`${first.name}\` sees ${sizeText(first.receptive_field)} pixels of the image.`,
      "A value of a later layer looks at values that look at pixels, so it sees more.",
      ...(last === first ? [] : [`One value of \`${last.name}\`, the last convolution, sees ${sizeText(last.receptive_field)} pixels${all ? `: the image has only ${sizeText(inputShape.slice(0, 2))}` : ""}.`]),
    ];
  },
  async pose(facts) {
    if (!fieldsKnown(facts).length) return fieldOfDense(facts);
    const { layer, at } = fieldShown(facts), [high, wide] = layer.receptive_field;
    return {
      look: { view: "window", label: `Look: a value in the middle of ${layer.name}`, select: { layer: layer.name, channel: 0, at } },
      ask: {
        kind: "number",
        question: `How many pixels high is the receptive field of one value of \`${layer.name}\`?`,
        answer: high,
        how: "The frame on the image is what the value sees. Below it stand the first and the last row.",
        because: `It is ${high} pixels high and ${wide} wide${high > facts.inputShape[0] ? ", more than the image: the rest is padding" : ""}.`,
      },
    };
  },
};

function fieldOfDense(facts) {
  const { layer } = facts.hidden[0] ?? facts.output, pixels = countOf(facts.inputShape.slice(0, 2));
  return {
    look: { view: "window", label: `Look: a neuron of ${layer.name}`, select: { layer: layer.name, channel: 0 } },
    ask: {
      kind: "number",
      question: `How many pixels does one neuron of \`${layer.name}\` see?`,
      answer: pixels,
      how: "It is connected to all of them: height times width.",
      because: `${sizeText(facts.inputShape.slice(0, 2))} = ${grouped(pixels)}.`,
    },
  };
}

// The layer that rescales pixels, where the network begins with one.
const rescaling = ({ data, steps }) => data.layers.slice(0, 2).find((layer) => steps.get(layer.value)?.kind === "rescale" && layer.output.length === 3 && layer.output[2] === 3);

function isGrey({ pixels }) {
  for (let at = 0; at < pixels.length; at += 3) if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return false;
  return true;
}

export const stationMatrix = {
  title: "Images are matrices",
  ofImage: true,
  say(facts, { image }) {
    const { inputShape } = facts, layer = rescaling(facts);
    const { scale, offset } = layer ? facts.steps.get(layer.value).attributes : {};
    return [
      `An image is numbers. This one has ${sizeText(inputShape.slice(0, 2))} = ${grouped(countOf(inputShape.slice(0, 2)))} pixels, and in each of them red, green and blue from 0 (dark) to 255 (bright).`,
      "So it is three matrices, one for each colour. A layer calls them channels.",
      ...(image && isGrey(image) ? ["The image you see is grey: its three matrices are equal."] : []),
      ...(layer ? [`\`${layer.name}\` brings the numbers near 0, where training works best: it makes ${short(offset[0])} of 0 and ${short(255 * scale[0] + offset[0])} of 255${scale.length > 1 ? " in the red matrix" : ""}.`] : []),
    ];
  },
  async pose(facts, session) {
    const layer = rescaling(facts);
    if (!layer) return matrixCounted(facts);
    const { pixels } = session.image, [row, column] = middlingRed(pixels, facts.inputShape[1]), place = (row * facts.inputShape[1] + column) * 3;
    const number = (await session.layerValue(layer.name)).data[place];
    return {
      look: { view: "window", label: `Look: a pixel in ${layer.name}`, select: { layer: layer.name, channel: 0, at: [row, column] } },
      ask: {
        kind: "number",
        question: `Which number does \`${layer.name}\` make of red in row ${row}, column ${column}? (Rows and columns are counted from 0.)`,
        answer: number,
        tolerance: nearly(number),
        how: "Map 0 is that of red. Read what comes out at that place.",
        because: `Red is ${pixels[place]} there, and ${short(number)} comes out.`,
      },
    };
  },
};

// Neither black nor white, where there is such a pixel.
function middlingRed(pixels, width) {
  let best = 0;
  for (let at = 0; at < pixels.length; at += 3) if (Math.abs(pixels[at] - 100) < Math.abs(pixels[best] - 100)) best = at;
  return [Math.floor(best / 3 / width), (best / 3) % width];
}

function matrixCounted({ inputShape, data }) {
  return {
    look: { view: "maps", label: "Look: the first layer", select: { layer: data.layers[0].name } },
    ask: {
      kind: "number",
      question: "How many numbers is the image made of, in all three matrices?",
      answer: countOf(inputShape),
      how: "Height times width times three.",
      because: `${sizeText(inputShape)} = ${grouped(countOf(inputShape))}.`,
    },
  };
}
