// What the page looks at just now, for all views together: the image, the layer, the map, the place, and what was edited.
//
// Images and edits may come faster than they are computed: what counts is the last wish, and there is never a queue.
// `version` differs as soon as any value may differ: whoever awaited several values compares it (see `current`).
import { answerOf } from "./answer.js";
import { Edits, fromWeightKey, weightKey, wishOf } from "./edits.js";

export const MAIN = "image", OTHER = "other";

export class Session {
  #edits = new Edits();
  #next = null;  // the round that is waiting, with all that was wished since the last one began
  #running = false;
  #made = { image: null, other: null, weights: new Map(), off: new Map(), list: [] };  // what the engine has
  #trained = new Map();  // weight → as it was trained, of those that were edited
  #order = Promise.resolve();  // edits are wished for one after the other, also where one has to ask for its weight first

  // data: the page's document; client: of the engine.
  constructor(data, client) {
    this.data = data;
    this.client = client;
    this.layers = new Map(data.layers.map((layer) => [layer.name, layer]));
    this.steps = new Map(data.graph.steps.map((step) => [step.name, step]));
    this.image = null;  // {name, pixels: Uint8Array, label: class name or null, note}
    this.other = null;  // a second image to compare with
    this.answer = null;  // of the image with the edits
    this.trainedAnswer = null;  // of the image without any; null where it was not computed, see `trained`
    this.otherAnswer = null;
    this.fault = null;  // what went wrong last, in words
    this.layer = firstToShow(data.layers).name;
    this.channel = 0;
    this.at = [0, 0];
    this.version = 0;
    this.listeners = new Map();
    this.kept = new Map();
  }

  // What is edited, the oldest first; see edits.js. Do not write into it.
  get edits() {
    return this.#edits.list;
  }

  get canUndo() {
    return this.#edits.past.length > 0;
  }

  get canRedo() {
    return this.#edits.future.length > 0;
  }

  // True while the engine computes what was wished.
  get busy() {
    return this.#running;
  }

  // what: "image", "values", "select", "edits", "answer", "busy", "fault" → called after each change; gives a function that ends it.
  on(what, listener) {
    for (const each of what.split(" ")) {
      if (!this.listeners.has(each)) this.listeners.set(each, new Set());
      this.listeners.get(each).add(listener);
    }
    return () => what.split(" ").forEach((each) => this.listeners.get(each).delete(listener));
  }

