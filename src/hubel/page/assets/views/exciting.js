// What excites a filter: an image that was made to, where one travels in the page, and the example images that do it most.
import { announce, make } from "../parts/dom.js";
import { short } from "../parts/numbers.js";
import { fieldOf, peakOf } from "../parts/map_statistics.js";
import { readExample } from "../session/files.js";

const EXCITING_MOST = 4;

// found: [{example, row, column, value}] of each example → the strongest.
export const mostExciting = (found, most = EXCITING_MOST) => [...found].sort((a, b) => b.value - a.value || a.example - b.example).slice(0, most);

export class Exciting {
  constructor(session) {
    this.session = session;
    this.found = new Map();  // layer → for each map, the places of all examples
    this.running = null;
    this.made = make("figure.made-image");
    this.button = make("button", { type: "button", onclick: () => this.find() });
    this.state = make("progress", { hidden: true, max: 1, value: 0, "aria-label": "Looking through the examples" });
    this.list = make("div.exciting-images");
    this.root = make("div.exciting", { hidden: true }, make("h3", { text: "What excites it" }), this.made, make("div.controls", {}, this.button, this.state), this.list);
    session.on("edits", () => { this.found.clear(); this.show(this.layer, this.channel); });
  }

  show(layer, channel) {
    if (!layer) return;
    Object.assign(this, { layer, channel });
    const { data } = this.session, image = data.excitation?.[layer.name]?.[channel];
    this.made.replaceChildren(...(image ? [make("img", { src: `data:image/png;base64,${image}`, alt: `An image made to excite map ${channel}` }), make("figcaption", { text: "An image made to excite it, by gradient ascent." })] : []));
    const count = data.examples.length, places = this.found.get(layer.name);
    this.root.hidden = !count && !image;
    this.button.hidden = !count || places !== undefined;
    this.button.textContent = `Find the strongest of ${count} ${count === 1 ? "example" : "examples"}`;
    this.button.disabled = this.running !== null;
    this.list.replaceChildren(...(places ? mostExciting(places[channel]).map((place) => this.#image(place)) : []));
  }

  async find() {
    const { layer, session } = this, { examples } = session.data, value = layer.value, edits = session.edits.length;
    this.running = layer.name;
    this.button.disabled = true;
    this.state.hidden = false;
    const places = Array.from({ length: layer.output.at(-1) }, () => []);
    try {
      for (const [number, example] of examples.entries()) {
        const { pixels } = await readExample(example), made = await session.client.ask("peek", { pixels, names: [value] });
        places.forEach((found, channel) => found.push({ example: number, ...peakOf(made[value], channel) }));
        this.state.value = (number + 1) / examples.length;
      }
      if (session.edits.length === edits) this.found.set(layer.name, places);
    } finally {
      this.running = null;
      this.state.hidden = true;
      this.show(this.layer, this.channel);
    }
    announce("The examples are sorted.");
  }

  #image({ example, row, column, value }) {
    const { session } = this, given = session.data.examples[example], size = session.data.graph.image_size, box = fieldOf(this.layer, [row, column], size);
    const frame = make("span.field", { "aria-hidden": "true", hidden: !box });
    if (box) {
      const share = (pixels, axis) => `${100 * pixels / size[axis]}%`;
      Object.assign(frame.style, { top: share(box.top, 0), left: share(box.left, 1), height: share(box.bottom - box.top, 0), width: share(box.right - box.left, 1) });
    }
    const show = async () => {
      await session.setImage(await readExample(given));
      session.select({ layer: this.layer.name, channel: this.channel, at: [row, column] });
    };
    return make("button.map-tile", { type: "button", onclick: show, title: given.path, "aria-label": `${given.class_name}, ${given.path}: ${short(value)}` },
      make("span.framed", {}, make("img.pixels", { src: `data:${given.type};base64,${given.data}`, alt: "" }), frame),
      make("span.tile-words", { text: short(value) }));
  }
}
