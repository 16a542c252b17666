// The filters of a layer: of the first as images, of later ones slice by slice, and what excites each.
import { nameOf } from "../parts/names.js";
import { make } from "../parts/dom.js";
import { grouped, short } from "../parts/numbers.js";
import { colourFilter, filtersOf, inputChannel, kernelLayers, largestWeight, sliceOf } from "../parts/kernels.js";
import { drawPixels } from "../parts/tiles.js";
import { layerChoice, pager, tileGrid } from "./grids.js";
import { Exciting } from "./exciting.js";

const FILTERS_AT_ONCE = 64;

export const filters = {
  id: "filters",
  title: "Filters",
  about: "What each layer has learned: the weights that are laid over its input. Orange is above 0, blue below; the sum of what they meet is one value of a map.",
  make(root, session) {
    const layers = kernelLayers(session);
    if (!layers.length) {
      root.append(make("p", { text: "This network has no convolution, and so no filters: its dense layers weigh every input at once." }));
      return undefined;
    }
    const view = new FiltersView(root, { session, layers });
    return { shown: () => view.show(true), hidden: () => view.show(false), arrows: true };
  },
};

// The layer whose filters are shown: the selected one, or the nearest before it that has any.
export function nearestKernel(layers, data, name) {
  const place = data.layers.findIndex((layer) => layer.name === name);
  return layers.filter(({ layer }) => data.layers.indexOf(layer) <= place).at(-1) ?? layers[0];
}

// Numbers as colours: orange above 0, blue below, paper at 0.
function drawSlice(canvas, { height, width, data }, largest) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  data.forEach((value, at) => image.data.set([...weightColour(value, largest), 255], at * 4));
  context.putImageData(image, 0, 0);
}

// On paper 0 is light, on a dark page it is dark; the ends are readable on both.
const WEIGHTS_LIGHT = { zero: [250, 250, 250], above: [196, 84, 10], below: [20, 88, 158] }, WEIGHTS_DARK = { zero: [42, 47, 53], above: [255, 146, 43], below: [77, 171, 247] };
const weightsDark = () => globalThis.matchMedia?.("screen and (prefers-color-scheme: dark)");

export function weightColour(value, largest, { zero, above, below } = weightsDark()?.matches ? WEIGHTS_DARK : WEIGHTS_LIGHT) {
  const share = Math.min(1, Math.abs(value) / (largest || 1)), end = value >= 0 ? above : below;
  return zero.map((each, place) => Math.round(each + (end[place] - each) * share));
}

// A filter of one place as a square: its weight for each map, row by row.
export function squareOf(filters, filter) {
  const side = Math.ceil(Math.sqrt(filters.taken));
  return { height: Math.ceil(filters.taken / side), width: side, data: Float32Array.from({ length: filters.taken }, (_, channel) => filters.read(filter, channel, 0, 0)) };
}

