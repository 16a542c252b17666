// Logits → what the classifier answers: calibrated probabilities, prediction set, abstention, off-corpus score.
import { offCorpusScore } from "./off_corpus.js";

export function softmax(logits, temperature = 1) {
  const scaled = Array.from(logits, (logit) => logit / temperature), highest = Math.max(...scaled);
  const powers = scaled.map((each) => Math.exp(each - highest)), sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((each) => each / sum);
}

// made: {logits, features, maps} of the image, each {shape, data}; mirrored: of its mirror image, or null; pixels: of the
// image at the working size. `data.offCorpus` is of readOffCorpus, or null.
export function answerOf(data, made, { mirrored, pixels }) {
  const { class_names: names, temperature, abstention_threshold: threshold } = data.classifier;
  const { logits, features, maps } = mirrored ? meansOf(made, mirrored) : dataOf(made);
  const probabilities = softmax(logits, temperature), best = probabilities.indexOf(Math.max(...probabilities));
  const score = data.offCorpus ? offCorpusScore(data.offCorpus, { maps, features, pixels, size: data.graph.image_size }) : null;
  return {
    logits, probabilities, best,
    className: names[best],
    probability: probabilities[best],
    abstained: probabilities[best] < threshold,
    offCorpusScore: score,  // above 1, the image is unlike those of training; null where that is not measured
    offCorpus: score !== null && score > 1,
    milliseconds: made.milliseconds,
  };
}

const OUTPUT_NAMES = ["logits", "features", "maps"];

const dataOf = (made) => Object.fromEntries(OUTPUT_NAMES.map((name) => [name, made[name]?.data]));

// Of an image and its mirror image, in single precision.
function meansOf(made, mirrored) {
  const mean = (name) => made[name] && Float32Array.from(made[name].data, (value, place) => Math.fround(value + mirrored[name].data[place]) / 2);
  return Object.fromEntries(OUTPUT_NAMES.map((name) => [name, mean(name)]));
}

// Which classes an image may be, by place: on images like those of the corpus, that share of the sets holds the true class.
// It may be empty: then no class is probable enough. Null where the classifier has no prediction sets.
export function predictionSet({ sets }, probabilities, coverage) {
  if (!sets) return null;
  const place = sets.coverages.findIndex((each) => Math.abs(each - coverage) < 1e-9), threshold = sets.thresholds[place];
  return probabilities.flatMap((probability, each) => (probability >= threshold ? [each] : []));
}
