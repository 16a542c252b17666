// The feature maps of a layer: all of them, one large, and the same of a second image.
import { make } from "../parts/dom.js";
import { grouped, short } from "../parts/numbers.js";
import { drawMap, scaleOf } from "../parts/tiles.js";
import { asMaps, boundsOf, orderOf, mapStatistics } from "../parts/map_statistics.js";
import { OTHER } from "../session/session.js";
import { layerChoice, pager, tileGrid } from "./grids.js";
import { LargeMap } from "./large_map.js";

const MAPS_AT_ONCE = 64;  // tiles on one page: a layer may have thousands

export const maps = {
  id: "maps",
  title: "Feature maps",
  about: "What each filter of a layer makes of the image. Point at the large map to read its values; click one to see it worked out.",
  make(root, session) {
    const view = new MapsView(root, session);
    return { shown: () => view.show(true), hidden: () => view.show(false), arrows: true };
  },
};

// The step that made a layer's value, where activations lie.
const mapsStep = (session, name) => session.steps.get(session.layers.get(name).value);

class MapsView {
  constructor(root, session) {
    this.session = session;
    this.visible = false;
    this.page = 0;
    this.#build(root);
    session.on("values select image", () => this.draw());
  }

  #build(root) {
    const { session } = this, redraw = () => this.draw();
    this.layer = layerChoice(session, session.data.layers);
    this.order = make("select", { onchange: () => { this.page = 0; redraw(); } }, ...[["", "as they are"], ["mean", "highest mean first"], ["most", "highest value first"]].map(([value, text]) => make("option", { value, text })));
    this.scale = make("select", { onchange: redraw }, make("option", { value: "layer", text: "one for the layer" }), make("option", { value: "map", text: "each map its own" }));
    this.compare = make("input", { type: "checkbox", onchange: redraw });
    this.compareLabel = make("label", {}, this.compare, " Compare with the second image");
    this.words = make("p.layer-words");
    this.tiles = tileGrid("Maps");
    this.pages = pager((page) => { this.page = page; redraw(); });
    this.large = new LargeMap(session);
    this.body = make("div.maps-body", {}, this.large.root, make("div", {}, this.pages.root, this.tiles));
    root.append(
      make("div.controls", {}, make("label", {}, "Layer ", this.layer), make("label", {}, "Order ", this.order), make("label", {}, "Scale ", this.scale), this.compareLabel),
      this.words, this.body);
  }

  show(visible) {
    this.visible = visible;
    if (visible) this.draw();
  }

  async draw() {
    if (!this.visible) return;
    const { session } = this, name = session.layer;
    if (this.layer.value !== name) {
      this.layer.value = name;
      this.page = null;  // that of the selected map
    }
    this.body.hidden = !session.answer;
    this.compare.disabled = !session.other;
    this.compareLabel.title = session.other ? "" : "Choose a second image beside the first";
    if (!session.answer) {
      if (!session.image) this.words.textContent = "Choose an image to see its maps.";
      return;
    }
    const comparing = this.compare.checked && session.other !== null && session.otherAnswer !== null;
    const [value, other] = await Promise.all([session.layerValue(name), comparing ? session.layerValue(name, OTHER) : null]);
    if (name !== session.layer) return;
    const statistics = mapStatistics(value, boundsOf(mapsStep(session, name)));
    this.#say(session.layers.get(name), statistics);
    this.#fill({ value, other, statistics });
    this.large.draw({ value, other, statistics, scale: this.#scaleFor(session.channel, { value, other, statistics }) });
  }

  // {least, most} that a map's colours are for; of two images the same.
  #scaleFor(channel, { value, other, statistics }) {
    if (this.scale.value === "map") {
      const others = other ? mapStatistics(other)[channel] : statistics[channel];
      return { least: Math.min(statistics[channel].least, others.least), most: Math.max(statistics[channel].most, others.most) };
    }
    const [own, others] = [scaleOf(value.data), scaleOf((other ?? value).data)];
    return { least: Math.min(own.least, others.least), most: Math.max(own.most, others.most) };
  }

  #say(layer, statistics) {
    const [height, width, channels] = asMaps(layer.output), count = (what) => statistics.filter((each) => each[what]).length;
    const words = [`${layer.kind}: ${height * width === 1 ? `${grouped(channels)} numbers` : `${grouped(channels)} ${channels === 1 ? "map" : "maps"} of ${height} × ${width}`}`];
    if (height * width > 1) {
      const [dead, constant, saturated] = [count("dead"), count("constant") - count("dead"), count("saturated")];
      words.push(dead ? `${dead} dead (0 everywhere in this image)` : "none dead");
      if (constant) words.push(`${constant} constant`);
      if (saturated) words.push(`${saturated} saturated (nine tenths at the activation's limit)`);
    }
    this.words.textContent = words.join(" · ");
  }

  #fill({ value, other, statistics }) {
    const { session } = this, order = orderOf(statistics, this.order.value);
    if (this.page === null) this.page = Math.floor(Math.max(0, order.indexOf(session.channel)) / MAPS_AT_ONCE);
    this.page = this.pages.show(this.page, { count: order.length, each: MAPS_AT_ONCE, what: "maps" });
    const some = order.slice(this.page * MAPS_AT_ONCE, (this.page + 1) * MAPS_AT_ONCE), shared = this.scale.value === "layer" ? this.#scaleFor(0, { value, other, statistics }) : null;
    this.tiles.fill(some, (channel, tile) => {
      const found = statistics[channel], scale = shared ?? this.#scaleFor(channel, { value, other, statistics });
      tile.draw((canvas) => drawMap(canvas, value, channel, scale), other && ((canvas) => drawMap(canvas, other, channel, scale)));
      const vector = value.data.length === statistics.length, state = vector ? short(found.mean) : found.dead ? "dead" : found.constant ? "constant" : found.saturated ? "saturated" : "";
      tile.say({ number: channel, state, plain: vector, chosen: channel === session.channel, wide: asMaps(value.shape)[1] / asMaps(value.shape)[0],
        name: vector ? `number ${channel}: ${state}` : `map ${channel}${state ? `, ${state}` : ""}: mean ${short(found.mean)}, ${short(found.least)} to ${short(found.most)}` });
      tile.act = () => session.select({ channel });
    });
  }
}
