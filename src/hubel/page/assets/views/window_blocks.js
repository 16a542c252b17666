// How one step makes one value, as a block of the page: one drawing for each form that a worked value has.
import { make } from "../parts/dom.js";
import { placeOf, sumsNumber } from "./window_sums.js";
import { FramedMap, MOST_ACROSS, barList, curveWith, largestSize, numberGrid, numberTag, signedBar } from "./window_parts.js";

const CHANNELS_DRAWN = 3;
const BLOCK_COLOURS = ["red", "green", "blue"];

// What an input's channel is called.
export const channelName = (channel, ofImage) => (ofImage ? BLOCK_COLOURS[channel] : `channel ${channel}`);

// given: {worked, inputs: [{name, shape, go: index → …, or null for the image}], ofImage, unitName, memory: what was chosen here, playing, redraw, edit}; gives elements.
export function drawForm(given) {
  return BLOCK_FORMS[given.worked.form](given);
}

const placeSaid = ({ rows, columns }) => (tap) => `row ${rows[Math.floor(tap / columns.length)]}, column ${columns[tap % columns.length]}`;

// The window: input × kernel = products, for some of the channels; the sums of all of them.
function windowForm(given) {
  const { worked, memory, playing } = given, many = worked.parts.length > CHANNELS_DRAWN;
  const order = worked.parts.map((_, which) => which).sort((a, b) => Math.abs(worked.parts[b].sum) - Math.abs(worked.parts[a].sum));
  if (!many) memory.drawn = worked.parts.map((_, which) => which);
  else if (!memory.chosen && !(playing && memory.drawn)) memory.drawn = order.slice(0, CHANNELS_DRAWN);
  const chosen = memory.drawn.map((which) => worked.parts[which]);
  const scales = { values: largestSize(chosen.flatMap((part) => part.values)), kernel: largestSize(worked.parts.flatMap((part) => part.kernel)), products: largestSize(worked.parts.flatMap((part) => part.products)) };
  const rows = chosen.map((part) => productRow(part, given, scales));
  return [...rows, many ? channelList(order, given) : null, sumLine(given)];
}

function productRow(part, { worked, inputs, ofImage, edit }, scales) {
  const wide = worked.columns.length, said = placeSaid(worked), [input] = inputs, name = channelName(part.channel, ofImage);
  const title = worked.parts.length === 1 && edit ? "window" : `input, ${name}`;
  const pick = input.go ? (tap) => input.go([worked.rows[Math.floor(tap / wide)], worked.columns[tap % wide], part.channel]) : null;
  if (wide > MOST_ACROSS) return make("div.window-row", {}, plainMap(part.values, wide, title, pick), blockSign("×"), plainMap(part.kernel, wide, "kernel"), blockSign("="), plainMap(part.products, wide, "products"), partSum(part));
  return make("div.window-row", {},
    numberGrid({ title, values: part.values, columns: wide, inside: worked.inside, largest: scales.values, label: (tap) => `${name}, ${said(tap)}`, pick, edit: edit && ((tap, field) => edit("pixel", { tap, channel: part.channel, field })) }), blockSign("×"),
    numberGrid({ title: "kernel", values: part.kernel, columns: wide, largest: scales.kernel, label: (tap) => `weight of ${said(tap)}`, edit: edit && ((tap, field) => edit("kernel", { tap, field })) }), blockSign("="),
    numberGrid({ title: "products", values: part.products, columns: wide, inside: worked.inside, largest: scales.products, label: (tap) => `product at ${said(tap)}` }), partSum(part));
}

const blockSign = (text) => make("span.window-sign", { text, "aria-hidden": "true" });

const partSum = (part) => make("p.window-sum", {}, "sum ", numberTag(part.sum, { label: "sum of the products" }));

