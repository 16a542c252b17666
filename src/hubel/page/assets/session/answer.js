// Logits → what the classifier answers: calibrated probabilities, prediction set, abstention, off-corpus score.

export function softmax(logits, temperature = 1) {
  const scaled = Array.from(logits, (logit) => logit / temperature), highest = Math.max(...scaled);
  const powers = scaled.map((each) => Math.exp(each - highest)), sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((each) => each / sum);
}

// made: {logits, features, maps} of the image, each {shape, data}; mirrored: of its mirror image, or null.
export function answerOf(data, made, { mirrored }) {
  const { class_names: names, temperature, abstention_threshold: threshold } = data.classifier;
  const own = made.logits.data;
  const logits = mirrored ? Float32Array.from(own, (logit, place) => Math.fround(logit + mirrored.logits.data[place]) / 2) : own;
  const probabilities = softmax(logits, temperature);
  const best = probabilities.indexOf(Math.max(...probabilities));
  return {
    logits, probabilities, best,
    className: names[best],
    probability: probabilities[best],
    abstained: probabilities[best] < threshold,
    milliseconds: made.milliseconds,
  };
}
