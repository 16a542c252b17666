// Stations 11 and 12: pooling, and what it is good for.
import { short } from "../parts/numbers.js";
import { movedPixels } from "../views/paint_changes.js";
import { nearly } from "./answers.js";
import { counted, countOf, listed, shapeOf, sizeText, strongest, timesText } from "./facts.js";

export const stationPooling = {
  title: "Pooling",
  ofImage: true,
  say(facts) {
    const pool = facts.pools[0];
    if (!pool) return poolingInstead(facts);
    const { layer, step, keeps } = pool, before = shapeOf(facts, step.inputs[0]);
    return [
      `\`${layer.name}\` makes maps smaller. Each window of ${sizeText(step.attributes.window)} numbers becomes one number: the ${keeps} of them.`,
      `The window moves ${step.attributes.strides[0]} pixels at a time, so ${sizeText(before)} becomes ${sizeText(step.shape)}.`,
      `Each map is pooled on its own: there are ${before[2]} before and ${step.shape[2]} behind it.`,
      "There is nothing to learn in it, no weights and no biases.",
    ];
  },
  async pose(facts, session) {
    const shown = facts.pools[0] ?? facts.wholePools[0];
    if (!shown) return poolingMissed(facts);
    const value = await session.layerValue(shown.layer.name), { place, channel, number } = strongest(value), whole = !facts.pools.length;
    return {
      look: { view: "window", label: `Look: a window of ${shown.layer.name}`, select: { layer: shown.layer.name, channel, at: place } },
      ask: {
        kind: "number",
        question: whole ? `Which number does \`${shown.layer.name}\` make of map ${channel}? (Maps are counted from 0.)` : `Which number does \`${shown.layer.name}\` make in row ${place[0]}, column ${place[1]} of map ${channel}? (All are counted from 0.)`,
        answer: number,
        tolerance: nearly(number),
        how: `Look at the numbers ${whole ? "of the map" : "in the window"}: it is the ${shown.keeps} of them.`,
        because: `The ${shown.keeps} is ${short(number)}.`,
      },
    };
  },
};

// What shrinks maps in a network that has no pooling windows.
function poolingInstead(facts) {
  const { strided, wholePools, convolutions } = facts;
  if (!convolutions.length) return ["Pooling keeps one number of each small window of a map, such as the largest. This network has no maps, so there is nothing to pool."];
  return [
    "Pooling keeps one number of each small window of a map, such as the largest. This network has no such layers between its convolutions.",
    ...(strided.length ? [`${counted(strided.length, "convolution")} with a stride above 1 ${strided.length === 1 ? "does" : "do"} their work: \`${strided[0].layer.name}\` moves ${strided[0].stride[0]} pixels at a time, and makes ${sizeText(strided[0].step.shape)} of ${sizeText(shapeOf(facts, strided[0].input))}.`] : []),
    ...(wholePools.length ? [`Whole maps are pooled at the end: of a map of ${sizeText(shapeOf(facts, wholePools[0].step.inputs[0]).slice(0, 2))}, \`${wholePools[0].layer.name}\` keeps the ${wholePools[0].keeps}.`] : []),
    "Pooling has no weights and no biases. There is nothing to learn in it.",
  ];
}

function poolingMissed(facts) {
  const shown = facts.strided[0] ?? facts.convolutions.at(-1);
  const layer = shown?.layer ?? facts.output.layer, map = Boolean(shown);
  return {
    look: { view: "volumes", label: `Look: ${layer.name}`, select: { layer: layer.name } },
    ask: {
      kind: "number",
      question: map ? `How many pixels high are the maps of \`${layer.name}\`?` : `How many numbers does \`${layer.name}\` make?`,
      answer: map ? layer.output[0] : layer.output.at(-1),
      how: "The size stands with the layer.",
      because: `It makes ${sizeText(layer.output)}.`,
    },
  };
}

export const stationWhyPool = {
  title: "Why make maps smaller?",
  ofImage: true,
  say(facts) {
    const pool = facts.pools[0] ?? facts.strided[0];
    if (!pool) return ["Smaller maps take less memory, leave less to learn by heart, and let the place of a pattern matter less. This network makes no map smaller: see what a small move of the image does to its answer."];
    const before = shapeOf(facts, pool.step.inputs[0]).slice(0, 2), after = pool.step.shape.slice(0, 2), factor = countOf(before) / countOf(after);
    return [
      `Behind \`${pool.layer.name}\` a map has ${countOf(after).toLocaleString("en")} numbers in place of ${countOf(before).toLocaleString("en")}, ${timesText(factor)} fewer. That saves memory in training.`,
      ...(facts.hidden.length ? [`A dense layer behind smaller maps has fewer weights, so there is less room to learn the training images by heart.`] : []),
      "And a pattern may move a little inside a window, and the pooled number stays nearly the same. So the answer should depend less on where things are.",
      "That is the theory. Each of the three can be measured, and on small images not all of them show.",
    ];
  },
  async pose(facts, session) {
    const distance = moveShown(facts), original = session.image.original ?? session.image;
    const moved = { ...original, pixels: movedPixels(original.pixels, facts.inputShape, { down: 0, right: distance }) };
    const before = await session.answerTo(original), stays = (await session.answerTo(moved)).best === before.best;
    return {
      look: { view: "paint", label: "Look: change the image" },
      ask: {
        kind: "choice",
        question: `Move the image to the right by ${counted(distance, "pixel")}. Does the network still answer “${before.className}”?`,
        choices: ["Yes", "No"],
        right: [stays ? "Yes" : "No"],
        how: `Go back to the original, set “Move right” to ${distance}, and read the answer.`,
        because: stays ? "The most probable class stays the same." : "Another class becomes the most probable one.",
      },
    };
  },
};

// A sixteenth of the width, at least a pixel.
const moveShown = ({ inputShape }) => Math.max(1, Math.round(inputShape[1] / 16));
