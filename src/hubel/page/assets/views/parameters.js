// How many weights each layer has, beside the dense layer that would do its work.
import { nameOf } from "../parts/names.js";
import { make } from "../parts/dom.js";
import { grouped } from "../parts/numbers.js";
import { inWords, largeNumber } from "../shell/header.js";

// Rows of the table: layers with weights.
export function weightRows(layers) {
  return layers.filter((layer) => layer.parameters > 0 || layer.dense_parameters).map((layer) => ({
    name: layer.name, kind: layer.kind, output: layer.output, parameters: layer.parameters, dense: layer.dense_parameters, macs: layer.macs, connections: layer.connections,
    shared: layer.connections && layer.parameters ? layer.connections / layer.parameters : null,
  }));
}

// Share of a bar's length for a number, from 1 to the largest, by the logarithm.
export const logShare = (count, most) => (count >= 1 && most > 1 ? Math.max(0.004, Math.log10(count) / Math.log10(most)) : 0);

// "32 times", "3.2 times".
export function timesWords(ratio) {
  return `${ratio >= 100 ? grouped(Math.round(ratio)) : Number(ratio.toPrecision(2))} times`;
}

export const parameters = {
  id: "parameters",
  title: "Parameters",
  about: "Why convolutions: the weights of each layer, beside those of the dense layer that would map the same input to as many outputs.",
  make(root, session) {
    const { data } = session, rows = weightRows(data.layers), most = Math.max(10, ...rows.flatMap((row) => [row.parameters, row.dense ?? 0]));
    root.append(parametersHeadline(data), parametersLegend(most), parametersTable(rows, most), parametersMemory(data));
  },
};

function parametersHeadline({ total, layers }) {
  const ratio = total.dense_parameters / total.parameters;
  const compared = ratio >= 1.05 ? [`Dense layers in their place would need `, make("strong", { text: inWords(total.dense_parameters) }), `, ${timesWords(ratio)} as many.`] : ["Its layers are dense already."];
  const convolutions = layers.filter((layer) => layer.kernel && layer.parameters).length;
  return make("div.headline", {},
    make("p.big", { text: grouped(total.parameters) }), make("p", {}, `weights and biases in ${layers.length} layers, ${convolutions} of them with a kernel. `, ...compared),
    make("p.muted", { text: "A kernel is small, and the same at every place of its map: each weight is shared by all of them. A dense layer has a weight of its own for each pair of an input and an output." }));
}

function parametersLegend(most) {
  return make("p.legend-line", {}, make("span.key-own"), "this network ", make("span.key-dense"), "the dense layer in its place ", make("span.muted", { text: ` Bars by the logarithm: from 1 to ${largeNumber(most)}; a bar twice as long is the square.` }));
}

function parametersTable(rows, most) {
  const bar = (kind, count) => {
    const line = make(`span.log-bar.${kind}`);
    line.style.setProperty("--share", logShare(count ?? 0, most));
    return line;
  };
  const cell = (name, text) => make(`td.number${text ? "" : ".none"}`, { text: text || "–", "data-name": name });
  const line = (row) => make("tr", {},
    make("th", { scope: "row" }, nameOf(row.name), make("span.what", { text: `${row.kind}, ${row.output.join(" × ")}` })),
    make("td.bars", {}, bar("own", row.parameters), bar("dense", row.dense)),
    cell("parameters", grouped(row.parameters)),
    cell("if dense", row.dense && largeNumber(row.dense)),
    cell("MACs", row.macs && largeNumber(row.macs)),
    cell("connections", row.connections && largeNumber(row.connections)),
    cell("each weight used", row.shared > 1.005 && `${grouped(Math.round(row.shared))} ×`));
  const head = [["layer"], ["", "bars"], ["parameters", "number"], ["if dense", "number"], ["MACs", "number"], ["connections", "number"], ["each weight used", "number"]];
  return make("div.scroll", { tabindex: "0", role: "group", "aria-label": "Weights of each layer" }, make("table.parameters", {},
    make("thead", {}, make("tr", {}, ...head.map(([text, kind]) => (text ? make(`th${kind ? `.${kind}` : ""}`, { scope: "col", text }) : make("td.bars"))))),
    make("tbody", {}, ...rows.map(line))));
}

function parametersMemory({ layers, total }) {
  const bytes = total.activation_bytes, largest = layers.reduce((best, layer) => (parametersCount(layer) > parametersCount(best) ? layer : best));
  return make("p.small-print", {}, `The numbers in between take memory too: ${inWords(bytes / 4)} of them for one image, ${parametersBytes(bytes)} as float32, against ${parametersBytes(4 * total.parameters)} of weights. The most, ${inWords(parametersCount(largest))}, are made by `, nameOf(largest.name), ".");
}

const parametersCount = ({ output }) => output.reduce((product, side) => product * side, 1);

function parametersBytes(bytes) {
  const [size, unit] = bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  return `${Number((bytes / size).toPrecision(3))} ${unit}`;
}
