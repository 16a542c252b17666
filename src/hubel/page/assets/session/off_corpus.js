// How unlike the training images an image is; above 1, its name means little. What is measured, and why, stands in
// src/hubel/classifier/off_corpus.py: distances from the training images, of the network's maps at several depths, of how
// the pixels look, and of what enters the last layer.
import { readTensors } from "../engine/tensors.js";
import { describePixels } from "./statistics.js";

const ROOT_FROM = 1e-4;

// The score of a classifier, of the page's document and its weights; null where it has none.
export function readOffCorpus({ off_corpus: described, tensors: index }, bytes) {
  if (!described) return null;
  const own = Object.entries(index).filter(([name]) => name.startsWith("off_corpus."));
  const tensors = readTensors(Object.fromEntries(own), bytes);
  const partOf = (prefix, { typical, power }) => {
    const part = { typical, power };
    for (const name of ["mean", "scale", "projection", "centres"]) part[name] = tensors.get(`off_corpus.${prefix}${name}`) ?? null;
    return part;
  };
  const { limit, ...parts } = described, names = Object.keys(parts);
  if (!names.length) return { limit: 1, last: partOf("", { typical: limit, power: 1 }) };  // of an artefact of format 2
  return { limit, ...Object.fromEntries(names.map((name) => [name, partOf(`${name}.`, parts[name])])) };
}

// looks: {maps, features: numbers, pixels: Uint8Array, size: [height, width]} of an image at the working size.
export function offCorpusScore({ limit, maps, pixels, last }, looks) {
  const found = [];
  if (pixels) found.push(distanceOf(pixels, describePixels(looks.pixels, looks.size)));
  if (maps) found.push(distanceOf(maps, Array.from(looks.maps, signedRoot)));
  if (last) found.push(nearestClass(last, looks.features));
  return Math.max(...found) / limit;
}

// A few large activations count less, many small ones more.
const signedRoot = (value) => Math.sign(value) * (Math.sqrt(Math.abs(value) + ROOT_FROM) - Math.sqrt(ROOT_FROM));

const sumOfSquares = (values) => values.reduce((sum, value) => sum + value * value, 0);

// From the mean of the training images, in units of how they scatter in each direction.
function distanceOf({ mean, scale, projection, typical, power }, values) {
  const scaled = Float64Array.from(mean.data, (each, channel) => (values[channel] - each) / scale.data[channel]);
  const squares = sumOfSquares(scaled) - sumOfSquares(projected(scaled, projection));
  return (Math.sqrt(Math.max(squares, 0)) / typical) ** power;
}

// To the nearest of the classes' means.
function nearestClass({ mean, projection, centres, typical, power }, features) {
  const places = projected(Float64Array.from(mean.data, (each, channel) => features[channel] - each), projection);
  const [classes, directions] = centres.shape;
  let least = Infinity;
  for (let each = 0; each < classes; each++) {
    let squares = 0;
    for (let at = 0; at < directions; at++) squares += (places[at] - centres.data[each * directions + at]) ** 2;
    least = Math.min(least, squares);
  }
  return (Math.sqrt(least) / typical) ** power;
}

// values [channels] · matrix [channels, directions].
function projected(values, { shape: [channels, directions], data }) {
  const made = new Float64Array(directions);
  for (let channel = 0; channel < channels; channel++) {
    for (let at = 0; at < directions; at++) made[at] += values[channel] * data[channel * directions + at];
  }
  return made;
}