// Black or white, whichever is easier to read on a colour (WCAG 2.2, relative luminance).
export function inkOn(colour) {
  const [red, green, blue] = colour.map((each) => (each <= 10 ? each / 3294.6 : ((each / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

// A kernel of one place over several maps, which only mixes them.
const isSingle = ({ height, width, taken }) => height * width === 1 && taken > 1;

class FiltersView {
  constructor(root, { session, layers }) {
    Object.assign(this, { session, layers, visible: false, page: 0, slice: 0, slices: 0, name: null });
    this.layer = layerChoice(session, layers.map(({ layer }) => layer));
    this.channel = make("input", { type: "number", min: "0", value: "0", oninput: () => { this.slice = Number(this.channel.value) || 0; this.draw(); } });
    this.channelLabel = make("label", {}, "Input map ", this.channel);
    this.words = make("p.layer-words");
    this.tiles = tileGrid("Filters");
    this.pages = pager((page) => { this.page = page; this.draw(); });
    this.one = make("div.one-filter");
    this.exciting = new Exciting(session);
    root.append(
      make("div.controls", {}, make("label", {}, "Layer ", this.layer), this.channelLabel), this.words,
      make("div.maps-body", {}, make("div", {}, this.one, this.exciting.root), make("div", {}, this.pages.root, this.tiles)));
    session.on("select edits", () => this.draw());
    weightsDark()?.addEventListener("change", () => this.draw());
  }

  show(visible) {
    this.visible = visible;
    if (visible) this.draw();
  }

  async draw() {
    if (!this.visible) return;
    const { session } = this, { layer, step } = nearestKernel(this.layers, session.data, session.layer);
    if (this.name !== layer.name) Object.assign(this, { name: layer.name, page: null, slices: 0 });
    this.layer.value = layer.name;
    const { kernel } = await session.weights(step.name);
    if (this.name !== layer.name) return;
    const shown = { layer, step, kernel, filters: filtersOf(step.kind, kernel, session.at), chosen: Math.min(session.channel, layer.output.at(-1) - 1) };
    this.slice = Math.min(Math.max(0, this.slice), shown.filters.taken - 1);
    shown.colour = this.#takesColours(layer, step, shown.filters);
    this.#say(shown);
    this.#fill(shown);
    this.#large(shown);
    this.exciting.show(layer, shown.chosen);
  }

  // Three input channels that are still the image's colours, each scaled at most.
  #takesColours(layer, step, { taken }) {
    if (step.kind !== "convolution" || taken !== 3) return false;
    let name = step.inputs[0];
    while (this.session.steps.has(name)) {
      const before = this.session.steps.get(name);
      if (!["rescale", "pad", "scale_channels", "batch_normalisation"].includes(before.kind)) return false;
      [name] = before.inputs;
    }
    return true;
  }

  #say({ layer, step, filters: { height, width, taken, filters: count }, colour }) {
    const place = step.kind === "local_convolution" ? ` (of the place row ${this.session.at[0]}, column ${this.session.at[1]}: each place has its own)` : "";
    const mixing = height * width === 1 && taken > 1 ? ": each only mixes them, and its square shows the weight of each map, row by row" : "";
    this.words.textContent = `${layer.kind}: ${grouped(count)} filters of ${height} × ${width} over ${taken === 1 ? "one map each" : colour ? "red, green and blue" : `${grouped(taken)} maps`}${place}${mixing}`;
    this.channelLabel.hidden = colour || taken === 1;
    this.channel.max = String(taken - 1);
    if (document.activeElement !== this.channel) this.channel.value = String(this.slice);
  }

  #fill({ filters: each, chosen, colour }) {
    if (this.page === null) this.page = Math.floor(chosen / FILTERS_AT_ONCE);
    this.page = this.pages.show(this.page, { count: each.filters, each: FILTERS_AT_ONCE, what: "filters" });
    const first = this.page * FILTERS_AT_ONCE, some = Array.from({ length: Math.min(FILTERS_AT_ONCE, each.filters - first) }, (_, place) => first + place);
    const single = isSingle(each), slice = colour || single ? null : this.slice;
    let largest = 0;
    if (!colour) for (const filter of some) largest = Math.max(largest, largestWeight(each, filter, slice));
    this.tiles.fill(some, (filter, tile) => {
      tile.draw((canvas) => {
        if (colour) drawPixels(canvas, colourFilter(each, filter), [each.height, each.width]);
        else drawSlice(canvas, single ? squareOf(each, filter) : sliceOf(each, filter, slice), largest);
      });
      tile.say({ number: filter, chosen: filter === chosen, name: `filter ${filter}: largest weight ${short(largestWeight(each, filter, slice))}`, wide: single ? 1 : each.width / each.height });
      tile.act = () => this.session.select({ layer: this.name, channel: filter });
    });
  }

  // The chosen filter: its slices, and one of them in numbers.
  #large({ step, kernel, filters: each, chosen, colour }) {
    const largest = largestWeight(each, chosen), source = (slice) => (colour ? ["red", "green", "blue"][slice] : `map ${inputChannel(step, kernel, { filter: chosen, slice })}`);
    const slices = Array.from({ length: each.taken }, (_, slice) => slice).slice(0, 24);
    if (!slices.includes(this.slice)) slices[slices.length - 1] = this.slice;
    const image = make("canvas.pixels.filter-colours", { role: "img", "aria-label": `Filter ${chosen} in colours` });
    if (colour) drawPixels(image, colourFilter(each, chosen), [each.height, each.width]);
    this.one.replaceChildren(
      make("h3", {}, nameOf(this.name), make("span.count", { text: ` filter ${chosen} of ${grouped(each.filters)}` })),
      make("div.filter-parts", {}, colour ? image : null, this.#table(sliceOf(each, chosen, this.slice), largest, source(this.slice))),
      each.taken > 1 ? make("div.slices", { role: "group", "aria-label": "Slices of the filter" }, ...slices.map((slice) => this.#slice(each, { chosen, slice, largest, name: source(slice) }))) : "",
      make("p.muted.small-print", { text: `Colours from ${short(-largest)} to ${short(largest)}.${each.taken > slices.length ? ` The first ${slices.length} of ${grouped(each.taken)} slices; choose another by its input map.` : ""}` }));
  }

  #slice(each, { chosen, slice, largest, name }) {
    const canvas = make("canvas.pixels", { "aria-hidden": "true" });
    drawSlice(canvas, sliceOf(each, chosen, slice), largest);
    return make("button.map-tile", { type: "button", "aria-pressed": String(slice === this.slice), "aria-label": `weights for ${name}`, onclick: () => { this.slice = slice; this.draw(); } }, canvas, make("span.tile-words", { text: name.replace("map ", "") }));
  }

  #table({ height, width, data }, largest, name) {
    const cell = (value) => {
      const [red, green, blue] = weightColour(value, largest), cellElement = make("td", { text: short(value), title: String(value) });
      cellElement.style.background = `rgb(${red} ${green} ${blue})`;
      cellElement.style.color = inkOn([red, green, blue]);
      return cellElement;
    };
    const rows = Array.from({ length: height }, (_, row) => make("tr", {}, ...Array.from({ length: width }, (_, column) => cell(data[row * width + column]))));
    return make("div.scroll", { tabindex: "0", role: "group", "aria-label": `Weights for ${name}` }, make("table.weights", {}, make("caption", { text: `weights for ${name}` }), make("tbody", {}, ...rows)));
  }
}