// A window too wide for numbers; pick: (place) → … of what is clicked.
function plainMap(values, columns, title, pick = null) {
  const map = new FramedMap({ label: title }), most = largestSize(values);
  map.draw({ shape: [values.length / columns, columns, 1], data: values }, { channel: 0, scale: { least: -most, most } });
  map.say(`${title}, ${values.length / columns} × ${columns}: up to ${sumsNumber(most)}`);
  if (pick) {
    map.field.classList.add("held");
    map.field.addEventListener("click", ({ offsetX, offsetY }) => {
      const row = Math.floor(offsetY / map.canvas.clientHeight * map.canvas.height), column = Math.floor(offsetX / map.canvas.clientWidth * columns);
      pick(Math.min(values.length - 1, row * columns + Math.min(column, columns - 1)));
    });
  }
  return map.figure;
}

function channelList(order, { worked, ofImage, memory, redraw }) {
  return barList({
    title: `Sums of all ${order.length} channels, the largest first; choose those that are drawn`,
    entries: order.map((which) => ({
      label: channelName(worked.parts[which].channel, ofImage), value: worked.parts[which].sum, text: singleProduct(worked.parts[which]), pressed: memory.drawn.includes(which),
      pick: () => {
        memory.chosen = true;
        memory.drawn = [which, ...memory.drawn.filter((each) => each !== which)].slice(0, CHANNELS_DRAWN);
        redraw();
      },
    })),
  });
}

const singleProduct = ({ values, kernel }) => (values.length === 1 ? ` ${sumsNumber(values[0])} × ${sumsNumber(kernel[0])}` : "");

// The sums, the bias, and the value.
function sumLine({ worked }) {
  const few = worked.parts.length <= CHANNELS_DRAWN, pieces = [];
  if (worked.parts.length === 1 && worked.bias === undefined) pieces.push("value");
  else if (few) worked.parts.forEach((part, which) => pieces.push(which ? " + " : "", numberTag(part.sum, { label: "sum of the products" })));
  else pieces.push("all channels ", numberTag(worked.total, { label: "all channels together" }));
  if (worked.bias !== undefined) pieces.push(" + bias ", numberTag(worked.bias, { label: "bias" }));
  return make("p.window-total", {}, ...pieces, " = ", make("strong", {}, numberTag(worked.value, { label: "value" })));
}

// A weighted sum of everything: the largest contributions first, and where they lie.
function weightedForm({ worked, inputs: [input], unitName }) {
  const order = worked.products.map((_, place) => place).sort((a, b) => Math.abs(worked.products[b]) - Math.abs(worked.products[a]));
  const from = input.flat ?? { shape: input.shape, go: input.go };
  const entries = order.map((place) => ({
    label: inputName(place + (input.flat ? 0 : worked.from), from.shape, unitName(input.name)), value: worked.products[place],
    text: ` ${sumsNumber(worked.values[place])} × ${sumsNumber(worked.weights[place])}`,
    pick: from.go && (() => from.go(placeOf(from.shape, place + (input.flat ? 0 : worked.from)))),
  }));
  const parts = [barList({ title: `The ${order.length} products, the largest first`, entries })];
  if (from.shape.length === 3 && from.shape[0] * from.shape[1] > 1 && input.flat) parts.push(positionsMap(worked.products, from));
  const bias = worked.bias === undefined ? [] : [" + bias ", numberTag(worked.bias, { label: "bias" })];
  return [make("div.window-row.top", {}, ...parts), make("p.window-total", {}, "all products ", numberTag(worked.total, { label: "sum of the products" }), ...bias, " = ", make("strong", {}, numberTag(worked.value, { label: "value" })))];
}

function inputName(place, shape, name) {
  const index = placeOf(shape, place);
  return index.length === 3 && shape[0] * shape[1] > 1 ? `row ${index[0]}, column ${index[1]}, channel ${index[2]}` : name(index.at(-1));
}

// What each position adds, all of its channels together.
function positionsMap(products, { shape: [height, width, channels], go }) {
  const sums = new Float64Array(height * width);
  products.forEach((product, place) => { sums[Math.floor(place / channels)] += product; });
  const strongest = (place) => {
    const own = products.slice(place * channels, (place + 1) * channels).map(Math.abs);
    return own.indexOf(Math.max(...own));
  };
  const title = "What each position adds, its channels together", values = Array.from(sums);
  const pick = go && ((place) => go([Math.floor(place / width), place % width, strongest(place)]));
  if (width > MOST_ACROSS) return plainMap(values, width, title, pick);
  return numberGrid({ title, values, columns: width, pick, label: (place) => `row ${Math.floor(place / width)}, column ${place % width}` });
}