  #tell(...whats) {
    for (const listener of new Set(whats.flatMap((what) => [...(this.listeners.get(what) ?? [])]))) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => { throw error; });  // one view that fails stops neither the others nor the engine
      }
    }
  }

  // Another image: {name, pixels, label, note}. Settles when it was computed, or a later one instead, with its own answer if it
  // has one: `each` asks for that even where a later image has taken its place.
  async setImage(image, { each = false } = {}) {
    this.#check(image);
    this.image = image;
    this.#tell("image");
    await this.#soon();
    if (this.answer?.image === image) return this.answer;
    return each ? this.answerTo(image) : null;
  }

  async setOther(image) {
    if (image) this.#check(image);
    this.other = image;
    await this.#soon();
  }

  #check(image) {
    const [height, width] = this.data.graph.image_size;
    if (image?.pixels?.length === height * width * 3) return;
    throw this.#failed(new Error(`An image of this network has ${height} × ${width} pixels of 3 numbers; this one has ${image?.pixels?.length ?? 0} numbers.`));
  }

  // The engine has what is wished for when this settles.
  #soon() {
    if (!this.#next) {
      this.#next = sessionPromise();
      this.#next.promise.catch(() => {});  // said by "fault" to whoever does not wait
    }
    const { promise } = this.#next;
    if (!this.#running) this.#work();
    return promise;
  }

  async #work() {
    this.#running = true;
    this.#tell("busy");
    await null;  // what is wished in the same breath is computed together
    while (this.#next) {
      const round = this.#next;
      this.#next = null;
      try {
        await this.#round();
        round.resolve();
      } catch (error) {
        round.reject(this.#failed(error));
      }
    }
    this.#running = false;
    this.#tell("busy");
  }

  #failed(error) {
    this.fault = String(error?.message ?? error);
    this.#tell("fault");
    return error;
  }

  async #round() {
    const { image, other } = this, { list } = this.#edits, made = this.#made, edited = list !== made.list;
    const newImage = image !== made.image, newOther = other !== made.other;
    if (!edited && !newImage && !newOther) return;
    this.#stale();
    if (edited) await this.#applyList(list);
    if (image && (newImage || edited)) await this.#answerMain(image, newImage, list);
    if (other && (newOther || edited)) this.otherAnswer = await this.#outputs(OTHER, other, newOther);
    if (!other) this.otherAnswer = made.other = null;
    this.#stale();
    this.#tell("values", ...(edited ? ["edits"] : []), ...(newOther ? ["image"] : []), ...(this.answer ? ["answer"] : []));
  }

  async #answerMain(image, isNew, list) {
    const answer = await this.#outputs(MAIN, image, isNew);
    if (!list.length) this.trainedAnswer = answer;
    else if (this.trainedAnswer?.image !== image) this.trainedAnswer = null;
    this.answer = answer;
  }

  async #outputs(slot, image, isNew) {
    if (isNew) this.#made[slot] = image;
    try {
      return await this.answerOf(image, isNew ? await this.client.ask("run", { pixels: image.pixels, slot }) : await this.client.ask("outputs", { slot }));
    } catch (error) {
      if (isNew) this.#made[slot] = null;
      throw error;
    }
  }

  // An edit that the engine does not take is not kept: the list becomes what it was.
  async #applyList(list) {
    const before = this.#made.list;
    try {
      await this.#applyEdits(wishOf(list));
      this.#made.list = list;
    } catch (error) {
      if (before) {
        this.#edits.list = before;
        this.#made.list = null;  // what was applied of it is taken back in the next round
        this.#soon();
      }
      throw error;
    }
  }

  async #applyEdits({ weights, off }) {
    const made = this.#made;
    if (!weights.size && !off.size) {
      await this.client.ask("restore");
      made.weights = weights;
      made.off = off;
      return;
    }
    for (const key of new Set([...made.weights.keys(), ...weights.keys()])) {
      const data = weights.get(key) ?? this.#trained.get(key), [step, part] = fromWeightKey(key);
      if (data === (made.weights.get(key) ?? this.#trained.get(key))) continue;
      await this.client.ask("edit", { step, part, data });
      made.weights.set(key, data);
    }
    for (const value of new Set([...made.off.keys(), ...off.keys()])) {
      const channels = off.get(value) ?? "";
      if (channels === (made.off.get(value) ?? "")) continue;
      await this.client.ask("switchOff", { value, channels: channels ? channels.split(" ").map(Number) : [] });
      made.off.set(value, channels);
    }
  }

  // Values that were asked for belong to the past from here on.
  #stale() {
    this.version++;
    this.kept.clear();
  }

  // What `read` gives, or undefined where any value may have changed while it was read.
  async current(read) {
    const { version } = this, result = await read();
    return version === this.version ? result : undefined;
  }

  // The answer that follows from what the engine made of an image, with that of its mirror image where the classifier looks at both.
  async answerOf(image, made, ask = (pixels) => this.client.ask("glance", { pixels })) {
    const mirrored = this.data.classifier.tta === "mirror" ? await ask(mirror(image.pixels, this.data.graph.image_size)) : null;
    return { ...await answerOf(this.data, made, { mirrored, pixels: image.pixels }), image };
  }

  // The answer to an image that is not shown, by the network as it is edited, or as it was trained.
  async answerTo(image, { trained = false } = {}) {
    const ask = (pixels) => this.client.ask(trained ? "trained" : "glance", { pixels });
    return this.answerOf(image, await ask(image.pixels), ask);
  }

  // The answer to the image by the network as it was trained.
  async trained() {
    const { image } = this;
    if (image && this.trainedAnswer?.image !== image) {
      const answer = await this.answerTo(image, { trained: true });
      if (this.image === image) this.trainedAnswer = answer;
      return answer;
    }
    return this.trainedAnswer;
  }

  // What is looked at; what is not there is not selected.
  select({ layer = this.layer, channel = this.channel, at = this.at }) {
    if (!this.layers.has(layer)) return;
    const shape = this.layers.get(layer).output, within = (place, side) => Math.min(Math.max(Math.floor(Number(place) || 0), 0), side - 1);
    this.layer = layer;
    this.channel = within(channel, shape.at(-1));
    this.at = shape.length === 3 ? [within(at[0], shape[0]), within(at[1], shape[1])] : [0, 0];
    this.#tell("select");
  }

  // A step's value, {shape, data: Float32Array}; asked for once until something changes. Do not write into it. Of an image that
  // is still to be computed it comes afterwards.
  value(name, slot = MAIN) {
    const wished = slot === MAIN ? this.image : this.other;
    if (!this.#made[slot]) return wished ? this.#soon().then(() => this.value(name, slot)) : Promise.reject(new Error("There is no image yet."));
    return this.#ask(`${slot}\n${name}`, "value", { slot, name });
  }

  // One message for all who ask the same until something changes; a failure is not kept.
  #ask(key, task, given) {
    const { kept } = this;
    if (!kept.has(key)) {
      const asked = this.client.ask(task, given);
      kept.set(key, asked);
      asked.catch(() => kept.get(key) === asked && kept.delete(key));
    }
    return kept.get(key);
  }

  // A layer's value: what its last step made.
  layerValue(name, slot = MAIN) {
    return this.value(this.layers.get(name).value, slot);
  }

  // Weights of a step, part → {shape, data}, with the edits. Do not write into them.
  weights(step) {
    return this.#ask(`weights\n${step}`, "weights", { step });
  }

  // edit: {kind: "weight", step, part, after, words, same} or {kind: "off", value, channel, words}; see edits.js.
  // after: all numbers of the weight, Float32Array, or a function that makes them of those before.
  edit(edit) {
    return this.#wish(async () => {
      const done = { ...edit };
      if (edit.kind === "weight") {
        const trained = await this.#trainedWeight(edit.step, edit.part);
        done.before = wishOf(this.edits).weights.get(weightKey(edit.step, edit.part)) ?? trained;
        done.after = Float32Array.from(typeof edit.after === "function" ? edit.after(done.before) : edit.after);
        if (done.after.length !== trained.length) throw this.#failed(new Error(`${edit.step} has ${trained.length} numbers here; ${done.after.length} were given.`));
      } else if (this.isOff(edit.value, edit.channel)) return;
      this.#edits.add(done);
    });
  }

  // A change of the list, after those before it; settles when the network follows it.
  #wish(change) {
    const turn = this.#order.then(change);
    this.#order = turn.catch(() => {});
    const done = turn.then(() => (this.#edits.list === this.#made.list ? undefined : this.#soon()));
    done.catch(() => {});
    return done;
  }

  async #trainedWeight(step, part) {
    const key = weightKey(step, part);
    if (!this.#trained.has(key)) {
      const weight = (await this.weights(step))[part];
      if (!this.#trained.has(key)) this.#trained.set(key, weight.data);
    }
    return this.#trained.get(key);
  }

  isOff(value, channel) {
    return this.edits.some((each) => each.kind === "off" && each.value === value && each.channel === channel);
  }

  // One that was switched off works again.
  switchOn(value, channel) {
    const alike = (each) => each.kind === "off" && each.value === value && each.channel === channel;
    return this.#wish(() => this.#edits.remove(this.edits.find(alike)));
  }

  undo() {
    return this.#wish(() => this.#edits.undo());
  }

  redo() {
    return this.#wish(() => this.#edits.redo());
  }

  // All as it was trained; this too can be undone.
  restore() {
    return this.#wish(() => this.#edits.clear());
  }
}

// The first layer whose filters make maps; else the first that makes any map.
function firstToShow(layers) {
  const isMap = ({ output }) => output.length === 3 && output[0] * output[1] > 1;
  return layers.find((layer) => layer.kernel && isMap(layer)) ?? layers.find(isMap) ?? layers[0];
}

function sessionPromise() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

export function mirror(pixels, [height, width]) {
  const turned = new Uint8Array(pixels.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * 3, to = (row * width + width - 1 - column) * 3;
      turned.set(pixels.subarray(from, from + 3), to);
    }
  }
  return turned;
}
