// Stations 14 and 15: convolutional or dense, and a plain Keras model.
import { grouped, percent } from "../parts/numbers.js";
import { counted, listed, timesText } from "./facts.js";

export const stationDense = {
  title: "Convolutional or dense?",
  say({ data, convolutions }) {
    const { parameters, dense_parameters: dense } = data.total, run = data.run;
    return [
      "Convolutional networks reach similar or better accuracy than dense ones, with far fewer parameters: that is the claim.",
      `This network has ${grouped(parameters)} parameters. ${convolutions.length ? `With dense layers between the same sizes it would have ${grouped(dense)}.` : "It is a dense network, so the comparison begins with it: what would a convolutional one need?"}`,
      ...(run?.accuracy ? [`It is right on ${percent(run.accuracy)} of its test images${run.accuracy_interval ? ` (95 % interval: ${listed(run.accuracy_interval.map(percent))})` : ""}.`] : []),
      "Whether a dense network is as good on these images is a question for a measurement: `hubel compare` trains both on the same images.",
    ];
  },
  async pose(facts) {
    const { parameters, dense_parameters: dense } = facts.data.total, factor = dense / parameters;
    return {
      look: { view: "parameters", label: "Look: parameters, and dense layers instead", select: { layer: (facts.convolutions[0] ?? facts.output).layer.name } },
      ask: {
        kind: "number",
        question: "How many times as many parameters would dense layers need, all in all?",
        answer: factor,
        tolerance: Math.max(0.5, factor * 0.03),
        how: "The number stands above the list: dense layers in place of this network's.",
        because: `${grouped(dense)} / ${grouped(parameters)} is ${timesText(factor).replace(" times", "")}.`,
      },
    };
  },
};

export const stationKeras = {
  title: "A plain Keras model",
  say({ data }) {
    const kinds = new Set(data.layers.map((layer) => layer.kind));
    return [
      `What you have looked at is a Keras model: ${counted(data.layers.length, "layer")} of ${counted(kinds.size, "kind")}.`,
      "In Python, `hubel.load(\"RUN\").model` gives it, and `hubel export RUN --format keras` writes it to a file that Keras opens.",
      "This page computes the same numbers in JavaScript, in your browser: nothing is sent anywhere.",
    ];
  },
  async pose({ data, convolutions, output }) {
    const kinds = data.layers.map((layer) => layer.kind), weighty = [...convolutions, ...(output ? [output] : [])].map(({ layer }) => layer.kind);
    const kind = weighty.reduce((most, each) => (countKind(kinds, each) > countKind(kinds, most) ? each : most), weighty[0] ?? kinds[0]), count = countKind(kinds, kind);
    return {
      look: { view: "parameters", label: "Look: all layers" },
      ask: {
        kind: "number",
        question: `How many layers of the kind \`${kind}\` does the network have?`,
        answer: count,
        how: "The kind stands below the name of each layer: go through the list and count.",
        because: `It has ${count}.`,
      },
    };
  },
};

const countKind = (kinds, kind) => kinds.filter((each) => each === kind).length;