// Pooling: the numbers of the window; the largest is marked.
function poolForm({ worked, inputs: [input] }) {
  const wide = worked.columns.length, said = placeSaid(worked), title = `${worked.values.length > 1 ? "the window" : "the value"}, channel ${worked.channel}`;
  const go = input.go && ((tap) => input.go(input.shape.length === 3 ? [worked.rows[Math.floor(tap / wide)], worked.columns[tap % wide], worked.channel] : [worked.channel]));
  const drawn = wide > MOST_ACROSS ? plainMap(worked.values, wide, title, go) : numberGrid({ title, values: worked.values, columns: wide, inside: worked.inside, label: said, pick: go });
  if (worked.how === "largest" && wide <= MOST_ACROSS) drawn.querySelectorAll(".window-cell")[largestTap(worked)].classList.add("chosen");
  const arrow = { largest: "largest →", mean: "mean →", sum: "sum →", deviation: "deviation →" }[worked.how];
  return [make("div.window-row", {}, drawn, blockSign(arrow), make("strong", {}, numberTag(worked.value, { label: "value" })))];
}

function largestTap({ values, inside }) {
  let best = -1;
  values.forEach((value, tap) => { if (inside[tap] && (best < 0 || value > values[best])) best = tap; });
  return best;
}

// Single numbers: each with its name, and a way to where it was made.
function termsForm({ worked, inputs }) {
  return [make("dl.window-terms", {}, ...worked.terms.flatMap((term) => [make("dt", { text: term.label }), make("dd", {}, termTag(term, inputs))]))];
}

function termTag(term, inputs) {
  const go = term.input === undefined ? null : inputs[term.input].go;
  return numberTag(term.value, { label: term.label, pick: go && (() => go(term.index)) });
}

function curveForm({ worked, inputs }) {
  return [make("div.window-row", {}, make("p", {}, "x = ", termTag(worked.terms[0], inputs)), blockSign("→"), curveWith(worked), blockSign("→"), make("strong", {}, numberTag(worked.value, { label: "value" })))];
}

function shareBar(share) {
  const bar = make("span.plus");
  bar.style.width = `${(100 * share).toFixed(2)}%`;
  return bar;
}

// Softmax: logits, their exponentials, and the shares.
function sharesForm({ worked, inputs: [input], unitName }) {
  const order = worked.shares.map((_, unit) => unit).sort((a, b) => worked.shares[b] - worked.shares[a]), shown = order.slice(0, 10), name = unitName(input.name);
  if (!shown.includes(worked.unit)) shown.splice(-1, 1, worked.unit);
  const scaled = worked.temperature !== 1, heads = ["class", "logit", ...(scaled ? [`/ ${sumsNumber(worked.temperature)}`] : []), "e^(logit - largest)", "share of the sum"];
  const body = shown.map((unit) => make(unit === worked.unit ? "tr.chosen" : "tr", {},
    make("th", { scope: "row" }, make("bdi", { text: name(unit) })),
    ...[worked.logits, ...(scaled ? [worked.scaled] : []), worked.powers, worked.shares].map((column, place) => make("td.number", {}, numberTag(column[unit], { pick: place === 0 && input.go ? () => input.go([unit]) : null, label: heads[place + 1] }))),
    make("td", {}, make("span.window-bar.share", { "aria-hidden": "true" }, shareBar(worked.shares[unit])))));
  const rest = order.length - shown.length, missing = 1 - shown.reduce((sum, unit) => sum + worked.shares[unit], 0);
  const words = `${rest ? `${rest} more classes: ${sumsNumber(missing)}; ` : ""}all ${order.length} shares add up to 1; the exponentials add up to ${sumsNumber(worked.sum)}`;
  return [make("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Softmax, class by class" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col", text })), make("td"))), make("tbody", {}, ...body))), make("p.muted", { text: words })];
}

const BLOCK_FORMS = {
  window: windowForm,
  weighted: weightedForm,
  pool: poolForm,
  terms: termsForm,
  copy: termsForm,
  curve: curveForm,
  shares: sharesForm,
};
